// What staff write is signed by its author and chained per case (bot/vault/staff_entry.py).

import { concat, identifier, join, sha256, uint32, uint64, utf8 } from "./bytes.js";
import { sign, verify } from "./keys.js";

/** `previous` of a case's first staff entry. */
export const FIRST = new Uint8Array(32);

// entry: {caseId, recordId, version, authorId, previous, sealed}
async function signed({ caseId, recordId, version, authorId, previous, sealed }) {
  if (previous.length !== 32) throw new Error("a hash has 32 bytes");
  const ids = [identifier(caseId), identifier(recordId), uint32(version), identifier(authorId)];
  return join(utf8("ruang-aman/1 staff-entry"), ...ids, previous, await sha256(sealed));
}

export const signEntry = async (entry, signingPrivate) => sign(await signed(entry), signingPrivate);

/** Throws unless the author wrote exactly this, in this place. */
export const checkEntry = async (entry, signature, authorPublic) => verify(await signed(entry), signature, authorPublic);

/** What the next entry of the case has as `previous`. */
export const link = async (entry, signature) => sha256(concat(await signed(entry), signature));

// A message in a reporter's mailbox: {caseId, mailboxId, messageId, authorId, sealed}. The bot checks it before it tells anything.
async function signedReply({ caseId, mailboxId, messageId, authorId, sealed }) {
  const ids = [caseId, mailboxId, messageId, authorId].map(identifier);
  return join(utf8("ruang-aman/1 staff-reply"), ...ids, await sha256(sealed));
}

export const signReply = async (reply, signingPrivate) => sign(await signedReply(reply), signingPrivate);

/** Throws unless the author wrote exactly this, for this mailbox of this case. */
export const checkReply = async (reply, signature, authorPublic) => verify(await signedReply(reply), signature, authorPublic);

// What the service wrote: {caseId, recordId, version, number, kind, at, sealed} (bot/vault/witness.py).
async function signedTold({ caseId, recordId, version, number, kind, at, sealed }) {
  const ids = [identifier(caseId), identifier(recordId), uint32(version), uint32(number), utf8(kind), uint64(at)];
  return join(utf8("ruang-aman/1 told"), ...ids, await sha256(sealed));
}

/** Kinds that a reporter can take back: their going is no gap. */
export const TAKEN_BACK = new Set(["return_address"]);

/** Throws unless the service wrote exactly this, in this place. */
export const checkTold = async (told, signature, witnessPublic) => verify(await signedTold(told), signature, witnessPublic);
