// What a check found, step by step; each opens to what was compared.
import { useState } from "preact/hooks";
import { Copy } from "../copy.tsx";
import type { Step } from "../verify/report.ts";
import { MARKS, TITLES, WHY } from "../verify/words.ts";

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
