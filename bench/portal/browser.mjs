// What is measured in the browser: how soon pages show, how soon they answer hands, tables of a
// million rows.
import { Ledger, canonical } from "../../portal/test/making.mjs";
import { heading, openPage, signIn } from "../../tests/e2e/portal/browser.mjs";
import { median, quantile } from "./figures.mjs";

const MANY = 10_000;
const EVENT_MIN_MS = 16; // the least that the Event Timing API reports; what it does not is counted as this

// When the largest thing of a page was painted, in a browser that has kept nothing. Nothing is run in
// the page before it is done: a look into it is work beside its own.
async function paintedAt(state, url, shown) {
  const page = await openPage({ storageState: state });
  await page.goto(url, { waitUntil: "networkidle" });
  if (await page.locator(shown).count() === 0) throw new Error(`${url} shows no ${shown}`);
  const at = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
      .observe({ type: "largest-contentful-paint", buffered: true });
  }));
  await page.context().close();
  return at;
}

export async function paints(demo, rounds) {
  const first = await openPage();
  await signIn(first, await demo.freshLink("system", "otto"));
  const state = await first.context().storageState();
  await first.context().close();
  const blank = [];
  const overview = [];
  for (let i = 0; i < rounds; i += 1) {
    blank.push(await paintedAt(state, `${demo.url}/livez`, "body"));
    overview.push(await paintedAt(state, demo.url, "tbody th"));
  }
  return { blank_ms: median(blank), overview_ms: median(overview), overview_worst_ms: Math.max(...overview) };
}

// From each key or click to the paint after it, as the browser's own Event Timing API says.
async function watchEvents(page) {
  await page.evaluate((least) => {
    window.events = new Map();
    new PerformanceObserver((list) => {
      for (const { interactionId, duration } of list.getEntries()) {
        if (interactionId === 0) continue;
        window.events.set(interactionId, Math.max(duration, window.events.get(interactionId) ?? 0));
      }
    }).observe({ type: "event", durationThreshold: least, buffered: false });
  }, EVENT_MIN_MS);
}

// The observer is told after the paint, in a task of its own.
const slowEvents = (page) => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(() => resolve([...window.events.values()]))));
}));

// The key after g, and where it leads.
const PAGES = [
  ["d", "Datasets"], ["c", "GraphQL console"], ["n", "Notifications"], ["t", "Tokens"], ["s", "Your sessions"],
  ["p", "Preferences"], ["o", "Overview"],
];

export async function interactions(demo, rounds) {
  const page = await openPage();
  await signIn(page, await demo.freshLink("system", "otto"));
  await page.locator("tbody th").first().waitFor();
  await watchEvents(page);
  let done = 0;
  const press = async (...keys) => {
    for (const key of keys) {
      await page.keyboard.press(key);
      done += 1;
    }
  };
  const to = async (key, name) => {
    await page.getByRole("heading", { level: 1 }).focus();
    await press("g", key);
    await heading(page, name);
  };
  for (let i = 0; i < rounds; i += 1) {
    for (const [key, name] of PAGES) await to(key, name);
    await page.locator("tbody th").first().waitFor();
    await page.locator("svg[role=application]").first().focus();
    await press("Home", "ArrowRight", "PageDown", "End", "t", "t");
    await press("Control+k", ..."theme", "Escape");
    await page.getByLabel("Theme").selectOption(i % 2 === 0 ? "dark" : "light");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).click();
    done += 2;
  }
  const slow = await slowEvents(page);
  await page.context().close();
  const all = [...slow, ...Array(Math.max(0, done - slow.length)).fill(EVENT_MIN_MS)];
  return { count: all.length, p50_ms: quantile(all, 0.5), p95_ms: quantile(all, 0.95), worst_ms: Math.max(...all) };
}

