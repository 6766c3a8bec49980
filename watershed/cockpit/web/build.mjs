// Bundles src/ into ../static, with the licences of what is in there and a digest of what it was built from.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const OUT = "../static";
const ENTRIES = ["theme.js", "zone.js", "cockpit.js", "sql.js", "lineage.js", "cockpit.css"];

const { metafile } = await build({
  entryPoints: ENTRIES.map((name) => `src/${name}`),
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none", // all of it is in LICENSES.txt
  outdir: OUT,
  metafile: true,
  logLevel: "info",
});

const inside = new Set(Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs)));
const folders = new Set([...inside].map((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean));
writeFileSync(`${OUT}/LICENSES.txt`, [...folders].sort().map(spellLicence).join("\n"));

// tests/cockpit/test_assets.py computes the same.
const digest = createHash("sha256");
for (const path of ["build.mjs", "package-lock.json", ...readdirSync("src").sort().map((name) => `src/${name}`)]) {
  digest.update(`${path}\n`).update(readFileSync(path));
}
writeFileSync(`${OUT}/built-from`, `${digest.digest("hex")}\n`);

function spellLicence(folder) {
  const about = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  if (!file) throw new Error(`${folder} has no licence file`);
  return `${about.name} ${about.version} (${about.license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
}
