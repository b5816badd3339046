import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import mime from "mime";

const publicDir = path.join(path.dirname(fileURLToPath(import.meta.url)), "public");
const port = Number(process.env.PORT ?? 3000);

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const name = path.basename(pathname === "/" ? "index.html" : pathname);
  try {
    const body = await readFile(path.join(publicDir, name));
    response.writeHead(200, { "content-type": mime.getType(name) ?? "application/octet-stream" });
    response.end(body);
  } catch {
    response.writeHead(404, { "content-type": "text/plain" });
    response.end("not found\n");
  }
});

server.listen(port, () => console.log(`listening on ${port}`));
