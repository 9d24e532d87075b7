// The record of a receipt in words, row by row, as src/govern/transparency/pages.cc writes them.
import { fromBase64, textOf } from "../verify/bytes.ts";
import { type Json, parseJson, quoted } from "../verify/json.ts";
import type { Receipt } from "../verify/receipt.ts";
import { bad } from "../verify/report.ts";

export type Row = [name: string, value: string];

// Members of payloads in their order; others stand behind them under their own names.
const NAMES: Row[] = [
  ["reason", "Reason"], ["object", "Path"], ["status", "Answered"], ["rows", "Rows"], ["fields", "Fields"],
  ["of", "Outcome of record"], ["record", "Erased record"], ["roles", "Roles"], ["scopes", "Scopes"],
  ["warrant", "Warrant's id"], ["region", "Region"], ["peer", "Address"], ["token", "Token"], ["session", "Session"],
  ["request_id", "Request"],
];
const HEADER: Row[] = [
  ["tenant", "Tenant"], ["actor", "Who"], ["action", "What"], ["ts", "When"], ["type", "Kind"], ["purpose", "Purpose"],
  ["warrant", "Warrant"],
];

function print(value: Json): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  if (!(value instanceof Map)) return String(value);
  return `{${[...value].map(([name, each]) => `${quoted(name)}:${print(each)}`).join(",")}}`;
}

// One line, as a cell shows it.
const shown = (text: string) => text.replace(/[\0-\x1f\x7f]/g, "\ufffd");
const textOfValue = (value: Json) => (value === null ? "" : typeof value === "string" ? value : print(value));

function objectOf(text: string): Map<string, Json> {
  const value = parseJson(text);
  return value instanceof Map ? value : bad("the payload is no object");
}

export function titleOf({ leaf }: Receipt): string {
  const header = objectOf(leaf);
  return `Receipt of record ${header.get("seq")} of tenant ${header.get("tenant")}`;
}

// Of a receipt that was checked.
export function rowsOf({ leaf, opened }: Receipt): Row[] {
  const out: Row[] = [];
  const add = (name: string, value: Json) => {
    const text = shown(textOfValue(value));
    if (text !== "") out.push([shown(name), text]);
  };
  const header = objectOf(leaf);
  for (const [member, name] of HEADER) add(name, header.get(member) ?? null);
  if (opened === null) {
    add("Payload", "erased; the proof stays");
    return out;
  }
  const payload = objectOf(textOf(fromBase64(opened.payload)));
  for (const [member, name] of NAMES) add(name, payload.get(member) ?? null);
  const known = new Set(NAMES.map(([member]) => member));
  for (const [member, value] of payload) if (!known.has(member)) add(member, value);
  return out;
}
