// What a file is taken for, and what may be given with it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer } from "../src/verify/answers.ts";
import { Fields } from "../src/verify/fields.ts";
import type { Answer, VerifyAsked } from "../src/verify/messages.ts";
import { toBlock } from "../src/verify/page.ts";
import { Invalid, NoArtifact, type Step } from "../src/verify/report.ts";
import { verify } from "../src/verify/verify.ts";
import { asked, bytes, outcome } from "./asking.ts";
import { canonical, headText, Ledger, leafHash, note, Signer } from "./making.mjs";
import { KeyLedger } from "./making_keys.mjs";

const ledger = new Ledger(3);
const logKeys = [ledger.signer.vkey];
const receipt = canonical(ledger.receipt(1));
const block = `<script type="application/json" id="receipt">${toBlock(receipt)}</script>`;
const page = `<!doctype html>\n${block}<script>go()</script>`;
const checkpoint = note(headText("ledger.example", ["a"].map(leafHash)), new Signer("ledger.example"));
const why = async (file: string | Uint8Array, artifact: Uint8Array<ArrayBuffer> | null = null): Promise<unknown> =>
  verify(asked(file, { logKeys, artifact })).then(() => null, (error: unknown) => error);

test("a checkpoint has its size in its second line; dashes alone make none", async () => {
  const body = "\n\n— log.example AAAA\n";
  const FAILED = "checkpoint: checkpoint_invalid";
  for (const file of [checkpoint, `o\n1${body}`, `\n007\nmore${body}`]) {
    assert.equal(await outcome(asked(file, { logKeys })), FAILED, file);
  }
  for (const file of [
    `#!/bin/sh\necho 1${body}`, `o\n1 ${body}`, `o\n-1${body}`, `o\n1\r${body}`, `o\n\n1${body}`, `o${body}`, `o\n１${body}`, body,
    "o\n1\n\n- log.example AAAA\n", "o\n1", "1", "",
  ]) {
    assert.match(String(await why(file)), /the file is not a receipt, /, file);
  }
});

test("what may be a tile of a log is said to need the rest of the log", async () => {
  const hashes = (count: number) => Buffer.concat(Array.from({ length: count }, () => Buffer.alloc(32, 0xc0)));
  for (const count of [1, 2, 255, 256]) assert.match(String(await why(hashes(count))), /a tile of a log, which needs /);
  const others = [hashes(257), hashes(1).subarray(1), Buffer.alloc(64, "text"), Buffer.alloc(0)];
  for (const file of others) assert.match(String(await why(file)), /the file is not a receipt, /);
});

test("an artifact is refused with a file that has none", async () => {
  const keys = new KeyLedger();
  keys.begin(ledger.signer);
  const rows: [string, string][] = [
    ["a receipt", receipt], ["a receipt", page], ["a receipt", canonical(ledger.range(0, 2))],
    ["a list of keys", canonical(keys.list(ledger.signer))], ["a checkpoint", checkpoint],
  ];
  for (const [kind, file] of rows) {
    assert.ok(!((await why(file)) instanceof Invalid), kind);
    const error = await why(file, bytes("it"));
    assert.ok(error instanceof NoArtifact, kind);
    assert.equal(error.message, `${kind} has no artifact`);
  }
  for (const file of ["c2sp.org/tlog-proof@v1\n", '{"payloadType":"t"}', '{"mediaType":"t"}']) {
    assert.ok(!((await why(file, bytes("it"))) instanceof NoArtifact), file);
  }
});

test("a page that keeps an artifact is told that it was left out, and each step once", async () => {
  const of = async (more: Partial<VerifyAsked>): Promise<{ told: Answer; steps: Step[] }> => {
    const steps: Step[] = [];
    const told = await answer({
      ask: "verify", file: new Blob([receipt]), policy: null, root: null, logKeys, publicKey: null, artifact: null, now: 0,
      ...more,
    }, (step) => steps.push(step));
    return { told, steps };
  };
  for (const [artifact, leftOut] of [[null, ""], [new Blob(["it"]), "a receipt has no artifact"]] as const) {
    const { told, steps } = await of({ artifact });
    assert.ok(told.state === "verdict");
    assert.equal(told.verdict.verified, true);
    assert.equal(told.verdict.leftOut, leftOut);
    assert.deepEqual(steps, told.verdict.steps);
  }
  const { told } = await of({ artifact: new Blob(["it"]), logKeys: [] });
  assert.ok(told.state === "refused");
  assert.equal(told.wanted, "policy");
});

test("what is wrong with the whole has no name before it", () => {
  const said = (path: string) => {
    try {
      new Fields([], path);
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(said(""), "it must be an object");
  assert.equal(said("a.b"), "a.b: it must be an object");
});
