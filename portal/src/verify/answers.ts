// What a page asks its worker, and the answers.
import { recount } from "./recount.ts";
import { checkContinues } from "./continuity.ts";
import { followKeys } from "./keys.ts";
import type { Answer, Asked, KeysAsked, VerifyAsked } from "./messages.ts";
import { Invalid, Missing, NoArtifact, type Report, type Step, Unsupported } from "./report.ts";
import { FILE_BYTES_MAX, type Question, verify } from "./verify.ts";

const ARTIFACT_BYTES_MAX = 1 << 30;
const NANOS_PER_MS = 1_000_000n;

type Told = (step: Step) => void;

async function read(blob: Blob, what: string, max: number): Promise<Uint8Array<ArrayBuffer>> {
  if (blob.size > max) throw new Invalid(`the ${what} is longer than ${max} bytes`);
  return new Uint8Array(await blob.arrayBuffer());
}

// The artifact stays in the form when the next file has none: it is left out then, and that is told. Nothing was
// told of the check that it ended.
async function withoutOthers(question: Question, told: Told): Promise<{ report: Report; leftOut: string }> {
  try {
    return { report: await verify(question, told), leftOut: "" };
  } catch (error) {
    if (!(error instanceof NoArtifact)) throw error;
    return { report: await verify({ ...question, artifact: null }, told), leftOut: error.message };
  }
}

async function verified(asked: VerifyAsked, told: Told): Promise<Answer> {
  const began = performance.now();
  const file = await read(asked.file, "file", FILE_BYTES_MAX);
  const root = asked.root && (await read(asked.root, "trusted root", FILE_BYTES_MAX));
  const artifact = asked.artifact && (await read(asked.artifact, "artifact", ARTIFACT_BYTES_MAX));
  const { policy, logKeys, publicKey } = asked;
  const question = { file, policy, root, logKeys, publicKey, artifact, now: BigInt(asked.now) * NANOS_PER_MS };
  const { report, leftOut } = await withoutOthers(question, told);
  const { subject, steps, head, from, keyUnknown } = report;
  return {
    state: "verdict",
    verdict: {
      subject, verified: report.verified, steps, head: report.verified ? head : null, from, keyUnknown, leftOut,
      tookMs: performance.now() - began,
    },
  };
}

async function followed({ list, known }: KeysAsked): Promise<Answer> {
  const { logs, from } = await followKeys(list, known);
  return { state: "keys", keys: logs.map(({ printed }) => printed), from: from ?? [] };
}

// `told` hears each step of a check when it is done.
export async function answer(asked: Asked, told: Told): Promise<Answer> {
  try {
    if (asked.ask === "verify") return await verified(asked, told);
    if (asked.ask === "keys") return await followed(asked);
    if (asked.ask === "recount") return { state: "recount", recount: await recount(asked.entries, asked.tenant, asked.claim) };
    return { state: "step", step: await checkContinues(asked.older, asked.newer, asked.answer) };
  } catch (error) {
    if (error instanceof Unsupported) return { state: "unsupported", subject: error.subject, why: error.message };
    if (error instanceof Invalid) {
      return { state: "refused", why: error.message, wanted: error instanceof Missing ? error.wanted : null };
    }
    return { state: "broken", why: String(error) };
  }
}
