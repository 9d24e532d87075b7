import { useMemo, useState } from "preact/hooks";
import { dayOf, type Filters, isNothing, NOTHING, readFilters } from "../access/filters.ts";
import type { Warrant } from "../client.ts";
import { type Loaded, Failed, useLoaded, Waiting } from "../load.tsx";
import { PassingButton } from "../passing.tsx";
import { client, place, session, tenant } from "../state.ts";
import { ApproveDialog, AskDialog, EndDialog } from "./access_dialogs.tsx";
import { Files, FilterForm, FiltersShown, show, Views } from "./access_filters.tsx";
import { Chart, type Records, RecordTable, useRecords } from "./access_records.tsx";
import { Requests, Setting, Warrants } from "./access_warrants.tsx";

const REQUESTS_EVERY_MS = 15_000;

interface NothingProps {
  where: string;
  filters: Filters;
  total: number;
}

function NothingFound({ where, filters, total }: NothingProps) {
  if (total === 0) {
    return (
      <section class="notice">
        <h2>Nothing is recorded yet</h2>
        <p>
          What the operator's people read of <bdi>{where}</bdi>, what anybody changes, and what was refused stands here
          from the moment that it happens.
        </p>
        <pre>maestro ledger records --tenant {where}</pre>
      </section>
    );
  }
  return (
    <section class="notice" role="status">
      <h2>Nothing matches</h2>
      <FiltersShown filters={filters} />
      {isNothing(filters) ? (
        <>
          <p>The records of the log are older than 90 days.</p>
          <PassingButton press={() => show({ ...NOTHING, record: total - 1 })}>Show the newest</PassingButton>
        </>
      ) : (
        <PassingButton press={() => show(NOTHING)}>Clear the filters</PassingButton>
      )}
    </section>
  );
}

interface FoundProps {
  where: string;
  filters: Filters;
  now: number;
  records: Records;
  elsewhere: boolean;
}

function Found({ where, filters, now, records, elsewhere }: FoundProps) {
  const { first, items, total } = records;
  const ledger = useLoaded("ledger", client.getLedger);
  return (
    <>
      {first.problem && <Failed problem={first.problem} retry={first.reload} />}
      {first.problem?.status === 403 && elsewhere && <p class="warn">▲ A warrant opens it: ask for one above.</p>}
      {!first.value && !first.problem && <Waiting />}
      {first.value && items.length === 0 && <NothingFound where={where} filters={filters} total={total} />}
      {items.length > 0 && (
        <>
          {filters.record !== null && (
            <p>
              Record {filters.record} and those before it.{" "}
              <PassingButton press={() => show({ ...filters, record: null })}>Show the newest</PassingButton>
            </p>
          )}
          <Files tenant={where} filters={filters} now={now} />
          <Chart records={records} filters={filters} now={now} />
          <RecordTable tenant={where} records={records} filters={filters} logKey={ledger.value?.key ?? null} />
        </>
      )}
    </>
  );
}

type Dialog = { kind: "approve" | "deny" | "revoke"; warrant: Warrant } | { kind: "ask" } | null;

// One failure of several is told once.
const another = (one: Loaded<unknown>, than: Loaded<unknown>) =>
  one.problem !== null && (one.problem.status !== than.problem?.status || one.problem.code !== than.problem.code);

export default function AccessPage() {
  const who = session.value;
  const where = tenant.value || who?.tenant || "";
  const own = where === who?.tenant;
  const operator = who?.tenant === "system";
  const writes = who?.scopes.includes("admin:write") ?? false;
  const warranted = where !== "system"; // the operator's own data need no warrant
  const rights = { decides: own && writes && (who?.roles.includes("tenant-admin") ?? false), ends: writes };

  const query = place.value.searchParams.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(query)), [query]);
  const today = dayOf(Date.now());
  const now = Date.parse(today);
  const records = useRecords(where, filters, now);
  const every = own && warranted ? REQUESTS_EVERY_MS : 0; // asking of the operator's is recorded each time
  const warrants = useLoaded(`warrants ${where}`, warranted
    ? async () => (await client.listWarrants({ tenant: where })).items
    : null, every);
  const access = useLoaded(`access ${where}`, warranted ? () => client.getAccess({ tenant: where }) : null);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [said, setSaid] = useState("");
  const all = warrants.value ?? [];
  const failed = [warrants, access].find((one) => another(one, records.first));
  const close = () => setDialog(null);
  const done = (text: string) => {
    setDialog(null);
    setSaid(text);
    warrants.reload();
    records.first.reload();
  };
  const act = (kind: "approve" | "deny" | "revoke", warrant: Warrant) => {
    setSaid("");
    setDialog({ kind, warrant });
  };
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Access</h1>
        {operator && !own && writes && (
          <button type="button" class="primary" onClick={() => setDialog({ kind: "ask" })}>Ask for a warrant</button>
        )}
      </header>
      <p>
        Who reached for data of <bdi>{where}</bdi>, what was changed, and what was refused.
        {operator && !own && " That you look at it is recorded too."}
        {operator && own && " Choose a tenant above to see its log."}
      </p>
      <p role="status">{said && <>✓ <bdi>{said}</bdi></>}</p>
      <Requests all={all} rights={rights} act={act} />
      {failed?.problem && <Failed problem={failed.problem} retry={failed.reload} />}
      {access.value && (
        <Setting
          tenant={where} access={access.value} decides={rights.decides}
          changed={() => {
            access.reload();
            records.first.reload();
          }}
        />
      )}
      {warranted && warrants.value && <Warrants all={all} rights={rights} act={act} />}
      <FilterForm filters={filters} />
      <Views filters={filters} />
      <Found where={where} filters={filters} now={now} records={records} elsewhere={operator && !own} />
      {dialog?.kind === "approve" && (
        <ApproveDialog tenant={where} warrant={dialog.warrant} close={close} done={done} />
      )}
      {(dialog?.kind === "deny" || dialog?.kind === "revoke") && (
        <EndDialog kind={dialog.kind} tenant={where} warrant={dialog.warrant} close={close} done={done} />
      )}
      {dialog?.kind === "ask" && <AskDialog tenant={where} close={close} done={done} />}
    </>
  );
}
