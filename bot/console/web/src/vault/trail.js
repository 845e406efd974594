// The audit chain (actions/audit.py): each entry's hash holds the hash of the one before it, and the entry's digest.

import { concat, hex, sha256, utf8 } from "./bytes.js";

/** What stands for an entry: {number, at, action, subject, actors}, ids as bytes, the subject may be null. */
export const entryDigest = ({ number, at, action, subject, actors }) =>
  sha256(utf8(JSON.stringify([number, at, action, subject && hex(subject), actors.map(hex)])));

/** The hash of an entry by its digest, after the one whose hash is `previous`. */
export async function chained(previous, digest) {
  if (previous.length !== 32 || digest.length !== 32) throw new Error("a hash has 32 bytes");
  return sha256(concat(utf8("ruang-aman/2 audit"), previous, digest));
}
