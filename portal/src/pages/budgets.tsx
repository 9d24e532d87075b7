import { useEffect, useState } from "preact/hooks";
import { type Changeable, limitsOf } from "../budgets/limits.ts";
import type { UsageRow } from "../budgets/wire.ts";
import { budgetText, changeText, isOpen, sortedOverrides, windowText } from "../budgets/words.ts";
import type { BudgetOverride, BudgetUsage, EffectiveBudget } from "../client.ts";
import { clock, count, time } from "../format.ts";
import { Freshness } from "../fresh.tsx";
import { type Loaded, AfterPaint, Failed, useLoaded, Waiting } from "../load.tsx";
import { PassingButton } from "../passing.tsx";
import { address, client, go, place, session, skewSeconds, tenant, utc } from "../state.ts";
import { ChangeDialog, DecideDialog } from "./budgets_dialogs.tsx";
import { type Cell, Heatmap } from "./budgets_heat.tsx";
import { Limits } from "./budgets_limits.tsx";
import { type Act, OverrideTable, RecordLink } from "./budgets_overrides.tsx";
import { Taps } from "./budgets_taps.tsx";
import { OverTime, UseTable } from "./budgets_use.tsx";
import { Why } from "./budgets_why.tsx";

const WINDOW_S = 300;
const EVERY_MS = 10_000; // a step of the usage
const OWN_EVERY_MS = 15_000;
const NOW_EVERY_MS = 5_000;
const TENANTS_MAX = 50; // whose overrides are listed together
const AT_ONCE = 4;

// On the server's clock.
function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), NOW_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return now - skewSeconds.value * 1000;
}

async function listOverrides(tenants: string[]): Promise<BudgetOverride[]> {
  const out: BudgetOverride[] = [];
  for (let i = 0; i < tenants.length; i += AT_ONCE) {
    const pages = await Promise.all(tenants.slice(i, i + AT_ONCE).map((one) => client.listBudgetOverrides({ tenant: one })));
    out.push(...pages.flatMap(({ items }) => items));
  }
  return sortedOverrides(out);
}

// One failure of several is told once.
const another = (one: Loaded<unknown>, told: Loaded<unknown>[]) => one.problem !== null && !told.some(({ problem }) =>
  problem !== null && problem.status === one.problem?.status && problem.code === one.problem.code);

const choose = (cell: Cell | null) =>
  go(address("/budgets", { own: cell ? { of: cell.tenant, route: cell.route } : {} }), true);

function chosenIn(query: URLSearchParams): Cell | null {
  const [of, route] = [query.get("of"), query.get("route")];
  return of === null || route === null ? null : { tenant: of, route };
}

const rowsOf = (usage: BudgetUsage, where: string | null) => usage.rows.filter((row) => where === null || row.tenant === where);

function Charts({ usage, rows }: { usage: BudgetUsage; rows: UsageRow[] }) {
  const chosen = chosenIn(place.value.searchParams);
  const shown = chosen ? rows.filter((row) => row.tenant === chosen.tenant && row.route === chosen.route) : rows;
  if (rows.length === 0) {
    return (
      <section class="notice" role="status">
        <h2>Nothing was asked</h2>
        <p>There was no request in the {windowText(usage.window_s)}. What comes from now on is shown here.</p>
      </section>
    );
  }
  return (
    <div class="charts">
      <Heatmap rows={rows} chosen={chosen} choose={choose} />
      <OverTime usage={usage} rows={shown} chosen={chosen} clear={() => choose(null)} />
    </div>
  );
}

interface BudgetsProps {
  usage: BudgetUsage | null;
  effective: { tenant: string; items: EffectiveBudget[] } | null;
  where: string | null;
  now: number;
  change: ((limit: Changeable) => void) | null;
}

