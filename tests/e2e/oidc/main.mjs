// Access tokens of a real OpenID provider at every door of a real server.
import assert from "node:assert/strict";
import { createHmac, createPublicKey } from "node:crypto";

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";

import { chromium } from "playwright-core";

import { Child, eventually } from "../lib/children.mjs";
import { fixture } from "../lib/fixture.mjs";
import { freePort, post, send } from "../lib/http.mjs";
import { MAESTRO, Site, addPeople, importFixture, writeModel } from "../lib/maestro.mjs";
import { runScenarios, scenario } from "../lib/scenario.mjs";
import "./code_flow.mjs";
import { AUDIENCE, SECRET, STEP_UP_S, TestProvider, makeKey } from "./provider.mjs";

const PEOPLE = "{ persons(first: 100) { nodes { id } } }";

async function makeWorld() {
  const port = await freePort();
  const portal = `http://127.0.0.1:${port}`;
  const provider = new TestProvider({
    reader: { tenant: "alpha", groups: ["mc-analysts"] },
    admin: { tenant: "alpha", groups: ["mc-admins"] },
    auditor: { tenant: "alpha", groups: ["mc-admins", "mc-auditors"] },
    bravo: { tenant: "bravo", groups: ["mc-analysts"] },
    nobody: { tenant: "alpha", groups: ["staff"] },
    stranger: { tenant: "charlie", groups: ["mc-admins"] },
  }, {
    ana: { tenant: "alpha", groups: ["mc-admins"], name: "Ana Admin" },
    norbert: { tenant: "alpha", groups: [] },
  }, `${portal}/sign-in/callback`);
  const rsa = makeKey("RS256");
  await provider.start([rsa]);
  const site = new Site("oidc");
  const model = writeModel(site, `sqlite:${site.path("rows.db")}`);
  site.configure(`datasets_file: ${model}
server: {port: ${port}}
portal: {public_url: "${portal}", step_up_max_age: ${STEP_UP_S}s}
oidc:
  issuer: ${provider.issuer}
  audience: ${AUDIENCE}
  cli_client_id: cli
  client_id: portal
  client_secret: file:${site.write("client_secret", SECRET)}
  roles_claim: groups
  roles:
    - {claim: mc-analysts, role: analyst}
    - {claim: mc-admins, role: tenant-admin}
    - {claim: mc-auditors, role: auditor}
`);
  const tokens = addPeople(site);
  importFixture(site);
  const server = await site.serve();
  const world = { provider, site, server, rsa, tokens, capabilities: new Set() };
  world.query = (token, body = { query: PEOPLE }) => post(`${server.url}/graphql`, token, body);
  world.admin = (token, path, method = "GET", body) =>
    send(`${server.url}${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    });
  world.until = (what, token, status) =>
    eventually(what, async () => (await world.query(token)).status === status, 20_000);
  return world;
}

const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

scenario("a machine's token reads its tenant's rows at the gateway and the admin API",
  async ({ provider, query, admin, until, tokens }) => {
    const token = await provider.accessToken("reader");
    await until("the keys are fetched", token, 200);
    const metrics = (await admin(tokens.metrics, "/metrics")).text;
    const [, fetched] = /^mc_oidc_keys_fetched_timestamp_seconds (\S+)$/m.exec(metrics);
    assert.ok(Math.abs(Date.now() / 1000 - Number(fetched)) < 330, fetched);  // every 5 min
    const reply = await query(token);
    assert.equal(reply.json.data.persons.nodes.length, fixture().alpha.person.length);
    const other = await query(await provider.accessToken("bravo"));
    assert.equal(other.json.data.persons.nodes.length, fixture().bravo.person.length);
    const self = await admin(token, "/v1/self");
    assert.equal(self.status, 200);
    assert.equal(self.json.tenant, "alpha");
    assert.match(self.json.principal, /^oidc_[0-9a-z]{26}$/);
  });

scenario("roles decide: a reader changes nothing, an admin does, an auditor with both does not",
  async ({ provider, admin }) => {
    const make = (token, id) => admin(token, "/v1/tenants/alpha/principals", "POST",
      { id, name: id, roles: "analyst" });
    assert.equal((await make(await provider.accessToken("reader"), "by-reader")).status, 403);
    assert.equal((await make(await provider.accessToken("auditor"), "by-auditor")).status, 403);
    assert.equal((await make(await provider.accessToken("admin"), "by-admin")).status, 201);
    const elsewhere = await admin(await provider.accessToken("admin"), "/v1/tenants/bravo/tokens");
    assert.ok([403, 404].includes(elsewhere.status), `status ${elsewhere.status}`);
  });

scenario("no role or an unknown tenant in the token: 401 at both doors",
  async ({ provider, query, admin }) => {
    for (const client of ["nobody", "stranger"]) {
      const token = await provider.accessToken(client);
      assert.equal((await query(token)).status, 401, client);
      assert.equal((await admin(token, "/v1/self")).status, 401, client);
    }
  });

scenario("forged tokens are refused: none, HMAC by the public key, changed claims, own key",
  async ({ provider, rsa, query }) => {
    const good = await provider.accessToken("reader");
    const [head, payload, signature] = good.split(".");
    const header = decode(head);
    const claims = decode(payload);
    const pem = createPublicKey({ key: rsa, format: "jwk" }).export({ type: "spki", format: "pem" });
    const hmac = (text) => createHmac("sha256", pem).update(text).digest("base64url");
    const confused = `${encode({ ...header, alg: "HS256" })}.${payload}`;
    const forged = {
      none: `${encode({ ...header, alg: "none" })}.${payload}.`,
      hmac: `${confused}.${hmac(confused)}`,
      tenant: `${head}.${encode({ ...claims, tenant: "bravo" })}.${signature}`,
      roles: `${head}.${encode({ ...claims, groups: ["mc-admins"] })}.${signature}`,
      other: `${encode({ ...header, alg: "ES256" })}.${payload}.${signature}`,
      jwk: `${encode({ ...header, jwk: rsa })}.${payload}.AAAA`,
      cut: good.slice(0, -2),
      twice: `${good}.${signature}`,
    };
    for (const [name, token] of Object.entries(forged)) {
      const reply = await query(token);
      assert.equal(reply.status, 401, name);
      assert.match(reply.headers["www-authenticate"], /^Bearer error="invalid_token"/, name);
      assert.ok(!reply.text.includes(claims.sub), `${name}: the answer repeats the token`);
    }
    assert.equal((await query(good)).status, 200);
  });

scenario("a token for another server of the same provider is refused", async (world) => {
  world.provider.audience = "urn:example:other";
  const token = await world.provider.accessToken("reader");
  world.provider.audience = AUDIENCE;
  assert.equal((await world.query(token)).status, 401);
});

scenario("keys are rotated while tokens are in use, to ES256 and to EdDSA", { limitMs: 60_000 },
  async (world) => {
    for (const algorithm of ["ES256", "EdDSA"]) {
      const old = await world.provider.accessToken("reader");
      const key = makeKey(algorithm);
      world.provider.algorithm = algorithm;
      world.provider.rotate([world.rsa, key]);  // the RSA key still signs what asks for it
      const fresh = await world.provider.accessToken("reader");
      assert.equal(decode(fresh.split(".")[0]).alg, algorithm);
      await world.until(`the new ${algorithm} key is known`, fresh, 200);
      if (algorithm === "EdDSA") {
        assert.equal((await world.query(old)).status, 401, "its key was withdrawn");
      }
    }
  });

scenario("while the provider is away good tokens stay good; after it, new keys are fetched",
  { limitMs: 60_000 }, async (world) => {
    const { provider, server } = world;
    const token = await provider.accessToken("reader");
    assert.equal((await world.query(token)).status, 200);
    await provider.goAway();
    const stranger = `${encode({ alg: "RS256", kid: "unknown" })}.${token.split(".")[1]}.AAAA`;
    await eventually("the failure is logged", async () => {
      assert.equal((await world.query(stranger)).status, 401);
      return server.out.includes("oidc.refresh_failed");
    }, 20_000);
    assert.equal((await world.query(token)).status, 200);
    await provider.comeBack();
    const key = makeKey("RS256");
    provider.algorithm = "RS256";
    provider.rotate([key]);
    await world.until("the new key is known", await provider.accessToken("reader"), 200);
  });

scenario("no token and no secret is in the log", async ({ provider, server, query }) => {
  const token = await provider.accessToken("reader");
  await query(token);
  for (const part of token.split(".")) assert.ok(!server.out.includes(part));
});

// Signs in at the provider as a person does, and confirms the code or aborts.
async function confirm(url, code, person, decision) {
  const page = await (await world.browser.newContext()).newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(url);
  await page.getByText(code, { exact: true }).waitFor();
  await page.getByRole("button", { name: decision }).click();
  if (decision === "Continue") {
    await page.locator("input[name=login]").fill(person);
    await page.locator("input[name=password]").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "Sign-in Success" }).waitFor();
  }
  await page.context().close();
}

// `maestro login`, with the browser's part done by `person`; the ended program.
async function login({ site, server }, person, decision = "Continue") {
  const child = new Child(MAESTRO, ["--url", `${server.url}/`, "--json", "login"],
    { env: { XDG_CONFIG_HOME: site.path("home"), MC_TOKEN: "of-somebody-else" } });
  const url = (await child.says(/^Open (\S+)$/m))[1];
  const code = (await child.says(/confirm the code (\S+)/))[1];
  await confirm(url, code, person, decision);
  await child.exited;
  return child;
}

const asPerson = ({ site, server }, ...args) => site.runWith(
  { env: { XDG_CONFIG_HOME: site.path("home") } }, "--url", server.url, "--json", ...args);

scenario("maestro login: a browser confirms, commands work, logout forgets", { needs: ["chromium"], limitMs: 60_000 },
  async (world) => {
    assert.equal(asPerson(world, "principal", "list", "--tenant", "alpha").status, 4);
    const child = await login(world, "ana");
    assert.equal(child.status, 0, child.err);
    const self = JSON.parse(child.out);
    assert.equal(self.tenant, "alpha");
    assert.equal(self.roles, "tenant-admin");
    const file = world.site.path("home/maestro/credentials.json");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { token } = JSON.parse(readFileSync(file, "utf8")).servers[world.server.url];
    assert.ok(!child.out.includes(token) && !child.err.includes(token));
    const list = asPerson(world, "principal", "list", "--tenant", "alpha");
    assert.equal(list.status, 0, list.err);
    assert.ok(JSON.parse(list.out).items.length > 0);
    assert.equal(asPerson(world, "logout").status, 0);
    assert.equal(asPerson(world, "principal", "list", "--tenant", "alpha").status, 4);
    assert.equal(asPerson(world, "logout").status, 3);
  });

scenario("maestro login: a token that ends is renewed, by one of many, until the provider says no",
  { needs: ["chromium"], limitMs: 60_000 },
  async (world) => {
    const { site, server, provider } = world;
    const lifetime = provider.lifetimeS;
    provider.lifetimeS = 5;  // less than what a command asks of a token: each one renews
    const file = site.path("home/maestro/credentials.json");
    const kept = () => JSON.parse(readFileSync(file, "utf8"));
    // Beside this program, which is the provider.
    const run = async (...args) => {
      const child = new Child(MAESTRO, ["--url", server.url, "--json", ...args],
        { env: { XDG_CONFIG_HOME: site.path("home") } });
      await child.exited;
      return child;
    };
    const list = () => run("principal", "list", "--tenant", "alpha");
    try {
      assert.equal((await login(world, "ana")).status, 0);
      const first = kept().servers[server.url];
      assert.ok(first.refresh_token);
      const renewed = await list();
      assert.equal(renewed.status, 0, renewed.err);
      assert.notEqual(kept().servers[server.url].token, first.token);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const many = await Promise.all(Array.from({ length: 6 }, list));
      assert.deepEqual(many.map((child) => child.status), Array(6).fill(0), many.map(({ err }) => err).join(""));
      const held = kept();
      assert.equal((await run("logout")).status, 0);
      writeFileSync(file, JSON.stringify(held));
      const over = await list();
      assert.equal(over.status, 4, "a refresh token after the sign-out");
      assert.match(over.err, /has ended; run maestro login/);
      assert.ok(!over.err.includes(held.servers[server.url].refresh_token));
    } finally {
      provider.lifetimeS = lifetime;
      await run("logout");
    }
  });

scenario("maestro login: refused in the browser, or a person without a role", { needs: ["chromium"], limitMs: 60_000 },
  async (world) => {
    const refused = await login(world, "ana", "[ Abort ]");
    assert.equal(refused.status, 4, refused.err);
    assert.match(refused.err, /refused/);
    const nobody = await login(world, "norbert");
    assert.equal(nobody.status, 4, nobody.err);
    assert.match(nobody.err, /no tenant or role/);
    assert.equal(asPerson(world, "logout").status, 3);
  });

scenario("a configuration without an audience, or with an open address, does not start",
  async ({ site, provider }) => {
    for (const [text, field] of [
      [`{issuer: "${provider.issuer}"}`, "oidc.audience"],
      ["{issuer: \"http://id.example.org\", audience: a}", "oidc.issuer"],
    ]) {
      site.write("wrong.yaml", `data_dir: ${site.dataDir}\noidc: ${text}\n`);
      const done = site.runWith({}, "--config", site.path("wrong.yaml"), "config", "check");
      assert.equal(done.status, 2, done.err);
      assert.ok((done.err + done.out).includes(field), done.err);
    }
  });

const executablePath = process.env.MC_CHROMIUM ?? "/usr/bin/chromium";
const browser = existsSync(executablePath)
  ? await chromium.launch({ executablePath, args: ["--no-sandbox"] }) : null;
const world = await makeWorld();
if (browser) world.capabilities.add("chromium");
world.browser = browser;
const status = await runScenarios("oidc", world);
await browser?.close();
await world.server.stop();
await world.provider.goAway();
process.exit(status);
