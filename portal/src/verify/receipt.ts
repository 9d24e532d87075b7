// Receipts of one record, `mc.receipt/v1`, as src/trust/proof/receipt.h reads and checks them; and the way
// from a record to a signed head that a receipt shares with that of a range.
import { type Bytes, byteLength, bytesOf, fromBase64, isBase64, toBase64, toHex } from "./bytes.ts";
import { leafHash } from "./crypto.ts";
import { quoted } from "./json.ts";
import { checkInclusion, type TreeHead } from "./merkle.ts";
import type { Policy } from "./policy.ts";
import { commit, describeRecord, type HeadLeaf, type Header, parseHeadLeaf, parseLeaf } from "./record.ts";
import { bad, type Report, type See } from "./report.ts";
import { checkSigned } from "./signed.ts";

const RECEIPT_KIND = "mc.receipt/v1";
const RECEIPT_BYTES_MAX = 512 << 10;
const SALT = /^.{43}=$/; // 32 bytes
const HASH_BYTES = 32;
const PATH_MAX = 64;

// A record's payload under its salt, in base64.
export interface Opened {
  payload: string;
  salt: string;
}

export interface Anchor {
  path: Bytes[]; // from the record to the root of its log as it was after its batch
  headLeaf: string; // of the log "root", says how far that was
  headPath: Bytes[];
  checkpoint: string;
}

export interface Receipt {
  leaf: string;
  opened: Opened | null; // null when it was erased
  anchor: Anchor;
}

// What JSON.parse() gave is looked at just as far as it is used: what else there may be in it, or in the text,
// shows when the one form is compared that all of this has.
type Members = Record<string, unknown>;
export const members = (value: unknown): Members =>
  typeof value === "object" && value !== null ? (value as Members) : {};
// JSON.parse() lets lone surrogates through, which no other text of a receipt can have.
export function text(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "") return bad(`${name}: it is missing`);
  return /\p{Cs}/u.test(value) ? bad(`${name}: it has a lone surrogate`) : value;
}

export function readOpened(value: unknown): Opened | null {
  if (value === undefined) return null;
  const { payload, salt } = members(value);
  if (typeof payload !== "string" || !isBase64(payload)) return bad("opened.payload: it is not base64");
  if (typeof salt !== "string" || !isBase64(salt) || !SALT.test(salt)) return bad("opened.salt: it is not 32 bytes");
  return { payload, salt };
}

export function readPath(value: unknown): Bytes[] {
  if (!Array.isArray(value) || value.length > PATH_MAX) {
    return bad(`path: it is not a list of at most ${PATH_MAX} hashes`);
  }
  return value.map((entry) => {
    const hash = fromBase64(typeof entry === "string" ? entry : "");
    return hash.length === HASH_BYTES ? hash : bad("path: a hash is not 32 bytes in base64");
  });
}

// The members "head" and "checkpoint"; the record's own path stands elsewhere.
export function readAnchor(receipt: Members, path: unknown): Anchor {
  const head = members(receipt["head"]);
  return {
    path: readPath(path), headLeaf: text(head["leaf"], "head.leaf"), headPath: readPath(head["path"]),
    checkpoint: text(receipt["checkpoint"], "checkpoint"),
  };
}

// Takes the next part of a text.
export type Put = (part: string) => void;

// Base64 has nothing that is escaped.
export function printOpened({ payload, salt }: Opened, put: Put) {
  put('{"payload":"');
  put(payload);
  put('","salt":"');
  put(salt);
  put('"}');
}
export const printPath = (path: Bytes[]): string => `[${path.map((hash) => quoted(toBase64(hash))).join(",")}]`;
export const printHead = ({ headLeaf, headPath }: Anchor): string =>
  `{"leaf":${quoted(headLeaf)},"path":${printPath(headPath)}}`;