function Budgets({ usage, effective, where, now, change }: BudgetsProps) {
  const burns = (usage?.budgets ?? []).filter((one) => where === null || one.tenant === where);
  const limits = limitsOf(burns, effective);
  const near = burns.filter(({ level }) => level !== null).length;
  return (
    <section aria-labelledby="budgets">
      <h2 id="budgets">How much is used</h2>
      {limits.length === 0 && (
        <p>
          {where === null
            ? "Nothing that a budget limits was asked for. Choose a tenant above to see its limits."
            : "The plan sets no limit here."}
        </p>
      )}
      {limits.length > 0 && (
        <>
          {usage && (
            <p>{near === 0 ? "✓ None is over 80 %." : `▲ ${count(near)} ${near === 1 ? "is" : "are"} over 80 %, or just were.`}</p>
          )}
          <Limits
            title={where === null ? "Budgets of all tenants, what burns most first" : `Budgets of ${where}`} limits={limits}
            ofAll={effective === null} now={now} change={change}
          />
        </>
      )}
    </section>
  );
}

interface OverridesProps {
  overrides: Loaded<BudgetOverride[]>;
  told: Loaded<unknown>[];
  ofAll: boolean;
  tenants: string[] | null; // those of which all can be asked for
  look: () => void;
  now: number;
  act: Act | null;
}

function Overrides({ overrides, told, ofAll, tenants, look, now, act }: OverridesProps) {
  const who = session.value;
  const all = overrides.value;
  const open = (all ?? []).filter((one) => isOpen(one, now));
  const waiting = open.filter(({ state }) => state === "pending").length;
  return (
    <section aria-labelledby="overrides">
      <h2 id="overrides">Overrides</h2>
      {tenants && tenants.length <= TENANTS_MAX && (
        <p>
          Each look at a tenant's overrides stands in its log, with your name.{" "}
          <PassingButton press={look}>Show those of all {count(tenants.length)} tenants</PassingButton>
        </p>
      )}
      {tenants && tenants.length > TENANTS_MAX && <p>Choose a tenant above to see its overrides.</p>}
      {another(overrides, told) && <Failed problem={overrides.problem!} retry={overrides.reload} />}
      {all?.length === 0 && <p>{ofAll ? "No budget of these tenants" : "No budget"} was changed.</p>}
      {all && all.length > 0 && (
        <>
          <p role="status">
            {count(open.length)} {open.length === 1 ? "is" : "are"} open{waiting > 0 && `; ▲ ${count(waiting)} ${waiting === 1 ? "waits" : "wait"} for approval`}.
          </p>
          <OverrideTable all={all} ofAll={ofAll} now={now} me={`${who?.principal}@${who?.tenant}`} act={act} />
        </>
      )}
    </section>
  );
}

function Said({ one }: { one: BudgetOverride }) {
  const what = `${budgetText(one)} of ${one.tenant}`;
  const till = `until ${time(one.until, utc.value)}`;
  const texts: Record<BudgetOverride["state"], string> = {
    active: `✓ ${what}: ${changeText(one.dimension, one.limit_before, one.limit_after)}, ${till}.`,
    pending: `▲ ${what}: it waits until somebody else of the operator's approves it.`,
    revoked: `✓ The override of ${what} is revoked.`, refused: `✓ The override of ${what} is refused.`,
    expired: `The override of ${what} has expired.`,
  };
  return (
    <>
      <bdi>{texts[one.state]}</bdi>
      {one.record !== null && (one.state === "active" || one.state === "pending") && <> It stands in the ledger first: <RecordLink tenant={one.tenant} record={one.record} /></>}
    </>
  );
}

type Dialog = { kind: "change"; limit: Changeable } | { kind: "approve" | "refuse" | "revoke"; one: BudgetOverride } | null;

// What the page asks for: of the operator's people each look at one tenant is recorded, so those are not renewed.
function useBudgets(where: string | null, own: boolean, looked: string[], paused: boolean) {
  const every = (ms: number) => (paused ? 0 : ms);
  const usage = useLoaded("usage", () => client.getBudgetUsage({ window: WINDOW_S }), every(EVERY_MS));
  const effective = useLoaded(`effective ${where}`, where === null ? null : async () => {
    const found = await client.getEffectiveBudgets({ tenant: where });
    return { tenant: where, items: found.items };
  }, own ? every(OWN_EVERY_MS) : 0);
  const asked = where === null ? looked : [where];
  const overrides = useLoaded(`overrides ${JSON.stringify(asked)}`, asked.length === 0 ? null : () => listOverrides(asked),
    own ? every(OWN_EVERY_MS) : 0);
  return { usage, effective, overrides };
}

