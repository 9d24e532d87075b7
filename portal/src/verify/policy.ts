// Whose checkpoints are trusted (c2sp.org/tlog-policy), as src/core/tlog/policy.h reads and applies it.
import { byteLength, excerpt } from "./bytes.ts";
import { type Checkpoint, checkNote, COSIGNATURE, ED25519, type Note, NoteKey, parseCheckpoint } from "./note.ts";
import { bad, Invalid, UnknownKey } from "./report.ts";
import { formatTime } from "./time.ts";

const LINES_MAX = 1_000;
const BYTES_MAX = 256 << 10;
const INT_MAX = 2n ** 63n - 1n;

interface Group {
  name: string;
  needed: bigint;
  members: string[];
}

export interface Checked {
  checkpoint: Checkpoint;
  logs: NoteKey[]; // that signed; one or more
  witnesses: string[]; // that cosigned, by name
  earliest: bigint | null; // of their times, in seconds since 1970
}

export class Policy {
  readonly #logs: NoteKey[] = [];
  readonly #ends = new Map<NoteKey, number>(); // of logs that sign no more, in milliseconds since 1970
  readonly #witnesses = new Map<string, NoteKey>();
  readonly #groups: Group[] = []; // members stand before their group
  #quorum: string | null = null; // as written; "none" wants no witness

  // The keys that its reader knows, of one that a list of keys has led to.
  from: string[] | null = null;

