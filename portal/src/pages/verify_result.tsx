// What came of a check: its verdict and steps, or why there is none.
import { save } from "../download.tsx";
import { millis, time } from "../format.ts";
import { utc } from "../state.ts";
import type { Verdict } from "../verify/messages.ts";
import type { Wanted } from "../verify/report.ts";
import type { Shown } from "./verify_check.ts";
import type { Given } from "./verify_choose.tsx";
import type { Continuity, Followed } from "./verify_log.ts";
import { Advice, Command, Steps } from "./verify_steps.tsx";
import { Served } from "./verify_trust.tsx";

const FIELDS: Record<Wanted, string> = {
  policy: "verify-log-key", key: "verify-key", root: "verify-root", artifact: "verify-artifact",
};
const MISSING: Record<Wanted, [title: string, hint: string]> = {
  policy: [
    "The log's verifier key is missing",
    "A head counts when a log that you trust has signed it: paste that log's key, or ask this server for its own.",
  ],
  key: ["The signer's public key is missing", "A signature counts when it is of a key that you trust."],
  root: ["The trusted root is missing", "It says whose logs and clocks count: paste it, or ask this server for one."],
  artifact: ["The artifact is missing", "What was signed or logged is not in this file: choose it."],
};

function fillIn(wanted: Wanted) {
  const field = document.getElementById(FIELDS[wanted]);
  const details = field?.closest("details");
  if (details) details.open = true;
  field?.focus();
}

function Alarm({ fork: { seen, head } }: { fork: NonNullable<Continuity["fork"]> }) {
  const evidence = new Blob([`${seen.note}\n${head.note}`], { type: "text/plain" });
  const certain = seen.size === head.size;
  return (
    <section class="notice bad alarm" role="alert">
      <h2>✕ The log {seen.origin} {certain ? "contradicts itself" : "does not go on from what this browser saw"}</h2>
      <p>
        {certain
          ? "It has signed both of these heads, and no history has room for both: "
          : "It has signed both of these heads, and what its server gives as proof that one follows the other fails: " +
            "the proof is bad, or "}
        records were changed or taken back, or you are shown another history than others. Keep both notes, and give them
        to the witnesses of the log and to whoever relies on it.
      </p>
      <h3>Seen by this browser at {time(seen.at, utc.value)}</h3>
      <pre>{seen.note}</pre>
      <h3>In this file</h3>
      <pre>{head.note}</pre>
      <button type="button" class="primary" onClick={() => save("two-histories.txt", evidence)}>
        Download both notes
      </button>
    </section>
  );
}

// How the key that has signed was found, or why it was not.
function Keys({ followed: { how, key, from, why } }: { followed: Followed }) {
  if (how === "not") {
    return <p>▲ This server's list of keys was looked at too: <bdi>{why}</bdi>.</p>;
  }
  const said = how === "newer"
    ? "The ledger has changed its key; the key that you know vouches for the new one."
    : "The ledger has changed its key; the key that you know vouches for the older one, which has signed this.";
  return (
    <>
      <p>{said}</p>
      <dl class="facts">
        <dt>Known</dt>
        <dd><code>{from.join(" ")}</code></dd>
        <dt>Signed with</dt>
        <dd><code>{key}</code></dd>
      </dl>
      <p class="soft">
        It was followed through the <a href="/ledger/keys" download="keys.json">list of its keys</a>, which this server
        gives and which was checked here too.
      </p>
    </>
  );
}

interface DoneProps {
  shown: Shown & { state: "done" };
  given: Given;
  line: string;
  served: boolean;
}

function Done({ shown, given, line, served }: DoneProps) {
  const { verdict, continuity, followed } = shown;
  const failed = verdict.steps.find((step) => step.outcome === "failed");
  const steps = continuity ? [...verdict.steps, continuity.step] : verdict.steps;
  const fork = continuity?.fork ?? null;
  const doubt = fork?.seen.size === fork?.head.size ? "its log does not" : "its log is not shown to go on";
  const holds = fork ? `▲ It holds, ${doubt}` : "✓ Verified";
  return (
    <>
      {fork && <Alarm fork={fork} />}
      <section class={verdict.verified && !fork ? "notice good" : "notice bad"}>
        <h2>
          {verdict.verified ? holds : "✕ Not verified"}: {verdict.subject} <bdi>{given.name}</bdi>
        </h2>
        {failed && <Advice failed={failed} />}
        {followed && <Keys followed={followed} />}
        {verdict.leftOut !== "" && <p>▲ The artifact was not looked at: {verdict.leftOut}.</p>}
        {verdict.verified && served && <Served />}
        <p class="soft">Checked in {millis(verdict.tookMs)}, in this browser alone.</p>
      </section>
      <Steps steps={steps} line={line} />
    </>
  );
}

function Refused({ why, wanted }: { why: string; wanted: Wanted | null }) {
  return (
    <section class={wanted ? "notice" : "notice bad"}>
      <h2>{wanted ? `▲ ${MISSING[wanted][0]}` : "✕ Nothing could be checked"}</h2>
      <p dir="auto">{wanted ? MISSING[wanted][1] : why}</p>
      {wanted && (
        <button type="button" onClick={() => fillIn(wanted)}>
          Fill it in
        </button>
      )}
    </section>
  );
}

function Empty() {
  return (
    <section class="notice">
      <h2>Nothing to check yet</h2>
      <p>Receipts come from the ledger of a tenant, one record or all of a time:</p>
      <pre>
        maestro ledger receipt 0 --tenant TENANT &gt; receipt.json{"\n"}
        maestro ledger export --tenant TENANT --from 2026-01-01T00:00:00Z &gt; range.json
      </pre>
    </section>
  );
}

interface ResultProps {
  shown: Shown;
  given: Given | null;
  line: (subject: string, from: string[] | null) => string;
  served: (verdict: Verdict) => boolean; // whether it goes back to what this server gave
  again: () => void;
}

export function Result({ shown, given, line, served, again }: ResultProps) {
  if (given === null || shown.state === "empty") return <Empty />;
  switch (shown.state) {
    case "busy":
      return (
        <>
          <p>Checking…</p>
          <Steps steps={shown.steps} line={line("", null)} />
        </>
      );
    case "done": {
      const { verdict, followed } = shown;
      const from = followed === null || followed.how === "not" ? null : followed.from;
      return <Done shown={shown} given={given} line={line(verdict.subject, from)} served={served(verdict)} />;
    }
    case "refused":
      return <Refused why={shown.why} wanted={shown.wanted} />;
    case "unsupported":
      return (
        <section class="notice">
          <h2>▲ Not checked here</h2>
          <p>{shown.why} Nothing is said about it, good or bad. The command line checks all of it:</p>
          <Command line={line(shown.subject, null)} />
        </section>
      );
    case "broken":
      return (
        <section class="notice bad">
          <h2>✕ The check did not run</h2>
          <p dir="auto">{shown.why}</p>
          <button type="button" onClick={again}>
            Try again
          </button>
        </section>
      );
  }
}

// What was found, for who does not see it.
export function spoken(shown: Shown): string {
  if (shown.state === "busy") return "Checking";
  if (shown.state === "refused") return "Nothing could be checked";
  if (shown.state === "unsupported") return "Not checked here";
  if (shown.state === "broken") return "The check did not run";
  if (shown.state !== "done") return "";
  const failed = shown.verdict.steps.find((step) => step.outcome === "failed");
  if (shown.continuity?.fork) return "It holds, its log does not";
  return failed ? `Not verified, it failed at the step ${failed.name}` : "Verified";
}
