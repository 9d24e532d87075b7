// People who sign in to the portal at the provider, in Chromium, and the attacks on that.
import assert from "node:assert/strict";

import { Document } from "../contract/document.mjs";
import { eventually } from "../lib/children.mjs";
import { send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { STEP_UP_S } from "./provider.mjs";

const OPTIONS = { needs: ["chromium"], limitMs: 60_000 };

async function openPage({ browser, server }) {
  const page = await (await browser.newContext()).newPage();
  page.complaints = [];
  page.on("console", (message) => {
    // The provider's pages want fonts from the open network, and have their own complaints.
    if (!message.location().url.startsWith(server.url)) return;
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.setDefaultTimeout(15_000);
  return page;
}

async function heading(page, text) {
  await page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
}

async function toProvider(page, { server }, path = "/") {
  await page.goto(`${server.url}${path}`);
  await page.getByRole("button", { name: /^Continue with 127\.0\.0\.1:/ }).click();
  await page.locator("input[name=login]").waitFor();
}

async function fillIn(page, person) {
  await page.locator("input[name=login]").fill(person);
  await page.locator("input[name=password]").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
}

// The first sign-in of a browser also asks for consent.
async function signIn(page, world, person, path = "/") {
  await toProvider(page, world, path);
  await fillIn(page, person);
  await page.getByRole("button", { name: "Continue" }).click();
}

// The page's own calls, with its cookie.
function fromPage(page, method, path, body, headers = {}) {
  return page.evaluate(async ([how, where, what, more]) => {
    const session = await (await fetch("/v1/session")).json();
    const reply = await fetch(where, {
      method: how, body: what && JSON.stringify(what),
      headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf ?? "", ...more },
    });
    const text = await reply.text();
    return {
      status: reply.status, challenge: reply.headers.get("WWW-Authenticate"),
      json: text === "" ? null : JSON.parse(text),
    };
  }, [method, path, body, headers]);
}

async function refused(page) {
  await page.getByRole("heading", { name: "You are not signed in" }).waitFor();
  assert.equal(new URL(page.url()).search, "", "the answer stays in the address bar");
  assert.deepEqual(
    (await page.context().cookies()).filter((cookie) => cookie.name === "mc_session"), []);
}

// Keeps the provider's answer from being used: the address that it sends the browser back to.
async function holdAnswer(page) {
  let url = "";
  let kept = false;
  const watch = (request) => {
    if (request.url().includes("/sign-in/callback?")) url = request.url();
  };
  page.on("request", watch);
  await page.route("**/v1/sign-in/oidc/code", async (route) => {
    await route.abort();
    kept = true;
  });
  return {
    // Once the page has tried: it would try later otherwise, when nobody holds it.
    url: () => eventually("the provider answers", () => kept && url, 15_000),
    release: () => {
      page.off("request", watch);
      return page.unroute("**/v1/sign-in/oidc/code");
    },
  };
}

scenario("code flow: a person signs in at the provider and comes back to the page asked for",
  OPTIONS, async (world) => {
    const page = await openPage(world);
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    const finished = page.waitForResponse("**/v1/sign-in/oidc/code");
    await signIn(page, world, "ana", "/settings/tokens?window=1h");
    await heading(page, "Tokens");
    const reply = await finished;
    const document = new Document(await (await fetch(`${world.server.url}/v1/openapi.json`)).text());
    document.judge("POST", "/v1/sign-in/oidc/code", {
      status: reply.status(), headers: await reply.allHeaders(), text: await reply.text(),
      json: await reply.json(),
    });
    assert.equal(new URL(page.url()).pathname + new URL(page.url()).search,
      "/settings/tokens?window=1h");
    await page.getByText("Ana Admin").waitFor();
    const authorize = new URL(asked.find((url) => url.includes("/auth?")));
    for (const name of ["state", "nonce", "code_challenge"]) {
      assert.equal(authorize.searchParams.get(name).length, 43, name);
    }
    assert.equal(authorize.searchParams.get("code_challenge_method"), "S256");
    const [cookie] = (await page.context().cookies()).filter((one) => one.name === "mc_session");
    assert.ok(cookie.httpOnly);
    assert.equal(cookie.sameSite, "Strict");
    assert.equal((await page.evaluate(() => document.cookie)).includes("mcs_"), false);
    const { json } = await fromPage(page, "GET", "/v1/session");
    assert.equal(json.session.method, "oidc");
    assert.match(json.principal, /^oidc_[0-9a-z]{26}$/);
    assert.deepEqual(json.roles, ["tenant-admin"]);
    // 401s of pages without a session are Chromium's own console lines.
    assert.deepEqual(page.complaints.filter((line) => !line.includes("401")), []);
    await page.context().close();
  });

scenario("code flow: an answer works once, and in the browser that asked", OPTIONS,
  async (world) => {
    const page = await openPage(world);
    const held = await holdAnswer(page);
    await signIn(page, world, "ana");
    const url = await held.url();
    const thief = await openPage(world);
    await thief.goto(url);
    await refused(thief);
    // The thief has used the state up, so that it is good for nobody.
    await held.release();
    await page.goto(url);
    await refused(page);
    await page.getByRole("button", { name: /^Continue with/ }).click();
    await heading(page, "Overview");
    await page.goto(url);
    await page.getByRole("heading", { name: "You are not signed in" }).waitFor();
    await thief.context().close();
    await page.context().close();
  });

scenario("code flow: a foreign state, a changed code, another issuer, no code: refused", OPTIONS,
  async (world) => {
    const changes = {
      state: (url) => url.searchParams.set("state", "A".repeat(43)),
      code: (url) => url.searchParams.set("code", "A".repeat(43)),
      iss: (url) => url.searchParams.set("iss", "https://id.example.org"),
      silent: (url) => url.searchParams.delete("iss"),
      "no code": (url) => url.searchParams.delete("code"),
    };
    const page = await openPage(world);
    let first = true;
    for (const change of Object.values(changes)) {
      const held = await holdAnswer(page);
      if (first) {
        await signIn(page, world, "ana");
      } else {
        await page.goto(`${world.server.url}/`);
        await page.getByRole("button", { name: /^Continue with/ }).click();
      }
      first = false;
      const url = new URL(await held.url());
      change(url);
      await held.release();
      await page.goto(url.href);
      await refused(page);
    }
    await page.context().close();
  });

scenario("code flow: refused at the provider, or a person without a role: told plainly", OPTIONS,
  async (world) => {
    const page = await openPage(world);
    await toProvider(page, world);
    await page.getByRole("link", { name: "[ Cancel ]" }).click();
    await page.getByText("You or the provider refused the sign-in.").waitFor();
    await refused(page);
    await page.context().close();
    const nobody = await openPage(world);
    await signIn(nobody, world, "norbert");
    await nobody.getByText(/names no role/).waitFor();
    await refused(nobody);
    await nobody.context().close();
  });

scenario("code flow: only our own page begins or ends it, and nothing leads elsewhere",
  async ({ server }) => {
    const document = new Document((await send(`${server.url}/v1/openapi.json`)).text);
    const post = async (path, body, headers) => {
      const reply = await send(`${server.url}${path}`, {
        method: "POST", body: JSON.stringify(body),
        headers: { "Content-Type": "application/json", ...headers },
      });
      document.judge("POST", path, reply);
      return reply;
    };
    const evil = { "Sec-Fetch-Site": "cross-site" };
    assert.equal((await post("/v1/sign-in/oidc", {}, evil)).status, 403);
    assert.equal((await post("/v1/sign-in/oidc/code", { state: "a", code: "b" }, evil)).status, 403);
    assert.equal((await post("/v1/sign-in/oidc", {}, { "Content-Type": "text/plain" })).status, 400);
    for (const path of ["https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nX: y"]) {
      assert.equal((await post("/v1/sign-in/oidc", { return_to: path })).status, 400, path);
    }
    const begun = await post("/v1/sign-in/oidc", { return_to: "/datasets" });
    assert.equal(begun.status, 201);
    assert.match(begun.headers["set-cookie"][0],
      /^mc_sign_in=mcb_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=600$/);
    const state = new URL(begun.json.authorization_url).searchParams.get("state");
    for (const headers of [{}, { Cookie: `mc_sign_in=mcb_${"A".repeat(43)}` }]) {
      const ended = await post("/v1/sign-in/oidc/code", { state, code: "x" }, headers);
      assert.equal(ended.status, 403);
      assert.equal(ended.headers["set-cookie"], undefined);
    }
  });

scenario("code flow: a session that was planted before the sign-in is gone after it", OPTIONS,
  async (world) => {
    const page = await openPage(world);
    await signIn(page, world, "ana");
    await heading(page, "Overview");
    const before = (await page.context().cookies()).find((one) => one.name === "mc_session");
    const url = `${world.server.url}/v1/session`;
    const ask = (cookie) => fetch(url, { headers: { Cookie: `mc_session=${cookie.value}` } });
    assert.equal((await ask(before)).status, 200);
    await page.goto(`${world.server.url}/sign-in`);
    await page.getByRole("button", { name: /^Continue with/ }).click();
    await heading(page, "Overview");
    const after = (await page.context().cookies()).find((one) => one.name === "mc_session");
    assert.notEqual(after.value, before.value);
    assert.equal((await ask(before)).status, 401);
    assert.equal((await ask(after)).status, 200);
    await page.context().close();
  });

scenario("step-up: giving access needs a fresh sign-in, which the page offers", OPTIONS,
  async (world) => {
    const page = await openPage(world);
    await signIn(page, world, "ana", "/settings/tokens");
    await heading(page, "Tokens");
    const wanted = { id: "by-ina", name: "By Ina", roles: "analyst" };
    const make = () => fromPage(page, "POST", "/v1/tenants/alpha/principals?dry_run=true", wanted);
    const stale = await eventually("the sign-in is too old", async () => {
      const reply = await make();
      return reply.status === 401 && reply;
    }, (STEP_UP_S + 15) * 1000);
    assert.match(stale.json.detail, /not older than/);
    assert.match(stale.challenge,
      new RegExp(`^Bearer error="insufficient_user_authentication".*max_age="${STEP_UP_S}"`));
    assert.equal((await fromPage(page, "GET", "/v1/tenants/alpha/tokens")).status, 200);
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("Note").fill("stepped up");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("button", { name: "Sign in again" }).click();
    await fillIn(page, "ana");
    await heading(page, "Tokens");
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("Note").fill("stepped up");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("The token, shown this once").waitFor();
    await page.context().close();
  });

scenario("code flow: while the provider is away the page says so, and works again after",
  OPTIONS, async (world) => {
    const page = await openPage(world);
    const held = await holdAnswer(page);
    await signIn(page, world, "ana");
    const url = await held.url();
    await world.provider.goAway();
    try {
      await held.release();
      await page.goto(url);
      await page.getByRole("heading", { name: "The provider does not answer" }).waitFor();
    } finally {
      await world.provider.comeBack();  // the next scenarios need it
    }
    await page.getByRole("button", { name: /^Continue with/ }).click();
    await heading(page, "Overview");
    await page.context().close();
  });