function printReceipt({ leaf, opened, anchor }: Receipt, put: Put) {
  put(`{"checkpoint":${quoted(anchor.checkpoint)},"head":${printHead(anchor)},"kind":"${RECEIPT_KIND}",`);
  if (opened) {
    put('"opened":');
    printOpened(opened, put);
    put(",");
  }
  put(`"record":{"leaf":${quoted(leaf)},"path":${printPath(anchor.path)}}}`);
}

// The JSON is in the form of RFC 8785 as `print` puts it, part by part.
export function checkForm(json: string, print: (put: Put) => void) {
  let at = 0;
  let same = true;
  print((part) => {
    same &&= json.startsWith(part, at);
    at += part.length;
  });
  if (!same || at !== json.length) bad("it is not in the form of RFC 8785");
}

// `value` is what JSON.parse() makes of `json`. Nothing but the form of RFC 8785 is read.
export function parseReceipt(json: string, value: unknown): Receipt {
  if (json.length > RECEIPT_BYTES_MAX || byteLength(json) > RECEIPT_BYTES_MAX) {
    bad(`receipt: it is longer than ${RECEIPT_BYTES_MAX} bytes`);
  }
  const receipt = members(value);
  if (receipt["kind"] !== RECEIPT_KIND) bad(`kind: it is not ${RECEIPT_KIND}`);
  const { leaf, path } = members(receipt["record"]);
  const out = {
    leaf: text(leaf, "record.leaf"), opened: readOpened(receipt["opened"]), anchor: readAnchor(receipt, path),
  };
  checkForm(json, (put) => printReceipt(out, put));
  return out;
}

// Steps: record, payload, head, inclusion, checkpoint, head_inclusion.
export async function checkReceipt({ leaf, opened, anchor }: Receipt, policy: Policy, report: Report) {
  let header: Header | undefined;
  await report.step("record", "record_invalid", (see) => {
    see("Leaf", leaf);
    header = parseLeaf(leaf);
    return describeRecord(header);
  });
  if (opened === null) {
    report.skip("payload", "it is not in the receipt");
  } else {
    await report.step("payload", "payload_mismatch", (see) => {
      const payload = fromBase64(opened.payload);
      const own = toHex(commit(fromBase64(opened.salt), payload));
      see("Committed in the record", header!.commitment);
      see("SHA-256(0x02, salt, payload)", own);
      if (own !== header!.commitment) bad("the payload is not the one that was recorded");
      return `${payload.length} bytes`;
    });
  }
  await checkAnchor(anchor, () => ({ header: header!, leaf }), policy, report);
}

export function checkLeaf(leaf: Bytes, index: bigint, tree: TreeHead, path: Bytes[], see: See) {
  const hash = leafHash(leaf);
  see("SHA-256(0x00, leaf)", toHex(hash));
  see("Path", path.map(toHex).join("\n") || "empty");
  see("Root of the tree", toHex(tree.root));
  checkInclusion(hash, index, tree, path);
}

// Steps: head, inclusion, checkpoint, head_inclusion. `last` is asked for when all before it has held.
export async function checkAnchor(
  anchor: Anchor, last: () => { header: Header; leaf: string }, policy: Policy, report: Report,
) {
  let head: HeadLeaf | undefined;
  await report.step("head", "head_invalid", (see) => {
    see("Head leaf", anchor.headLeaf);
    head = parseHeadLeaf(anchor.headLeaf);
    if (head.log !== last().header.log) bad(`it is of the log ${head.log}`);
    return `${head.log} has ${head.head.size} records`;
  });
  await report.step("inclusion", "inclusion_invalid", (see) => {
    const { header, leaf } = last();
    checkLeaf(bytesOf(leaf), BigInt(header.seq), head!.head, anchor.path, see);
    return `record ${header.seq} of ${head!.head.size}`;
  });
  const signed = await checkSigned(() => anchor.checkpoint, policy, report, () => head!.time);
  await report.step("head_inclusion", "head_inclusion_invalid", (see) => {
    checkLeaf(bytesOf(anchor.headLeaf), BigInt(head!.seq), signed!, anchor.headPath, see);
    return `head ${head!.seq} of ${signed!.size}`;
  });
}
