// npm run build: one stylesheet, one script and the fonts into helpdesk/static/build/, each named by its content,
// with manifest.json saying which is which. Tabler is purged of every rule that no template uses.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { PurgeCSS } from "purgecss";

const here = dirname(fileURLToPath(import.meta.url));
const house = dirname(here);
const modules = join(dirname(house), "node_modules");
const out = join(house, "static", "build");
// A first visit brings all of this: page, stylesheet, script and the Latin font.
const BUDGET_GZIP_BYTES = 140_000;
const FONTS = ["latin", "latin-ext"];
// What Bootstrap-Flask's render_field writes, which stands in no template of ours.
const FIELD_CLASSES = ["form-control", "form-select", "form-label", "form-check", "form-check-input", "form-check-label",
  "form-text", "text-body-secondary", "is-invalid", "invalid-feedback", "d-block", "mb-3", "btn", "btn-primary"];

const written = {};
function write(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const file = name.replace(/(\.\w+)$/, `.${hash}$1`);
  writeFileSync(join(out, file), bytes);
  written[name] = { file, bytes: bytes.length, gzip: gzipSync(bytes).length };
  return file;
}

function fonts() {
  const folder = join(modules, "@fontsource-variable/inter");
  const sheet = readFileSync(join(folder, "wght.css"), "utf8");
  return FONTS.map((subset) => {
    const source = `inter-${subset}-wght-normal.woff2`;
    const file = write(`inter-${subset}.woff2`, readFileSync(join(folder, "files", source)));
    const face = sheet.match(new RegExp(`@font-face {[^}]*/${source}[^}]*}`))[0];
    return face.replace("Inter Variable", "Inter").replace(`./files/${source}`, file);
  }).join("\n");
}

async function purgedTabler() {
  const [{ css }] = await new PurgeCSS().purge({
    css: [join(modules, "@tabler/core/dist/css/tabler.css")],
    content: [`${house}/**/templates/**/*.html`, `${house}/**/forms.py`, `${here}/*.js`],
    defaultExtractor: (text) => text.match(/[\w-]+/g) ?? [],
    safelist: { standard: [":root", "html", "body", ...FIELD_CLASSES] },
    // The desk follows its own colour scheme; rules for Tabler's other layouts and right-to-left never apply here.
    blocklist: [/navbar/, /theme-dark/, /carousel/, /offcanvas/],
    keyframes: true,
    variables: true,
  });
  return css;
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const own = ["desk.css", "pieces.css", "register.css", "narrow.css"].map((name) => readFileSync(join(here, name), "utf8"));
const sheet = await transform([fonts(), await purgedTabler(), ...own].join("\n"), { loader: "css", minify: true, target: "chrome123" });
write("desk.css", Buffer.from(sheet.code));

const script = await build({
  entryPoints: [join(here, "desk.js")],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  nodePaths: [modules],
  legalComments: "none",
  write: false,
});
write("desk.js", Buffer.from(script.outputFiles[0].contents));

const manifest = Object.fromEntries(Object.entries(written).map(([name, { file }]) => [name, file]));
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);

const firstVisit = ["desk.css", "desk.js", "inter-latin.woff2"];
const total = firstVisit.reduce((sum, name) => sum + written[name].gzip, 0);
for (const [name, { bytes, gzip }] of Object.entries(written)) console.log(`${name}: ${bytes} bytes, ${gzip} gzipped`);
console.log(`a first visit brings ${total} of at most ${BUDGET_GZIP_BYTES} bytes`);
if (total > BUDGET_GZIP_BYTES) process.exit(1);
