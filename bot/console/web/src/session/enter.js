// Coming in: the passphrase becomes keys here, and a proof of it goes to the server.

import {
  certify, deriveSecrets, generateSealing, generateSigning, hex, newPassphrase as sixWords, openKeyFile, random, sealToMember, signUnitKey, strong,
  unhex, unwrapKeys, wrapKeys, fingerprint, WORDS,
} from "../vault/index.js";
import { renderSVG } from "uqr";
import { DoorError, get, post, setCsrf } from "./call.js";
import { forget, hold } from "./held.js";
import { FOLLOWS, follow } from "./trail.js";
import { believed, checkRecovery, checkWitness } from "./trust.js";
import { openUnit } from "./units.js";

const SEED = 20;
const ISSUER = "Ruang Aman";
const paint = () => new Promise((done) => setTimeout(done, 30)); // deriving keeps the page busy for a second: what it says has to be seen first

async function ableBrowser() {
  try {
    await generateSealing();
    await generateSigning();
  } catch {
    throw new DoorError("old_browser");
  }
}

/** The units' private keys of an answer, opened and checked: [Map of keys, Map of roots]. */
async function unitsOf(answer, keys) {
  const [opened, roots] = [new Map(), new Map()];
  for (const unit of answer.units) {
    const { root, trusted } = await believed(answer.signers, unit.id);
    if (root) roots.set(unit.id, root);
    const list = await openUnit(unit, trusted, answer.staff.id, keys.sealing);
    if (list) opened.set(unit.id, list);
  }
  return [opened, roots];
}

/** What the server answers to whoever proved the passphrase, opened with it. */
async function enter(answer, wrap) {
  const { staff } = answer;
  setCsrf(answer.csrf);
  const publics = [unhex(staff.sealing_public), unhex(staff.signing_public)];
  let keys;
  try {
    keys = await unwrapKeys(unhex(staff.wrapped), wrap, unhex(staff.id), ...publics);
  } catch {
    throw new DoorError("changed"); // the proof was right, and the keys are not those that were stored with it
  }
  if (staff.state !== "active") {
    const waiting = new DoorError("not_admitted");
    waiting.fingerprint = await fingerprint(unhex(staff.id), ...publics, WORDS);
    throw waiting;
  }
  checkRecovery(answer.recovery);
  checkWitness(answer.witness);
  const [units, roots] = await unitsOf(answer, keys);
  if (FOLLOWS.includes(staff.role)) await follow(staff.unit_id);
  const { wrapped: _, salt: __, ...who } = staff;
  hold(who, keys, units, roots, unhex(answer.witness));
  return who;
}

let leaving = null; // a sign-out on its way

/** Forgets the keys at once, and ends this session; gives a promise of that. */
export function signOut() {
  leaving = post("sign-out", {}, { keepalive: true }); // the window may be closed at once
  forget();
  setCsrf("");
  return leaving;
}

/** Signs in, or unlocks the page if this browser has a session of that name (after loading anew): then no code is asked for.
 *  Throws wrong | throttled | not_admitted (with .fingerprint) | changed | chain (with .heads) | old_browser | offline | error. */
export async function signIn({ name, passphrase, code = "" }) {
  await ableBrowser();
  forget();
  await leaving?.catch(() => {}); // else it would end the session that begins here
  const typed = name.trim().toLowerCase();
  const there = await get("me").catch((problem) => {
    if (problem.code === "signed_out") return null;
    throw problem;
  });
  await paint();
  if (there?.name === typed) {
    const secrets = await deriveSecrets(passphrase, unhex(there.salt));
    return enter(await post("unlock", { auth: hex(secrets.auth) }), secrets.wrap);
  }
  const { salt } = await post("salt", { name: typed });
  const secrets = await deriveSecrets(passphrase, unhex(salt));
  return enter(await post("sign-in", { name: typed, auth: hex(secrets.auth), code: code.replace(/\s/g, "") }), secrets.wrap);
}

// Joining

let seed = null;

const base32 = (bytes) => {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.match(/.{5}/g).map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)]).join("");
};

export const newPassphrase = () => sixWords(WORDS);

/** What a link is for: {unit: {id, name}, role, name (kept from before, or null), first (makes the unit's key), keyFile (reads it from a file)}. */
export async function invitation(token) {
  const found = await post("invitation", { token });
  return { unit: found.unit, role: found.role, name: found.name, first: found.first, keyFile: Boolean(found.key_public), code: found.second_factor };
}

/** The second factor, made here: {secret, uri, qr: SVG}; null where none is asked for. */
export async function beginJoin(token = "") {
  const wanted = token ? (await invitation(token)).code : (await post("salt", { name: "" })).code;
  if (!wanted) {
    seed = null;
    return null;
  }
  seed = random(SEED);
  const secret = base32(seed);
  const uri = `otpauth://totp/${encodeURIComponent(ISSUER)}?secret=${secret}&issuer=${encodeURIComponent(ISSUER)}`;
  return { secret, uri, qr: renderSVG(uri) };
}

/** The unit's first key: made here, or read from the file in which it lay until now. */
async function firstKey(found, own, keyFile) {
  let unit;
  if (found.key_public) {
    if (!keyFile) throw new DoorError("key_file");
    unit = await openKeyFile(keyFile.content, keyFile.passphrase ?? "").catch(() => {
      throw new DoorError("key_file");
    });
    if (hex(unit.public) !== found.key_public) throw new DoorError("key_file");
  } else unit = await generateSealing();
  const unitId = unhex(found.unit.id);
  return {
    certificate: hex(
      await certify({ staffId: own.id, unitId, role: found.role, sealingPublic: own.sealing.public, signingPublic: own.signing.public }, own.signing.private),
    ),
    unit_key: {
      public: hex(unit.public),
      signature: hex(await signUnitKey(unit.public, unitId, found.version, own.signing.private)),
      sealed: hex(await sealToMember(unit.private, own.sealing.public, unitId, found.version, own.id)),
    },
  };
}

/** Joins by a link: {first, name, fingerprint: six words that a lead has to hear, or, of a unit's first lead, the unit's own}.
 *  `keyFile`: {content, passphrase}, where the invitation says so. Throws bad_token | taken | weak | wrong (the code) | name | shown | key_file | … */
export async function join({ token, name, shown, passphrase, code = "", languages = ["id"], keyFile = null }) {
  await ableBrowser();
  if (!strong(passphrase)) throw new DoorError("weak");
  const found = await post("invitation", { token });
  await paint();
  const [id, salt] = [random(16), random(16)];
  const [sealing, signing, secrets] = [await generateSealing(), await generateSigning(), await deriveSecrets(passphrase, salt)];
  const keys = { sealing: sealing.private, signing: signing.private };
  const body = {
    token,
    id: hex(id),
    name: found.name ?? name,
    shown,
    languages,
    salt: hex(salt),
    auth: hex(secrets.auth),
    sealing_public: hex(sealing.public),
    signing_public: hex(signing.public),
    wrapped: hex(await wrapKeys(keys, secrets.wrap, id)),
    ...(found.second_factor && seed ? { totp_seed: hex(seed), totp_code: code.replace(/\s/g, "") } : {}),
    ...(found.first ? await firstKey(found, { id, sealing, signing }, keyFile) : {}),
  };
  const answer = await post("join", body);
  seed = null;
  setCsrf(answer.csrf);
  if (found.first) await believed(answer.signers, answer.staff.unit_id); // remembers the root: oneself
  const words = await fingerprint(found.first ? unhex(found.unit.id) : id, sealing.public, signing.public, WORDS);
  return { first: found.first, name: answer.staff.name, fingerprint: words };
}
