// Bundles the console: src/app/main.js and src/app/console.css become console-<hash>.js and console-<hash>.css in ../static/built, and
// manifest.json there says which file has which name. Nothing is loaded from elsewhere at run time.
//   node build.mjs [--watch]

import { build, context } from "esbuild";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "static", "built");
const entries = { script: join(here, "src", "app", "main.js"), style: join(here, "src", "app", "console.css") };
const missing = Object.values(entries).filter((path) => !existsSync(path));
if (missing.length) {
  console.error(`The console cannot be built: ${missing.map((path) => basename(path)).join(" and ")} is missing in bot/console/web/src/app.`);
  process.exit(1);
}

/** Writes what a build gave under names of our own, and removes what an earlier build left. */
const manifest = {
  name: "manifest",
  setup(project) {
    project.onEnd((result) => {
      if (result.errors.length) return;
      const names = {};
      for (const file of result.outputFiles) {
        const name = basename(file.path);
        const extension = name.slice(name.lastIndexOf("."));
        if (extension === ".js" || extension === ".css") names[`console${extension}`] = name;
      }
      mkdirSync(built, { recursive: true });
      for (const name of readdirSync(built)) rmSync(join(built, name), { recursive: true });
      for (const file of result.outputFiles) writeFileSync(join(built, basename(file.path)), file.contents);
      writeFileSync(join(built, "manifest.json"), `${JSON.stringify(names, null, 1)}\n`);
    });
  },
};

const options = {
  absWorkingDir: here,
  entryPoints: [
    { in: entries.script, out: "console" },
    { in: entries.style, out: "console" },
  ],
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  outdir: built,
  write: false,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome137", "firefox130", "safari17"], // the first of each with X25519 and Ed25519 in WebCrypto
  minify: true,
  legalComments: "inline",
  loader: { ".txt": "text", ".woff2": "file", ".svg": "file", ".png": "file", ".mp3": "file", ".wav": "file", ".ogg": "file" },
  logLevel: "warning",
  plugins: [manifest],
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
}
