// What the verifier refuses of signed heads, policies and log proofs; and how a log goes on from one head.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkContinues } from "../src/verify/continuity.ts";
import type { Question } from "../src/verify/verify.ts";
import { asked, both, bytes, outcome } from "./asking.ts";
import { consistency, headText, inclusion, leafHash, note, Signer, treeRoot } from "./making.mjs";

const FAILED = "checkpoint: checkpoint_invalid";
const FORMAT = "format: format_invalid";
const OUTSIDE = "inclusion: inclusion_invalid";
const ROOT = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=";

both("a checkpoint counts when a known log signed it under its own name, and nothing in it is wrong", async () => {
  const own = new Signer("log.example");
  const twin = new Signer("log.example");
  const stranger = new Signer("other.example");
  const witness = new Signer("w.example", 4);
  const text = headText("log.example", ["a", "b"].map(leafHash));
  const good = note(text, own);
  const bad = (signer: Signer) => signer.line(text).replace(/.{8}\n$/, "AAAAAAA=\n");
  const rows: [string, string, string[]][] = [
    ["verified", good, [own.vkey]],
    ["verified", note(text, stranger, own, witness), [own.vkey]],
    ["verified", note(text, own, twin), [own.vkey, twin.vkey]],
    ["verified", note(text, own, own), [own.vkey]],
    ["verified", `${good}${bad(stranger)}`, [own.vkey]],
    [FAILED, `${good}${bad(stranger)}`, [own.vkey, stranger.vkey]],
    [FAILED, `${good}${bad(own)}`, [own.vkey]],
    [FAILED, good, [twin.vkey]],
    [FAILED, good, [stranger.vkey]],
    [FAILED, note(text, stranger), [stranger.vkey]],
    [FAILED, good.slice(0, -1), [own.vkey]],
    [FAILED, note(text, ...Array<Signer>(65).fill(own)), [own.vkey]],
    [FAILED, good.replace("— log.example ", "— log.example  "), [own.vkey]],
    ["wants policy", good, []],
    ["refused", good, [own.vkey.replace("log.", "log2.")]],
    ["refused", good, [`${own.vkey}=`]],
    ["refused", good.replace("— ", "- "), [own.vkey]],
    ["refused", `${text}\n`, [own.vkey]],
  ];
  for (const [wanted, file, logKeys] of rows) assert.equal(await outcome(asked(file, { logKeys })), wanted, file);
  for (const lines of [
    `2\n${ROOT.replace("o=", "p=")}\n`, `02\n${ROOT}\n`, "2\nqqo=\n", "2\n", `18446744073709551616\n${ROOT}\n`,
  ]) {
    const file = note(`log.example\n${lines}`, own);
    assert.equal(await outcome(asked(file, { logKeys: [own.vkey] })), FAILED, lines);
  }
  // By itself that is no checkpoint; in a log proof nothing else can stand there.
  for (const lines of [`-1\n${ROOT}\n`, `2\r\n${ROOT}\n`, `\n2\n${ROOT}\n`]) {
    const head = note(`log.example\n${lines}`, own);
    assert.equal(await outcome(asked(head, { logKeys: [own.vkey] })), "refused", lines);
    const proof = asked(`c2sp.org/tlog-proof@v1\nindex 0\n\n${head}`, { logKeys: [own.vkey], artifact: bytes("a") });
    assert.equal(await outcome(proof), FAILED, lines);
  }
  const broken = bytes(good);
  broken[0] = 0xff;
  assert.equal(await outcome(asked(broken, { logKeys: [own.vkey] })), FAILED);
});

both("a policy wants k of n witnesses; a signature of one of them that does not hold spoils all", async () => {
  const log = new Signer("log.example");
  const [a, b, c] = ["a", "b", "c"].map((name) => new Signer(`${name}.example`, 4)) as [Signer, Signer, Signer];
  const text = headText("log.example", ["a"].map(leafHash));
  const all = [`log ${log.vkey} https://log.example`, ...[a, b, c].map((one, i) => `witness ${"abc"[i]} ${one.vkey}`)];
  const of = (rest: string) => `# for a test\n\n${all.join("\n")}\n${rest}`;
  const rows: [string, Signer[], string][] = [
    ["verified", [], "quorum none"],
    ["verified", [a], "quorum a"],
    [FAILED, [b], "quorum a"],
    [FAILED, [a], "group g 2 a b c\nquorum g"],
    [FAILED, [a, a], "group g 2 a b c\nquorum g"],
    ["verified", [a, c], "group g 2 a b c\nquorum g"],
    ["verified", [c], "group g any a b c\r\nquorum g"],
    [FAILED, [a, b], "group g all a b c\nquorum g"],
    ["verified", [a, b, c], "group g all a b c\nquorum g"],
    ["verified", [b, c], "group g all b c\ngroup h any a g\nquorum h"],
  ];
  for (const [wanted, cosigners, rest] of rows) {
    assert.equal(await outcome(asked(note(text, log, ...cosigners), { policy: of(rest) })), wanted, rest);
  }
  const spoilt = `${note(text, log)}${a.line(`${text}x`)}`;
  assert.equal(await outcome(asked(spoilt, { policy: of("quorum none") })), FAILED);
  for (const rest of [
    "", "quorum d", "quorum none\nquorum none", "group g 0 a\nquorum g", "group g 4 a b c\nquorum g",
    "group g x a\nquorum none", "group g any\nquorum none", "group g any a a\nquorum none",
    "group a any b\nquorum none", "group g any none\nquorum none", "group none any a\nquorum none",
    "witness none x\nquorum none", `witness d ${a.vkey}\nquorum none`, `witness d ${log.vkey}\nquorum none`, `log ${a.vkey}\nquorum none`,
    "log\nquorum none", "logs x\nquorum none",
  ]) {
    assert.equal(await outcome(asked(note(text, log), { policy: of(rest) })), "refused", rest);
  }
  assert.equal(await outcome(asked(note(text, log), { policy: "quorum none" })), "refused");
  const twice = { policy: of("quorum none"), logKeys: [log.vkey] };
  assert.equal(await outcome(asked(note(text, log), twice)), "refused");
});

