// Every page in each of its states, light and dark, at three widths: axe-core finds nothing, and no
// page is wider than the window. The answers of the API are those of the running demo, changed on
// their way into what brings the state about.
import assert from "node:assert/strict";

import { check, COLOURS, heading, openPage, press, scenario, signIn, withoutAnswers } from "./browser.mjs";

const empty = { items: [], next_cursor: null };
const emptyOverview = (overview) => {
  const nothing = (series) => Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values.map(() => null)]));
  const total = { requests: null, refused: null, failed: null, latency_ms: null, series: nothing(overview.total.series) };
  return { ...overview, total, tenants: [] };
};

const stopped = (one) => ({ ...one, cosigned: null, signer: null, state: "stopped", why: "the disk is full" });

export const region = (name) => (page) => page.getByRole("region", { name, exact: true });
export const title = (name) => (page) => page.getByRole("heading", { name });
export const text = (what) => (page) => page.getByText(what).first();
const either = (one, other) => (page) => one(page).or(other(page)).first();

// Path, heading, the call that the page lives by, what its answer is when there is nothing, and what tells that all
// has come: when it is as it is, and when there is nothing. A form for filters is there before.
const PAGES = [
  ["/", "Overview", /\/v1\/overview/, emptyOverview, {
    ready: [(page) => page.getByRole("rowheader", { name: "alpha" })], empty: [region("Tenants")],
  }],
  ["/budgets", "Budgets", /\/v1\/.*budgets/, (one) => ("rows" in one ? { ...one, rows: [], budgets: [] } : { ...one, items: [] }), {
    ready: [region("Budgets of alpha"), text("No budget was changed.")],
    empty: [title("Nothing was asked"), text("The plan sets no limit here."), text("No budget was changed.")],
  }],
  ["/datasets", "Datasets", /\/v1\/datasets$/, () => empty, { ready: [region("Datasets")], empty: [title("No dataset yet")] }],
  ["/datasets/person", "Dataset person", /\/v1\/datasets\/person$/, (one) => ({ ...one, columns: [], relations: [] }), {
    ready: [region("Columns"), region("Relations")], empty: [region("Columns"), text("No relation to another dataset.")],
  }],
  ["/access", "Access", /\/v1\/tenants\/\w+\/records/, (one) => ({ ...one, items: [], total: 0, next_before: null }), {
    ready: [text(/^Warrants \(/), region("Records")], empty: [text(/^Warrants \(/), title("Nothing is recorded yet")],
  }],
  ["/records", "Ledger", /\/v1\/ledger$/, stopped, {
    ready: [text("✓ It records."), region("Newest records")], empty: [text("the disk is full"), region("Newest records")],
  }],
  ["/policy", "Policy", /\/v1\/(policy|decisions)(\?|$)/, (one) => ("rules" in one ? { ...one, rules: [] } : empty), {
    ready: [
      text("✓ The policies that come with the program decide."),
      either(region("Table of decisions"), title("No decision is in the log yet")),
    ],
    empty: [text("No rule is named, and none spoke."), title("No decision is in the log yet")],
  }],
  ["/residency", "Residency", /\/v1\/residency/, (one) => ("places" in one ? { ...one, places: [] } : empty), {
    ready: [
      region("Table of places"), either(region("Table of proofs"), title("There is no proof yet")),
      either(region("Table of attempts"), title("✓ Nothing was tried")),
    ],
    empty: [text("Region of the tenant"), title("There is no proof yet"), title("✓ Nothing was tried")],
  }],
  ["/privacy", "Privacy", /\/privacy\/budgets(\?|$)/, () => empty, {
    ready: [region("Budgets of this window"), region("Spent by analyst, in this window"), region("Top-ups, open ones first"), region("Charges, newest first")],
    empty: [title("No dataset has a privacy budget")],
  }],
  ["/console", "GraphQL console", /\/v1\/datasets$/, () => empty, {
    ready: [title("Nothing asked yet")], empty: [title("Nothing to ask")],
  }],
  ["/exports", "Exports", /\/v1\/.*\/exports(\?|$)/, () => empty, {
    ready: [either(region("Table of exports"), title("Nothing has left yet"))], empty: [title("Nothing has left yet")],
  }],
  ["/query", "Query", /\/v1\/datasets$/, () => empty, {
    ready: [title("A quote costs nothing")], empty: [title("Nothing to ask")],
  }],
  ["/notifications", "Notifications", /\/(endpoints|deliveries)(\?|$)/, () => empty, {
    ready: [
      either(region("Endpoints"), title("Nobody is told yet")), either(region("Table of deliveries"), title("No delivery")),
    ],
    empty: [title("Nobody is told yet"), title("No delivery")],
  }],
  ["/settings/sessions", "Your sessions", /\/v1\/sessions$/, () => empty, { ready: [text(/^[1-9]\d* live$/)], empty: [text("0 live")] }],
  ["/settings/tokens", "Tokens", /\/v1\/.*\/tokens$/, () => empty, { ready: [region("Tokens")], empty: [title("No token yet")] }],
];

const problem = (status, code, detail, headers = {}) => ({
  status, headers: { "Content-Type": "application/problem+json", ...headers },
  body: JSON.stringify({ type: "about:blank", title: code, status, detail, code, request_id: "req_00000000000000000000000000" }),
});
const fulfilled = (answer) => (route) => route.fulfill(answer);

// What happens to the call, and what the page shows then.
const STATES = {
  loading: { answer: () => {}, shows: (page) => page.getByRole("status", { name: "Loading" }) },
  error: {
    answer: fulfilled(problem(500, "corrupt", "something is broken")),
    shows: (page) => page.getByRole("heading", { name: "This did not work" }),
  },
  denied: {
    answer: fulfilled(problem(403, "denied", "the token lacks the scope 'admin:read'")),
    shows: (page) => page.getByRole("heading", { name: "You may not see this" }),
  },
  busy: {
    answer: fulfilled(problem(503, "unavailable", "the queue of admin requests is full")),
    shows: (page) => page.getByRole("heading", { name: "The server is busy" }),
  },
  offline: {
    answer: (route) => route.abort("internetdisconnected"),
    shows: (page) => page.getByRole("heading", { name: "The server does not answer" }),
  },
};

const SCHEMES = ["light", "dark"];
// Pages are loaded at the first width of each, and narrowed from there.
export const WIDTHS = [[1440], [390, 320]];

// How long so many looks may take on a slow machine: axe-core looks six times at each, with its page loaded twice.
const LOOK_MS = 40_000;
export const looksMs = (looks) => looks * LOOK_MS;

// axe-core at every width of this load, light and dark; and nothing to scroll sideways.
export async function checkLooks(page, widths, what) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      // The page is the same in other colours.
      await check(page, `${what}, ${colorScheme}, ${width} px`, colorScheme === SCHEMES[0] ? null : COLOURS);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, `${what} is wider than ${width} px`);
  }
}

