// Bytes are Uint8Array everywhere; hex and base64 only where something goes over HTTP.

export const utf8 = (text) => new TextEncoder().encode(text);
export const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const random = (size) => globalThis.crypto.getRandomValues(new Uint8Array(size));

/** The bytes of hex digits. Throws on anything else. */
export function unhex(digits) {
  if (typeof digits !== "string" || !/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error("no hex");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two byte strings are the same. For what is public: it stops at the first difference. */
export const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

export const uint32 = (value) => {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new Error("no 32-bit number");
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
};

export function uint64(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** The parts, each with its length before it (32 bit, big-endian): no two lists of parts look alike. */
export const join = (...parts) => concat(...parts.flatMap((part) => [uint32(part.length), part]));

/** An id of 16 bytes, or an error. */
export function identifier(bytes) {
  if (bytes.length !== 16) throw new Error("an id has 16 bytes");
  return bytes;
}

export const sha256 = async (bytes) => new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
