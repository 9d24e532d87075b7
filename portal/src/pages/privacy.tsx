import { useState } from "preact/hooks";
import type { PrivacyBudget, TopUp } from "../client.ts";
import { Copy } from "../copy.tsx";
import { clock, time, UNKNOWN } from "../format.ts";
import { AfterPaint, Failed, type Loaded, useLoaded, Waiting } from "../load.tsx";
import { amount, budgetsLine, filterText, leftText, levelOf, scopeText } from "../privacy/words.ts";
import { address, client, go, place, session, tenant, utc } from "../state.ts";
import { Table } from "../table.tsx";
import { RecordLink } from "./budgets_overrides.tsx";
import { Window } from "./privacy_burn.tsx";
import { Charges } from "./privacy_charges.tsx";
import { AskDialog, DecideDialog } from "./privacy_dialogs.tsx";
import { RecountPart } from "./privacy_recount.tsx";
import { Refusals } from "./privacy_refusals.tsx";
import { type Act, TopUpTable } from "./privacy_top_ups.tsx";

const EVERY_MS = 3_000;

const isOne = (one: PrivacyBudget, query: URLSearchParams) =>
  one.dataset === query.get("dataset") && one.purpose === query.get("purpose");

function Bar({ one }: { one: PrivacyBudget }) {
  const left = one.left_permille;
  return (
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      {left !== null && <rect class={`burn-${levelOf(left)}`} width={left / 10} height="8" />}
      <path d="M10 0V8M20 0V8" />
    </svg>
  );
}

interface WindowsProps {
  windows: PrivacyBudget[];
  chosen: PrivacyBudget;
}

