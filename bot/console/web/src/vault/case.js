// A case: its key, its records, its files, and replies into a mailbox.

import { concat, identifier, join, uint64, utf8 } from "./bytes.js";
import { decrypt, openBody, sealBody, unwrap, wrap } from "./envelope.js";
import { unpad } from "./padding.js";

const recordInfo = (caseId, recordId, version) =>
  join(utf8("ruang-aman/1 case-record"), identifier(caseId), identifier(recordId), uint64(version));
const keyInfo = (caseId, recipientId) => join(utf8("ruang-aman/1 case-key"), identifier(caseId), identifier(recipientId));
const messageInfo = (mailboxId, messageId) => join(utf8("ruang-aman/1 mailbox-message"), identifier(mailboxId), identifier(messageId));

/** The case's private key, out of `case_key.sealed`, with any of the unit's private keys (newest first). */
export async function openCaseKey(sealed, unitPrivates, caseId, unitId) {
  for (const unitPrivate of unitPrivates) {
    try {
      const key = await unwrap(sealed, unitPrivate, keyInfo(caseId, unitId));
      if (key.length === 32) return key;
    } catch {
      // sealed to another version of the unit's key
    }
  }
  throw new Error("this case is not sealed to this unit");
}

/** The case's private key sealed to one more reader: a unit, or recovery. */
export const sealCaseKey = (caseKey, recipientPublic, caseId, recipientId) => wrap(caseKey, recipientPublic, keyInfo(caseId, recipientId));

export const openRecord = (sealed, caseKey, caseId, recordId, version) =>
  openBody(sealed, caseKey, recordInfo(caseId, recordId, version), recordId);

/** A record for everybody who reads the case: sealed to its public key. */
export const sealRecord = (content, casePublic, caseId, recordId, version) =>
  sealBody(content, casePublic, recordInfo(caseId, recordId, version), recordId);

/** A reply that only the reporter's five words open. */
export const sealReply = (content, mailboxPublic, mailboxId, messageId) =>
  sealBody(content, mailboxPublic, messageInfo(mailboxId, messageId), messageId);

export const openReply = (sealed, mailboxPrivate, mailboxId, messageId) =>
  openBody(sealed, mailboxPrivate, messageInfo(mailboxId, messageId), messageId);

/** The outer layer of a return address: what is inside, the server alone opens. */
export const openReturnAddress = openRecord;

const PIECE = 65536;
const fileNonce = (number, last) => concat(new Uint8Array(3), uint64(number), Uint8Array.of(last ? 1 : 0));

/** One piece of a file (the padding of the last one still on it). `last` says whether it is the last. */
export function openPiece(key, evidenceId, piece, number, last) {
  if (piece[0] !== 1) throw new Error("suite");
  return decrypt(key, fileNonce(number, last), piece.slice(1), concat(Uint8Array.of(1), identifier(evidenceId)));
}

/** A file out of all its pieces, in order. Throws if one is missing, too many, moved or changed. */
export async function openFile(key, evidenceId, pieces) {
  if (!pieces.length) throw new Error("no pieces");
  const opened = await Promise.all(pieces.map((piece, number) => openPiece(key, evidenceId, piece, number, number === pieces.length - 1)));
  return unpad(concat(...opened), PIECE);
}
