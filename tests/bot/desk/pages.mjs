// The console's own session modules against the real server, in several browsers: `node pages.mjs BUNDLE BASE` with the scene as JSON on standard input.
// Each browser has cookies, a local storage and an instance of the modules of its own. Exits with 1 and says what did not hold.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { unhex } from "../../../bot/console/web/src/vault/bytes.js";
import { openCaseKey, openRecord } from "../../../bot/console/web/src/vault/case.js";
import { certify } from "../../../bot/console/web/src/vault/certificate.js";
import { sealingPublic } from "../../../bot/console/web/src/vault/keys.js";
import { sealToMember } from "../../../bot/console/web/src/vault/member.js";

const [bundle, base] = process.argv.slice(2);
const scene = JSON.parse(readFileSync(0, "utf8"));
const network = globalThis.fetch;
const sent = [];
const hex = (bytes) => Buffer.from(bytes).toString("hex");

class Browser {
  constructor() {
    this.cookies = new Map();
    this.stored = new Map();
    this.tamper = null;
  }

  async open() {
    // Every call of the page's goes through this browser's own globals.
    const page = await import(`${bundle}?${Math.random()}`);
    const names = Object.entries(page).filter(([, value]) => typeof value === "function");
    for (const [name, call] of names) this[name] = (...given) => this.#use(() => call(...given));
    return this;
  }

  #use(call) {
    globalThis.localStorage = {
      getItem: (key) => this.stored.get(key) ?? null,
      setItem: (key, value) => void this.stored.set(key, String(value)),
      removeItem: (key) => void this.stored.delete(key),
    };
    globalThis.location = { origin: base };
    globalThis.fetch = (path, options) => this.#fetch(path, options);
    return call();
  }

  async #fetch(path, { headers = {}, ...options }) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    sent.push(`${path} ${options.body ?? ""} ${cookie}`);
    const answer = await network(base + path, { ...options, headers: { ...headers, cookie, origin: base, "sec-fetch-site": "same-origin" } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    if (!this.tamper) return answer;
    const body = await answer.json();
    this.tamper(path, body);
    return new Response(JSON.stringify(body), { status: answer.status });
  }
}