function Windows({ windows, chosen }: WindowsProps) {
  const choose = (one: PrivacyBudget) =>
    go(address("/privacy", { own: { dataset: one.dataset, purpose: one.purpose ?? "" } }), true);
  return (
    <Table title="Budgets of this window" heads={["Dataset and purpose", "Left of epsilon", "~How much", "Top-ups", "Resets", "Adds up", "~Choose"]}>
      {windows.map((one) => (
        <tr key={JSON.stringify([one.dataset, one.purpose])}>
          <th scope="row" class="wrap"><bdi>{one.dataset}</bdi> for <bdi>{one.purpose}</bdi></th>
          <td class="wrap">
            {leftText(one)}
            {one.epsilon_reserved !== "0" && <div class="soft">{one.epsilon_reserved} held by queries under way</div>}
          </td>
          <td class="burn"><Bar one={one} /></td>
          <td class="state">{one.epsilon_top_up === "0" ? "none" : `+ ${one.epsilon_top_up}`}</td>
          <td class="state">{one.resets_at === null ? "never" : time(one.resets_at, utc.value)}</td>
          <td class="state">{filterText(one.filter)}</td>
          <td>
            <button type="button" aria-pressed={one === chosen} onClick={() => choose(one)}>
              Show<span class="hidden"> {one.dataset} for {one.purpose}</span>
            </button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Odometer({ all, dataset }: { all: PrivacyBudget[]; dataset: string }) {
  const others = all.filter((one) => one.scope !== "window" && one.dataset === dataset);
  return (
    <section aria-labelledby="lifetime">
      <h2 id="lifetime">For good, of <bdi>{dataset}</bdi></h2>
      <p>A new window resets a number, and not what was learned: this goes on.</p>
      <dl class="facts">
        {others.map((one) => (
          <>
            <dt>Spent, {scopeText(one.scope)}</dt>
            <dd>
              epsilon <b>{one.epsilon_spent}</b>{one.epsilon_limit !== null ? ` of ${one.epsilon_limit}` : ", with no limit"}
              {one.delta_spent !== "0" && `, delta ${one.delta_spent}`}; rho {one.rho_spent}
            </dd>
          </>
        ))}
        {others.length === 0 && <><dt>Spent</dt><dd>{UNKNOWN}</dd></>}
      </dl>
    </section>
  );
}

interface TopUpsProps {
  topUps: Loaded<{ items: TopUp[] }>;
  ask: (() => void) | null;
  act: Act | null;
}

function TopUps({ topUps, ask, act }: TopUpsProps) {
  const who = session.value;
  const all = topUps.value?.items;
  const waiting = (all ?? []).filter(({ state }) => state === "pending").length;
  return (
    <section aria-labelledby="top-ups">
      <h2 id="top-ups">Top-ups</h2>
      <p>More for one window, under a warrant. Who asks cannot approve, with whatever token; both see the same preview.</p>
      {topUps.problem && <Failed problem={topUps.problem} retry={topUps.reload} />}
      {!all && !topUps.problem && <Waiting />}
      {all?.length === 0 && <p>Nobody has asked for more.</p>}
      {all && waiting > 0 && <p>▲ {waiting} {waiting === 1 ? "waits" : "wait"} for approval.</p>}
      {all && all.length > 0 && <TopUpTable all={all} me={`${who?.principal}@${who?.tenant}`} act={act} />}
      {ask && <p><button type="button" onClick={ask}>Ask for more</button></p>}
    </section>
  );
}

const SAID: Record<TopUp["state"], string> = {
  pending: "▲ It waits until somebody else approves it", active: "✓ It is approved and counts", refused: "✓ It is refused",
  revoked: "✓ It is revoked", expired: "It has expired",
};

type Dialog = { kind: "ask" } | { kind: "approve" | "refuse" | "revoke"; one: TopUp } | null;

function Shown({ where, budgets, topUps, changes }: {
  where: string;
  budgets: Loaded<{ items: PrivacyBudget[] }>;
  topUps: Loaded<{ items: TopUp[] }>;
  changes: boolean;
}) {
  const [dialog, setDialog] = useState<Dialog>(null);
  const [said, setSaid] = useState<TopUp | null>(null);
  const close = () => setDialog(null);
  const begin = (next: Dialog) => {
    setSaid(null);
    setDialog(next);
  };
  function done(one: TopUp) {
    setDialog(null);
    setSaid(one);
    budgets.reload();
    topUps.reload();
  }
  const all = budgets.value?.items ?? [];
  const windows = all.filter(({ scope }) => scope === "window");
  const chosen = windows.find((one) => isOne(one, place.value.searchParams)) ??
    windows.toSorted((a, b) => (a.left_permille ?? 1000) - (b.left_permille ?? 1000))[0]; // what is short
  if (!chosen) {
    return (
      <section class="notice">
        <h2>No dataset has a privacy budget</h2>
        <p>A dataset has one when its model says whose rows they are, in a section <code>privacy</code>.</p>
      </section>
    );
  }
  const named = (one: PrivacyBudget) => ({ dataset: one.dataset, purpose: one.purpose ?? "" });
  return (
    <>
      <p role="status">
        {said && (
          <>
            {SAID[said.state]}: <bdi>+ {amount(said.epsilon)} for {said.dataset}, {said.purpose}</bdi>.{" "}
            {said.record !== null && <>It stands in the ledger first: <RecordLink tenant={said.tenant} record={said.record} /></>}
          </>
        )}
      </p>
      <Windows windows={windows} chosen={chosen} />
      <AfterPaint>
        {() => (
          <>
            <Window tenant={where} chosen={chosen} />
            <Odometer all={all} dataset={chosen.dataset} />
            <TopUps
              topUps={topUps} ask={changes ? () => begin({ kind: "ask" }) : null}
              act={changes ? (kind, one) => begin({ kind, one }) : null}
            />
            <Charges tenant={where} dataset={chosen.dataset} />
            <Refusals tenant={where} of={{ action: `dp.refusal.${chosen.dataset}` }} />
            <RecountPart key={`${where} ${chosen.dataset}`} tenant={where} dataset={chosen.dataset} />
          </>
        )}
      </AfterPaint>
      {dialog?.kind === "ask" && (
        <AskDialog tenant={where} budgets={windows.map(named)} chosen={named(chosen)} close={close} done={done} />
      )}
      {dialog && dialog.kind !== "ask" && <DecideDialog kind={dialog.kind} one={dialog.one} close={close} done={done} />}
    </>
  );
}

export default function PrivacyPage() {
  const who = session.value;
  const where = tenant.value || who?.tenant || "";
  const nobody = where === "system"; // the operator's people have no rows of their own
  const roles = who?.roles ?? [];
  const own = where === who?.tenant && (roles.includes("dpo") || roles.includes("tenant-admin"));
  const changes = (own || (who?.tenant === "system" && roles.includes("operator"))) && (who?.scopes.includes("admin:write") ?? false);
  const recorded = where !== who?.tenant; // each look at another tenant is, so it is the person's to look again
  const budgets = useLoaded(`privacy ${where}`, nobody ? null : () => client.listPrivacyBudgets({ tenant: where }), recorded ? 0 : EVERY_MS);
  const topUps = useLoaded(`top-ups ${where} ${budgets.value !== null}`, nobody || !budgets.value ? null : () => client.listTopUps({ tenant: where }));
  const { problem, value } = budgets;
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Privacy</h1>
        {value && (
          <p class="fresh">
            as of {clock(budgets.at, utc.value)}{" "}
            <button
              type="button" class="quiet"
              onClick={() => {
                budgets.reload();
                topUps.reload();
              }}
            >
              Look again
            </button>
          </p>
        )}
      </header>
      {nobody && <p>Choose a tenant above to see its privacy budgets. Each look stands in its log, with your name.</p>}
      {!nobody && (
        <p>
          What may still be asked about the people in the data of <bdi>{where}</bdi>, and what has been.{" "}
          {value && <Copy text={budgetsLine(where)} what="as CLI" />}
        </p>
      )}
      {problem && <Failed problem={problem} retry={budgets.reload} />}
      {!nobody && !value && !problem && <Waiting />}
      {value && <Shown key={where} where={where} budgets={budgets} topUps={topUps} changes={changes} />}
    </>
  );
}
