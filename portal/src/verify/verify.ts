// One verifier for all that can be proven, as src/trust/proof/verify.h: it recognises what it is given and
// reports the steps, with the same names, outcomes and reasons (docs/formats/proofs.md). It asks nobody:
// neither this folder nor what it imports has code for a network.
import { type Bytes, bytesOf, textOf } from "./bytes.ts";
import { checkBundle, refuseOthers } from "./bundle_check.ts";
import { PublicKey } from "./crypto.ts";
import { checkEnvelope, type Envelope, readEnvelope } from "./envelope.ts";
import { Fields } from "./fields.ts";
import { type Json, parseJson } from "./json.ts";
import { checkKeys, followKeys, parseKeys } from "./keys.ts";
import { isCheckpoint, mayBeTile, startsWith } from "./kinds.ts";
import { checkText, PAGE_START, receiptInPage } from "./page.ts";
import { addPackSteps, documentIn, findPack } from "./policy_pack.ts";
import { Policy } from "./policy.ts";
import { parseProofFile, type ProofFile } from "./proof_file.ts";
import { checkRange, parseRange } from "./range.ts";
import { checkLeaf, checkReceipt, parseReceipt } from "./receipt.ts";
import { bad, Invalid, missing, NoArtifact, Report, type Step, Unsupported } from "./report.ts";
import { checkSigned } from "./signed.ts";
import { findSubject } from "./statement.ts";
import { parseTrustedRoot } from "./trusted_root.ts";

export const FILE_BYTES_MAX = 64 << 20;
const ENVELOPE_BYTES_MAX = 16 << 20;
const BUNDLE_BYTES_MAX = 32 << 20;
const KEYS = "keys"; // subject of a report
const GZIP: Bytes = Uint8Array.of(0x1f, 0x8b);
const PAGE = bytesOf(PAGE_START);
const PROOF_FILE = bytesOf("c2sp.org/tlog-proof@");

// All are contents of files.
export interface Question {
  file: Bytes;
  // Of receipts, checkpoints and log proofs: c2sp.org/tlog-policy, or the list of a ledger's keys (keys.ts), which
  // `logKeys` must lead to.
  policy: string | null;
  root: Bytes | null; // a trusted root (Sigstore's JSON), of bundles
  logKeys: string[]; // verifier keys ("name+id+key") of logs
  publicKey: string | null; // PEM, of the signer
  artifact: Bytes | null; // what was signed or logged; of bundles, envelopes and log proofs, refused with all else
  now: bigint; // nanoseconds since 1970
}

type Told = (step: Step) => void;

// What was given and is not looked at must not pass for checked.
function refuseArtifact({ artifact }: Question, kind: string) {
  if (artifact !== null) throw new NoArtifact(`${kind} has no artifact`);
}

// A bundle of policies (.tar.gz) is not taken apart here.
function refuseBundle({ artifact }: Question) {
  if (artifact !== null && startsWith(artifact, GZIP)) {
    throw new Unsupported("policy pack", "The files of a bundle are not held against its pack here.");
  }
}

async function keyOf({ publicKey }: Question): Promise<PublicKey | null> {
  if (publicKey === null) return null;
  try {
    return await PublicKey.fromPem(publicKey);
  } catch (error) {
    if (error instanceof Invalid) bad(`key: ${error.message}`);
    throw error;
  }
}

// A list of keys is no more to be believed than the key that its reader knows.
async function policyOf({ policy, logKeys }: Question): Promise<Policy> {
  const isList = policy?.startsWith("{") ?? false;
  if (policy !== null && !isList && logKeys.length > 0) {
    bad("whom to trust is said twice: by a policy and by a log's key");
  }
  if (policy !== null && !isList) return Policy.parse(policy);
  if (logKeys.length === 0) {
    missing("policy", isList ? "a list of keys needs one that you know" : "it needs the log's verifier key, or a policy");
  }
  return policy === null ? Policy.ofLogs(logKeys) : followKeys(policy, logKeys);
}

async function verifyEnvelope(question: Question, value: Json, told: Told): Promise<Report> {
  const pack = findPack(question.file, value);
  if (pack !== null) refuseBundle(question);
  const key = (await keyOf(question)) ?? missing("key", "an envelope needs the signer's public key");
  const report = new Report("envelope", told);
  let envelope: Envelope;
  await report.step("format", "format_invalid", (see) => {
    if (question.file.length > ENVELOPE_BYTES_MAX) bad(`it is longer than ${ENVELOPE_BYTES_MAX} bytes`);
    envelope = readEnvelope(new Fields(value, ""));
    see("Payload", `${envelope.payload.length} bytes`);
    return envelope.payloadType;
  });
  await report.step("signature", "signature_invalid", async () => {
    await checkEnvelope(envelope, key);
    return `of the payload, by ${key.hint}`;
  });
  const { artifact } = question;
  if (artifact === null) report.skip("artifact", "none was given");
  else await report.step("artifact", "artifact_mismatch", () => findSubject(envelope.payload, artifact));
  if (pack !== null) await addPackSteps(pack, question.now, report);
  return report;
}