async function load(page, demo, widths, path) {
  await page.setViewportSize({ width: widths[0], height: 900 });
  await page.goto(demo.url + path);
}

async function eachState(page, demo, [path, name, call, nothing, come], widths) {
  for (const [state, { answer, shows }] of Object.entries(STATES)) {
    await page.route(call, answer);
    await load(page, demo, widths, path);
    await shows(page).first().waitFor();
    await heading(page, name);
    await checkLooks(page, widths, `${path} ${state}`);
    await page.unroute(call);
  }
  for (const state of ["empty", "ready"]) {
    await page.route(call, async (route) => {
      const reply = await route.fetch();
      const json = await reply.json();
      await route.fulfill({ response: reply, json: state === "empty" ? nothing(json) : json });
    });
    await load(page, demo, widths, path);
    await heading(page, name);
    for (const shown of come[state]) await shown(page).waitFor();
    await page.waitForFunction(() => document.querySelector(".skeleton") === null);
    assert.equal(await page.getByRole("alert").count(), 0, `${path} ${state}`);
    await checkLooks(page, widths, `${path} ${state}`);
    await page.unroute(call);
  }
}

// What is in the address, what the API says to it, and what the page shows.
const LINK = `/sign-in#mcl_${"A".repeat(43)}`;
const CODE = "/sign-in/callback?code=x&state=y";
const SIGN_IN = [
  ["nothing brought", "/sign-in", null, "Sign in with a link"],
  ["a used link", LINK, null, "This link does not work any more"],
  ["a busy server", LINK, problem(503, "unavailable", "busy", { "Retry-After": "7" }), "The server is busy"],
  ["a slow server", LINK, "slow", null],
  ["the provider refused", "/sign-in/callback?error=access_denied&state=x", null, "You are not signed in"],
  ["an old code", CODE, problem(403, "denied", "this sign-in is not known, or over"), "You are not signed in"],
  ["a silent provider", CODE, problem(503, "unavailable", "the provider does not answer"), "The provider does not answer"],
];

