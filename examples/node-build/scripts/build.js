// Renders public/*.md to dist/public/*.html, copies everything else and the server.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { marked } from "marked";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, "dist");

await rm(dist, { recursive: true, force: true });
await mkdir(path.join(dist, "public"), { recursive: true });
await cp(path.join(root, "src"), dist, { recursive: true });

let pages = 0;
for (const name of await readdir(path.join(root, "public"))) {
  const source = path.join(root, "public", name);
  if (path.extname(name) !== ".md") {
    await cp(source, path.join(dist, "public", name), { recursive: true });
    continue;
  }
  const title = path.basename(name, ".md");
  const body = marked.parse(await readFile(source, "utf8"));
  const page = `<!doctype html><meta charset="utf-8"><title>${title}</title><link rel="stylesheet" href="/style.css">\n${body}`;
  await writeFile(path.join(dist, "public", `${title}.html`), page);
  pages += 1;
}
console.log(`built ${pages} page(s)`);
