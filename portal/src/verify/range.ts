// Receipts of a range, `mc.range/v1`, as src/trust/proof/range_receipt.h reads and checks them: all records
// of a log between two times, with the proof that none was left out.
import { type Bytes, bytesOf, decodeBase64, isHex, toHex } from "./bytes.ts";
import { sha256All } from "./crypto.ts";
import { quoted } from "./json.ts";
import type { Policy } from "./policy.ts";
import {
  type Anchor, checkAnchor, checkForm, members, type Opened, printHead, printOpened, printPath, type Put, readAnchor,
  readOpened, text,
} from "./receipt.ts";
import { type Header, parseLeaf } from "./record.ts";
import { bad, type Report, type See } from "./report.ts";
import { formatTime, parseRecordTime } from "./time.ts";

const RANGE_KIND = "mc.range/v1";
const RECORDS_MAX = 10_002; // with the one before the range and the one behind it
const NO_HASH = "0".repeat(64);

interface RangeRecord {
  leaf: string;
  opened: Opened | null; // of those in the range that were not erased
}

interface RangeReceipt {
  from: number; // inside; milliseconds since 1970
  to: number; // outside
  records: RangeRecord[];
  anchor: Anchor; // of the last
}

function printRange({ from, to, records, anchor }: RangeReceipt, put: Put) {
  put(`{"checkpoint":${quoted(anchor.checkpoint)},"from":"${formatTime(from)}","head":${printHead(anchor)},`);
  put(`"kind":"${RANGE_KIND}","path":${printPath(anchor.path)},"records":[`);
  for (const [i, { leaf, opened }] of records.entries()) {
    put(i === 0 ? '{"leaf":' : ',{"leaf":');
    put(quoted(leaf));
    if (opened) {
      put(',"opened":');
      printOpened(opened, put);
    }
    put("}");
  }
  put(`],"to":"${formatTime(to)}"}`);
}

function readRecord(value: unknown): RangeRecord {
  const { leaf, opened } = members(value);
  return { leaf: text(leaf, "a record's leaf"), opened: readOpened(opened) };
}

// `value` is what JSON.parse() makes of `json`. Nothing but the form of RFC 8785 is read.
export function parseRange(json: string, value: unknown): RangeReceipt {
  const receipt = members(value);
  if (receipt["kind"] !== RANGE_KIND) bad(`kind: it is not ${RANGE_KIND}`);
  const { from, to, records, path } = receipt;
  if (!Array.isArray(records) || records.length === 0 || records.length > RECORDS_MAX) {
    return bad(`records: it is not a list of 1 to ${RECORDS_MAX}`);
  }
  const out = {
    from: parseRecordTime(text(from, "from")), to: parseRecordTime(text(to, "to")), records: records.map(readRecord),
    anchor: readAnchor(receipt, path),
  };
  checkForm(json, (put) => printRange(out, put));
  return out;
}

class RangeCheck {
  readonly #receipt: RangeReceipt;
  #headers: Header[] = [];

  constructor(receipt: RangeReceipt) {
    this.#receipt = receipt;
  }
  get last(): { header: Header; leaf: string } {
    return { header: this.#headers.at(-1)!, leaf: this.#receipt.records.at(-1)!.leaf };
  }

  records(see: See): string {
    this.#headers = this.#receipt.records.map(({ leaf }) => parseLeaf(leaf));
    const { log } = this.#headers[0]!;
    const other = this.#headers.find((header) => header.log !== log);
    if (other) bad(`a record is of the log ${other.log}`);
    see("First leaf", this.#receipt.records[0]!.leaf);
    see("Last leaf", this.last.leaf);
    return `${this.#headers.length} of ${log}`;
  }

  async chain(see: See): Promise<string> {
    const [first, ...rest] = this.#headers as [Header, ...Header[]];
    if (first.seq === 0 && first.prev !== NO_HASH) bad("the first record of the log has one before it");
    const hashes = await sha256All(this.#receipt.records.slice(0, -1).map(({ leaf }) => bytesOf(`\0${leaf}`)));
    let before = first;
    for (const [i, header] of rest.entries()) {
      if (header.seq !== before.seq + 1) bad(`record ${before.seq + 1} is missing`);
      const hash = hashes[i]!;
      if (!isHex(hash, header.prev)) {
        see(`Hash of record ${before.seq}`, toHex(hash));
        see(`prev of record ${header.seq}`, header.prev);
        bad(`record ${header.seq} does not follow the one before it`);
      }
      if (header.time < before.time) bad(`the time of record ${header.seq} is before that of the one before it`);
      before = header;
    }
    return `records ${first.seq} to ${before.seq}`;
  }

  complete(): string {
    const [first, last] = [this.#headers[0]!, this.#headers.at(-1)!];
    const { from, to } = this.#receipt;
    if (from >= to) bad("it is empty");
    if (first.seq !== 0 && first.time >= from) bad("the record before the range is missing");
    if (last.time < to) bad("the record behind the range is missing");
    const inside = this.#headers.filter((header) => this.#contains(header)).length;
    return `${inside} records from ${formatTime(from)} to ${formatTime(to)}`;
  }

  async payloads(see: See): Promise<string> {
    const given = this.#receipt.records.flatMap(({ opened }, i) =>
      opened ? [{ header: this.#headers[i]!, signed: committed(opened) }] : []);
    const outside = given.findIndex(({ header }) => !this.#contains(header));
    const inside = outside < 0 ? given : given.slice(0, outside);
    const hashes = await sha256All(inside.map(({ signed }) => signed));
    for (const [i, { header }] of inside.entries()) {
      if (isHex(hashes[i]!, header.commitment)) continue;
      see("Committed in the record", header.commitment);
      see("SHA-256(0x02, salt, payload)", toHex(hashes[i]!));
      bad(`the payload of record ${header.seq} is not the one that was recorded`);
    }
    if (outside >= 0) bad("a record outside of the range has its payload");
    return `${given.length} as recorded`;
  }

  #contains({ time }: Header): boolean {
    return this.#receipt.from <= time && time < this.#receipt.to;
  }
}

// What a record commits to.
function committed({ salt, payload }: Opened): Bytes {
  const out = new Uint8Array(1 + 33 + (payload.length / 4) * 3);
  out[0] = 2;
  decodeBase64(salt, out, 1);
  return out.subarray(0, 33 + decodeBase64(payload, out, 33));
}

// Steps: records, chain, complete, payloads, head, inclusion, checkpoint, head_inclusion.
export async function checkRange(receipt: RangeReceipt, policy: Policy, report: Report) {
  const check = new RangeCheck(receipt);
  await report.step("records", "record_invalid", (see) => check.records(see));
  await report.step("chain", "chain_broken", (see) => check.chain(see));
  await report.step("complete", "range_incomplete", () => check.complete());
  if (receipt.records.every(({ opened }) => opened === null)) report.skip("payloads", "the receipt has none");
  else await report.step("payloads", "payload_mismatch", (see) => check.payloads(see));
  await checkAnchor(receipt.anchor, () => check.last, policy, report);
}