  // Of these logs, without witnesses.
  static ofLogs(keys: string[]): Policy {
    return Policy.ofKeys(keys.map((key) => ({ key: NoteKey.parse(key), end: null })));
  }
  // The same, each up to its end.
  static ofKeys(keys: { key: NoteKey; end: number | null }[], from: string[] | null = null): Policy {
    const out = new Policy();
    for (const { key, end } of keys) {
      out.#logs.push(key);
      if (end !== null) out.#ends.set(key, end);
    }
    out.from = from;
    return out;
  }
  static parse(text: string): Policy {
    if (byteLength(text) > BYTES_MAX) bad(`policy: it is longer than ${BYTES_MAX} bytes`);
    const out = new Policy();
    const lines = text.split("\n");
    if (lines.length > LINES_MAX) bad(`policy: it has more than ${LINES_MAX} lines`);
    for (const [i, line] of lines.entries()) {
      const words = line.replace(/\r$/, "").replace(/^[ \t]+|[ \t]+$/g, "").split(" ").filter((word) => word !== "");
      if (words.length === 0 || words[0]!.startsWith("#")) continue;
      try {
        out.#readLine(words);
      } catch (error) {
        if (error instanceof Invalid) bad(`policy, line ${i + 1}: ${error.message}`);
        throw error;
      }
    }
    if (out.#logs.length === 0) bad("policy: it has no log");
    if (out.#quorum === null) bad("policy: it has no quorum; 'quorum none' wants no witness");
    return out;
  }

  get logs(): readonly NoteKey[] {
    return this.#logs;
  }

  #readLine([kind, ...words]: string[]) {
    if (kind === "log") return this.#readLog(words);
    if (kind === "witness") return this.#readWitness(words);
    if (kind === "group") return this.#readGroup(words);
    if (kind === "quorum") return this.#readQuorum(words);
    bad(`'${excerpt(kind!)}' is not log, witness, group or quorum`);
  }
  #isNamed(name: string): boolean {
    return name === "none" || this.#witnesses.has(name) || this.#groups.some((group) => group.name === name);
  }
  #readLog(words: string[]) {
    if (words.length !== 1 && words.length !== 2) bad("it must be 'log VKEY [URL]'");
    const key = NoteKey.parse(words[0]!);
    if (key.type !== ED25519) bad("the key is a witness's");
    this.#logs.push(key);
  }
  #readWitness(words: string[]) {
    if (words.length !== 2 && words.length !== 3) bad("it must be 'witness NAME VKEY [URL]'");
    const [name, vkey] = words as [string, string];
    if (this.#isNamed(name)) bad(`the name '${excerpt(name)}' is taken`);
    const key = NoteKey.parse(vkey);
    if (key.type !== COSIGNATURE) bad("the key is not a witness's");
    for (const known of this.#witnesses.values()) {
      if (known.printed === vkey) bad("the key is there under another name");
    }
    this.#witnesses.set(name, key);
  }
  #readGroup([name, count, ...members]: string[]) {
    if (name === undefined || count === undefined || members.length === 0) {
      return bad("it must be 'group NAME any|all|K MEMBER...'");
    }
    if (this.#isNamed(name)) bad(`the name '${excerpt(name)}' is taken`);
    for (const [i, member] of members.entries()) {
      if (member === "none" || !this.#isNamed(member)) {
        bad(`'${excerpt(member)}' is no witness or group of a line above`);
      }
      if (members.indexOf(member) !== i) bad(`'${excerpt(member)}' is there twice`);
    }
    const all = BigInt(members.length);
    const needed = count === "any" ? 1n : count === "all" ? all : /^-?\d+$/.test(count) ? BigInt(count) : -INT_MAX;
    if (needed < 1n || needed > all) bad(`it wants ${excerpt(count)} of ${all} members`);
    this.#groups.push({ name, needed, members });
  }
  #readQuorum([name, ...more]: string[]) {
    if (name === undefined || more.length > 0) return bad("it must be 'quorum NAME|none'");
    if (this.#quorum !== null) bad("there is a quorum already");
    if (!this.#isNamed(name)) bad(`'${excerpt(name)}' is no witness or group of a line above`);
    this.#quorum = name;
  }

  // A note that is a checkpoint signed by one of the logs under its own name as origin, and cosigned
  // by the quorum. A signature of a known key that does not hold spoils it.
  async check(note: Note): Promise<Checked> {
    const checkpoint = parseCheckpoint(note.text);
    const seals = await checkNote(note, this.#logs);
    const logs = seals.map(({ key }) => key).filter((key) => key.name === checkpoint.origin);
    if (logs.length === 0) throw new UnknownKey(`no trusted log named ${excerpt(checkpoint.origin)} signed it`);
    const cosigned = await checkNote(note, [...this.#witnesses.values()]);
    const made = new Set(cosigned.map(({ key }) => key));
    const names = [...this.#witnesses].filter(([, key]) => made.has(key)).map(([name]) => name);
    const met = new Set(names);
    for (const { name, needed, members } of this.#groups) {
      if (members.filter((member) => met.has(member)).length >= needed) met.add(name);
    }
    if (this.#quorum !== null && this.#quorum !== "none" && !met.has(this.#quorum)) {
      const count = `${cosigned.length} of ${this.#witnesses.size} witnesses`;
      bad(`the quorum '${this.#quorum}' is not met: ${count} cosigned it`);
    }
    let earliest: bigint | null = null;
    for (const { seconds } of cosigned) if (earliest === null || seconds < earliest) earliest = seconds;
    return { checkpoint, logs, witnesses: names, earliest };
  }

  // Refuses a head when each key that signed it had ended before `at`, a time of what is in the tree.
  checkTime({ logs }: Checked, at: number) {
    const ends = logs.map((key) => this.#ends.get(key));
    if (ends.some((end) => end === undefined || at <= end)) return;
    bad(`the key ${logs.at(-1)!.printed} that signed it has ended at ${formatTime(ends.at(-1)!)}`);
  }
}

// "log.example, 12 leaves, cosigned by 2 since ...".
export function describe({ checkpoint, logs, witnesses, earliest }: Checked): string {
  const since = earliest === null ? "" : `, cosigned by ${witnesses.length} since ${timeOf(earliest)}`;
  return `${logs[0]!.name}, ${checkpoint.head.size} leaves${since}`;
}

// The time of a witness may be any number.
function timeOf(seconds: bigint): string {
  const at = new Date(Number(seconds) * 1000);
  return Number.isNaN(at.getTime()) ? `${seconds} s behind 1970` : at.toISOString();
}
