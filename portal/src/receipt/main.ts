// The program of a receipt's page: it checks the receipt that stands in the page, and asks nobody. The page may be
// opened from a disk, where nothing but the page itself is there.
import { checkText, fromBlock } from "../verify/page.ts";
import { Policy } from "../verify/policy.ts";
import { bad, Invalid, Report, type Step } from "../verify/report.ts";
import { MARKS, TITLES, WHY } from "../verify/words.ts";
import { type Row, rowsOf, titleOf } from "./rows.ts";

const find = (id: string) => document.getElementById(id)!;

function make(tag: string, text: string, ...children: Node[]): HTMLElement {
  const out = document.createElement(tag);
  if (text !== "") out.append(text);
  out.append(...children);
  return out;
}

function rowOf({ name, outcome, reason, detail, facts }: Step): HTMLElement {
  const mark = make("span", MARKS[outcome]);
  mark.className = "mark";
  mark.ariaHidden = "true";
  const told = make("span", outcome);
  told.className = "outcome";
  const list = make("dl", "", make("dt", "Step"), make("dd", "", make("code", [name, reason].join(" ").trim())));
  for (const [label, value] of facts) list.append(make("dt", label), make("dd", "", make("pre", value)));
  const opened = make("details", "", make("summary", "", mark, make("b", TITLES[name] ?? name), told, make("bdi", detail)));
  if (WHY[reason]) opened.append(make("p", WHY[reason]));
  opened.append(list);
  const out = make("li", "", opened);
  out.className = outcome;
  return out;
}

function say(kind: "good" | "bad" | "", title: string, ...more: string[]) {
  find("verdict").className = `notice ${kind}`;
  find("verdict").replaceChildren(make("h2", title), ...more.map((text) => make("p", text)));
}

// The receipt, which must be all that a browser and `maestro verify` can take for it.
function receiptText(): string {
  const [data, program, ...more] = document.scripts;
  if (data?.id !== "receipt" || program === undefined || more.length > 0) bad("the page has other scripts than its own");
  return fromBlock(data!.textContent);
}

function shownRows(): Row[] {
  return [...document.querySelectorAll("#record tr")].map((row) =>
    [row.querySelector("th")?.textContent ?? "", row.querySelector("td")?.textContent ?? ""]);
}

async function checked(key: string, told: (step: Step) => void): Promise<Report> {
  const policy = Policy.ofLogs([key]);
  const report = new Report("receipt", told);
  const receipt = await checkText(receiptText(), policy, report);
  await report.step("words", "words_changed", () => {
    const wanted = rowsOf(receipt!);
    if (JSON.stringify(shownRows()) !== JSON.stringify(wanted)) bad("the record is shown in other words");
    if (document.querySelector("h1")?.textContent !== titleOf(receipt!)) bad("the title is another one");
    return `${wanted.length} rows`;
  });
  return report;
}

function conclude(report: Report, given: boolean) {
  const failed = report.steps.find((step) => step.outcome === "failed");
  if (failed) {
    const title = `✕ Not verified: it failed at the step ${failed.name}`;
    return say("bad", title, `${TITLES[failed.name] ?? failed.name}: ${failed.detail}. ${WHY[failed.reason] ?? ""}`);
  }
  if (given) return say("good", "✓ Verified with the key that you gave", "The ledger of that key has this record.");
  return say(
    "good", "✓ Verified with the key that stands in this file",
    "All of it fits together. Whether the key is the ledger's, the file cannot say: compare it, below.");
}

let round = 0;
// With the key that was given, else with the file's own.
async function run() {
  const own = find("key").textContent.trim();
  const given = (find("trusted") as HTMLTextAreaElement).value.trim();
  const mine = ++round;
  const steps = find("steps");
  steps.replaceChildren();
  say("", "Checking…");
  try {
    const report = await checked(given || own, (step) => mine === round && steps.append(rowOf(step)));
    if (mine === round) conclude(report, given !== "");
  } catch (error) {
    if (mine !== round) return;
    const why = error instanceof Invalid ? error.message : String(error);
    say("bad", "✕ Nothing could be checked", why);
  }
}

find("trust").addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
void run();
