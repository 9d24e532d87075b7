// A server with two tenants before an upstream that counts, and the operator's way to its taps.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import http from "node:http";

import { Child, eventually } from "../lib/children.mjs";
import { post, send } from "../lib/http.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";

export const WHY = ["--reason", "the shop is on fire"];
const TOLD = "requests like this one are held back for now; retry later";

export class World {
  capabilities = new Set();
  reached = 0;
  tokens = {};

  static async start() {
    const world = new World();
    world.upstream = http.createServer((request, response) => {
      world.reached += 1;
      request.resume().on("end", () => {
        response.setHeader("Content-Type", "application/json");
        response.end('{"data":{"hello":"there"}}');
      });
    });
    await new Promise((resolve) => world.upstream.listen(0, "127.0.0.1", resolve));
    const site = (world.site = new Site("taps"));
    world.address = `127.0.0.1:${world.upstream.address().port}`;
    const { publicKey, privateKey } = generateKeyPairSync("ed25519", {
      publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
    site.write("oncall.key", privateKey);
    site.write("oncall.pub", publicKey);
    site.configure(`server: {port: 0, metrics_public: true}
gateway: {routes: [{path: /graphql, kind: upstream, url: "http://${world.address}/graphql"}]}
ledger: {origin: ledger.example, checkpoint_every: 100ms}
taps: {key_files: ["${site.path("oncall.pub")}"]}
`);
    for (const [tenant, id, roles, scopes] of [["alpha", "ada", "tenant-admin", "query,mutate,admin:read,admin:write"],
      ["bravo", "bea", "tenant-admin", "query,mutate"], ["system", "otto", "operator", "admin:read,admin:write"]]) {
      site.must("tenant", "create", tenant);
      site.addPrincipal(tenant, id, roles);
      world.tokens[tenant] = site.addToken(tenant, id, scopes).token;
    }
    await world.serve();
    return world;
  }

  async serve() {
    this.server = await this.site.serve();
  }

  async stop() {
    await this.server.stop();
    await new Promise((resolve) => this.upstream.close(resolve));
  }

  ask(tenant, query = "{ hello }") {
    return post(`${this.server.url}/graphql`, this.tokens[tenant], { query });
  }

  api(method, path, body, who = "system") {
    const headers = { Authorization: `Bearer ${this.tokens[who]}`, "Content-Type": "application/json" };
    return send(this.server.url + path, { method, headers, body: body && JSON.stringify(body) });
  }

  // A command on the local socket, while this process goes on answering for the upstream.
  async tap(...args) {
    const child = new Child(MAESTRO, ["--config", this.site.config, "--json", "tap", ...args]);
    const status = await child.exited;
    return { status, out: child.out, err: child.err, json: status === 0 ? JSON.parse(child.out) : undefined };
  }

  async mustTap(...args) {
    const done = await this.tap(...args);
    assert.equal(done.status, 0, `tap ${args.join(" ")}: ${done.err}`);
    return done.json;
  }

  async liftAll() {
    for (const { id } of (await this.mustTap("list")).items) await this.mustTap("lift", id);
  }

  // Asks on and on until it is answered as `wanted`; gives how long that took from `begin` on, in ms.
  async untilAnswered(tenant, wanted, begin) {
    await eventually(`${wanted} for ${tenant}`, async () => (await this.ask(tenant)).status === wanted);
    return performance.now() - begin;
  }

  async mustBeHeldBack(tenant) {
    const reached = this.reached;
    const { status, headers, json, text } = await this.ask(tenant);
    assert.equal(status, 503, text);
    assert.equal(json.errors[0].extensions.code, "TAP");
    assert.equal(json.errors[0].message, TOLD);
    assert.match(headers["retry-after"], /^[1-9]\d*$/);
    assert.doesNotMatch(text, /fire|otto|uid|tap_/);
    assert.equal(this.reached, reached, "what is held back does not reach the upstream");
  }

  async mustPass(tenant) {
    const { status, text } = await this.ask(tenant);
    assert.equal(status, 200, text);
  }

  limitFiles(bytes) {
    const done = spawnSync("prlimit", ["--pid", String(this.server.pid), `--fsize=${bytes}:unlimited`]);
    assert.equal(done.status, 0, String(done.stderr));
  }

  // Nothing more is recorded by this process: its ledger has met a disk that fails, once.
  async stopLedger() {
    this.limitFiles(1);
    const { status } = await this.api("POST", "/v1/tenants/alpha/principals", { id: "eve", roles: "analyst" });
    assert.equal(status, 503);
    this.limitFiles("unlimited");
    assert.equal((await this.api("POST", "/v1/tenants/alpha/principals", { id: "eve", roles: "analyst" })).status, 503);
  }

  // The state database is somebody else's, who does not give it back before stop().
  async lockState() {
    const script = "import sqlite3,sys,time\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\n" +
      "c.execute('BEGIN EXCLUSIVE')\nprint('locked',flush=True)\ntime.sleep(600)\n";
    const keeper = new Child("python3", ["-c", script, `${this.site.dataDir}/state.db`]);
    await keeper.says(/locked/);
    return keeper;
  }

  async records() {
    const { json } = await this.api("GET", "/v1/tenants/system/records?type=tap&limit=100");
    return json.items.toReversed();
  }

  async metric(name) {
    const { text } = await send(`${this.server.url}/metrics`);
    const line = text.split("\n").find((one) => one.startsWith(`${name} `));
    assert.ok(line, `no ${name} in the metrics`);
    return Number(line.split(" ")[1]);
  }
}
