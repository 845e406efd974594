// The 2,048 words of receipts, passphrases and fingerprints: the server's own list, bundled as it is.

import list from "../../../../vault/words.txt";

export const WORDS = list.trim().split("\n");
