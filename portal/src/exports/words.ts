// Exports in words, and what their manifests say (docs/formats/export-manifest.md).
import { quoted } from "../access/command.ts";
import type { Export, ExportJob } from "../client.ts";
import { count, share, UNKNOWN } from "../format.ts";

export const MANIFEST = "manifest.sigstore.json";

const STATES: Record<Export["state"], string> = {
  running: "▲ under way", ready: "✓ ready", refused: "✕ refused", failed: "✕ failed", cancelled: "✕ cancelled", expired: "expired",
  pending: "▲ waits for somebody else's approval",
};
const KINDS: Record<Export["kind"], string> = {
  kanon: "table, k-anonymous", dp: "report, differentially private", hold: "⚠ legal hold, NOT protected",
};
const JOBS: Record<ExportJob["state"], string> = {
  queued: "waits for its turn", running: "at work", paused: "paused", done: "done", failed: "failed", cancelled: "cancelled",
};
export const stateText = ({ state, job }: Pick<Export, "state" | "job">) =>
  state === "running" && job?.state === "paused" ? "▲ paused" : STATES[state];
export const kindText = (kind: Export["kind"]) => KINDS[kind];

// "at work, 1,200 of 4,000 rows: reading"
export function progressText(job: ExportJob | null): string {
  if (job === null) return UNKNOWN;
  const done = job.total === null ? count(job.done) : `${count(job.done)} of ${count(job.total)}`;
  const unit = job.unit === "" ? "" : ` ${job.unit}`;
  return `${JOBS[job.state]}, ${done}${unit}${job.message === "" ? "" : `: ${job.message}`}`;
}

export function suppressedText({ suppressed, rows_in: all }: Pick<Export, "suppressed" | "rows_in">): string {
  if (suppressed === null) return UNKNOWN;
  return all === null || all === 0 ? count(suppressed) : `${count(suppressed)} (${share(suppressed, all)})`;
}

export const filePath = (one: Pick<Export, "id" | "tenant">, name: string) =>
  `/v1/tenants/${encodeURIComponent(one.tenant)}/exports/${encodeURIComponent(one.id)}/files/${encodeURIComponent(name)}`;

export interface Draft {
  kind: Export["kind"];
  profile: string;
  dataset: string;
  releases: string;
  format: "" | "csv" | "jsonl";
  purpose: string;
  reference: string; // of the case, as the next
  reason: string;
}
export const EMPTY: Draft = {
  kind: "kanon", profile: "", dataset: "", releases: "", format: "", purpose: "", reference: "", reason: "",
};

const releasesOf = ({ releases }: Draft) => releases.split(/[\s,]+/).filter((one) => one !== "");

export function bodyOf(draft: Draft) {
  const { kind, format } = draft;
  const [profile, dataset, purpose] = [draft.profile.trim(), draft.dataset.trim(), draft.purpose.trim()];
  const hold = { reference: draft.reference.trim(), reason: draft.reason.trim() };
  const of = kind === "kanon" ? { profile } : kind === "hold" ? { kind, dataset, legal_hold: hold }
    : { kind, dataset, releases: releasesOf(draft) };
  return { ...of, ...(format === "" ? {} : { format }), ...(purpose === "" ? {} : { purpose }) };
}
// What is missing; "": nothing.
export function wrongDraft(draft: Draft): string {
  if (draft.kind === "kanon") return draft.profile.trim() === "" ? "Say which profile." : "";
  if (draft.dataset.trim() === "") return "Say which dataset.";
  if (draft.kind === "hold") {
    if (draft.reference.trim() === "") return "Name the case.";
    return new TextEncoder().encode(draft.reason.trim()).length < 20 ? "Say why, in 20 letters or more." : "";
  }
  return releasesOf(draft).length === 0 ? "Name an answer at least, by its charge." : "";
}
export function runLine(draft: Draft): string {
  const { kind, format } = draft;
  const of = kind === "kanon" ? ` --profile ${quoted(draft.profile.trim())}`
    : kind === "hold"
      ? ` --dataset ${quoted(draft.dataset.trim())} --legal-hold ${quoted(draft.reference.trim())} --reason ${quoted(draft.reason.trim())}`
      : ` --dataset ${quoted(draft.dataset.trim())}${releasesOf(draft).map((one) => ` --release ${quoted(one)}`).join("")}`;
  const purpose = draft.purpose.trim();
  return `maestro export run${of}${format === "" ? "" : ` --format ${format}`}${purpose === "" ? "" : ` --purpose ${quoted(purpose)}`} --follow`;
}
export const verifyLine = (artifact: string) =>
  `maestro verify ${MANIFEST} --trust trusted_root.json --key signer.pem --artifact ${quoted(artifact)}`;

type Members = Record<string, unknown>;
const members = (value: unknown): Members => (typeof value === "object" && value !== null ? (value as Members) : {});
const text = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" ? count(value) : UNKNOWN);

// The predicate of the statement in a bundle; null: it is no manifest. Nothing is checked here.
export function manifestIn(bundle: string): Members | null {
  try {
    const payload = members(members(JSON.parse(bundle))["dsseEnvelope"])["payload"];
    if (typeof payload !== "string") return null;
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    const { predicate } = members(JSON.parse(new TextDecoder().decode(bytes)));
    return members(predicate)["kind"] === "mc.export/v1" ? members(predicate) : null;
  } catch {
    return null;
  }
}

export interface Fact {
  name: string;
  text: string;
}
export function manifestFacts(manifest: Members): Fact[] {
  const out: Fact[] = [];
  const put = (name: string, value: unknown) => out.push({ name, text: text(value) });
  const { kanon, dp, hold, label, lineage, input } = manifest;
  if (kanon !== undefined) {
    const { k, criteria, suppression } = members(kanon);
    put("k", k);
    if (typeof k === "number") out.push({ name: "Risk of who knows that somebody is in it", text: `at most 1 in ${k}` });
    for (const line of Array.isArray(criteria) ? criteria : []) put("Criterion", line);
    put("Rows left out", members(suppression)["rows"]);
    put("May be left out", members(suppression)["limit"]);
  }
  if (dp !== undefined) {
    const { epsilon, delta, mechanism, unit, accountant } = members(dp);
    put("Epsilon", epsilon);
    put("Delta", delta);
    put("Noise", mechanism);
    put("Protects", unit);
    put("Accountant hash", accountant);
  }
  if (hold !== undefined) {
    const { pet, reference, reason, approved_by, approved_at, exception, masked } = members(hold);
    out.push({ name: "Privacy technology", text: `⚠ ${text(pet)}: the rows are as they were read` });
    put("Legal hold", reference);
    put("Reason", reason);
    put("Approved by", approved_by);
    put("Approved at", approved_at);
    put("Record of the exception", exception);
    out.push({ name: "Masked columns", text: Array.isArray(masked) && masked.length > 0 ? masked.map(String).join(", ") : "none" });
  }
  put("Handling", members(label)["handling"]);
  put("Watermark", members(label)["watermark"]);
  put("Source", members(lineage)["source"]);
  put("Policy", members(lineage)["policy"]);
  put("Decision", members(lineage)["decision"]);
  put("Snapshot of the input", members(input)["snapshot"]);
  if (Array.isArray(manifest["absent"])) out.push({ name: "Not part of it", text: manifest["absent"].map(String).join(", ") });
  return out;
}
