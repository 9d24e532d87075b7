// The records of a tenant as the page Access shows them: loaded in parts, as bars by day, as rows that open.
import { Fragment } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { receiptName, verifyLine } from "../access/command.ts";
import { daily } from "../access/daily.ts";
import { asked, dayOf, daysOf, type Filters } from "../access/filters.ts";
import { isDenied, isUnwarranted, isViolation, reasonName, REASONS, typeText, whyText } from "../access/reasons.ts";
import { Problem } from "../api.ts";
import { PileChart } from "../chart/piles.tsx";
import type { LedgerRecord, LedgerRecordPage } from "../client.ts";
import { Copy } from "../copy.tsx";
import { Download } from "../download.tsx";
import { count, date, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { type Loaded, Failed, useLoaded } from "../load.tsx";
import { Pager, usePages } from "../list.tsx";
import { readPeriod } from "../residency/filters.ts";
import { periodText } from "../residency/words.ts";
import { attempt, client, utc } from "../state.ts";

const LOADED_AT_ONCE = 200; // the most that the server gives

export interface Records {
  first: Loaded<LedgerRecordPage>;
  items: LedgerRecord[]; // newest first
  total: number; // in the log
  more: boolean; // older ones match too
  problem: Problem | null; // of the older ones
  older: () => Promise<void>;
}

interface Older {
  of: LedgerRecordPage; // which page they follow
  items: LedgerRecord[];
  next: number | null;
}

export function useRecords(tenant: string, filters: Filters, now: number): Records {
  const question = asked(filters, now);
  const first = useLoaded(`records ${tenant} ${JSON.stringify(question)}`, () =>
    client.listRecords({ tenant, ...question, limit: LOADED_AT_ONCE }),
  );
  const [kept, setKept] = useState<Older | null>(null);
  const [failed, setFailed] = useState<{ of: LedgerRecordPage; problem: Problem } | null>(null);
  const asking = useRef(false);
  const page = first.value;
  const following = kept?.of === page ? kept : null;
  const next = following ? following.next : (page?.next_before ?? null);
  const items = useMemo(() => [...(page?.items ?? []), ...(following?.items ?? [])], [page, following]);
  async function older() {
    if (page === null || next === null || asking.current) return;
    asking.current = true;
    setFailed(null);
    try {
      const got = await attempt(() => client.listRecords({ tenant, ...question, before: next, limit: LOADED_AT_ONCE }));
      setKept({ of: page, items: [...(following?.items ?? []), ...got.items], next: got.next_before });
    } catch (error) {
      if (error instanceof Problem) setFailed({ of: page, problem: error });
    }
    asking.current = false;
  }
  const problem = failed?.of === page ? failed.problem : null;
  return { first, items, total: page?.total ?? 0, more: next !== null, problem, older };
}

interface ChartProps {
  records: Records;
  filters: Filters;
  now: number;
}

export function Chart({ records: { items, more }, filters, now }: ChartProps) {
  const { from, to } = daysOf(filters, now);
  const found = useMemo(() => daily(items, from, to || dayOf(now), more), [items, from, to, more]);
  const newest = items[0];
  const oldest = items.at(-1);
  if (!newest || !oldest || found.days.length === 0) return null;
  return (
    <div class="below">
      <PileChart
        title="Events a day (UTC), by reason"
        unit="Day"
        piles={found.reasons.map(({ reason, values }) => (
          { name: reasonName(reason), colour: REASONS.indexOf(reason), values }
        ))}
        marks={[
          { sign: "▲", name: "without a warrant", values: found.unwarranted },
          { sign: "✕", name: "denied", values: found.denied },
        ]}
        text={count}
        moment={(i) => date(found.days[i] ?? "")}
        axis={(i) => date(found.days[i] ?? "").replace(/ \d+$/, "")}
      />
      <p class="soft">
        Of the {count(items.length)} records that are loaded, {newest.record} down to {oldest.record}.
        {more && ` Older ones are not counted: the day ${date(dayOf(Date.parse(oldest.at)))} may have more.`}
      </p>
    </div>
  );
}

// Members of payloads, in words.
const NAMES: Record<string, string> = {
  object: "Path", reason: "Reason", status: "Answered", rows: "Rows", fields: "Fields", roles: "Roles",
  scopes: "Scopes", region: "Region", peer: "Address", request_id: "Request", token: "Token", session: "Session",
  warrant: "Warrant", of: "Outcome of record", record: "Erased record", ok: "All in place", period: "Proof of",
  violations: "Attempts and finds", dataset: "Dataset", action: "Action", region_src: "Region of the server",
  region_dst: "Region of the data", count: "Times", node: "Server", node_region: "Server in", sha256: "Document's SHA-256",
  override: "Override", scope: "Scope", route: "Route", dimension: "Budget", limit_before: "Limit before", limit_after: "Limit after",
  amount: "Wanted limit", factor: "Wanted factor", from: "From", until: "Until", note: "Why", ticket: "Ticket", asked_by: "Asked by",
  approved_by: "Approved by",
};
const ORDER = Object.keys(NAMES);
const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

// Of residency it is not a path of the admin API.
const nameOf = ({ action }: LedgerRecord, name: string) =>
  (name === "object" && action.startsWith("residency") ? "Source" : NAMES[name]);

function Value({ name, value }: { name: string; value: unknown }) {
  if ((name === "of" || name === "record") && typeof value === "number") {
    return <Link to={`/access?record=${value}`}>{value}</Link>;
  }
  if (name === "period" && typeof value === "string" && readPeriod(value)) {
    return <Link to={`/residency?period=${value}`}>{periodText(value, utc.value)}</Link>;
  }
  if (typeof value === "boolean") return <>{value ? "✓ yes" : "✕ no"}</>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const listed = name === "fields" || name === "roles" || name === "scopes";
  return <bdi>{(listed ? text.replaceAll(",", ", ") : text) || UNKNOWN}</bdi>;
}

const FORMS = [
  ["json", "Receipt"], ["bundle", "Sigstore bundle"], ["tlog-proof", "Log proof"], ["pdf", "PDF"],
  ["html", "Self-verifying page"],
] as const;

interface OpenedProps {
  tenant: string;
  record: LedgerRecord;
  logKey: string | null; // of the ledger, once it is known
}

function Opened({ tenant, record, logKey }: OpenedProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const members = Object.entries(record.payload ?? {}).sort(([a], [b]) => place(a) - place(b));
  const line = logKey === null ? null : verifyLine(receiptName(tenant, record.record), logKey);
  const receipt = `/v1/tenants/${encodeURIComponent(tenant)}/records/${record.record}/receipt`;
  return (
    <div class="opened">
      <dl class="facts">
        <dt>Who</dt>
        <dd>
          <bdi>{record.actor}</bdi>
        </dd>
        <dt>Purpose</dt>
        <dd>
          <bdi>{record.purpose}</bdi>
        </dd>
        {members.map(([name, value]) => (
          <>
            <dt>{nameOf(record, name) ?? <bdi>{name}</bdi>}</dt>
            <dd>
              <Value name={name} value={value} />
            </dd>
          </>
        ))}
      </dl>
      {record.erased && (
        <p>✕ Its payload was erased. That it was, and by whom, stands in a redaction; all proofs still hold.</p>
      )}
      <p class="buttons">
        {FORMS.map(([form, name]) => (
          <Download key={form} href={`${receipt}?form=${form}`} told={setProblem}>
            {name}<span class="hidden"> of record {record.record}</span>
          </Download>
        ))}
        {line && <Copy text={line} what="the command" />}
        <Link to={`/access?record=${record.record}`}>Link to this record</Link>
        <Link to="/verify">Verify in this browser</Link>
      </p>
      {line && <pre>{line}</pre>}
      {problem && <Failed problem={problem} retry={() => setProblem(null)} />}
    </div>
  );
}

interface TableProps {
  tenant: string;
  records: Records;
  filters: Filters;
  logKey: string | null;
}

export function RecordTable({ tenant, records, filters, logKey }: TableProps) {
  const { items, total, more } = records;
  const [opened, setOpened] = useState({ of: filters.record, record: filters.record });
  const pages = usePages(items, `${tenant} ${JSON.stringify(filters)}`);
  // Who comes by the link of another record wants that one open.
  const open = opened.of === filters.record ? opened.record : filters.record;
  const toggle = (record: number) => setOpened({ of: filters.record, record: record === open ? null : record });
  return (
    <>
      <div class="scroll records" tabIndex={0} role="region" aria-label="Records">
        <table>
          <caption>
            {count(items.length)} records, newest first; the log of <bdi>{tenant}</bdi> has {count(total)}
          </caption>
          <thead>
            <tr>
              <th scope="col">Record</th>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Type</th>
              <th scope="col">What</th>
              <th scope="col">Reason</th>
              <th scope="col">Warrant</th>
            </tr>
          </thead>
          <tbody>
            {pages.rows.map((one) => (
              <Fragment key={one.record}>
                <tr class={isUnwarranted(one) || isDenied(one) || isViolation(one) ? "marked" : undefined}>
                  <th scope="row">
                    <button
                      type="button" class="quiet" aria-expanded={one.record === open}
                      onClick={() => toggle(one.record)}
                    >
                      <span class="hidden">Record </span>
                      {one.record} <span aria-hidden="true">{one.record === open ? "▾" : "▸"}</span>
                    </button>
                  </th>
                  <td>{time(one.at, utc.value)}</td>
                  <td><bdi class="long" title={one.actor}>{one.actor}</bdi></td>
                  <td class="state">{typeText(one.type)}</td>
                  <td class="wrap"><code>{one.action}</code></td>
                  <td class="state">{whyText(one)}</td>
                  <td><bdi class="long" title={one.warrant ?? ""}>{one.warrant ?? UNKNOWN}</bdi></td>
                </tr>
                {one.record === open && (
                  <tr>
                    <td colSpan={7}>
                      <Opened tenant={tenant} record={one} logKey={logKey} />
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      <Pager pages={pages} />
      {records.problem && <Failed problem={records.problem} retry={() => void records.older()} />}
      <p class="pager">
        <span role="status">
          {more ? `${count(items.length)} are loaded` : `All ${count(items.length)} that match are loaded`}
        </span>
        <button type="button" aria-disabled={!more} onClick={() => void records.older()}>
          Load older
        </button>
      </p>
    </>
  );
}
