// Checks bundles whose signer is a key, as src/trust/proof/bundle_check.h does. Certificates of signers are
// not checked here: a bundle that has one is no case of this verifier.
import { bytesOf, equal, excerpt, toBase64, toHex } from "./bytes.ts";
import { type Bundle, type LogEntry, parseBundle, signatureOf } from "./bundle.ts";
import { digestOf, leafHash, type PublicKey } from "./crypto.ts";
import { type Entry, parseEntry } from "./entry.ts";
import { checkEnvelope, signedBytes } from "./envelope.ts";
import type { Json } from "./json.ts";
import { checkInclusion } from "./merkle.ts";
import { type Note, parseCheckpoint, parseNote } from "./note.ts";
import { bad, Report, type See, Unsupported } from "./report.ts";
import { findSubject, STATEMENT_TYPE } from "./statement.ts";
import { checkTimestamp } from "./timestamp.ts";
import { contains, type TransparencyLog, type TrustedRoot } from "./trusted_root.ts";

const NANOS = 1_000_000_000n;
const SECONDS_MAX = (2n ** 63n - 1n) / NANOS;
const EXACT_MAX = 2n ** 53n;

export interface BundleQuestion {
  root: TrustedRoot;
  artifact: Uint8Array<ArrayBuffer>;
  key: PublicKey;
  now: bigint; // times later than it are refused; 0 for none
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
const timeText = (nanos: bigint) => new Date(Number(nanos / 1_000_000n)).toISOString();
// Of a whole number, as RFC 8785 writes it.
const canonical = (n: bigint) => (n > EXACT_MAX ? String(Number(n)) : String(n));

// Of a log of Rekor's second version: one shard, so one index; no promise, and no time of its own.
const isOfTiles = (entry: LogEntry) =>
  entry.promise.length === 0 && entry.kind !== "intoto" && entry.version === "0.0.2";

// "sha256" of the name that bundles have for it.
const algorithmOf = (name: string) => (/^SHA2_(256|384|512)$/.test(name) ? name.replace("SHA2_", "sha") : "");

class BundleCheck {
  readonly #bundle: Bundle;
  readonly #question: BundleQuestion;
  readonly #times: bigint[] = [];

  constructor(bundle: Bundle, question: BundleQuestion) {
    this.#bundle = bundle;
    this.#question = question;
  }

