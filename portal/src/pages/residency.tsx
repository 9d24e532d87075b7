import { useEffect, useMemo, useState } from "preact/hooks";
import type { Residency, ResidencyPlace, ResidencyProof } from "../client.ts";
import { FilterFrame, Nothing, TextField, TimeField, useDraft } from "../filter_form.tsx";
import { ago } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed, type Loaded, useLoaded, Waiting } from "../load.tsx";
import { Send, useSending } from "../modal.tsx";
import { type Parts, useParts } from "../parts.tsx";
import { PassingButton } from "../passing.tsx";
import {
  attemptsAsked, CODES, type Filters, isNothing, NOTHING, proofsAsked, queryOf, readFilters, type Result, TEXT_MAX, writeFilters,
} from "../residency/filters.ts";
import { ANYWHERE, periodText, placeText, proofText, regionText } from "../residency/words.ts";
import { address, client, go, place, session, tenant, utc } from "../state.ts";
import { AttemptTable } from "./residency_attempts.tsx";
import { ProofTable } from "./residency_proofs.tsx";

const LOADED_AT_ONCE = 50;
const STALE_MS = 2 * 3_600_000; // a proof is made every hour

const show = (filters: Filters) => go(address("/residency", { own: writeFilters(filters) }));

const TIMES = [["from", "From (UTC)"], ["to", "Before (UTC)"]] as const;
const UNMATCHED = "There is none as the filters say.";

function FilterForm({ filters, ofAll }: { filters: Filters; ofAll: boolean }) {
  const { draft, change, first } = useDraft(filters, queryOf(filters));
  return (
    <FilterFrame send={() => show({ ...draft, period: "" })} clear={() => show(NOTHING)}>
      <p>
        <label for="filter-result">Proofs</label>
        <select
          id="filter-result" ref={first} value={draft.result}
          onChange={(event) => change({ result: event.currentTarget.value as Result })}
        >
          <option value="">All</option>
          <option value="held">Held</option>
          <option value="not-held">Not proven</option>
        </select>
      </p>
      {!ofAll && (
        <>
          <p>
            <label for="filter-code">Reason of attempts</label>
            <select id="filter-code" value={draft.code} onChange={(event) => change({ code: event.currentTarget.value })}>
              <option value="">All</option>
              {CODES.map((code) => <option key={code} value={code}>{code}</option>)}
            </select>
          </p>
          <TextField
            name="actor" label="Who tried" hint="ben@alpha, or ben*" max={TEXT_MAX} value={draft.actor}
            change={(value) => change({ actor: value.trim() })}
          />
        </>
      )}
      {TIMES.map(([name, label]) => (
        <TimeField
          key={name} name={name} label={label} type="datetime-local" value={draft[name]}
          min={name === "to" ? draft.from : undefined} change={(value) => change({ [name]: value })}
        />
      ))}
    </FilterFrame>
  );
}

function Newest({ proof, proven }: { proof: ResidencyProof; proven: boolean }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const made = Date.parse(proof.at);
  const when = `${periodText(proof.period, utc.value)}, made ${ago(made, now)}`;
  const link = <Link to={`/residency?period=${proof.period}`}>See it</Link>;
  if (!proof.ok) {
    return (
      <section class="notice bad">
        <h2>✕ The newest proof does not say that the data were in place</h2>
        <p>{when}. A source that gave no answer leaves nothing proven, too. {link}</p>
      </section>
    );
  }
  if (proven && now - made > STALE_MS) {
    return (
      <section class="notice bad">
        <h2>▲ The newest proof is old</h2>
        <p>{when}. It held; of the time since nothing is proven. {link}</p>
      </section>
    );
  }
  return <p>✓ The newest proof says that all data were in place: {when}. {link}</p>;
}

function PlaceRow({ one, bound }: { one: ResidencyPlace; bound: boolean }) {
  return (
    <tr class={one.verdict === "permitted" ? undefined : "marked"}>
      <th scope="row"><bdi>{one.source}</bdi></th>
      <td>{regionText(one.region)}</td>
      <td class="wrap">
        {one.datasets.map((name, i) => (
          <>
            {i > 0 && ", "}
            <Link to={`/datasets/${encodeURIComponent(name)}`}><bdi>{name}</bdi></Link>
          </>
        ))}
      </td>
      <td>{placeText(one, bound)}</td>
    </tr>
  );
}

// Where the data lie and may lie, as it is configured.
function Places({ residency }: { residency: Residency }) {
  const { region, permitted, unstated, node, places, absent, proven } = residency;
  const bound = region !== ANYWHERE;
  return (
    <>
      <dl class="facts">
        <dt>Region of the tenant</dt>
        <dd>{bound ? region : "local: it is bound to none"}</dd>
        {bound && (
          <>
            <dt>May lie in, too</dt>
            <dd>{permitted.length === 0 ? "no other region" : permitted.join(", ")}</dd>
            <dt>Where it is not stated</dt>
            <dd>{unstated === "deny" ? "it is refused" : "it is served, and never proven"}</dd>
          </>
        )}
        <dt>This server</dt>
        <dd>
          <bdi>{node.name}</bdi>, {node.region === "" ? "▲ where it stands is not stated (policy.region)" : `in ${node.region}`}
        </dd>
        <dt>Proofs</dt>
        <dd>{proven ? "at the end of every hour" : "▲ none are made (residency.probes)"}</dd>
      </dl>
      {places.length > 0 && (
        <div class="scroll below" tabIndex={0} role="region" aria-label="Table of places">
          <table>
            <caption>Where the data are</caption>
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col">Region</th>
                <th scope="col">Datasets</th>
                <th scope="col">Requests</th>
              </tr>
            </thead>
            <tbody>
              {places.map((one) => <PlaceRow key={`${one.source} ${one.region}`} one={one} bound={bound} />)}
            </tbody>
          </table>
        </div>
      )}
      {absent.length > 0 && <p class="soft">No place for its data have: <bdi>{absent.join(", ")}</bdi>.</p>}
    </>
  );
}

