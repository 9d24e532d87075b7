// A receipt in a page of its own (docs/formats/proofs.md), read as src/trust/proof/page.h reads it.
import { type Bytes, textOf } from "./bytes.ts";
import type { Policy } from "./policy.ts";
import { checkReceipt, parseReceipt, type Receipt } from "./receipt.ts";
import { bad, Invalid, type Report } from "./report.ts";

export const PAGE_START = "<!doctype html>\n";
const PAGE_BYTES_MAX = 2 << 20;
const OPEN = '<script type="application/json" id="receipt">';
const CLOSE = "</script>";

// Nothing in the block can end it: each "<" of the receipt is written as an escape that the form of
// RFC 8785 does not have.
export const toBlock = (receipt: string): string => receipt.replaceAll("<", "\\u003c");
export const fromBlock = (block: string): string =>
  block.replace(/\\(u003c|.)/gs, (escape, what: string) => (what === "u003c" ? "<" : escape));

// What a browser would take for the receipt is what is given: a page that has something else that could be
// taken for it is refused.
export function receiptInPage(file: Bytes): string {
  if (file.length > PAGE_BYTES_MAX) bad(`the page is longer than ${PAGE_BYTES_MAX} bytes`);
  const page = textOf(file);
  const at = page.indexOf(OPEN);
  if (at < 0) return bad("the page has no receipt in it");
  if (page.includes(OPEN, at + 1)) bad("the page has more than one receipt in it");
  const scripts = [...page.matchAll(/<script/gi)].map(({ index }) => index);
  if (scripts.length !== 2 || scripts[0] !== at) bad("the page has scripts that a receipt's page does not have");
  if (page.slice(0, at).includes("<!--")) bad("the page has a comment before its receipt");
  const begin = at + OPEN.length;
  const end = page.indexOf("<", begin);
  if (!page.startsWith(CLOSE, end)) bad("the receipt in the page has no end");
  return fromBlock(page.slice(begin, end));
}

// Steps: those of a receipt; or "format", which fails when it is none.
export async function checkText(json: string, policy: Policy, report: Report): Promise<Receipt | null> {
  let receipt: Receipt;
  try {
    receipt = parseReceipt(json, JSON.parse(json));
  } catch (error) {
    const why = error instanceof SyntaxError ? new Invalid("receipt: it is not sound JSON") : error;
    await report.step("format", "format_invalid", () => { throw why; });
    return null;
  }
  await checkReceipt(receipt, policy, report);
  return receipt;
}
