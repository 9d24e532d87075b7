// Statements (in-toto.io/Statement/v1), as src/trust/proof/statement.h reads them: what is said of which bytes.
import { type Bytes, excerpt, textOf, toHex } from "./bytes.ts";
import { digestOf } from "./crypto.ts";
import { type Json, parseJson } from "./json.ts";
import { bad } from "./report.ts";

export const STATEMENT_TYPE = "application/vnd.in-toto+json";
const TYPES = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
const EXPORT_PREDICATES = "urn:maestro-conductor:export:";
const BYTES_MAX = 16 << 20;
const SUBJECTS_MAX = 100_000;
const ALGORITHMS = ["sha256", "sha384", "sha512"];

interface Subject {
  name: string;
  digests: Map<string, string>; // algorithm to hexadecimal
}

function readSubject(value: Json): Subject {
  const name = value instanceof Map ? value.get("name") : undefined;
  const digest = value instanceof Map ? value.get("digest") : undefined;
  if (!(digest instanceof Map) || digest.size === 0) return bad("statement: a subject has no digest");
  const digests = new Map<string, string>();
  for (const [algorithm, text] of digest) {
    digests.set(algorithm, typeof text === "string" ? text : bad("statement: a subject's digest is not a text"));
  }
  return { name: typeof name === "string" ? name : "", digests };
}

// What the manifest of an export for a legal hold says of itself: nobody reads "verified" as "protected".
function warningOf(predicateType: string, predicate: Json | undefined): string {
  const hold = predicate instanceof Map ? predicate.get("hold") : undefined;
  if (!predicateType.startsWith(EXPORT_PREDICATES) || hold === undefined) return "";
  const text = (name: string) => {
    const found = hold instanceof Map ? hold.get(name) : undefined;
    return typeof found === "string" ? excerpt(found) : "?";
  };
  // Whoever asks writes the reference: it stands last, and between quotes that it has none of.
  const reference = text("reference").replaceAll('"', "'");
  return `; NO privacy technology was applied (pet: ${text("pet")}), approved by ${text("approved_by")}; legal hold "${reference}"`;
}

// Unknown members are passed over, as the format wants.
function parseStatement(payload: Bytes): { subjects: Subject[]; warning: string } {
  if (payload.length > BYTES_MAX) bad(`statement: it is longer than ${BYTES_MAX} bytes`);
  const value = parseJson(textOf(payload));
  const member = (name: string) => (value instanceof Map ? value.get(name) : undefined);
  const type = member("_type");
  if (typeof type !== "string" || !TYPES.includes(type)) {
    bad("statement: its _type is not in-toto's Statement, version 1 or 0.1");
  }
  const subjects = member("subject");
  if (!Array.isArray(subjects) || subjects.length === 0) return bad("statement: it has no subject");
  if (subjects.length > SUBJECTS_MAX) bad(`statement: it has more than ${SUBJECTS_MAX} subjects`);
  const out = subjects.map(readSubject);
  const predicateType = member("predicateType");
  if (typeof predicateType !== "string" || predicateType === "") return bad("statement: it has no predicateType");
  return { subjects: out, warning: warningOf(predicateType, member("predicate")) };
}

// The subject of the statement that is this artifact, for people.
export async function findSubject(payload: Bytes, artifact: Bytes): Promise<string> {
  const { subjects, warning } = parseStatement(payload);
  const own = new Map<string, string>();
  for (const algorithm of ALGORITHMS) own.set(algorithm, toHex(await digestOf(algorithm, artifact)));
  for (const { name, digests } of subjects) {
    for (const [algorithm, value] of digests) {
      if (own.get(algorithm) === value) return `subject ${excerpt(name)}, ${algorithm}:${value}${warning}`;
    }
  }
  return bad("no subject of the statement is this artifact");
}
