// A bundle server as OPA's documents have it: ETag and 304, a bearer token, and answers that are
// held until there is something new (Prefer: wait=N). Over TLS, as tokens are not sent without.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";

const HELD_TYPE = "application/vnd.openpolicyagent.bundles";

export class BundleServer {
  static async start(site, token) {
    const server = new BundleServer();
    server.token = token;
    server.certificate = site.path("bundles.pem");
    const key = site.path("bundles.key");
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
      "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
      "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", server.certificate],
    { stdio: "ignore" });
    server.tls = { cert: readFileSync(server.certificate), key: readFileSync(key) };
    server.requests = [];   // {path, token, etag, prefer, status}
    server.bundles = new Map();  // path -> {bytes, etag}
    server.waiting = new Set();
    server.holds = true;
    server.status = null;  // when set, what every request is answered with
    server.port = 0;
    await server.up();
    return server;
  }

  async up() {
    this.server = https.createServer(this.tls, (request, response) => this.take(request, response));
    await new Promise((resolve) => this.server.listen(this.port, "127.0.0.1", resolve));
    this.port = this.server.address().port;
    this.url = `https://127.0.0.1:${this.port}`;
  }

  async down() {
    this.server.closeAllConnections();
    this.waiting.clear();
    await new Promise((resolve) => this.server.close(resolve));
  }

  publish(path, bytes) {
    const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}"`;
    this.bundles.set(path, { bytes, etag });
    this.wake();
  }

  withdraw(path) {
    this.bundles.delete(path);
  }

  // Requests that are held get their answer now, whatever it is.
  wake() {
    for (const answer of this.waiting) answer();
  }

  take(request, response) {
    const { authorization = "", "if-none-match": etag = "", prefer = "" } = request.headers;
    const seen = { path: request.url, token: authorization, etag, prefer, status: 0 };
    this.requests.push(seen);
    const wait = this.holds ? Number(/(?:^|;)\s*wait=(\d+)/.exec(prefer)?.[1] ?? 0) : 0;
    const head = wait > 0 ? { "Content-Type": HELD_TYPE } : { "Content-Type": "application/gzip" };
    const reply = (status, headers = {}, body = "") => {
      seen.status = status;
      response.writeHead(status, { ...head, ...headers }).end(body);
    };
    if (authorization !== `Bearer ${this.token}`) return reply(401);
    const answer = (last) => {
      if (this.status !== null) return reply(this.status);
      const bundle = this.bundles.get(request.url);
      if (bundle === undefined) return reply(404);
      if (bundle.etag !== etag) return reply(200, { ETag: bundle.etag }, bundle.bytes);
      if (last) return reply(304, { ETag: etag });
      const again = () => {
        clearTimeout(timer);
        this.waiting.delete(again);
        answer(true);
      };
      const timer = setTimeout(again, wait * 1000);
      timer.unref();
      this.waiting.add(again);
      response.on("close", () => this.waiting.delete(again));
    };
    answer(wait === 0);
  }
}
