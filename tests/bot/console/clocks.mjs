// What the console's page says of moments: `node clocks.mjs ZONE` with moments (seconds since 1970) as JSON on standard input, what it says as JSON on standard output.

import { readFileSync } from "node:fs";

globalThis.document = { documentElement: { lang: "en", dataset: { zone: process.argv[2] } } };
const { clock, day, dayNumber, hour } = await import("../../../bot/console/web/src/app/words.js");
const moments = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(moments.map((at) => ({ hour: hour(at), day: day(at), number: dayNumber(at), clock: clock(at) }))));
