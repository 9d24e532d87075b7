// The vectors that both verifiers read: for each, the report of `maestro verify` is ours too.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { platform } from "../src/verify/crypto.ts";
import { Invalid, Unsupported } from "../src/verify/report.ts";
import { parseTime } from "../src/verify/time.ts";
import { type Question, verify } from "../src/verify/verify.ts";

const FOLDER = new URL("../../vectors/proofs/", import.meta.url);

interface Told {
  subject: string;
  verified: boolean;
  steps: { step: string; outcome: string; reason?: string }[];
}

function question(folder: URL): Question {
  const read = (name: string) => {
    const file = new URL(name, folder);
    return existsSync(file) ? new Uint8Array(readFileSync(file)) : null;
  };
  const asked = JSON.parse(readFileSync(new URL("question.json", folder), "utf8"));
  const text = (bytes: Uint8Array | null) => bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const trust = read("policy") ?? read("trusted_root.json");
  return {
    file: read("file")!, policy: text(trust), root: trust, logKeys: asked.log_keys, publicKey: text(read("key.pem")),
    artifact: read("artifact"), now: parseTime(asked.now),
  };
}

// The report without its words for people; null when nothing was checked.
async function told(asked: Question): Promise<Told | null> {
  try {
    const { subject, verified, steps } = await verify(asked);
    return {
      subject, verified,
      steps: steps.map(({ name, outcome, reason }) => ({ step: name, outcome, ...(reason === "" ? {} : { reason }) })),
    };
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
}

function expected(folder: URL): Told | null {
  if (existsSync(new URL("refused", folder))) return null;
  const { subject, verified, steps } = JSON.parse(readFileSync(new URL("report.json", folder), "utf8")) as Told;
  const short = steps.map(({ step, outcome, reason }) => ({ step, outcome, ...(reason ? { reason } : {}) }));
  return { subject, verified, steps: short };
}

const found = existsSync(FOLDER) ? readdirSync(FOLDER, { withFileTypes: true }) : [];
const cases = found.filter((each) => each.isDirectory());

test("there are vectors", () => assert.ok(cases.length > 0, `no case in ${FOLDER.pathname}`));

const { subtle } = platform;
for (const { name } of cases) {
  for (const [how, crypto] of [["WebCrypto", subtle], ["JavaScript alone", undefined]] as const) {
    test(`vector ${name}, with ${how}`, async (context) => {
      const folder = new URL(`${name}/`, FOLDER);
      platform.subtle = crypto;
      try {
        assert.deepEqual(await told(question(folder)), expected(folder));
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error;
        context.skip(error.message);
      } finally {
        platform.subtle = subtle;
      }
    });
  }
}
