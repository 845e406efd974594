// A unit's key file from the time before there was a console (bot/vault/key_file.py): read once, by the unit's first lead.

import { argon2id } from "hash-wasm";
import { join, same, unhex, utf8 } from "./bytes.js";
import { decrypt } from "./envelope.js";
import { sealingPublic } from "./keys.js";

/** {unitId, private, public}. `content` is the file's text. Throws on another passphrase, and on what is no unit's key file. */
export async function openKeyFile(content, passphrase) {
  const file = JSON.parse(content);
  if (file.kind !== "unit") throw new Error("this is no unit's key file");
  const [unitId, publicKey] = [unhex(file.unit_id), unhex(file.public)];
  let privateKey;
  if (file.locked) {
    if (file.locked.suite !== 1) throw new Error("suite");
    const key = await argon2id({
      password: passphrase.normalize("NFC"),
      salt: unhex(file.locked.salt),
      memorySize: 64 * 1024,
      iterations: 3,
      parallelism: 4,
      hashLength: 32,
      outputType: "binary",
    });
    const bound = join(utf8("ruang-aman/1 key-file"), utf8(file.kind), utf8(file.name), unitId, publicKey);
    privateKey = await decrypt(key, unhex(file.locked.nonce), unhex(file.locked.sealed), bound);
  } else {
    privateKey = unhex(file.private);
  }
  if (!same(await sealingPublic(privateKey), publicKey)) throw new Error("keys");
  return { unitId, private: privateKey, public: publicKey };
}
