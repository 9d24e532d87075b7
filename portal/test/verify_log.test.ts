// What the page Verify makes of a server's list of keys: which key it follows to, and how its memory of a log goes on.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { continuity, follow, type Io } from "../src/pages/verify_log.ts";
import { heads } from "../src/pages/verify_memory.ts";
import { answer } from "../src/verify/answers.ts";
import type { Asked, Verdict, VerifyAsked } from "../src/verify/messages.ts";
import { canonical, consistency, headText, leafHash, note, Signer } from "./making.mjs";
import { KeyLedger } from "./making_keys.mjs";

const stored = new Map<string, string>();
Object.assign(globalThis, { localStorage: {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, value: string) => stored.set(name, value),
} });
beforeEach(() => stored.clear());

const [a, b, c, stranger] = Array.from({ length: 4 }, () => new Signer("ledger.example")) as
  [Signer, Signer, Signer, Signer];
const keys = new KeyLedger();
keys.begin(a);
keys.change(b, [a, b]);
keys.change(c, [b, c]);
const list = canonical(keys.list(c));
const unvouched = canonical({ ...keys.list(c), vouched: [] });

const leaves = Array.from({ length: 9 }, (_, i) => leafHash(`leaf ${i}`));
const checkpoint = (size: number, signers: Signer[], all = leaves) =>
  note(headText("ledger.example", all.slice(0, size)), ...signers);

// A server with the log of `all`, as `key`.
class Server {
  asked: string[] = [];
  readonly #files: Record<string, string>;
  readonly #all: Buffer[];

