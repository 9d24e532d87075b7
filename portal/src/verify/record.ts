// Records of the ledger and the head leaves of its log "root" (docs/formats/ledger.md), in the one
// spelling that src/trust/ledger/record.h writes.
import { type Bytes, byteLength, fromHex, isOneLine } from "./bytes.ts";
import { sha256 } from "./crypto.ts";
import { parseJson, quoted } from "./json.ts";
import type { TreeHead } from "./merkle.ts";
import { bad } from "./report.ts";
import { formatTime, parseRecordTime } from "./time.ts";

const LEAF_BYTES_MAX = 65_535;
const TEXT_BYTES_MAX = 512;
const PREFIX_PAYLOAD = Uint8Array.of(2);

export interface Header {
  log: string;
  seq: number;
  time: number; // milliseconds since 1970
  type: string;
  actor: string;
  action: string;
  prev: string; // hash of the leaf seq - 1, 64 hexadecimal digits; zeros for the first
  commitment: string; // of the payload, 64 hexadecimal digits
}

export interface HeadLeaf {
  log: string; // the one that has grown
  head: TreeHead;
  seq: number; // in the log "root", as the next one
  time: number; // milliseconds since 1970
}

const TEXT = String.raw`"([^"\\]*(?:\\.[^"\\]*)*)"`;
const HASH = '"([0-9a-f]{64})"';
const NUMBER = String.raw`(0|[1-9]\d{0,15})`;
const TIME = String.raw`"([^"\\]{24})"`;
// The whole of a leaf, with all that it holds.
const whole = (...lines: string[]) => new RegExp(`^${lines.join("")}$`, "s");

const LEAF = whole(
  String.raw`\{"action":${TEXT},"actor":${TEXT},"log":${TEXT},"pc":${HASH},"prev":${HASH},"purpose":${TEXT},`,
  String.raw`"seq":${NUMBER},"tenant":${TEXT},"ts":${TIME},"type":${TEXT},"v":1,"warrant":${TEXT}\}`);
const HEAD_LEAF = whole(
  String.raw`\{"head":\{"log":${TEXT},"root":${HASH},"size":${NUMBER}\},"log":"root","prev":${HASH},`,
  String.raw`"seq":${NUMBER},"ts":${TIME},"type":"head","v":1\}`);

// In UTF-8, where no unit of UTF-16 takes more than three bytes.
const isLonger = (written: string, max: number) => 3 * written.length > max && byteLength(written) > max;

function match(form: RegExp, leaf: string): string[] {
  if (isLonger(leaf, LEAF_BYTES_MAX)) bad("leaf: it is too long");
  return form.exec(leaf) ?? bad("leaf: it is not as the canonical form has it");
}

// One line; an escape is the one that RFC 8785 has.
function text(written: string, name: string, mayBeEmpty = false): string {
  let out = written;
  if (written.includes("\\")) {
    out = parseJson(`"${written}"`) as string;
    if (quoted(out) !== `"${written}"`) bad("leaf: an escape is not the canonical one");
  }
  if (out === "" && !mayBeEmpty) bad(`'${name}' is empty`);
  if (isLonger(out, TEXT_BYTES_MAX)) bad(`'${name}' is longer than ${TEXT_BYTES_MAX} bytes`);
  if (!isOneLine(out)) bad(`'${name}' is not one line of UTF-8`);
  return out;
}

function number(written: string): number {
  const out = Number(written);
  return Number.isSafeInteger(out) ? out : bad("leaf: a number is past 2^53 - 1");
}

export function parseLeaf(leaf: string): Header {
  const [, action, actor, log, pc, prev, purpose, seq, tenant, ts, type, warrant] = match(LEAF, leaf);
  text(purpose!, "purpose");
  text(tenant!, "tenant");
  text(warrant!, "warrant", true);
  return {
    log: text(log!, "log"), seq: number(seq!), time: parseRecordTime(ts!), type: text(type!, "type"),
    actor: text(actor!, "actor"), action: text(action!, "action"), prev: prev!, commitment: pc!,
  };
}

export function parseHeadLeaf(leaf: string): HeadLeaf {
  const [, log, root, size, , seq, ts] = match(HEAD_LEAF, leaf);
  return {
    log: text(log!, "log"), head: { size: BigInt(number(size!)), root: fromHex(root!) }, seq: number(seq!),
    time: parseRecordTime(ts!),
  };
}

// SHA-256(0x02, salt, payload): the prefix keeps it apart from leaves and nodes.
export const commit = (salt: Uint8Array, payload: Uint8Array): Bytes => sha256(PREFIX_PAYLOAD, salt, payload);

export const describeRecord = (header: Header): string =>
  `${header.actor}: ${header.action}, ${formatTime(header.time)}, record ${header.seq} of ${header.log}`;