async function signInState(page, demo, widths, [name, path, answer, shown]) {
  const calls = /\/v1\/(sessions|sign-in\/oidc\/code)$/;
  if (answer !== null) await page.route(calls, (route) => (answer === "slow" ? undefined : route.fulfill(answer)));
  await page.goto(`${demo.url}/livez`);  // so that a change of the fragment alone loads the page
  await load(page, demo, widths, path);
  if (shown === null) await page.getByRole("status", { name: "Loading" }).waitFor();
  else await page.getByRole("heading", { name: shown }).waitFor();
  const { search, hash } = new URL(page.url());
  assert.equal(search + hash, "", "what was brought stays in the address");
  await checkLooks(page, widths, name);
  await page.unroute(calls);
}

const signInWays = (portal) => ({
  json: { oidc: { issuer: "https://login.example.org", audience: "mc", cli_client_id: null, portal } },
});

export function addStateScenarios(demo) {
  scenario("the check finds what it is there for", async () => {
    const page = await openPage();
    await page.goto(`${demo.url}/sign-in`);
    await heading(page, "Maestro Conductor");
    await check(page, "as it is");
    await page.evaluate(() => document.documentElement.removeAttribute("lang"));
    await assert.rejects(check(page, "without a language"), /html-has-lang/);
    await page.context().close();
  });

  for (const entry of PAGES) {
    const limitMs = looksMs(Object.keys(STATES).length + 2);
    scenario(`every state of ${entry[0]}, light and dark, at 1440, 390 and 320 px`, { limitMs }, async () => {
      const page = await openPage();
      await withoutAnswers(page);
      await signIn(page, await demo.freshLink("alpha", "ada"));
      for (const widths of WIDTHS) await eachState(page, demo, entry, widths);
      await page.context().close();
    });
  }

  const signInMs = looksMs(SIGN_IN.length + 1);
  scenario("every state of the sign-in page, light and dark, at 1440, 390 and 320 px", { limitMs: signInMs }, async () => {
    const page = await openPage();
    for (const widths of WIDTHS) {
      for (const state of SIGN_IN) await signInState(page, demo, widths, state);
      await page.route(/\/v1\/sign-in$/, (route) => route.fulfill(signInWays(true)));
      await page.route(/\/v1\/sign-in\/oidc$/, (route) => route.fulfill(problem(503, "unavailable", "the provider does not answer")));
      await load(page, demo, widths, "/sign-in");
      await press(page, page.getByRole("button", { name: "Continue with login.example.org" }));
      await page.getByRole("alert").getByText("the provider does not answer").waitFor();
      await checkLooks(page, widths, "the provider cannot be asked");
      await page.unroute(/\/v1\/sign-in/);
    }
    // From a state of failure, a good link pasted here still signs in.
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.context().close();
  });

  scenario("the palette, the preferences and an unknown page, light and dark, at 1440, 390 and 320 px",
    { limitMs: looksMs(4) }, async () => {
      const page = await openPage();
      await signIn(page, await demo.freshLink("system", "otto"));
      for (const widths of WIDTHS) {
        await load(page, demo, widths, "/settings/preferences");
        await heading(page, "Preferences");
        await checkLooks(page, widths, "preferences");
        await page.keyboard.press("Control+k");
        await page.getByRole("dialog").waitFor();
        await checkLooks(page, widths, "the palette");
        await load(page, demo, widths, "/nowhere");
        await heading(page, "No such page");
        await checkLooks(page, widths, "an unknown page");
        await load(page, demo, widths, "/datasets/nothing");
        await page.getByRole("alert").getByText("no dataset 'nothing'").waitFor();
        await checkLooks(page, widths, "an unknown dataset");
      }
      await page.context().close();
    });

  scenario("numbers that are not known are a dash, never 0, and unknown alerts are not none", async () => {
    const page = await openPage();
    await page.route(/\/v1\/overview/, async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: emptyOverview(await reply.json()) });
    });
    await page.route(/\/v1\/alerts/, (route) => route.fulfill(problem(503, "unavailable", "only a running server has alerts")));
    await page.route(/\/graphql/, (route) => route.fulfill({ json: { errors: [{ message: "no" }] } }));
    await signIn(page, await demo.freshLink("alpha", "ada"));
    const tiles = page.locator(".tile b");
    await tiles.nth(5).waitFor();
    assert.deepEqual(await tiles.allTextContents(), Array(6).fill("—"));
    await page.getByText("— Alerts are not known: only a running server has alerts").waitFor();
    assert.equal(await page.getByText("no alert fires").count(), 0);
    await page.goto(`${demo.url}/datasets`);
    await page.getByRole("rowheader").first().waitFor();
    const counts = await page.locator("tbody td:last-child").allTextContents();
    assert.ok(counts.length > 1 && counts.every((text) => text === "—"), String(counts));
    await page.context().close();
  });

  scenario("old data say how old they are, and live updates can be paused", async () => {
    const page = await openPage();
    await page.clock.install();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.getByText(/updated \d+ s ago/).waitFor();
    await page.route(/\/v1\/overview/, () => {});  // from now on nothing comes
    await page.clock.runFor(20_000);
    await page.getByText(/^▲ updated 1\d s ago|^▲ updated 2\d s ago/).waitFor();
    await check(page, "stale");
    await page.unroute(/\/v1\/overview/);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await page.getByText(/^paused, updated/).waitFor();
    let asked = 0;
    await page.route(/\/v1\/(overview|alerts)/, (route) => { asked += 1; return route.continue(); });
    await page.clock.runFor(60_000);
    assert.equal(asked, 0, "a paused page asks for nothing");
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText(/^updated \d+ s ago/).waitFor();
    assert.ok(asked > 0);
    await page.context().close();
  });

  scenario("a clock that differs by more than 5 s, and a session that ends soon, are told", async () => {
    const page = await openPage();
    let change = (session) => session;
    await page.route(/\/v1\/session$/, async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, json: change(await reply.json()) });
    });
    await signIn(page, await demo.freshLink("alpha", "ada"));
    const shifted = (seconds) => (session) => {
      session.server.time = new Date(Date.now() + seconds * 1000).toISOString();
      return session;
    };
    for (const [seconds, told] of [[60, /clock is \d+ s behind/], [-60, /clock is \d+ s ahead/]]) {
      change = shifted(seconds);
      await page.goto(`${demo.url}/datasets`);
      await page.getByText(told).waitFor();
      await check(page, "skew");
    }
    const ending = (member) => (session) => {
      session.session[member] = new Date(Date.parse(session.server.time) + 60_000).toISOString();
      return session;
    };
    change = ending("idle_expires_at");
    await page.goto(`${demo.url}/datasets`);
    await page.getByText("Your session ends in less than two minutes.").waitFor();
    await check(page, "an idle session");
    change = (session) => session;
    await page.getByRole("button", { name: "Stay signed in" }).press("Enter");
    await page.getByText("Your session ends in less than two minutes.").waitFor({ state: "detached" });
    change = ending("expires_at");
    await page.goto(`${demo.url}/datasets`);
    await page.getByText("Your session ends in less than two minutes.").waitFor();
    await page.getByRole("button", { name: "Sign in again" }).press("Enter");
    await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
    await page.goto(await demo.freshLink("alpha", "ada"));
    await heading(page, "Datasets");
    await page.context().close();
  });

  scenario("a session that somebody ended says so, and signing in leads back", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.goto(`${demo.url}/datasets?window=1h`);
    await page.getByRole("rowheader").first().waitFor();
    await page.context().clearCookies();
    const refused = ["overview", "alerts"].map((name) => page.waitForResponse(new RegExp(`/v1/${name}`)));
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    for (const reply of await Promise.all(refused)) assert.equal(reply.status(), 401);
    await page.getByRole("heading", { name: "Your session is over" }).waitFor();
    for (const widths of WIDTHS) await checkLooks(page, widths, "a session that is over");
    await page.goto(`${demo.url}/livez`);
    await page.goto(await demo.freshLink("alpha", "ada"));
    await heading(page, "Overview");
    assert.equal(new URL(page.url()).search, "?window=1h");
    await page.context().close();
  });

  scenario("a computer without network says so, and goes on by itself when it is back", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.getByRole("link", { name: "Datasets" }).click();
    await page.getByRole("rowheader").first().waitFor();
    await page.context().setOffline(true);
    await page.getByText("This computer is offline. What you see may be old.").waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("heading", { name: "This computer is offline" }).waitFor();
    for (const widths of WIDTHS) await checkLooks(page, widths, "offline");
    await page.getByRole("button", { name: "Pause" }).click();  // so that nothing asks again but the network's return
    await page.context().setOffline(false);
    await page.getByRole("rowheader", { name: "alpha" }).waitFor();
    assert.equal(await page.getByText(/is offline/).count(), 0);
    await page.context().close();
  });

  scenario("a page whose script does not come says so", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.route(/\/assets\/tokens-/, (route) => route.fulfill({ status: 404 }));
    await page.getByRole("link", { name: "Tokens" }).click();
    await heading(page, "This page did not load");
    for (const widths of WIDTHS) await checkLooks(page, widths, "no script");
    await page.unroute(/\/assets\/tokens-/);
    await page.getByRole("button", { name: "Load again" }).click();
    await heading(page, "Tokens");
    await page.context().close();
  });

  scenario("a server that takes no change, is asked too often, or is no server of ours, is told apart", async () => {
    const page = await openPage();
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.goto(`${demo.url}/settings/tokens`);
    await page.route(/\/tokens$/, (route) => (route.request().method() === "POST"
      ? route.fulfill(problem(503, "unavailable", "database or disk is full", { "Retry-After": "7" }))
      : route.continue()));
    let answer;  // it is slow to say whom a token can stand for: until then none is made
    const slow = new Promise((resolve) => { answer = resolve; });
    await page.route(/\/principals$/, (route) => slow.then(() => route.continue()));
    await page.getByRole("button", { name: "New token" }).click();
    const create = page.getByRole("dialog").getByRole("button", { name: "Create" });
    await page.getByRole("dialog").getByRole("option", { name: "Loading" }).waitFor({ state: "attached" });
    assert.equal(await create.isDisabled(), true);
    answer();
    await create.click();
    await page.getByRole("heading", { name: "The server takes no change now" }).waitFor();
    await page.getByText("Nothing was changed. Try again in 7 s.").waitFor();
    for (const widths of WIDTHS) await checkLooks(page, widths, "no change now");
    await page.unroute(/\/tokens$/);
    const answers = [
      [problem(429, "exhausted", "too many", { "Retry-After": "9" }), "Too many requests", "Try again in 9 s."],
      [{ status: 200, contentType: "text/html", body: "<p>Welcome to the airport</p>" },
        "This did not work", "not an answer of this server"],
      [{ status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>" }, "This did not work", "The server answered 502."],
    ];
    for (const [answer, title, text] of answers) {
      await page.route(/\/v1\/datasets$/, fulfilled(answer));
      await page.goto(`${demo.url}/datasets`);
      await page.getByRole("heading", { name: title }).waitFor();
      await page.getByText(text).waitFor();
      await check(page, title);
      await page.unroute(/\/v1\/datasets$/);
      await page.getByRole("button", { name: "Try again" }).press("Enter");
      await page.getByRole("rowheader").first().waitFor();
      await page.waitForFunction(() => document.activeElement.tagName === "H1");  // the focus is not lost
    }
    await page.context().close();
  });

  scenario("ten thousand rows are in pages, and filtered as one", async () => {
    const page = await openPage();
    await page.route(/\/v1\/datasets$/, async (route) => {
      const reply = await route.fetch();
      const [one] = (await reply.json()).items;
      const items = Array.from({ length: 10_000 }, (_, i) => ({ ...one, name: `set${i}`, endpoint: null }));
      await route.fulfill({ response: reply, json: { items, next_cursor: null } });
    });
    await signIn(page, await demo.freshLink("alpha", "ada"));
    await page.goto(`${demo.url}/datasets`);
    await page.getByText("1 to 100 of 10,000").waitFor();
    assert.equal(await page.getByRole("rowheader").count(), 100);
    await check(page, "pages of a table");
    await page.getByRole("button", { name: "Next" }).press("Enter");
    await page.getByRole("rowheader", { name: "set100", exact: true }).waitFor();
    assert.equal(await page.getByRole("rowheader", { name: "set99", exact: true }).count(), 0);
    await page.keyboard.press("/");
    await page.keyboard.type("set999");
    await page.getByText("11 of 10,000").waitFor();  // set999 and set9990 to set9999, on one page again
    assert.equal(await page.getByRole("button", { name: "Next" }).count(), 0);
    await page.keyboard.type("x");
    await press(page, page.getByRole("button", { name: "Clear the filter" }));
    await page.getByText("101 to 200 of 10,000").waitFor();  // where it was before
    assert.equal(await page.evaluate(() => document.activeElement.type), "search", "the focus is lost");
    await page.keyboard.type("set9");
    await page.getByText("1 to 100 of 1,111").waitFor();
    const next = page.getByRole("button", { name: "Next" });
    await next.focus();
    for (let at = 100; at < 1_111; at += 100) await page.keyboard.press("Enter");
    await page.getByText("1,101 to 1,111 of 1,111").waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await next.evaluate((button) => button === document.activeElement && button.ariaDisabled), "true");
    await page.context().close();
  });
}