// Taps are the operator's; a server without them has no section.
function useTaps(operator: boolean, paused: boolean) {
  const [there, setThere] = useState(false);
  const taps = useLoaded("taps", operator ? client.listTaps : null, there && !paused ? EVERY_MS : 0);
  useEffect(() => {
    if (taps.value) setThere(true);
  }, [taps.value]);
  return taps.value?.items ?? null;
}

export default function BudgetsPage() {
  const who = session.value;
  // Who sees all tenants: the operator's people, but those on call.
  const operator = who?.tenant === "system" && (who.roles.includes("operator") || who.roles.includes("platform"));
  const where = operator ? tenant.value || null : tenant.value || who?.tenant || "";
  const own = where === who?.tenant;
  const changes = operator && who.roles.includes("operator") && who.scopes.includes("admin:write");
  const [paused, setPaused] = useState(false);
  const [looked, setLooked] = useState<string[]>([]);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [said, setSaid] = useState<BudgetOverride | null>(null);
  const now = useNow();
  const { usage, effective, overrides } = useBudgets(where, own, looked, paused);
  const taps = useTaps(operator, paused);
  const close = () => setDialog(null);
  function done(one: BudgetOverride) {
    setDialog(null);
    setSaid(one);
    usage.reload();
    effective.reload();
    if (where === null && !looked.includes(one.tenant)) setLooked([...looked, one.tenant]);
    else overrides.reload();
  }
  const begin = (next: Dialog) => {
    setSaid(null);
    setDialog(next);
  };
  const unknown = effective.problem?.status === 404; // the tenant
  const rows = usage.value ? rowsOf(usage.value, where) : [];
  const tenants = who?.tenants ?? [];
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Budgets</h1>
        <Freshness at={usage.at} everyMs={EVERY_MS} paused={paused} pause={() => setPaused(!paused)} />
      </header>
      <p>
        {where === null
          ? "What tenants ask for, what is turned away, and how fast their budgets are used up."
          : <>What <bdi>{where}</bdi> asks for, what is turned away, and how fast its budgets are used up.</>}
      </p>
      {operator && where !== null && !own && (
        <p>
          That you look at its limits and overrides is recorded, so they are not renewed by themselves:{" "}
          {effective.at > 0 && `as of ${clock(effective.at, utc.value)} `}
          <button
            type="button" class="quiet"
            onClick={() => {
              effective.reload();
              overrides.reload();
            }}
          >
            Look again
          </button>
        </p>
      )}
      <p role="status">{said && <Said one={said} />}</p>
      {usage.problem && <Failed problem={usage.problem} retry={usage.reload} />}
      {another(effective, [usage]) && <Failed problem={effective.problem!} retry={effective.reload} />}
      {!usage.value && !usage.problem && <Waiting />}
      {(where === null ? usage.value : effective.value) && (
        <Budgets
          usage={usage.value} effective={effective.value} where={where} now={now}
          change={changes ? (limit) => begin({ kind: "change", limit }) : null}
        />
      )}
      <AfterPaint>
        {() => (
          <>
            {usage.value && !unknown && <Charts usage={usage.value} rows={rows} />}
            <Overrides
              overrides={overrides} told={[usage, effective]} ofAll={where === null} now={now}
              tenants={where === null && looked.length < tenants.length ? tenants : null} look={() => setLooked(tenants)}
              act={changes ? (kind, one) => begin({ kind, one }) : null}
            />
            {!unknown && <Why of={where} recorded={operator && !own} />}
            {taps && <Taps all={taps} now={now} />}
            {usage.value && rows.length > 0 && <UseTable usage={usage.value} rows={rows} />}
          </>
        )}
      </AfterPaint>
      {dialog?.kind === "change" && <ChangeDialog target={dialog.limit} close={close} done={done} />}
      {dialog && dialog.kind !== "change" && <DecideDialog kind={dialog.kind} one={dialog.one} close={close} done={done} />}
    </>
  );
}
