// Counts a dataset's charges again from the records of the tenant's log, as docs/formats/accountant.md says, and holds
// the result against what the server claims.
import { bytesOf, toHex } from "./bytes.ts";
import { sha256, sha256All } from "./crypto.ts";
import { bad, Report, type Step } from "./report.ts";
import { textOfUnits, unitsOf } from "./decimal.ts";

const CHARGE_KIND = "mc.dp-charge/v1";
const ACCOUNTANT_KIND = "mc.dp-accountant/v1";

// What the page has read of a record; its payload is null when it was erased.
export interface ChargeEntry {
  record: number;
  payload: unknown;
}
export interface Claim {
  dataset: string;
  policy_version: string;
  hash: string;
  charges: number;
  epsilon: string;
  delta: string;
  rho: string;
}
export interface Recount {
  hash: string | null; // null: it came to none
  steps: Step[];
}

// The form of RFC 8785, of what JSON.parse() gives.
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(",")}}`;
}

const digestText = (hash: Uint8Array) => `sha256:${toHex(hash)}`;

const DIFFERS = "differs";

type Payload = Record<string, unknown>;

function readEntry({ record, payload }: ChargeEntry, tenant: string, dataset: string): Payload {
  if (typeof payload !== "object" || payload === null) return bad(`record ${record} was erased`);
  const charge = payload as Payload;
  if (charge["kind"] !== CHARGE_KIND) bad(`record ${record} is no charge`);
  if (charge["tenant"] !== tenant || charge["dataset"] !== dataset) bad(`record ${record} is of another budget`);
  return charge;
}

// By their places, which go from 1 without a gap.
function inOrder(all: Payload[], wanted: number): Payload[] {
  const out = all.toSorted((a, b) => Number(a["seq"]) - Number(b["seq"]));
  for (const [i, { seq }] of out.entries()) {
    if (seq === i + 1) continue;
    if (typeof seq === "number" && seq <= i) bad(`place ${seq} is there twice`);
    bad(`place ${i + 1} has no record; the next is ${String(seq)}`);
  }
  if (out.length !== wanted) bad(`the log has ${out.length}, the server counts ${wanted}`);
  return out;
}

const AMOUNTS = ["delta", "epsilon", "rho"] as const;

function sumOf(charges: Payload[], name: string): string {
  return textOfUnits(charges.reduce((all, { cost, id }) => {
    const units = unitsOf(String((cost as Payload | undefined)?.[name]));
    return units === null ? bad(`${String(id)}: its ${name} is no decimal`) : all + units;
  }, 0n));
}

// The steps are named for people.
export async function recount(entries: ChargeEntry[], tenant: string, claim: Claim): Promise<Recount> {
  const report = new Report("accountant");
  let charges: Payload[] = [];
  let hashes: string[] = [];
  let hash: string | null = null;
  const totals: Payload = {};
  await report.step("Records of this budget", DIFFERS, () => {
    charges = entries.map((entry) => readEntry(entry, tenant, claim.dataset));
    return `${charges.length} of the log of ${tenant}`;
  });
  await report.step("Every place has its charge", DIFFERS, () => {
    charges = inOrder(charges, claim.charges);
    return `1 to ${claim.charges}`;
  });
  await report.step("Hashes", DIFFERS, async () => {
    hashes = (await sha256All(charges.map((charge) => bytesOf(canonical(charge))))).map(digestText);
    return `${hashes.length}`;
  });
  await report.step("The amounts add up", DIFFERS, () => {
    totals["charges"] = charges.length;
    for (const name of AMOUNTS) {
      const sum = (totals[name] = sumOf(charges, name));
      if (sum !== claim[name]) bad(`${name} adds up to ${sum}, the server says ${claim[name]}`);
    }
    return `epsilon ${claim.epsilon}`;
  });
  await report.step("The accountant hash is the same", DIFFERS, (see) => {
    const { policy_version } = claim;
    hash = digestText(sha256(bytesOf(canonical({ charges: hashes, kind: ACCOUNTANT_KIND, policy_version, totals }))));
    see("Counted in this browser", hash);
    see("Says the server", claim.hash);
    if (hash !== claim.hash) bad("it is not what the server says");
    return hash;
  });
  return { hash, steps: report.steps };
}
