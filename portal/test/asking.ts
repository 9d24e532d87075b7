// Asks the verifier, and gives what came of it in a word.
import assert from "node:assert/strict";
import { test } from "node:test";
import { platform } from "../src/verify/crypto.ts";
import { Invalid, Missing, Unsupported } from "../src/verify/report.ts";
import { type Question, verify } from "../src/verify/verify.ts";

// With WebCrypto, and with JavaScript alone.
export function both(name: string, run: () => Promise<void>) {
  const { subtle } = platform;
  for (const [how, crypto] of [["WebCrypto", subtle], ["JavaScript alone", undefined]] as const) {
    test(`${name} (${how})`, async () => {
      platform.subtle = crypto;
      try {
        await run();
      } finally {
        platform.subtle = subtle;
      }
    });
  }
}

export const bytes = (text: string | Uint8Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(typeof text === "string" ? Buffer.from(text) : text);

const NOTHING: Question = {
  file: bytes(""), policy: null, root: null, logKeys: [], publicKey: null, artifact: null, now: 2n ** 62n,
};
export const asked = (file: string | Uint8Array, more: Partial<Question> = {}): Question =>
  ({ ...NOTHING, file: bytes(file), ...more });

// "verified", the step that failed with its reason, or why nothing was checked.
export async function outcome(question: Question): Promise<string> {
  try {
    const report = await verify(question);
    const failed = report.steps.find((step) => step.outcome === "failed");
    assert.equal(report.verified, failed === undefined);
    return failed ? `${failed.name}: ${failed.reason}` : "verified";
  } catch (error) {
    if (error instanceof Unsupported) return "unsupported";
    if (error instanceof Missing) return `wants ${error.wanted}`;
    if (error instanceof Invalid) return "refused";
    throw error;
  }
}