async function verifyBundle(question: Question, value: Json, told: Told): Promise<Report> {
  refuseOthers(value);
  const pack = findPack(question.file, value);
  if (pack !== null) refuseBundle(question);
  const given = question.root ?? missing("root", "a bundle needs a trusted root");
  const artifact = question.artifact ?? (pack === null ? missing("artifact", "a bundle needs its artifact") : await documentIn(pack));
  const root = await parseTrustedRoot(given);
  const key = (await keyOf(question)) ?? missing("key", "a bundle needs the signer's public key");
  const report = new Report("bundle", told);
  if (question.file.length > BUNDLE_BYTES_MAX) {
    await report.step("format", "format_invalid", () => bad(`bundle: it is longer than ${BUNDLE_BYTES_MAX} bytes`));
    return report;
  }
  await checkBundle(value, { root, artifact, key, now: question.now }, report);
  if (pack !== null) await addPackSteps(pack, question.now, report);
  return report;
}

async function verifyCheckpoint(question: Question, told: Told): Promise<Report> {
  refuseArtifact(question, "a checkpoint");
  const policy = await policyOf(question);
  const report = new Report("checkpoint", told);
  await checkSigned(() => textOf(question.file), policy, report);
  return report;
}

async function verifyLogProof(question: Question, told: Told): Promise<Report> {
  const leaf = question.artifact ?? missing("artifact", "a log proof needs its leaf, all of it");
  const policy = await policyOf(question);
  const report = new Report("log proof", told);
  let proof: ProofFile;
  await report.step("format", "format_invalid", () => {
    proof = parseProofFile(question.file);
    if (proof.extra) bad("it has an extra, which nobody has signed");
    return `leaf ${proof.index}`;
  });
  const signed = await checkSigned(() => textOf(proof.checkpoint), policy, report);
  await report.step("inclusion", "inclusion_invalid", (see) => {
    checkLeaf(leaf, proof.index, signed!, proof.path, see);
    return `leaf ${proof.index} of ${signed!.size}`;
  });
  return report;
}

// What is no receipt is no JSON, or a receipt in another form.
async function verifyParsed<T>(
  { question, text, value, told }: Parsed, subject: string, parse: (json: string, value: unknown) => T,
  check: (parsed: T, policy: Policy, report: Report) => Promise<unknown>,
): Promise<Report> {
  refuseArtifact(question, subject === KEYS ? "a list of keys" : "a receipt");
  const policy = await policyOf(question);
  const report = new Report(subject, told);
  let parsed: T;
  try {
    parsed = parse(text, value);
  } catch (error) {
    soundJson(text);
    await report.step("format", "format_invalid", () => { throw error; });
    return report;
  }
  await check(parsed, policy, report);
  return report;
}

interface Parsed {
  question: Question;
  text: string;
  value: unknown; // what JSON.parse() makes of the text, which lets through more than is sound
  told: Told;
}

function soundJson(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof Invalid) bad(`the file is not sound JSON: ${error.message}`);
    throw error;
  }
}

// JSON.parse() is many times faster than our own reader; receipts are held against the one form that they
// have, so that it is enough for them.
function looseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return soundJson(text);
  }
}

// What JSON it is, by its members.
async function verifyJson(question: Question, told: Told): Promise<Report> {
  const text = readText(question.file);
  const value = looseJson(text);
  const has = (name: string) => typeof value === "object" && value !== null && Object.hasOwn(value, name);
  if (has("payloadType")) return verifyEnvelope(question, soundJson(text), told);
  if (has("mediaType")) return verifyBundle(question, soundJson(text), told);
  if (!has("kind")) {
    soundJson(text);
    bad("the file is JSON, but no receipt, bundle or envelope");
  }
  const { kind } = value as { kind: unknown };
  const parsed = { question, text, value, told };
  const isOf = (start: string) => typeof kind === "string" && kind.startsWith(start);
  if (isOf("mc.keys/")) return verifyParsed(parsed, KEYS, parseKeys, checkKeys);
  if (isOf("mc.range/")) return verifyParsed(parsed, "range receipt", parseRange, checkRange);
  return verifyParsed(parsed, "receipt", parseReceipt, checkReceipt);
}

async function verifyPage(question: Question, told: Told): Promise<Report> {
  const receipt = receiptInPage(question.file);
  refuseArtifact(question, "a receipt");
  const policy = await policyOf(question);
  const report = new Report("receipt", told);
  await checkText(receipt, policy, report);
  return report;
}

function readText(file: Bytes): string {
  try {
    return textOf(file);
  } catch (error) {
    if (error instanceof Invalid) bad(`the file is not sound JSON: ${error.message}`);
    throw error;
  }
}

// `told` hears each step when it is done. Throws Invalid when the file is none of these, or when what is
// needed to check it was not given or cannot be read: then nothing was checked. Throws Unsupported when
// something of it is not checked here, though `maestro verify` does.
export async function verify(question: Question, told: Told = () => undefined): Promise<Report> {
  const { file } = question;
  if (file.length > FILE_BYTES_MAX) bad(`the file is longer than ${FILE_BYTES_MAX} bytes`);
  if (file[0] === 0x7b) return verifyJson(question, told); // {
  if (startsWith(file, PAGE)) return verifyPage(question, told);
  if (startsWith(file, PROOF_FILE)) return verifyLogProof(question, told);
  if (isCheckpoint(file)) return verifyCheckpoint(question, told);
  if (mayBeTile(file)) {
    bad("the file looks like a tile of a log, which needs the other files of its log: maestro verify FOLDER/tile/...");
  }
  return bad("the file is not a receipt, a bundle, an envelope, a log proof or a checkpoint");
}
