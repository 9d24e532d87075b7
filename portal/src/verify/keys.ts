// The keys of a ledger, `mc.keys/v1`, as src/trust/proof/key_list.h reads and checks them: who knows one of them
// follows it to the others.
import { byteLength, bytesOf, toHex } from "./bytes.ts";
import { leafHash } from "./crypto.ts";
import { quoted } from "./json.ts";
import { checkNote, ED25519, NoteKey, parseNote } from "./note.ts";
import { Policy } from "./policy.ts";
import {
  type Anchor, checkAnchor, checkForm, members, printHead, printPath, type Put, readAnchor, text,
} from "./receipt.ts";
import { type Header, parseLeaf } from "./record.ts";
import { bad, Invalid, Report, type See } from "./report.ts";
import { formatTime } from "./time.ts";

const KEYS_KIND = "mc.keys/v1";
const KEYS_BYTES_MAX = 4 << 20;
const ENTRIES_MAX = 1_000;
const RECORDS_END = 2 ** 63;
const NO_HASH = "0".repeat(64);

// That a key has begun, under a checkpoint which the key before signed.
interface Vouched {
  record: number;
  anchor: Anchor;
}

export interface KeyList {
  events: string[]; // leaves of the log "keys", from record 0
  vouched: Vouched[];
  anchor: Anchor; // of the last event
}

function printVouched({ record, anchor }: Vouched): string {
  const { checkpoint, path } = anchor;
  return `{"checkpoint":${quoted(checkpoint)},"head":${printHead(anchor)},"path":${printPath(path)},"record":${record}}`;
}

function printKeys({ events, vouched, anchor }: KeyList, put: Put) {
  put(`{"checkpoint":${quoted(anchor.checkpoint)},"events":[${events.map(quoted).join(",")}],"head":${printHead(anchor)},`);
  put(`"kind":"${KEYS_KIND}","path":${printPath(anchor.path)},"vouched":[${vouched.map(printVouched).join(",")}]}`);
}

function list(value: unknown, name: string): unknown[] {
  const sound = Array.isArray(value) && value.length <= ENTRIES_MAX;
  return sound ? value : bad(`${name}: it is not a list of at most ${ENTRIES_MAX}`);
}

function readVouched(value: unknown): Vouched {
  const entry = members(value);
  const { record, path } = entry;
  const sound = typeof record === "number" && Number.isInteger(record) && record >= 0 && record < RECORDS_END;
  return { record: sound ? record : bad("vouched.record: it is no record's number"), anchor: readAnchor(entry, path) };
}

// `value` is what JSON.parse() makes of `json`. Nothing but the form of RFC 8785 is read.
export function parseKeys(json: string, value: unknown): KeyList {
  if (json.length > KEYS_BYTES_MAX || byteLength(json) > KEYS_BYTES_MAX) {
    bad(`keys: they are longer than ${KEYS_BYTES_MAX} bytes`);
  }
  const given = members(value);
  if (given["kind"] !== KEYS_KIND) bad(`kind: it is not ${KEYS_KIND}`);
  const out = {
    events: list(given["events"], "events").map((leaf) => (leaf === "" ? leaf : text(leaf, "events"))),
    vouched: list(given["vouched"], "vouched").map(readVouched), anchor: readAnchor(given, given["path"]),
  };
  checkForm(json, (put) => printKeys(out, put));
  return out;
}

// A key and the time in which heads were signed with it.
interface KeyTime {
  key: NoteKey;
  begin: number; // milliseconds since 1970
  end: number | null;
  begunBy: number; // the record in the log "keys"
  vouched: boolean;
}

const EVENT = /^(begin|vouch|end) (.*)$/s;

// As src/trust/ledger/keys.h takes in the events, one by one.
class KeyTimes {
  readonly keys: KeyTime[] = [];

  find(printed: string): KeyTime | undefined {
    return this.keys.find(({ key }) => key.printed === printed);
  }
  add(header: Header) {
    const refuse = (why: string): never => bad(`key event ${header.seq}: ${why}`);
    if (header.log !== "keys" || header.type !== "key-event") refuse("it is none");
    const [, change, printed] = EVENT.exec(header.action) ?? refuse("it does not say begin, vouch or end");
    const key = keyOf(printed!, refuse);
    if (key.type !== ED25519) refuse("it is a witness's key");
    const found = this.find(key.printed);
    if (change === "begin") {
      if (found) refuse("the key has begun already");
      const other = this.keys.length > 0 && this.keys[0]!.key.name !== key.name;
      if (other) refuse("the key has another name than those before");
      this.keys.push({ key, begin: header.time, end: null, begunBy: header.seq, vouched: false });
      return;
    }
    if (!found) return refuse("the key has not begun");
    if (found.end !== null) refuse("the key has ended already");
    if (change === "end") found.end = header.time;
    else if (found.vouched || found === this.keys[0]) refuse("the key needs no word");
    else found.vouched = true;
  }
}

