// Asking for more of a privacy budget, and deciding about it; both see the same preview.
import { useEffect, useState } from "preact/hooks";
import type { TopUp, Warrant } from "../client.ts";
import { Copy } from "../copy.tsx";
import { time } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { Modal, Send, useSending } from "../modal.tsx";
import { type Ask, askLine, LIFETIMES, previewFacts, REASON_MIN, reasonLeft, wrongEpsilon } from "../privacy/words.ts";
import { client, utc } from "../state.ts";

const SETTLED_MS = 300; // without a key pressed, before a preview is asked for

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

interface Wanted {
  dataset: string;
  purpose: string;
  epsilon: string;
}

function PreviewPart({ tenant, wanted }: { tenant: string; wanted: Wanted | null }) {
  const text = JSON.stringify(wanted);
  const asked = useSettled(text);
  const loaded = useLoaded(`top-up ${tenant} ${asked}`, asked === "null" ? null : () =>
    client.previewTopUp({ tenant, body: JSON.parse(asked) as Wanted }));
  const current = asked === text;
  const found = current && wanted !== null ? loaded.value : null;
  return (
    <section class="notice preview" aria-labelledby="preview">
      <h3 id="preview">What it means</h3>
      {wanted === null && <p>Say first how much.</p>}
      {wanted !== null && !found && current && loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {wanted !== null && !found && !(current && loaded.problem) && <Waiting />}
      <div role="status">
        {found && (
          <dl class="facts">
            {previewFacts(found, utc.value).map(({ name, text: fact }) => (
              <>
                <dt>{name}</dt>
                <dd>{fact}</dd>
              </>
            ))}
          </dl>
        )}
      </div>
    </section>
  );
}

interface AskProps {
  tenant: string;
  budgets: { dataset: string; purpose: string }[];
  chosen: { dataset: string; purpose: string };
  close: () => void;
  done: (made: TopUp) => void;
}

interface FieldsProps {
  draft: Ask;
  change: (part: Partial<Ask>) => void;
  warrants: Warrant[];
}

function Why({ draft, change, warrants }: FieldsProps) {
  const left = reasonLeft(draft.reason);
  return (
    <>
      <p>
        <label for="ask-warrant">Active warrant</label>
        <input
          id="ask-warrant" required maxLength={64} pattern="wrt_[0-9a-z]+" placeholder="wrt_…" autocomplete="off" spellcheck={false}
          list="ask-warrants" value={draft.warrant} onInput={(event) => change({ warrant: event.currentTarget.value })}
        />
        <datalist id="ask-warrants">
          {warrants.filter(({ state }) => state === "active").map(({ id, reference }) => (
            <option key={id} value={id}>{reference}</option>
          ))}
        </datalist>
      </p>
      <p>
        <label for="ask-ticket">Ticket, where there is one</label>
        <input
          id="ask-ticket" maxLength={64} placeholder="TKT-123" autocomplete="off" value={draft.ticket}
          onInput={(event) => change({ ticket: event.currentTarget.value })}
        />
      </p>
      <p>
        <label for="ask-reason">What for, for the record</label>
        <input
          id="ask-reason" required minLength={REASON_MIN} maxLength={500} autocomplete="off" value={draft.reason}
          aria-describedby="ask-reason-left" onInput={(event) => change({ reason: event.currentTarget.value })}
        />
        <span class="soft" id="ask-reason-left">{left === 0 ? "✓ Long enough" : `${left} characters more at least`}</span>
      </p>
    </>
  );
}

export function AskDialog({ tenant, budgets, chosen, close, done }: AskProps) {
  const [draft, setDraft] = useState<Ask>({ ...chosen, epsilon: "", lifetime: "168h", warrant: "", ticket: "", reason: "" });
  const { problem, busy, send, clear } = useSending();
  const warrants = useLoaded(`warrants ${tenant}`, () => client.listWarrants({ tenant }));
  const change = (part: Partial<Ask>) => setDraft({ ...draft, ...part });
  const wrong = wrongEpsilon(draft.epsilon);
  const { dataset, purpose } = draft;
  const key = JSON.stringify([dataset, purpose]);
  const epsilon = draft.epsilon.trim();
  const complete = wrong === "" && draft.warrant.trim() !== "" && reasonLeft(draft.reason) === 0;
  function submit(event: SubmitEvent) {
    event.preventDefault();
    if (!complete) return;
    const ticket = draft.ticket.trim();
    const body = {
      dataset, purpose, epsilon, lifetime: draft.lifetime, warrant: draft.warrant.trim(), reason: draft.reason.trim(),
      ...(ticket === "" ? {} : { ticket }),
    };
    void send(async () => done(await client.createTopUp({ tenant, body })));
  }
  return (
    <Modal title="Ask for more of a budget" close={close}>
      <form onSubmit={submit}>
        <p>
          <label for="ask-budget">Dataset and purpose</label>
          <select
            id="ask-budget" value={key}
            onChange={(event) => {
              const [other = "", forWhat = ""] = JSON.parse(event.currentTarget.value) as string[];
              change({ dataset: other, purpose: forWhat });
            }}
          >
            {budgets.map((one) => (
              <option key={JSON.stringify([one.dataset, one.purpose])} value={JSON.stringify([one.dataset, one.purpose])}>
                {one.dataset}, {one.purpose}
              </option>
            ))}
          </select>
        </p>
        <p>
          <label for="ask-epsilon">Epsilon more</label>
          <input
            id="ask-epsilon" inputMode="decimal" required maxLength={20} autocomplete="off" placeholder="2" value={draft.epsilon}
            aria-describedby="ask-epsilon-wrong" aria-invalid={draft.epsilon !== "" && wrong !== ""}
            onInput={(event) => change({ epsilon: event.currentTarget.value })}
          />
          <span class="soft" id="ask-epsilon-wrong" role="status">{draft.epsilon !== "" && wrong}</span>
        </p>
        <p>
          <label for="ask-for">How long, or until the window ends</label>
          <select id="ask-for" value={draft.lifetime} onChange={(event) => change({ lifetime: event.currentTarget.value })}>
            {LIFETIMES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </p>
        <PreviewPart tenant={tenant} wanted={wrong === "" ? { dataset, purpose, epsilon } : null} />
        <Why draft={draft} change={change} warrants={warrants.value?.items ?? []} />
        <p class="soft">It waits until somebody else approves it: role dpo or tenant-admin, or the operator.</p>
        {problem && <Failed problem={problem} retry={clear} />}
        <p class="actions">
          {complete && <Copy text={askLine(tenant, draft)} what="as CLI" />}
          <button type="button" onClick={close}>Cancel</button>
          <Send busy={busy}>Ask</Send>
        </p>
      </form>
    </Modal>
  );
}

const VERBS = { approve: "Approve", refuse: "Refuse", revoke: "Revoke" } as const;
const EFFECTS = {
  approve: "It counts as soon as that is recorded, for the present window alone.",
  refuse: "It adds nothing, for good; who wants it has to ask anew.",
  revoke: "What is not spent of it is gone. What was spent stays spent.",
} as const;

interface DecideProps {
  kind: keyof typeof VERBS;
  one: TopUp;
  close: () => void;
  done: (decided: TopUp) => void;
}

export function DecideDialog({ kind, one, close, done }: DecideProps) {
  const { problem, busy, send, clear } = useSending();
  const calls = { approve: client.approveTopUp, refuse: client.refuseTopUp, revoke: client.revokeTopUp };
  const { tenant, dataset, purpose, epsilon } = one;
  const line = `maestro privacy top-up ${kind} ${one.id} --tenant ${tenant}`;
  return (
    <Modal title={`${VERBS[kind]} the top-up of ${dataset}?`} close={close}>
      <p>
        <b>+ {epsilon}</b> for <bdi>{dataset}</bdi>, <bdi>{purpose}</bdi>, until {time(one.expires, utc.value)}
      </p>
      <p>
        <bdi>{one.reason}</bdi>, <bdi>{one.ticket ?? "no ticket"}</bdi>, under the warrant <code>{one.warrant}</code>, asked for by{" "}
        <bdi>{one.asked_by}</bdi>
      </p>
      <p>{EFFECTS[kind]}</p>
      {kind === "approve" && <PreviewPart tenant={tenant} wanted={{ dataset, purpose, epsilon }} />}
      {problem && <Failed problem={problem} retry={clear} />}
      <p class="actions">
        <Copy text={line} what="as CLI" />
        <button type="button" onClick={close}>Cancel</button>
        <Send busy={busy} press={() => void send(async () => done(await calls[kind]({ tenant, top_up: one.id })))}>{VERBS[kind]}</Send>
      </p>
    </Modal>
  );
}
