// What the rest of the console uses of the vault.

export * from "./bytes.js";
export * from "./case.js";
export * from "./certificate.js";
export * from "./entry.js";
export * from "./keys.js";
export * from "./member.js";
export { chained } from "./trail.js";
export { openKeyFile } from "./key_file.js";
export { deriveSecrets, newPassphrase, strong, unwrapKeys, wrapKeys } from "./passphrase.js";
export { WORDS } from "./words.js";