// From a letter in the filter to the paint of what it leaves, over MANY rows.
export async function filtering(demo, rounds) {
  const page = await openPage();
  await page.route(/\/v1\/datasets$/, async (route) => {
    const reply = await route.fetch();
    const [one] = (await reply.json()).items;
    const items = Array.from({ length: MANY }, (_, i) => ({ ...one, name: `set${i}`, endpoint: null }));
    await route.fulfill({ response: reply, json: { items, next_cursor: null } });
  });
  await signIn(page, await demo.freshLink("system", "otto"));
  await page.goto(`${demo.url}/datasets`);
  await page.getByText("1 to 100 of 10,000").waitFor();
  await page.evaluate(() => {
    window.took = [];
    addEventListener("input", ({ timeStamp }) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.took.push(performance.now() - timeStamp);
      port2.postMessage(0);
    }), { capture: true });
  });
  let typed = 0;
  for (let i = 0; i < rounds; i += 1) {
    await page.keyboard.press("/");
    for (const key of ["s", "e", "t", "9", "Backspace", "Backspace", "Backspace", "Backspace"]) {
      await page.keyboard.press(key);
      typed += 1;
      await page.waitForFunction((count) => window.took.length === count, typed);
    }
    await page.getByRole("heading", { level: 1 }).focus();
  }
  const took = await page.evaluate(() => window.took);
  await page.context().close();
  return { rows: MANY, count: took.length, p50_ms: quantile(took, 0.5), p95_ms: quantile(took, 0.95), worst_ms: Math.max(...took) };
}

// A receipt, and a window of records, from the file to the last step, as the page Verify tells it.
export async function verifying(demo, rounds) {
  const ledger = new Ledger(MANY + 1);
  const median = async (subject, json) => {
    const took = [];
    const page = await openPage();  // which has seen no other head of the log
    await page.goto(`${demo.url}/verify`);
    await page.getByLabel("Verifier keys of logs").fill(ledger.signer.vkey);
    for (let i = 0; i < rounds; i += 1) {
      const name = `${subject} ${i}`;
      const file = { name, mimeType: "application/json", buffer: Buffer.from(canonical(json)) };
      await page.getByLabel("File to check").setInputFiles(file);
      await page.getByRole("heading", { name: `✓ Verified: ${subject} ${name}` }).waitFor();
      const text = await page.getByText(/Checked in/).textContent();
      took.push(Number(/Checked in ([\d.]+) ms/.exec(text)[1]));
    }
    await page.context().close();
    return quantile(took, 0.5);
  };
  const receipt_ms = await median("receipt", ledger.receipt(5));
  const window_ms = await median("range receipt", ledger.range(0, MANY));
  return { records: MANY, receipt_ms, window_ms };
}

const COUNT = "{ eventsAggregate { count } }";
const PAGE = "{ nodes { id kind severity occurredAt city } pageInfo { endCursor hasNextPage } }";
const TABLES = {
  by_key: `{ events(first: 50) ${PAGE} }`,
  filtered: `{ events(first: 50, filter: { severity: { gte: 4 } }) ${PAGE} }`,
};

// The first page of a table of very many rows: asked by the page's own means, and through the console.
export async function tables(demo, rounds) {
  const page = await openPage();
  await signIn(page, await demo.freshLink("alpha", "ada"));
  await page.goto(`${demo.url}/console`);
  await page.getByLabel("Query").waitFor();
  const { csrf } = await page.evaluate(() => fetch("/v1/session").then((reply) => reply.json()));
  const ask = (query, times) => page.evaluate(async ([text, token, count]) => {
    const took = [];
    let data = null;
    for (let i = 0; i < count; i += 1) {
      const begin = performance.now();
      const reply = await fetch("/graphql", {
        method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
        body: JSON.stringify({ query: text }),
      });
      const answer = await reply.json();
      took.push(performance.now() - begin);
      if (!answer.data) throw new Error(JSON.stringify(answer));
      data = answer.data;
    }
    return { took, data };
  }, [query, csrf, times]);
  const out = { rows: (await ask(COUNT, 1)).data.eventsAggregate.count };
  for (const [name, query] of Object.entries(TABLES)) {
    const { took, data } = await ask(query, rounds);
    if (data.events.nodes.length !== 50) throw new Error(`${data.events.nodes.length} rows of ${name}`);
    out[name] = { first_ms: took[0], p50_ms: quantile(took, 0.5), p95_ms: quantile(took, 0.95) };
  }
  await page.getByLabel("Query").fill(TABLES.by_key);
  const shown = [];
  for (let i = 0; i < Math.min(20, rounds); i += 1) {
    shown.push(await page.evaluate(() => new Promise((resolve) => {
      const begin = performance.now();
      const request = () => document.querySelector("#result + p code")?.textContent ?? "";
      const before = request();
      const watch = new MutationObserver(() => {
        if (request() === before) return;
        watch.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin), 0));
      });
      watch.observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
      document.querySelector(".console form button[type=submit]").click();
    })));
  }
  await page.context().close();
  return { ...out, console_p50_ms: quantile(shown, 0.5), console_p95_ms: quantile(shown, 0.95) };
}
