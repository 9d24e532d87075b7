// Two servers with a signature log and a timestamp authority each: one where all may sign, one where
// only those with a token may; each is the stranger of the other. And a key that maestro made.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";

import { Site } from "../lib/maestro.mjs";
import { openCheckpoint, logOf } from "./log_reader.mjs";

export const ORIGIN = "signatures.localhost";
const SCOPE = "signatures:write";
export const PHRASE = "correct horse battery staple";
const PHRASE_NAME = "SIGNER_PHRASE";

// HTTP with bytes, which lib/http.mjs has not.
async function exchange(url, method, body, headers) {
  const request = http.request(url, { method, headers, agent: false, timeout: 15_000 });
  request.on("timeout", () => request.destroy(new Error(`no answer: ${method} ${url}`)));
  request.on("error", () => {});  // the first one is told below; later ones are of a body nobody read
  request.end(body);
  const [response] = await once(request, "response");
  const bytes = Buffer.concat(await response.toArray());
  return {
    status: response.statusCode, headers: response.headers, bytes, text: bytes.toString(),
    get json() {
      return JSON.parse(this.text);
    },
  };
}

export class Notary {
  static async start(name, open) {
    const notary = new Notary();
    notary.site = new Site(name);
    notary.site.configure(`server: {port: 0}
ledger: {origin: ledger.localhost, checkpoint_every: 100ms}
signing: {origin: ${ORIGIN}, open: ${open}}
`);
    notary.site.must("tenant", "create", "alpha");
    notary.site.addPrincipal("alpha", "ada", "tenant-admin");
    notary.site.addPrincipal("alpha", "adam", "auditor");
    const token = (principal, scopes) => notary.site.addToken("alpha", principal, scopes).token;
    notary.tokens = {
      signer: token("ada", SCOPE),
      admin: token("ada", "query,mutate,admin:read,admin:write"),
      auditor: token("adam", SCOPE),
    };
    await notary.begin();
    return notary;
  }

  async begin() {
    this.server = await this.site.serve();
    const trusted = await this.get("/signing/trusted_root.json");
    this.root = trusted.json;
    this.trust = this.site.write("trusted_root.json", trusted.text);
    this.chain = (await this.get("/api/v1/timestamp/certchain")).text;
  }

  ask(method, path, body, headers = {}) {
    return exchange(this.server.url + path, method, body, headers);
  }

  async get(path, headers) {
    const reply = await this.ask("GET", path, undefined, headers);
    assert.equal(reply.status, 200, `${path}: ${reply.status} ${reply.text}`);
    return reply;
  }

  // JSON of a value; text and bytes as they are.
  post(path, body, headers = {}) {
    const raw = typeof body === "string" || Buffer.isBuffer(body);
    return this.ask("POST", path, raw ? body : JSON.stringify(body),
      { "Content-Type": "application/json", ...headers });
  }

  add(request, headers) {
    return this.post("/api/v2/log/entries", request, headers);
  }

  async mustAdd(request, headers) {
    const reply = await this.add(request, headers);
    assert.equal(reply.status, 201, reply.text);
    return reply.json;
  }

  // {size, root} of the log as it is, whose signature holds.
  async head() {
    return openCheckpoint((await this.get("/api/v2/checkpoint")).text, logOf(this.root));
  }

  // Bytes of a file of the log.
  fetch = async (path) => (await this.get(`/api/v2/${path}`)).bytes;

  // maestro against this server, with a passphrase in its environment.
  cli({ phrase = PHRASE, token, url = this.server.url }, ...args) {
    const env = { ...(phrase === null ? {} : { [PHRASE_NAME]: phrase }), ...(token ? { MC_TOKEN: token } : {}) };
    return this.site.runWith({ env }, "--url", url, ...args);
  }

  // Runs `maestro sign`: {status, err, text: of the bundle, null without one}.
  sign(file, key, { more = [], ...options } = {}) {
    const out = this.site.path("signed.json");
    rmSync(out, { force: true });
    const done = this.cli(options, "sign", file, "--key", key, "--passphrase", `env:${PHRASE_NAME}`,
      "--out", out, ...more);
    return { ...done, text: existsSync(out) ? readFileSync(out, "utf8") : null };
  }

  mustSign(file, key, options) {
    const done = this.sign(file, key, options);
    assert.equal(done.status, 0, done.err);
    return JSON.parse(done.text);
  }

  signer(options, verb, ...args) {
    return this.cli(options, "signer", verb, ...args, "--passphrase", `env:${PHRASE_NAME}`);
  }

  createKey(name) {
    const file = this.site.path(name);
    const done = this.signer({}, "create", "--out", file);
    assert.equal(done.status, 0, done.err);
    return { file, pem: done.out, public: this.site.write(`${name}.pub`, done.out) };
  }

  // What `maestro verify` says of a bundle: "verified", or the reason why not.
  verdict(bundle, { key, artifact, trust = this.trust, more = [] }) {
    const done = this.site.run("--json", "verify", this.site.write("bundle.json", JSON.stringify(bundle)),
      "--trust", trust, "--artifact", artifact, ...(key ? ["--key", key] : []), ...more);
    assert.ok(done.status === 0 || done.status === 5, `${done.status}: ${done.err}`);
    const report = JSON.parse(done.out);
    assert.equal(report.subject, "bundle");
    assert.equal(report.verified, done.status === 0, done.out);
    return report.verified ? "verified" : report.steps.find((step) => step.outcome === "failed").reason;
  }

  stop() {
    return this.server?.stop();
  }
}

export class World {
  capabilities = new Set();

  static async start() {
    const world = new World();
    world.open = await Notary.start("sigstore", true);
    world.closed = await Notary.start("sigstore-closed", false);
    world.key = world.open.createKey("cosign.key");
    // Rekor's first version is a profile of its own.
    const asked = await world.open.post("/api/v1/log/entries", {});
    if (asked.status !== 404) world.capabilities.add("rekor1");
    return world;
  }

  async stop() {
    for (const notary of [this.open, this.closed]) await notary?.stop();
  }
}
