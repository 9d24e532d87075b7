// A time-stamping authority of openssl's behind HTTP, for one test. Arguments: the folder with
// tsa.cnf, tsa.key, tsa.pem and root.pem. The path of a request says what is wrong with the answer.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

import { runToEnd } from "../lib/children.mjs";

const [folder] = process.argv.slice(2);
const file = (name) => join(folder, name);

function stamp(query) {
  writeFileSync(file("asked.tsq"), query);
  const done = runToEnd("openssl", ["ts", "-reply", "-config", file("tsa.cnf"), "-queryfile", file("asked.tsq"),
    "-out", file("answer.tsr")], { cwd: folder });
  if (done.status !== 0) throw new Error(done.err);
  return readFileSync(file("answer.tsr"));
}

let first = null;  // an answer to another question
const flipped = (bytes) => {
  bytes[bytes.length - 10] ^= 1;
  return bytes;
};
const WAYS = {
  "/tsa": (query) => ({ body: (first = stamp(query)) }),
  "/typed": (query) => ({ body: stamp(query), type: "text/html" }),
  "/down": () => ({ status: 503, body: "later" }),
  "/moved": () => ({ status: 302, body: "", location: "/tsa" }),
  "/again": () => ({ body: first }),
  "/flipped": (query) => ({ body: flipped(stamp(query)) }),
  "/rejecting": () => ({ body: stamp(Buffer.from("no query")) }),
  "/large": () => ({ body: Buffer.alloc(1 << 20) }),
};

const server = http.createServer(async (request, response) => {
  const query = Buffer.concat(await request.toArray());
  const asked = request.headers["content-type"] === "application/timestamp-query" && request.method === "POST";
  const way = WAYS[request.url];
  const { status = 200, body, type = "application/timestamp-reply", location } =
    asked && way ? way(query) : { status: 400, body: "" };
  response.writeHead(status, { "Content-Type": type, ...(location ? { Location: location } : {}) });
  response.end(body);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`listening on ${server.address().port}`);