  constructor(files: Record<string, string>, all = leaves) {
    this.#files = files;
    this.#all = all;
  }
  get io(): Io {
    const get = async (path: string) => {
      this.asked.push(path);
      const [, from, to] = /from=(\d+)&to=(\d+)$/.exec(path) ?? [];
      if (from === undefined) return this.#files[path] ?? Promise.reject(new Error("No answer came."));
      const path64 = consistency(this.#all.slice(0, Number(to)), Number(from)).map((one) => one.toString("base64"));
      return JSON.stringify({ path: path64 });
    };
    return { get, ask: (asked: Asked) => answer(asked, () => undefined) };
  }
}
const serving = (more: Record<string, string> = {}, all = leaves) =>
  new Server({ "/ledger/key": `${c.vkey}\n`, "/ledger/keys": list, ...more }, all);

const askedOf = (file: string, logKeys: Signer[], policy: string | null = null): VerifyAsked => ({
  ask: "verify", file: new Blob([file]), policy, root: null, logKeys: logKeys.map(({ vkey }) => vkey), publicKey: null,
  artifact: null, now: 0,
});
async function verdictOf(asked: VerifyAsked): Promise<Verdict> {
  const told = await answer(asked, () => undefined);
  assert.equal(told.state, "verdict");
  return (told as { verdict: Verdict }).verdict;
}

// A file by `signers` for who knows `known`, of which `kept` were there before.
async function followed(signers: Signer[], known: Signer[], server: Server, kept = known, policy: string | null = null) {
  const asked = askedOf(checkpoint(5, signers), known, policy);
  return follow(asked, await verdictOf(asked), kept.map(({ vkey }) => vkey), server.io);
}

test("a key that is not known is followed from one that is, to a later one and to an earlier one", async () => {
  const rows: [Signer, Signer, string][] = [[c, a, "newer"], [b, a, "newer"], [c, b, "newer"], [a, c, "older"]];
  for (const [signer, known, how] of rows) {
    const { verdict, followed: by } = await followed([signer], [known], serving());
    assert.equal(verdict.verified, true);
    assert.deepEqual(by, { how, key: signer.vkey, from: [known.vkey], why: "" });
    assert.deepEqual(verdict.from, [known.vkey]);
  }
  const before = new KeyLedger();
  before.begin(a);
  before.change(b, [a, b]);
  const { verdict } = await followed([c], [a], serving(), [a], canonical(before.list(b)));
  assert.equal(verdict.verified, true, "a list of its own is gone behind");
});

test("a list that does not lead to the key is said to, and the check stays as it was", async () => {
  const rows: [Server, Signer, RegExp][] = [
    [serving({ "/ledger/keys": unvouched }), c, /does not hold: vouched: nobody vouches for/],
    [serving({ "/ledger/keys": list.replace("key rotation", "key rotated.") }), c, /does not hold: events/],
    [serving({ "/ledger/keys": "<p>" }), c, /not sound JSON/],
    [new Server({}), c, /did not come: No answer came/],
    [serving(), stranger, /it holds, but the key that signed this is not in it/],
  ];
  for (const [server, signer, why] of rows) {
    const { verdict, followed: by } = await followed([signer], [a], server);
    assert.equal(verdict.verified, false);
    assert.equal(verdict.steps.find(({ outcome }) => outcome === "failed")!.name, "checkpoint");
    assert.equal(by!.how, "not");
    assert.match(by!.why, why);
  }
  const other = await followed([c], [stranger], serving());
  assert.match(other.followed!.why, /known: no key of the list is one that is known/);
});

test("nobody is asked when the key is known, was served just now, or something else is wrong", async () => {
  const server = serving();
  assert.equal((await followed([a], [a], server)).followed, null);
  assert.equal((await followed([c], [a], server, [])).followed, null);
  const policy = `log ${a.vkey}\nquorum none\n`;
  const byPolicy = askedOf(checkpoint(5, [c]), [], policy);
  assert.equal((await follow(byPolicy, await verdictOf(byPolicy), [a.vkey], server.io)).followed, null);
  const spoilt = askedOf(checkpoint(5, [a]).replace("\n5\n", "\n6\n"), [a]);
  assert.equal((await follow(spoilt, await verdictOf(spoilt), [a.vkey], server.io)).followed, null);
  assert.deepEqual(server.asked, []);
});

// The step of a file by `signers`, as who knows `known` and the list sees it; "alarm" in front of a fork.
async function goesOn(size: number, signer: Signer, server: Server, { known = signer, all = leaves } = {}) {
  const asked = askedOf(checkpoint(size, [signer], all), [known]);
  const { verdict } = await follow(asked, await verdictOf(asked), [known.vkey], server.io);
  assert.equal(verdict.verified, true);
  const { step, fork } = await continuity(verdict.head!, verdict.from, server.io);
  return `${fork ? "alarm " : ""}${step.outcome}: ${step.detail}`;
}
const memory = () => heads().map(({ key, size }) => `${key === a.vkey ? "a" : key === b.vkey ? "b" : key === c.vkey ? "c" : "x"} ${size}`).sort();

test("the head that was seen under an old key is held against the one under the new, and gives way to it", async () => {
  assert.match(await goesOn(4, a, serving()), /^skipped: The first head/);
  assert.equal(await goesOn(7, c, serving(), { known: a }),
    "passed: the first 4 of 7 leaves are those that were seen before, under another key of the log");
  assert.deepEqual(memory(), ["c 7"]);
  // Without having been followed: the new key was given by hand.
  stored.clear();
  await goesOn(4, a, serving());
  assert.match(await goesOn(7, c, serving()), /^passed: the first 4 of 7 .* under another key/);
  assert.deepEqual(memory(), ["c 7"]);
  // An older file by the old key is held against what is remembered under the new one, which stays.
  assert.match(await goesOn(5, a, serving()), /^passed: the first 5 of 7/);
  assert.match(await goesOn(7, a, serving()), /^passed: the same head as seen at .*, under another key/);
});

test("a change of the key hides no other history", async () => {
  const other = leaves.with(2, leafHash("another"));
  await goesOn(4, a, serving());
  const fork = serving({}, other);
  assert.match(await goesOn(7, c, fork, { known: a, all: other }), /^alarm failed: the proof/);
  assert.match(await goesOn(4, c, fork, { known: a, all: other }), /^alarm failed: not the tree of this size/);
  assert.deepEqual(memory(), ["a 4"]);
  // A server that does not say that the key has changed gets a memory of its own, and is found out when it does.
  const silent = new Server({ "/ledger/key": c.vkey }, other);
  assert.match(await goesOn(5, c, silent, { all: other }),
    /^skipped: The first head .* Not held against what was seen under another key of this name: .* did not come/);
  assert.deepEqual(memory(), ["a 4", "c 5"]);
  assert.match(await goesOn(7, c, fork, { all: other }), /^alarm failed: the proof .* under another key of the log/);
  assert.deepEqual(memory(), ["a 4", "c 5"]);
});

test("a log of the same name that no list leads to stays another log", async () => {
  await goesOn(4, a, serving());
  assert.match(await goesOn(7, stranger, serving()), /Not held against .*: the key is not in the list of this server\.$/);
  assert.deepEqual(memory(), ["a 4", "x 7"]);
  const own = serving({ "/ledger/key": stranger.vkey });
  assert.match(await goesOn(9, stranger, own), /^passed: the first 7 of 9 leaves are those that were seen before$/);
  assert.deepEqual(memory(), ["a 4", "x 9"]);
});

test("who knows the old key alone gets proofs from the server with the new one", async () => {
  const server = serving();
  await goesOn(4, a, server);
  assert.deepEqual(server.asked, [], "there is nobody to ask");
  assert.match(await goesOn(7, a, server), /^passed: the first 4 of 7 leaves are those that were seen before$/);
  assert.deepEqual(server.asked, ["/ledger/key", "/ledger/keys", "/ledger/consistency?from=4&to=7"]);
  const other = serving({ "/ledger/keys": unvouched });
  assert.match(await goesOn(9, a, other), /^skipped: Not shown: This server does not have that log\.$/);
  assert.deepEqual(memory(), ["a 7"]);
});
