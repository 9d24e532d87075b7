// Signed notes (c2sp.org/signed-note), the checkpoints that stand in them (c2sp.org/tlog-checkpoint) and
// cosignatures (c2sp.org/tlog-cosignature), as src/core/tlog/note.h reads and checks them.
import { type Bytes, byteLength, bytesOf, concat, excerpt, fromBase64, isOneLine, toHex } from "./bytes.ts";
import { PublicKey, sha256 } from "./crypto.ts";
import type { TreeHead } from "./merkle.ts";
import { bad } from "./report.ts";

const NOTE_BYTES_MAX = 256 << 10;
const SIGNATURES_MAX = 64;
const DASH = "— ";
const ID_BYTES = 4;
const TIME_BYTES = 8;
const KEY_BYTES = 1 + 32;
const UINT_MAX = 2n ** 64n - 1n;
const INT_MAX = 2n ** 63n - 1n;

export const ED25519 = 1; // of a log
export const COSIGNATURE = 4; // of a witness, with the time it saw the checkpoint

export interface NoteSignature {
  name: string;
  id: string; // of the key, 8 hexadecimal digits
  bytes: Bytes; // behind the key id
}

export interface Note {
  text: string; // ends with a newline
  signatures: NoteSignature[];
}

// Lines, nothing that steers a terminal.
const isText = (text: string) => !/[\0-\x09\x0b-\x1f\x7f]/.test(text);
const isKeyName = (name: string) => name !== "" && isOneLine(name) && !/[+ ]/.test(name);

function parseSignature(line: string): NoteSignature {
  if (!line.startsWith(DASH)) bad("signature line: it does not begin with a dash");
  const rest = line.slice(DASH.length);
  const blank = rest.indexOf(" ");
  if (blank < 0) bad("signature line: it has no signature");
  const name = rest.slice(0, blank);
  if (!isKeyName(name)) bad("signature line: the name of its key is not one");
  const bytes = fromBase64(rest.slice(blank + 1));
  if (bytes.length <= ID_BYTES) bad("signature line: its signature is empty");
  return { name, id: toHex(bytes.subarray(0, ID_BYTES)), bytes: bytes.slice(ID_BYTES) };
}

export function parseNote(text: string): Note {
  if (byteLength(text) > NOTE_BYTES_MAX) bad(`note: it is longer than ${NOTE_BYTES_MAX} bytes`);
  if (!isText(text)) bad("note: it is not text in UTF-8");
  const splitAt = text.lastIndexOf("\n\n");
  if (splitAt < 0 || splitAt + 2 === text.length) bad("note: it has no signatures");
  if (!text.endsWith("\n")) bad("note: its last line has no end");
  const lines = text.slice(splitAt + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) bad(`note: it has more than ${SIGNATURES_MAX} signatures`);
  return { text: text.slice(0, splitAt + 1), signatures: lines.map(parseSignature) };
}

const refuse = (name: string): never => bad(`signature of ${excerpt(name)}: it is not of this text`);

// A public key under a name: a verifier key, name+id+base64.
export class NoteKey {
  readonly name: string;
  readonly id: string;
  readonly type: number;
  readonly printed: string;
  readonly #key: PublicKey;

  private constructor(printed: string, name: string, id: string, bytes: Bytes) {
    this.printed = printed;
    this.name = name;
    this.id = id;
    this.type = bytes[0]!;
    this.#key = PublicKey.ed25519(bytes.slice(1));
  }

  static parse(text: string): NoteKey {
    const [, name, id, base64] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? bad("note key: it is not name+id+key");
    const bytes = fromBase64(base64!);
    if (bytes.length !== KEY_BYTES) bad("note key: its length is not Ed25519's");
    if (bytes[0] !== ED25519 && bytes[0] !== COSIGNATURE) bad("note key: its type is not known");
    if (!isKeyName(name!)) bad(`note key: '${excerpt(name!)}' is no name for a key`);
    const own = toHex(sha256(bytesOf(`${name}\n`), bytes).subarray(0, ID_BYTES));
    if (own !== id) bad("note key: its id is not that of the key");
    return new NoteKey(text, name!, own, bytes);
  }

  // Whether the line names this key; names are compared whole.
  made(signature: NoteSignature): boolean {
    return signature.id === this.id && signature.name === this.name;
  }
  // The time of a cosignature in seconds since 1970, 0 for other types.
  async check(note: Note, signature: NoteSignature): Promise<bigint> {
    if (this.type === ED25519) {
      if (!(await this.#key.verify(bytesOf(note.text), signature.bytes))) refuse(this.name);
      return 0n;
    }
    if (signature.bytes.length <= TIME_BYTES) refuse(this.name);
    const time = BigInt(`0x${toHex(signature.bytes.subarray(0, TIME_BYTES))}`);
    if (time > INT_MAX) refuse(this.name);
    const cosigned = concat(bytesOf(`cosignature/v1\ntime ${time}\n`), bytesOf(note.text));
    if (!(await this.#key.verify(cosigned, signature.bytes.slice(TIME_BYTES)))) refuse(this.name);
    return time;
  }
}

export interface Seal {
  key: NoteKey;
  seconds: bigint; // of a cosignature, since 1970
}

// One for each of `keys` that signed, in their order. A signature of one of them that does not hold
// spoils the note; those of unknown keys are not looked at.
export async function checkNote(note: Note, keys: NoteKey[]): Promise<Seal[]> {
  const out: Seal[] = [];
  for (const key of keys) {
    const made = note.signatures.filter((signature) => key.made(signature));
    const times: bigint[] = [];
    for (const signature of made) times.push(await key.check(note, signature));
    if (times[0] !== undefined) out.push({ key, seconds: times[0] });
  }
  return out;
}

export interface Checkpoint {
  origin: string;
  head: TreeHead;
}

export function parseUint(text: string, what: string): bigint {
  const sound = /^(0|[1-9]\d{0,19})$/.test(text) && BigInt(text) <= UINT_MAX;
  return sound ? BigInt(text) : bad(`${what} is no number`);
}

export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith("\n")) bad("checkpoint: its last line has no end");
  const lines = text.slice(0, -1).split("\n");
  if (lines.length < 3) bad("checkpoint: it has less than three lines");
  if (lines.includes("")) bad("checkpoint: it has an empty line");
  const [origin, size, root] = lines as [string, string, string];
  const head = { size: parseUint(size, "checkpoint: its size"), root: fromBase64(root) };
  if (head.root.length !== 32) bad("checkpoint: its root is not 32 bytes in base64");
  return { origin, head };
}
