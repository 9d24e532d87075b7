// Proofs of a log as files (c2sp.org/tlog-proof), as src/core/tlog/proof_file.h reads them: one leaf's way
// to a signed checkpoint. The leaf is not in it.
import { type Bytes, fromBase64, textOf } from "./bytes.ts";
import { parseUint } from "./note.ts";
import { bad } from "./report.ts";

const BYTES_MAX = 512 << 10;
const PATH_MAX = 64;
const HEADER = "c2sp.org/tlog-proof@v1";
const NEWLINE = 0x0a;

export interface ProofFile {
  extra: Bytes | null; // nobody signs it
  index: bigint;
  path: Bytes[];
  checkpoint: Bytes; // a signed note, not looked at
}

function parseHash(line: string): Bytes {
  const hash = fromBase64(line);
  return hash.length === 32 ? hash : bad("proof file: a hash is not 32 bytes in base64");
}

export function parseProofFile(file: Bytes): ProofFile {
  if (file.length > BYTES_MAX) bad(`proof file: it is longer than ${BYTES_MAX} bytes`);
  const end = file.findIndex((byte, i) => byte === NEWLINE && file[i + 1] === NEWLINE);
  if (end < 0) bad("proof file: it ends too early");
  const lines = textOf(file.slice(0, end)).split("\n");
  if (lines.shift() !== HEADER) bad(`proof file: it does not begin with ${HEADER}`);
  const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift()!.slice(6)) : null;
  const [, index] = /^index (.*)$/.exec(lines.shift() ?? "") ?? bad("proof file: its index is missing");
  if (lines.length > PATH_MAX) bad(`proof file: it has more than ${PATH_MAX} hashes`);
  const checkpoint = file.slice(end + 2);
  if (checkpoint.length === 0) bad("proof file: it has no checkpoint");
  return { extra, index: parseUint(index!, "proof file: its index"), path: lines.map(parseHash), checkpoint };
}