both("a log proof is of its leaf, at its place, in the tree of its checkpoint", async () => {
  const log = new Signer("log.example");
  const logKeys = [log.vkey];
  const all = Array.from({ length: 13 }, (_, i) => `leaf ${i}`);
  const leaves = all.map(leafHash);
  const signedHead = note(headText("log.example", leaves), log);
  const file = (index: number | string, path: Buffer[], more = "", version = 1) =>
    `c2sp.org/tlog-proof@v${version}\n${more}index ${index}\n` +
    `${path.map((one) => `${one.toString("base64")}\n`).join("")}\n${signedHead}`;
  for (const [index, leaf] of all.entries()) {
    const good = file(index, inclusion(leaves, index));
    assert.equal(await outcome(asked(good, { logKeys, artifact: bytes(leaf) })), "verified", leaf);
  }
  const path = inclusion(leaves, 5);
  const good = file(5, path);
  const head = good.split("\n\n")[0]!;
  const rows: [string, string, Partial<Question>?][] = [
    ["wants artifact", good, { artifact: null }],
    ["wants policy", good, { logKeys: [] }],
    [OUTSIDE, good, { artifact: bytes("leaf 6") }],
    [OUTSIDE, file(4, path)],
    [OUTSIDE, file(13, path)],
    [OUTSIDE, file(5, path.slice(1))],
    [OUTSIDE, file(5, [...path, path[0]!])],
    [FORMAT, file("05", path)],
    [FORMAT, file("18446744073709551616", path)],
    [FORMAT, file(5, path, "extra YQ==\n")],
    [FORMAT, file(5, Array(65).fill(path[0]))],
    [FORMAT, file(5, path, "", 2)],
    [FORMAT, file(5, [Buffer.of(1)])],
    [FORMAT, head],
    [FORMAT, `${head}\n\n`],
    [FAILED, good.replace("13\n", "14\n")],
    [FAILED, good.replace("— log", "— logs")],
  ];
  for (const [wanted, text, more] of rows) {
    assert.equal(await outcome(asked(text, { logKeys, artifact: bytes(all[5]!), ...more })), wanted, text);
  }
});

const leaves = Array.from({ length: 17 }, (_, i) => leafHash(`leaf ${i}`));
const headOf = (size: number, all = leaves) => {
  const root = treeRoot(all.slice(0, size)).toString("base64");
  return { key: "k", origin: "log.example", size: String(size), root, note: `of ${size}` };
};
const answerOf = (path: Buffer[]) => JSON.stringify({ path: path.map((one) => one.toString("base64")) });
async function continues(...given: Parameters<typeof checkContinues>): Promise<string> {
  const { name, outcome: how, reason } = await checkContinues(...given);
  assert.equal(name, "consistency");
  return reason === "" ? how : reason;
}

test("a log goes on from each head that was seen, by its own proof and no other", async () => {
  for (let newer = 1; newer <= 17; newer += 1) {
    for (let older = 1; older <= newer; older += 1) {
      const path = consistency(leaves.slice(0, newer), older);
      const ask = (hashes: Buffer[]) => continues(headOf(older), headOf(newer), answerOf(hashes));
      const what = `${older} to ${newer}`;
      assert.equal(await ask(path), "passed", what);
      assert.equal(await ask([...path, leaves[0]!]), "consistency_invalid", `${what}, too long`);
      if (path.length > 0) assert.equal(await ask(path.slice(1)), "consistency_invalid", `${what}, cut`);
      for (const at of path.keys()) {
        const other = Buffer.from(path[at]!);
        other[0]! ^= 1;
        assert.equal(await ask(path.with(at, other)), "consistency_invalid", `${what}, another hash`);
      }
    }
  }
});

test("another history is found, and what is no proof shows nothing", async () => {
  const fork = leaves.with(3, leafHash("another"));
  const path = answerOf(consistency(fork.slice(0, 9), 5));
  assert.equal(await continues(headOf(5), headOf(9, fork), path), "consistency_invalid");
  assert.equal(await continues(headOf(5), headOf(9), path), "consistency_invalid");
  assert.equal(await continues(headOf(9), headOf(5), answerOf([])), "consistency_invalid");
  assert.equal(await continues(headOf(0), headOf(5), answerOf([])), "consistency_invalid");
  const twice = '{"path":[],"path":[]}';
  for (const text of ["", "{}x", "<html>", '{"path":1}', '{"path":["AAAA"]}', '{"path":[],"more":1}', twice]) {
    assert.equal(await continues(headOf(5), headOf(9), text), "skipped", text);
  }
});