const clearOf = (filters: Filters) => (isNothing(filters) ? null : () => show(NOTHING));

// One failure of several is told once.
const another = (one: Loaded<unknown>, told: Loaded<unknown>[]) => one.problem !== null && !told.some(({ problem }) =>
  problem !== null && problem.status === one.problem?.status && problem.code === one.problem.code);

interface ProofsProps {
  proofs: Parts<ResidencyProof>;
  filters: Filters;
  ofAll: boolean;
  told: Loaded<unknown>[];
}

function Proofs({ proofs, filters, ofAll, told }: ProofsProps) {
  const { first, items, more } = proofs;
  const { period } = filters;
  return (
    <section aria-labelledby="proofs">
      <h2 id="proofs">Proofs</h2>
      {another(first, told) && <Failed problem={first.problem!} retry={first.reload} />}
      {!first.value && !first.problem && <Waiting />}
      {period !== "" && first.value && (
        <p>
          {items[0] && !items.some((one) => one.period === period) ? "That proof is not kept any more. Here are" : "That proof, and"}{" "}
          those before it. <PassingButton press={() => show({ ...filters, period: "" })}>Show the newest</PassingButton>
        </p>
      )}
      {first.value && items.length === 0 && !more && (
        <Nothing
          title="There is no proof yet" unmatched={UNMATCHED} clear={clearOf(filters)}
          text="One is made at the end of every hour, of each tenant with data here."
        />
      )}
      {(items.length > 0 || more) && <ProofTable proofs={proofs} ofAll={ofAll} period={period} />}
    </section>
  );
}

interface AttemptsProps {
  where: string;
  filters: Filters;
  told: Loaded<unknown>[];
}

function Attempts({ where, filters, told }: AttemptsProps) {
  const question = { tenant: where, ...attemptsAsked(filters), limit: LOADED_AT_ONCE };
  const attempts = useParts(`attempts ${JSON.stringify(question)}`, (cursor) =>
    client.listResidencyAttempts({ ...question, ...cursor }));
  const { first, items } = attempts;
  const { code, actor, from, to } = filters;
  return (
    <section aria-labelledby="attempts">
      <h2 id="attempts">Attempts</h2>
      {another(first, told) && <Failed problem={first.problem!} retry={first.reload} />}
      {!first.value && !first.problem && <Waiting />}
      {first.value && items.length === 0 && (
        <Nothing
          title="✓ Nothing was tried" unmatched={UNMATCHED} clear={clearOf({ ...NOTHING, code, actor, from, to })}
          text="Who reaches for data outside of their regions is denied, and stands here and in the log from that moment."
        />
      )}
      {items.length > 0 && <AttemptTable where={where} attempts={attempts} />}
    </section>
  );
}

export default function ResidencyPage() {
  const who = session.value;
  const operator = who?.tenant === "system";
  const where = tenant.value || who?.tenant || "";
  const ofAll = operator && where === who.tenant; // the operator's own tenant has no data
  const writes = (who?.scopes.includes("admin:write") ?? false) && (operator || who!.roles.includes("tenant-admin"));
  const query = place.value.searchParams.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(query)), [query]);
  const residency = useLoaded<Residency>(`residency ${where}`, ofAll ? null : () => client.locateResidency({ tenant: where }));
  const question = { ...(ofAll ? {} : { tenant: where }), ...proofsAsked(filters), limit: LOADED_AT_ONCE };
  const proofs = useParts(`proofs ${where} ${JSON.stringify(question)}`, (cursor) =>
    client.listResidency({ ...question, ...cursor }));
  const { problem, busy, send, clear } = useSending();
  const [said, setSaid] = useState("");
  const [round, setRound] = useState(0);
  const shown = residency.value;
  const newest = isNothing(filters) && !ofAll ? proofs.first.value?.items[0] : undefined;
  const prove = () => send(async () => {
    setSaid("");
    const made = await client.probeResidency({ tenant: where });
    setSaid(`${proofText(made.ok)}: the proof of ${periodText(made.period, utc.value)} is made`);
    proofs.first.reload();
    setRound(round + 1); // what the probe found is among the attempts
  });
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Residency</h1>
        {writes && shown && shown.places.length > 0 && (
          <Send busy={busy} press={() => void prove()} plain>Prove it now</Send>
        )}
      </header>
      <p>
        {ofAll
          ? "Where the tenants' data were, proven hour by hour. Choose a tenant above to see where its data lie, and what was tried."
          : <>Where the data of <bdi>{where}</bdi> lie, proof of it for every hour, and what was tried against it.</>}
        {operator && !ofAll && " That you look at it is recorded."}
      </p>
      <p role="status">{said}</p>
      {problem && <Failed problem={problem} retry={clear} />}
      {residency.problem && <Failed problem={residency.problem} retry={residency.reload} />}
      {!ofAll && !shown && !residency.problem && <Waiting />}
      {newest && <Newest proof={newest} proven={shown?.proven ?? false} />}
      {shown && <Places residency={shown} />}
      <FilterForm filters={filters} ofAll={ofAll} />
      <Proofs proofs={proofs} filters={filters} ofAll={ofAll} told={[residency]} />
      {!ofAll && <Attempts key={round} where={where} filters={filters} told={[residency, proofs.first]} />}
    </>
  );
}
