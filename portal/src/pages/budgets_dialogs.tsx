// Changing a limit for a time, and deciding about what somebody changes; each with what it would have done.
import { useEffect, useState } from "preact/hooks";
import {
  bodyOf, type Draft, draftOf, LIFETIMES, NOTE_MAX, overrideLine, previewBody, previewOf, type Target, TICKET_MAX, wrongNumber,
} from "../budgets/form.ts";
import type { Dimension } from "../budgets/wire.ts";
import { budgetText, changeText, leftText, previewFacts, reasonText, REASONS } from "../budgets/words.ts";
import type { BudgetOverride, BudgetPreview, BudgetPreviewBody } from "../client.ts";
import { Copy } from "../copy.tsx";
import { time } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { Modal, Send, useSending } from "../modal.tsx";
import { client, skewSeconds, utc } from "../state.ts";

const SETTLED_MS = 300; // without a key pressed, before a preview is asked for

// The first at once, each later one when nothing has changed for a moment.
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

interface FoundProps {
  tenant: string;
  dimension: Dimension;
  body: BudgetPreviewBody | null; // null: it says no limit yet
}

function PreviewPart({ tenant, dimension, body }: FoundProps) {
  const wanted = JSON.stringify(body);
  const asked = useSettled(wanted);
  const loaded = useLoaded<BudgetPreview>(`preview ${tenant} ${asked}`, asked === "null" ? null : () =>
    client.previewBudgetOverride({ tenant, body: JSON.parse(asked) as BudgetPreviewBody }));
  const found = asked === wanted ? loaded.value : null;
  return (
    <section class="notice preview" aria-labelledby="preview">
      <h3 id="preview">What it would have done</h3>
      {body === null && <p>Say first how much.</p>}
      {body !== null && !found && loaded.problem && asked === wanted && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {body !== null && !found && !(loaded.problem && asked === wanted) && <Waiting />}
      <div role="status">
        {body !== null && found && (
          <>
            <dl class="facts">
              <dt>Limit</dt>
              <dd><b>{changeText(dimension, found.limit_before, found.limit_after)}</b></dd>
              {previewFacts(found).map(({ name, text }) => (
                <>
                  <dt>{name}</dt>
                  <dd><bdi>{text}</bdi></dd>
                </>
              ))}
            </dl>
            {found.takes_two && <p class="warn">▲ It is so much more that it waits until somebody else of the operator's approves it.</p>}
          </>
        )}
      </div>
    </section>
  );
}

interface NumberProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  factors: boolean;
}

function HowMuch({ draft, change, factors }: NumberProps) {
  const { way } = draft;
  const wrong = wrongNumber(draft);
  return (
    <fieldset>
      <legend>New limit</legend>
      {factors && (
        <label class="choice">
          <input type="radio" name="way" checked={way === "factor"} onChange={() => change({ way: "factor" })} /> Times what the plan
          says
        </label>
      )}
      <label class="choice">
        <input type="radio" name="way" checked={way === "amount"} onChange={() => change({ way: "amount" })} /> Exactly
      </label>
      <input
        aria-label={way === "factor" ? "Factor" : "Limit"} inputMode="decimal" required maxLength={16} value={draft[way]}
        autocomplete="off" aria-describedby="how-much" aria-invalid={wrong !== ""}
        onInput={(event) => change({ [way]: event.currentTarget.value })}
      />
      <span class="soft" id="how-much" role="status">{wrong}</span>
    </fieldset>
  );
}

interface ChangeProps {
  target: Target;
  close: () => void;
  done: (made: BudgetOverride) => void;
}

export function ChangeDialog({ target, close, done }: ChangeProps) {
  const [draft, setDraft] = useState(() => draftOf(target));
  const { problem, busy, send, clear } = useSending();
  const { tenant } = target;
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  function submit(event: SubmitEvent) {
    event.preventDefault();
    const body = draft.reason === "" ? null : bodyOf(target, draft, draft.reason);
    if (body === null) return;
    void send(async () => done(await client.createBudgetOverride({ tenant, body })));
  }
  return (
    <Modal title={`Change ${budgetText(target)} of ${tenant}`} close={close}>
      <form onSubmit={submit}>
        <HowMuch draft={draft} change={change} factors={target.factors} />
        <p>
          <label for="change-for">How long, from now</label>
          <select id="change-for" value={draft.lifetime} onChange={(event) => change({ lifetime: event.currentTarget.value })}>
            {LIFETIMES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </p>
        <PreviewPart tenant={tenant} dimension={target.dimension} body={previewBody(target, draft)} />
        <fieldset>
          <legend>Reason</legend>
          {REASONS.map(([value, name]) => (
            <label key={value} class="choice">
              <input
                type="radio" name="reason" required checked={draft.reason === value} onChange={() => change({ reason: value })}
              />{" "}
              {name}
            </label>
          ))}
        </fieldset>
        <p>
          <label for="change-note">Why, for the record</label>
          <input
            id="change-note" required maxLength={NOTE_MAX} pattern=".*\S.*" autocomplete="off" value={draft.note}
            onInput={(event) => change({ note: event.currentTarget.value })}
          />
        </p>
        <p>
          <label for="change-ticket">Ticket</label>
          <input
            id="change-ticket" required maxLength={TICKET_MAX} pattern=".*\S.*" placeholder="TKT-123" autocomplete="off"
            value={draft.ticket} onInput={(event) => change({ ticket: event.currentTarget.value })}
          />
        </p>
        {problem && <Failed problem={problem} retry={clear} />}
        <p class="actions">
          {wrongNumber(draft) === "" && <Copy text={overrideLine(target, draft)} what="the command" />}
          <button type="button" onClick={close}>Cancel</button>
          <Send busy={busy}>Apply</Send>
        </p>
      </form>
    </Modal>
  );
}

const VERBS = { approve: "Approve", refuse: "Refuse", revoke: "Revoke" } as const;
const EFFECTS = {
  approve: "It is in force as soon as that is recorded.",
  refuse: "It changes nothing, for good; who wants it has to ask anew.",
  revoke: "What holds without it holds from now on. What has been used stays used.",
} as const;

interface DecideProps {
  kind: keyof typeof VERBS;
  one: BudgetOverride;
  close: () => void;
  done: (decided: BudgetOverride) => void;
}

export function DecideDialog({ kind, one, close, done }: DecideProps) {
  const { problem, busy, send, clear } = useSending();
  const [now] = useState(() => Date.now() - skewSeconds.value * 1000);
  const given = { tenant: one.tenant, override: one.id };
  const calls = {
    approve: client.approveBudgetOverride, refuse: client.refuseBudgetOverride, revoke: client.revokeBudgetOverride,
  };
  return (
    <Modal title={`${VERBS[kind]} the override of ${one.tenant}?`} close={close}>
      <p>
        <b>{budgetText(one)}</b>: {changeText(one.dimension, one.limit_before, one.limit_after)}, until{" "}
        {time(one.until, utc.value)} ({leftText(one.until, now)})
      </p>
      <p>
        {reasonText(one.reason)}, <bdi>{one.ticket}</bdi>: <bdi>{one.note}</bdi>, asked for by <bdi>{one.asked_by}</bdi>
      </p>
      <p>{EFFECTS[kind]}</p>
      {kind === "approve" && <PreviewPart tenant={one.tenant} dimension={one.dimension} body={previewOf(one)} />}
      {problem && <Failed problem={problem} retry={clear} />}
      <p class="actions">
        <button type="button" onClick={close}>Cancel</button>
        <Send busy={busy} press={() => void send(async () => done(await calls[kind](given)))}>{VERBS[kind]}</Send>
      </p>
    </Modal>
  );
}
