// ISO/IEC 7816-4: the byte 0x80, then zeros to a multiple of a step. Only the shortest padding is accepted.

export function pad(content, step) {
  const padded = new Uint8Array(Math.ceil((content.length + 1) / step) * step);
  padded.set(content);
  padded[content.length] = 0x80;
  return padded;
}

export function unpad(padded, step) {
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end -= 1;
  if (!padded.length || padded.length % step || padded[end - 1] !== 0x80 || padded.length - end >= step) throw new Error("padding");
  return padded.slice(0, end - 1);
}