  signer(see: See): string {
    const { hint } = this.#question.key;
    see("Key that was given", hint);
    if (this.#bundle.keyHint !== hint) bad(`the bundle names another key: ${excerpt(this.#bundle.keyHint)}`);
    return `the key ${hint}`;
  }

  async timestamps(): Promise<string> {
    const seen = new Set<string>();
    for (const token of this.#bundle.timestamps) {
      const hex = toHex(token);
      if (seen.has(hex)) bad("a timestamp is there twice");
      seen.add(hex);
      this.#addTime(await checkTimestamp(token, signatureOf(this.#bundle), this.#question.root.timestampAuthorities));
    }
    return this.#times.map(timeText).join(", ");
  }

  async promises(): Promise<string> {
    const promised = this.#bundle.entries.filter(({ promise }) => promise.length > 0);
    for (const { promise, body, integrated, logId, index } of promised) {
      const log = this.#logOf(logId);
      const text = `{"body":"${toBase64(body)}","integratedTime":${canonical(integrated)},"logID":"${toHex(logId)}",` +
        `"logIndex":${canonical(index)}}`;
      if (!(await log.key.verify(bytesOf(text), promise))) bad("the promise is not the log's word for this entry");
      if (integrated <= 0n || integrated > SECONDS_MAX) bad("the promise has no time");
      const time = integrated * NANOS;
      if (!contains(log.period, time)) bad("the log was not trusted at that time");
      this.#addTime(time);
    }
    return `signed by ${count(promised.length, "log")}`;
  }

  inclusion(see: See): string {
    const proven = new Set<string>();
    for (const entry of this.#bundle.entries) {
      if (!entry.proof) continue;
      proven.add(toHex(entry.logId));
      const { index, head, path } = entry.proof;
      const hash = leafHash(entry.body);
      see("SHA-256(0x00, leaf)", toHex(hash));
      see("Root of the tree", toHex(head.root));
      checkInclusion(hash, index, head, path);
      if (!isOfTiles(entry)) continue;
      if (entry.index !== index) bad("the entry's index is not that of its proof");
      if (entry.integrated !== 0n) bad("the entry has a time that nobody signed");
    }
    if (this.#bundle.entries.length === 0) bad("the bundle has entries of 0 logs, wanted are 1");
    return `in the tree of ${count(proven.size, "log")}`;
  }

  async checkpoints(see: See): Promise<string> {
    const proven = this.#bundle.entries.filter(({ proof }) => proof !== null);
    for (const entry of proven) {
      const log = this.#logOf(entry.logId);
      see("Note", entry.proof!.checkpoint);
      await this.#checkpoint(log, entry);
      const outside = this.#times.find((time) => entry.promise.length === 0 && !contains(log.period, time));
      if (outside !== undefined) bad(`the log was not trusted at ${timeText(outside)}`);
      // Whoever has a key that has ended can make what nothing dates.
      if (this.#times.length === 0 && log.period.until !== null) {
        bad(`the log's key has ended at ${timeText(log.period.until)}, and nothing says that this was signed before`);
      }
    }
    return `${count(proven.length, "checkpoint")} signed by the log`;
  }

  times(): string {
    return this.#times.map(timeText).join(", ");
  }

  async signature(): Promise<string> {
    const { message, envelope } = this.#bundle;
    const { key, artifact } = this.#question;
    if (envelope) {
      await checkEnvelope(envelope, key);
      return "of the envelope's payload";
    }
    if (!(await key.verify(artifact, message!.signature))) bad("it is not the signer's signature of this artifact");
    return "of the artifact";
  }

  async artifact(see: See): Promise<string> {
    const { message, envelope } = this.#bundle;
    const { artifact } = this.#question;
    if (envelope) {
      if (envelope.payloadType !== STATEMENT_TYPE) {
        bad(`the payload is ${excerpt(envelope.payloadType)}, not a statement`);
      }
      return findSubject(envelope.payload, artifact);
    }
    const algorithm = algorithmOf(message!.algorithm);
    const digest = await digestOf(algorithm, artifact);
    see("Digest of the artifact", toHex(digest));
    see("Digest in the bundle", toHex(message!.digest));
    if (!equal(digest, message!.digest)) bad("the bundle's digest is of another artifact");
    return `${algorithm}:${toHex(digest)}`;
  }

  // The log's entry must say the same as the bundle, or the proof is of something else.
  async entries(): Promise<string> {
    const kinds: string[] = [];
    for (const logged of this.#bundle.entries) {
      const entry = parseEntry(logged.body);
      if (entry.kind !== logged.kind || entry.version !== logged.version) {
        bad(`its kind is ${entry.kind} ${entry.version}, not as the bundle has it`);
      }
      const [signature, ...more] = entry.signatures;
      if (!signature || more.length > 0 || !equal(signature.bytes, signatureOf(this.#bundle))) {
        return bad("its signature is not the bundle's");
      }
      if (!equal(signature.verifier, this.#question.key.spki)) bad("its signer is another");
      if (!equal(entry.digest, await this.#digestFor(entry))) bad("its digest is of something else");
      kinds.push(`${entry.kind} ${entry.version}`);
    }
    return kinds.join(", ");
  }

  #addTime(time: bigint) {
    if (this.#question.now !== 0n && time > this.#question.now) bad(`its time is in the future: ${timeText(time)}`);
    this.#times.push(time);
  }

  #logOf(id: Uint8Array): TransparencyLog {
    const { logs } = this.#question.root;
    return logs.find((log) => equal(log.id, id)) ?? bad(`no trusted log has the id ${toBase64(id)}`);
  }

  async #checkpoint(log: TransparencyLog, { proof }: LogEntry) {
    const note = parseNote(proof!.checkpoint);
    const { origin, head } = parseCheckpoint(note.text);
    // Rekor v1 writes the id of its tree behind the host.
    if (origin !== log.host && !origin.startsWith(`${log.host} - `)) {
      bad(`its origin is ${excerpt(origin)}, not ${log.host}`);
    }
    if (head.size !== proof!.head.size || !equal(head.root, proof!.head.root)) bad("its head is not that of the proof");
    await this.#signedBy(log, note);
  }

  async #signedBy({ host, key, id }: TransparencyLog, note: Note) {
    const own = note.signatures.filter((each) => each.name === host && each.id === toHex(id.subarray(0, 4)));
    if (own.length === 0) bad(`it has no signature of ${host}`);
    for (const { bytes } of own) {
      if (!(await key.verify(bytesOf(note.text), bytes))) bad(`the signature of ${host} does not hold`);
    }
  }

  #digestFor(entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
    const { envelope } = this.#bundle;
    if (envelope) return digestOf(entry.algorithm, entry.ofPayload ? envelope.payload : signedBytes(envelope));
    if (entry.ofPayload) bad("it is of an envelope");
    return digestOf(entry.algorithm, this.#question.artifact);
  }
}

// Throws Unsupported for what has a certificate of its signer.
export function refuseOthers(value: Json) {
  let bundle: Bundle;
  try {
    bundle = parseBundle(value);
  } catch {
    return; // the step "format" says why
  }
  if (bundle.certificates.length > 0) {
    throw new Unsupported("keyless bundle", "The bundle has a certificate of its signer, which is not checked here.");
  }
}

// Steps: signer, timestamp, promise, inclusion, checkpoint, time, certificate, transparency, identity,
// signature, artifact, entry; only `format` when it cannot be read.
export async function checkBundle(value: Json, question: BundleQuestion, report: Report) {
  let bundle: Bundle;
  try {
    bundle = parseBundle(value);
  } catch (error) {
    return report.step("format", "format_invalid", () => { throw error; });
  }
  const check = new BundleCheck(bundle, question);
  const { entries, timestamps } = bundle;
  const [stamped, promised] = [timestamps.length > 0, entries.some(({ promise }) => promise.length > 0)];
  const proven = entries.some(({ proof }) => proof !== null);
  // What is not there is not said to hold.
  type Run = Parameters<Report["step"]>[2];
  const stepIf = async (there: boolean, name: string, reason: string, why: string, run: Run) =>
    there ? report.step(name, reason, run) : report.skip(name, why);
  await report.step("signer", "signer_unexpected", (see) => check.signer(see));
  await stepIf(stamped, "timestamp", "timestamp_invalid", "the bundle has none", () => check.timestamps());
  await stepIf(promised, "promise", "promise_invalid", "no entry has one", () => check.promises());
  await stepIf(proven || entries.length === 0, "inclusion", "inclusion_invalid", "no entry has a proof",
    (see) => check.inclusion(see));
  await stepIf(proven, "checkpoint", "checkpoint_invalid", "no entry has a proof", (see) => check.checkpoints(see));
  await stepIf(stamped || promised, "time", "time_missing", "the bundle has none; a key needs none",
    () => check.times());
  for (const name of ["certificate", "transparency", "identity"]) report.skip(name, "the signer is a key");
  await report.step("signature", "signature_invalid", () => check.signature());
  await report.step("artifact", "artifact_mismatch", (see) => check.artifact(see));
  await stepIf(entries.length > 0, "entry", "entry_mismatch", "the bundle has none", () => check.entries());
}