function keyOf(printed: string, refuse: (why: string) => never): NoteKey {
  try {
    return NoteKey.parse(printed);
  } catch (error) {
    if (error instanceof Invalid) return refuse(error.message);
    throw error;
  }
}

// What the steps find out one after the other.
class KeysCheck {
  readonly #list: KeyList;
  readonly #headers: Header[] = [];
  readonly #times = new KeyTimes();
  readonly #trusted: KeyTime[] = []; // known, in the order in which they began
  readonly #sound: KeyTime[] = []; // those, and those that they vouch for

  constructor(given: KeyList) {
    this.#list = given;
  }
  get last(): { header: Header; leaf: string } {
    return { header: this.#headers.at(-1)!, leaf: this.#list.events.at(-1)! };
  }
  get from(): string[] {
    return this.#trusted.map(({ key }) => key.printed);
  }
  // The head of a list counts when one of these has signed it: else who names a known key among others could sign it.
  get signers(): Policy {
    return Policy.ofKeys(this.#sound, this.from);
  }
  // Of all keys, each up to its end.
  get policy(): Policy {
    return Policy.ofKeys(this.#times.keys, this.from);
  }

  events(): string {
    let prev = NO_HASH;
    for (const [seq, leaf] of this.#list.events.entries()) {
      const header = parseLeaf(leaf);
      if (header.seq !== seq || header.prev !== prev) bad(`event ${seq} is missing or another one`);
      this.#times.add(header);
      this.#headers.push(header);
      prev = toHex(leafHash(bytesOf(leaf)));
    }
    const { keys } = this.#times;
    const newest = keys.at(-1) ?? bad("there is none");
    return `${keys.length} keys, the newest ${newest.key.printed} since ${formatTime(newest.begin)}`;
  }

  known(logs: readonly NoteKey[], see: See): string {
    const printed = new Set(logs.map((key) => key.printed));
    this.#trusted.push(...this.#times.keys.filter(({ key }) => printed.has(key.printed)));
    if (this.#trusted.length === 0) bad("no key of the list is one that is known");
    see("Known", this.from.join("\n"));
    see("In the list", this.#times.keys.map(({ key }) => key.printed).join("\n"));
    return `${this.#trusted.length} of its keys`;
  }

  // Those that have begun before one that is trusted need no word: the whole list is under a head that a trusted one
  // signs.
  async vouched(): Promise<string> {
    const first = this.#trusted[0]!.begunBy;
    let count = 0;
    for (const each of this.#times.keys.filter(({ begunBy }) => begunBy >= first)) {
      if (!this.#trusted.includes(each)) {
        await this.#checkVouched(each);
        count += 1;
      }
      this.#sound.push(each);
    }
    return `${count} by the ones before`;
  }

  async #checkVouched({ key, begunBy }: KeyTime) {
    const name = key.printed;
    const { anchor } = this.#list.vouched.find(({ record }) => record === begunBy) ?? bad(`nobody vouches for ${name}`);
    const report = new Report("key");
    const before = Policy.ofKeys(this.#sound.map((each) => ({ key: each.key, end: null })));
    await checkAnchor(
      anchor, () => ({ header: this.#headers[begunBy]!, leaf: this.#list.events[begunBy]! }), before, report);
    const failed = report.steps.find(({ outcome }) => outcome === "failed");
    if (failed) bad(`${name}: ${failed.detail}`);
    // And the new key has signed it: who named it has it.
    const own = await checkNote(parseNote(anchor.checkpoint), [key]);
    if (own.length === 0) bad(`${name} has not signed what vouches for it`);
  }
}

// Steps: events, known, vouched, head, inclusion, checkpoint, head_inclusion. Gives the policy of all its keys, which
// says something when they hold.
export async function checkKeys(given: KeyList, known: Policy, report: Report): Promise<Policy> {
  const check = new KeysCheck(given);
  await report.step("events", "event_invalid", () => check.events());
  await report.step("known", "key_unknown", (see) => check.known(known.logs, see));
  await report.step("vouched", "key_unvouched", () => check.vouched());
  await checkAnchor(given.anchor, () => check.last, check.signers, report);
  return check.policy;
}

function parsed(json: string): KeyList {
  try {
    return parseKeys(json, JSON.parse(json));
  } catch (error) {
    if (error instanceof SyntaxError) return bad("the list of keys is not sound JSON");
    if (error instanceof Invalid) return bad(`the list of keys: ${error.message}`);
    throw error;
  }
}

// The keys of a list that holds, for who knows some of them.
export async function followKeys(json: string, known: string[]): Promise<Policy> {
  const report = new Report("keys");
  const policy = await checkKeys(parsed(json), Policy.ofLogs(known), report);
  const failed = report.steps.find(({ outcome }) => outcome === "failed");
  return failed ? bad(`the list of keys does not hold: ${failed.name}: ${failed.detail}`) : policy;
}
