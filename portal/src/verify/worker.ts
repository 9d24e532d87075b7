// Verifies off the page, so that the page answers while ten thousand records are read.
import { checkContinues } from "./continuity.ts";
import type { Answer, Asked, VerifyAsked } from "./messages.ts";
import { Invalid, Missing, Unsupported } from "./report.ts";
import { FILE_BYTES_MAX, verify } from "./verify.ts";

const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<Asked>) => void;
  postMessage: (answer: Answer) => void;
};

const ARTIFACT_BYTES_MAX = 1 << 30;
const NANOS_PER_MS = 1_000_000n;

async function read(blob: Blob, what: string, max: number): Promise<Uint8Array<ArrayBuffer>> {
  if (blob.size > max) throw new Invalid(`the ${what} is longer than ${max} bytes`);
  return new Uint8Array(await blob.arrayBuffer());
}

async function verified(asked: VerifyAsked): Promise<Answer> {
  const began = performance.now();
  const file = await read(asked.file, "file", FILE_BYTES_MAX);
  const root = asked.root && (await read(asked.root, "trusted root", FILE_BYTES_MAX));
  const artifact = asked.artifact && (await read(asked.artifact, "artifact", ARTIFACT_BYTES_MAX));
  const { policy, logKeys, publicKey } = asked;
  const question = { file, policy, root, logKeys, publicKey, artifact, now: BigInt(asked.now) * NANOS_PER_MS };
  const report = await verify(question, (step) => scope.postMessage({ state: "step", step }));
  const { subject, steps, head } = report;
  return {
    state: "verdict",
    verdict: {
      subject, verified: report.verified, steps, head: report.verified ? head : null, tookMs: performance.now() - began,
    },
  };
}

async function answer(asked: Asked): Promise<Answer> {
  try {
    if (asked.ask === "verify") return await verified(asked);
    return { state: "step", step: await checkContinues(asked.older, asked.newer, asked.answer) };
  } catch (error) {
    if (error instanceof Unsupported) return { state: "unsupported", subject: error.subject, why: error.message };
    if (error instanceof Invalid) {
      return { state: "refused", why: error.message, wanted: error instanceof Missing ? error.wanted : null };
    }
    return { state: "broken", why: String(error) };
  }
}

scope.onmessage = ({ data }) => void answer(data).then(scope.postMessage);
