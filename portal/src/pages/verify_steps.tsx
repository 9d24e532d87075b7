// What a check found, step by step; each opens to what was compared.
import { useState } from "preact/hooks";
import { Copy } from "../copy.tsx";
import type { Step } from "../verify/report.ts";

const TITLES: Record<string, string> = {
  format: "It is in the form that is written",
  record: "It is a record of the ledger",
  payload: "The payload is the one recorded",
  head: "The head is of the record's log",
  inclusion: "It stands in the log, at its place",
  checkpoint: "The log has signed its head",
  head_inclusion: "That head has the record's log in it",
  records: "All are records of one log",
  chain: "Each follows the one before it",
  complete: "None is missing in the range",
  payloads: "The payloads are those recorded",
  signer: "The signer is the one expected",
  timestamp: "A trusted clock has seen the signature",
  promise: "The log has promised the entry",
  time: "The time of signing is known",
  certificate: "The signer's certificate is trusted",
  transparency: "The certificate was made public",
  identity: "The signer has the expected name",
  signature: "The signature is of this content",
  artifact: "It is about the artifact",
  entry: "The log's entry says the same",
  consistency: "The log goes on from what this browser saw",
};

const WHY: Record<string, string> = {
  format_invalid: "It is not written as such a file is: it was changed on its way, or is of another kind.",
  record_invalid: "The record is not in the form that the ledger writes.",
  payload_mismatch: "What is shown as the content is not what the record committed to: one of them was changed.",
  head_invalid: "The head is not one, or belongs to another log.",
  inclusion_invalid: "The proof does not lead from this record to its log: one of them was changed.",
  head_inclusion_invalid: "The proof does not lead from the head to what was signed: one of them was changed.",
  checkpoint_invalid: "No signature of somebody you trust holds. The head was changed, or the key is another log's.",
  chain_broken: "A record was taken out, put in or changed.",
  range_incomplete: "The records do not reach over the whole range: some are missing.",
  signer_unexpected: "It was signed with another key than the one given.",
  timestamp_invalid: "No clock that you trust has stamped this signature.",
  signature_invalid: "It was changed after it was signed, or signed with another key.",
  artifact_mismatch: "It is about other bytes than those given.",
  entry_mismatch: "What the log has is something else.",
  consistency_invalid: "The log has signed two histories, and one of them has no room for the other.",
};
const MARKS = { passed: "✓", failed: "✕", skipped: "–" };

export function Command({ line }: { line: string }) {
  return (
    <div class="command">
      <pre>{line}</pre>
      <Copy text={line} what="the command" />
    </div>
  );
}

function StepRow({ step, line }: { step: Step; line: string }) {
  const [open, setOpen] = useState(false);
  const { name, outcome, reason, detail, facts } = step;
  return (
    <li class={outcome}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="mark" aria-hidden="true">{MARKS[outcome]}</span>
          <b>{TITLES[name] ?? name}</b> <span class="outcome">{outcome}</span>
          <bdi class="soft">{detail}</bdi>
        </summary>
        {open && (
          <>
            {WHY[reason] && <p>{WHY[reason]}</p>}
            <dl>
              <dt>Step</dt>
              <dd>
                <code>{name}</code> {outcome}
                {reason !== "" && <>, <code>{reason}</code></>}
              </dd>
              {facts.map(([label, value]) => (
                <>
                  <dt>{label}</dt>
                  <dd>
                    <pre dir="auto">{value}</pre>
                  </dd>
                </>
              ))}
              <dt>The same on the command line</dt>
              <dd>
                <Command line={line} />
              </dd>
            </dl>
          </>
        )}
      </details>
    </li>
  );
}

export function Steps({ steps, line }: { steps: Step[]; line: string }) {
  return (
    <ol class="steps" aria-label="Steps of the check">
      {steps.map((step) => (
        <StepRow key={step.name} step={step} line={line} />
      ))}
    </ol>
  );
}

// Why it failed, for who has the file in hand.
export function Advice({ failed }: { failed: Step }) {
  return (
    <>
      <p>
        ✕ {TITLES[failed.name] ?? failed.name}: <bdi>{failed.detail}</bdi>. {WHY[failed.reason]}
      </p>
      <p>
        Keep the file as it is. Ask who gave it to you for another copy; if that fails too, tell whoever runs the log.
      </p>
    </>
  );
}