const refused = (code, work) => assert.rejects(work, (problem) => assert.equal(problem.code, code, String(problem.stack)) ?? true);
const browser = () => new Browser().open();

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
function totp(secret, step) {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", key).update(counter).digest();
  const place = digest.at(-1) & 15;
  return String((digest.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function joins(token, name, more = {}) {
  const one = await browser();
  one.passphrase = await one.newPassphrase();
  assert.equal(one.passphrase.split(" ").length, 6);
  const { secret, uri, qr } = await one.beginJoin(token);
  assert.ok(uri.includes(secret) && qr.startsWith("<svg"));
  one.secret = secret;
  const given = { token, name, shown: name.toUpperCase(), passphrase: one.passphrase, code: totp(secret, scene.step), ...more };
  await refused("weak", one.join({ ...given, passphrase: "short" }));
  await refused("wrong", one.join({ ...given, code: "000000" }));
  one.joined = await one.join(given);
  one.login = { name: one.joined.name, passphrase: one.passphrase };
  await refused("bad_token", one.join(given));
  return one;
}

// The first lead makes the unit's key, and is in.
const lead = await joins(scene.lead, "rina");
assert.equal(lead.joined.first, true);
const rina = await lead.signIn(lead.login);
assert.deepEqual([rina.role, rina.name, rina.state], ["lead", "rina", "active"]);
assert.deepEqual(await lead.unitFingerprint(rina.unit_id), lead.joined.fingerprint);
const [unitKey] = (await lead.unitKeys(rina.unit_id)).map(hex);
assert.equal(unitKey.length, 64);
assert.equal(await lead.me().name, "rina");

// A counsellor waits for a lead who has heard the words.
const counsellor = await joins((await lead.invite("counsellor")).split("#join=")[1], "Dewi ");
assert.equal(counsellor.joined.name, "dewi");
await assert.rejects(counsellor.signIn(counsellor.login), (problem) => {
  assert.equal(problem.code, "not_admitted");
  assert.deepEqual(problem.fingerprint, counsellor.joined.fingerprint);
  return true;
});
assert.equal(await counsellor.me(), null);
const newcomer = (await lead.members()).find((one) => one.name === "dewi");
assert.deepEqual([newcomer.state, newcomer.trusted], ["new", false]);
await refused("mismatch", lead.admit(newcomer.id, lead.joined.fingerprint.join(" ")));
await refused("mismatch", lead.admit(newcomer.id, ""));
await lead.admit(newcomer.id, ` ${counsellor.joined.fingerprint.join("  ").toUpperCase()}.`.replace(".", " "));
const dewi = await counsellor.signIn(counsellor.login);
assert.deepEqual((await counsellor.unitKeys(dewi.unit_id)).map(hex), [unitKey]);
assert.deepEqual((await counsellor.members()).map((one) => one.trusted), [true, true]);
assert.deepEqual(await counsellor.unitFingerprint(dewi.unit_id), lead.joined.fingerprint);
assert.deepEqual(await counsellor.myFingerprint(), counsellor.joined.fingerprint);

// Out, and in again with a code; locked, and unlocked without one.
const ended = counsellor.signOut();
assert.equal(counsellor.me(), null); // before the server has heard it
assert.deepEqual(counsellor.unitKeys(dewi.unit_id), []);
await ended;
await refused("wrong", counsellor.signIn({ ...counsellor.login, passphrase: "not the words that were chosen", code: totp(counsellor.secret, scene.step + 1) }));
await refused("wrong", counsellor.signIn({ ...counsellor.login, code: totp(counsellor.secret, scene.step) }));
await counsellor.signIn({ ...counsellor.login, code: totp(counsellor.secret, scene.step + 1) });
assert.equal((await counsellor.sessions()).length, 1);
await counsellor.lock();
assert.deepEqual(await counsellor.unitKeys(dewi.unit_id), []);
await counsellor.signIn(counsellor.login);

// Somebody between us and the server, or the server itself, tells another story: the page believes nothing of it.
const twin = await joins((await lead.invite("lead")).split("#join=")[1], "sari");
await lead.admit((await lead.members()).find((one) => one.name === "sari").id, twin.joined.fingerprint.join(" "));
await twin.signIn(twin.login);
const impostor = scene.impostor; // a lead who signed for herself, with a unit key that she signed and can seal to anybody
const forSale = hex(
  await sealToMember(unhex(impostor.unit_private), unhex(dewi.sealing_public), unhex(dewi.unit_id), 1, unhex(dewi.id)),
);
// All of it again with another root, in which every signature holds: only what this browser remembers tells them apart.
const byImpostor = hex(
  await certify(
    {
      staffId: unhex(dewi.id),
      unitId: unhex(dewi.unit_id),
      role: dewi.role,
      sealingPublic: unhex(dewi.sealing_public),
      signingPublic: unhex(dewi.signing_public),
    },
    unhex(impostor.signing_private),
  ),
);
const stories = {
  "another unit key": (path, body) => {
    if (!body.units) return;
    body.units[0].public = body.units[0].keys[0].public = impostor.unit_public;
  },
  "another unit key, sealed to oneself": (path, body) => {
    if (!body.units) return;
    body.units[0].public = body.units[0].keys[0].public = impostor.unit_public;
    body.units[0].keys[0].sealed = forSale;
  },
  "another unit key, signed by an impostor": (path, body) => {
    if (!body.units) return;
    body.signers.push({ ...impostor.row, unit_id: dewi.unit_id });
    const key = { public: impostor.unit_public, signature: impostor.unit_signature, root_id: impostor.row.id, sealed: forSale };
    Object.assign(body.units[0].keys[0], key);
    body.units[0].public = impostor.unit_public;
  },
  "another root": (path, body) => {
    if (!body.signers) return;
    const own = body.signers.find((one) => one.id === dewi.id);
    body.signers = [{ ...impostor.row, unit_id: dewi.unit_id }, { ...own, admitted_by: impostor.row.id, certificate: byImpostor }];
    const key = { public: impostor.unit_public, signature: impostor.unit_signature, root_id: impostor.row.id, sealed: forSale };
    Object.assign(body.units[0].keys[0], key);
    body.units[0].public = impostor.unit_public;
  },
  "a unit's key that is not the newest one's": (path, body) => {
    if (body.units) body.units[0].public = impostor.unit_public;
  },
  "no certificate of one's own": (path, body) => {
    if (body.signers) body.signers.find((one) => one.id === dewi.id).certificate = null;
  },
  "keys of somebody else": (path, body) => {
    if (body.staff) body.staff.wrapped = body.staff.wrapped.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  },
  "another recovery key": (path, body) => {
    if (path.endsWith("unlock")) body.recovery = { id: "00".repeat(16), public: impostor.unit_public };
  },
  "another witness of what reporters told": (path, body) => {
    if (path.endsWith("unlock")) body.witness = impostor.unit_public;
  },
  "no recovery key any more": (path, body) => {
    if (path.endsWith("unlock")) body.recovery = null;
  },
};
assert.ok(counsellor.stored.get("ruang-aman.recovery"));
for (const [name, tell] of Object.entries(stories)) {
  counsellor.tamper = tell;
  await assert.rejects(counsellor.signIn(counsellor.login), (problem) => assert.equal(problem.code, "changed", name) ?? true, name);
  assert.equal(await counsellor.me(), null, name);
}
counsellor.tamper = null;
await counsellor.signIn(counsellor.login);

// The words of the unit's root are to be compared once in each browser, but by the root.
assert.equal(await lead.wordsToCompare(), null);
assert.deepEqual(await counsellor.wordsToCompare(), lead.joined.fingerprint);
await counsellor.unitsCompared();
assert.equal(await counsellor.wordsToCompare(), null);
await counsellor.lock();
await counsellor.signIn(counsellor.login);
assert.equal(await counsellor.wordsToCompare(), null);
assert.deepEqual(await twin.wordsToCompare(), lead.joined.fingerprint);

// A lead's browser follows the trail from where it saw its end: what was cut off, made anew, put in or taken out is refused, until the operator has said why.
await lead.lock();
await lead.signIn(lead.login);
await lead.invite("partner");
await lead.invite("partner");
const place = `ruang-aman.audit-head.${rina.unit_id}`;
const seen = lead.stored.get(place);
const trails = {
  "cut off": (body) => Object.assign(body, { first: null, digests: [] }),
  "made anew": (body) => (body.first = "ab".repeat(32)),
  "another entry": (body) => (body.digests[0] = "00".repeat(32)),
  "two entries exchanged": (body) => body.digests.reverse(),
  "an entry taken out": (body) => body.digests.shift(),
  "another end": (body) => (body.head.hash = "cd".repeat(32)),
  "another number": (body) => (body.head.number += 1),
};
for (const [name, tell] of Object.entries(trails)) {
  lead.tamper = (path, body) => path.includes("audit-head") && tell(body);
  await assert.rejects(lead.signIn(lead.login), (problem) => assert.equal(problem.code, "chain", name) ?? assert.equal(problem.heads.known, seen) ?? true, name);
  assert.equal(await lead.me(), null, name);
  assert.equal(lead.stored.get(place), seen, name);
}
lead.tamper = null;
await lead.signIn(lead.login);
assert.equal(Number(lead.stored.get(place).split(":")[0]), Number(seen.split(":")[0]) + 2);
assert.equal(await lead.follow(rina.unit_id), Number(seen.split(":")[0]) + 2);
assert.equal(counsellor.stored.get(place), undefined);

// A colleague whom nobody admitted is put into the database with the unit's key in sight: shown as such, and never sealed to.
lead.tamper = (path, body) => {
  if (body.members) body.members.push({ ...impostor.row, unit_id: dewi.unit_id, admitted_by: dewi.id, name: "x", languages: [], has_key: true });
};
assert.deepEqual((await lead.members()).filter((one) => !one.trusted).map((one) => one.name), ["x"]);
await refused("changed", lead.remove(dewi.id));
lead.tamper = null;

// Somebody goes: the key is another one, and who stays opens both. The keys of closed cases are sealed to it, here in the browser, and the former key opens
// none; open cases have other keys from then on.
const asked = async (one, path, options = {}) =>
  (
    await network(`${base}/console/j/${path}`, {
      ...options,
      headers: {
        cookie: [...one.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        origin: base,
        "sec-fetch-site": "same-origin",
        "content-type": "application/json",
        "x-csrf": await one.csrf(),
      },
    })
  ).json();
const made = [];
for (let number = 0; number < 101; number += 1) made.push(await asked(lead, "made-case", { method: "POST", body: JSON.stringify({ closed: true }) }));
const live = [];
for (let number = 0; number < 23; number += 1) live.push(await asked(lead, "made-case", { method: "POST", body: "{}" }));
// Sealed to a unit, too, that has no lead yet whom this browser could believe.
const shared = await asked(lead, "made-case", { method: "POST", body: JSON.stringify({ also: scene.filed_id }) });
await lead.remove(dewi.id);
const steps = [];
lead.tamper = (path, body) => {
  // One that was damaged by somebody stays as it is, and the others are done.
  const one = body.keys?.find((key) => key.case_id === made[7].case_id);
  if (one) one.sealed = one.sealed.replace(/..$/, "00");
};
assert.deepEqual(await lead.reseal((done, left) => steps.push([done, left])), { changed: 23, done: 101, broken: 1, kept: 1 });
assert.equal(steps.length, 2);
lead.tamper = null;
assert.deepEqual(await lead.reseal(), { changed: 0, done: 1, broken: 0, kept: 1 });
assert.deepEqual(await lead.reseal(), { changed: 0, done: 0, broken: 0, kept: 1 });

/** The private keys of an open case as a browser finds them, the newest first; `before`: the one that it had before its key was changed. */
async function changedKey(one, unitId, { case_id: id, private: before }) {
  const { sealed, public: is, changes } = await asked(one, `case-key?case=${id}`);
  const key = await openCaseKey(unhex(sealed), await one.unitKeys(unitId), unhex(id), unhex(unitId));
  assert.equal(hex(await sealingPublic(key)), is);
  assert.notEqual(hex(key), before);
  const found = [hex(key)];
  for (let left = changes, last = key; left.length; ) {
    const opened = await Promise.all(left.map((row) => openRecord(unhex(row.sealed), last, unhex(id), unhex(row.id), 1).catch(() => null)));
    const place = opened.findIndex(Boolean);
    const body = JSON.parse(new TextDecoder().decode(opened[place]));
    assert.deepEqual([body.kind, body.public], ["key", hex(await sealingPublic(last))]);
    last = unhex(body.former);
    found.push(body.former);
    left = left.filter((_, at) => at !== place);
  }
  assert.equal(found.at(-1), before);
  return found;
}
for (const one of live) {
  assert.equal((await changedKey(lead, rina.unit_id, one)).length, 2);
  // With all that whoever went may have kept, nothing of it opens: neither the new key, nor what is sealed to it.
  const { sealed, changes } = await asked(lead, `case-key?case=${one.case_id}`);
  await assert.rejects(openCaseKey(unhex(sealed), [unhex(unitKey)], unhex(one.case_id), unhex(rina.unit_id)));
  await assert.rejects(openRecord(unhex(changes[0].sealed), unhex(one.private), unhex(one.case_id), unhex(changes[0].id), 1));
}
{
  const [now, then] = await lead.unitKeys(rina.unit_id);
  for (const { case_id: id, private: key } of made) {
    const sealed = unhex((await asked(lead, `case-key?case=${id}`)).sealed);
    assert.equal(hex(await openCaseKey(sealed, [now], unhex(id), unhex(rina.unit_id))), key);
    await assert.rejects(openCaseKey(sealed, [then], unhex(id), unhex(rina.unit_id)));
  }
}
await refused("signed_out", counsellor.members());
const [second, first] = (await lead.unitKeys(rina.unit_id)).map(hex);
assert.equal(first, unitKey);
await twin.lock();
const sari = await twin.signIn(twin.login);
assert.deepEqual((await twin.unitKeys(sari.unit_id)).map(hex), [second, first]);
await twin.changeUnitKey();
// A page that came in before that hears of the new key without coming in again, and only if somebody who is believed signed for it. Whoever is admitted by it, and
// the next key, hang on the newest one.
assert.equal((await lead.unitKeys(rina.unit_id)).length, 2);
lead.tamper = (path, body) => {
  if (path.endsWith("members")) body.unit.public = body.unit.keys[0].public = impostor.unit_public;
};
await refused("changed", lead.renewUnitKeys());
await refused("changed", lead.changeUnitKey());
lead.tamper = null;
const fresh = await joins((await lead.invite("case_worker")).split("#join=")[1], "yuni");
await lead.admit((await lead.members()).find((one) => one.name === "yuni").id, fresh.joined.fingerprint.join(" "));
assert.equal((await fresh.signIn(fresh.login)).name, "yuni");
const heard = (await fresh.unitKeys(rina.unit_id)).map(hex);
assert.deepEqual((await lead.unitKeys(rina.unit_id)).map(hex), heard);
assert.equal(heard.length, 3);
await lead.changeUnitKey();
await twin.renewUnitKeys();
assert.deepEqual((await twin.unitKeys(rina.unit_id)).map(hex).slice(1), heard);
await lead.lock();
await lead.signIn(lead.login);
assert.equal((await lead.unitKeys(rina.unit_id)).length, 4);

// A lost passphrase: the name stays, the words are new.
const anew = await joins((await lead.invite("lead", sari.id)).split("#join=")[1], "whatever");
assert.deepEqual([anew.joined.first, anew.joined.name], [false, "sari"]);
assert.notDeepEqual(anew.joined.fingerprint, twin.joined.fingerprint);
await refused("signed_out", twin.members());
const again = (await lead.members()).find((one) => one.name === "sari");
await lead.admit(again.id, anew.joined.fingerprint.join(" "));
await anew.signIn(anew.login);
assert.equal((await anew.unitKeys(sari.unit_id)).length, 4);

// Nobody who leads can sign in any more: two shares of recovery admit a new lead, whose browser and whose colleagues' believe it.
const stays = await joins((await lead.invite("case_worker")).split("#join=")[1], "tuti");
await lead.admit((await lead.members()).find((one) => one.name === "tuti").id, stays.joined.fingerprint.join(" "));
const tuti = await stays.signIn(stays.login);
assert.deepEqual(await lead.reseal(), { changed: 23, done: 102, broken: 0, kept: 1 }); // by another lead, the unit's key was changed once more
for (const one of live) assert.equal((await changedKey(lead, rina.unit_id, one)).length, 3);
const saved = await joins((await lead.invite("lead")).split("#join=")[1], "wulan");
const called = { method: "POST", body: JSON.stringify({ name: "wulan", words: saved.joined.fingerprint.join(" ") }) };
assert.deepEqual(await asked(saved, "recovered", called), { sealed: 125, left: 0 });
const wulan = await saved.signIn(saved.login);
assert.equal((await saved.unitKeys(wulan.unit_id)).length, 1); // no former key: the cases are sealed to the new one
await stays.lock();
await stays.signIn(stays.login);
const [fourth, third] = (await stays.unitKeys(tuti.unit_id)).map(hex);
assert.deepEqual((await saved.unitKeys(wulan.unit_id)).map(hex), [fourth]);
assert.notEqual(third, fourth);
for (const { case_id: id, private: key } of made) {
  const sealed = unhex((await asked(saved, `case-key?case=${id}`)).sealed);
  assert.equal(hex(await openCaseKey(sealed, await saved.unitKeys(wulan.unit_id), unhex(id), unhex(wulan.unit_id))), key);
}
assert.ok((await stays.members()).find((one) => one.id === wulan.id).trusted);
// Another key that says it is recovery's signs for an impostor: a browser that knows the true one believes nothing of it.
saved.tamper = (path, body) => {
  if (path.endsWith("unlock")) body.recovery.signing = impostor.row.signing_public;
};
await assert.rejects(saved.signIn(saved.login), (problem) => assert.equal(problem.code, "changed") ?? true);
saved.tamper = (path, body) => {
  if (path.endsWith("unlock")) body.recovery.signing = null;
};
await assert.rejects(saved.signIn(saved.login), (problem) => assert.equal(problem.code, "changed") ?? true);
saved.tamper = null;
await saved.signIn(saved.login);
await saved.remove(rina.id); // whose passphrase was lost
await stays.lock();
await stays.signIn(stays.login);
assert.equal((await stays.unitKeys(tuti.unit_id))[1].length, 32);

// A unit that had its key in a file: read once.
const { keyFile } = await (await browser()).invitation(scene.filed);
assert.equal(keyFile, true);
const filed = await joins(scene.filed, "anton", { keyFile: { content: scene.file, passphrase: scene.file_passphrase } });
const anton = await filed.signIn(filed.login);
assert.deepEqual((await filed.unitKeys(anton.unit_id)).map(hex), [scene.file_private]);

// Now the other unit's key is vouched for, and the case that both read has another key, sealed to both and to recovery: each of them finds the way to all of it.
// A unit's key that this browser does not believe gets none.
saved.tamper = (path, body) => {
  if (path.includes("stale-keys?")) for (const unit of body.units) unit.public = unit.keys[0].public = impostor.unit_public;
};
assert.deepEqual(await saved.reseal(), { changed: 23, done: 102, broken: 0, kept: 1 });
saved.tamper = null;
assert.deepEqual(await saved.reseal(), { changed: 1, done: 0, broken: 0, kept: 0 });
const [newest] = await changedKey(saved, wulan.unit_id, shared);
assert.equal((await changedKey(filed, anton.unit_id, shared))[0], newest);

// Whoever wrote in another unit's case can be told, too.
const known = await filed.signers();
assert.ok(known.find((one) => one.id === rina.id).trusted);
assert.equal(known.find((one) => one.id === dewi.id).state, "removed");

// What left the browsers holds no private key, no passphrase and no word of one.
const secrets = [first, second, fourth, scene.file_private, hex(await filed.signingKey()), hex(await saved.signingKey())];
for (const one of [lead, counsellor, twin, anew, filed, saved, stays]) secrets.push(one.passphrase, one.passphrase.split(" ").slice(0, 2).join(" "));
for (const secret of secrets) assert.ok(!sent.some((line) => line.includes(secret)));
const kept = [lead, counsellor, twin].flatMap((one) => [...one.stored.entries()]);
for (const [name, value] of kept) assert.match(`${name} ${value}`, /^ruang-aman\.((root|compared|audit-head)\.[0-9a-f]{32}|recovery|recovery-signs|witness) (\d+:)?[0-9a-f]{64}$/);
console.log(JSON.stringify({ sent: sent.length, unit: rina.unit_id }));
