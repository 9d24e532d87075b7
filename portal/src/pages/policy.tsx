import { useEffect, useMemo, useState } from "preact/hooks";
import type { Problem } from "../api.ts";
import { type Bar, BarChart } from "../chart/bars.tsx";
import type { Policy } from "../client.ts";
import { Copy } from "../copy.tsx";
import { ago, count, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { Send, useSending } from "../modal.tsx";
import { NOTHING, queryOf, readFilters } from "../policy/filters.ts";
import { type Count, denialsByReason, isFamily, rulesByUse } from "../policy/words.ts";
import { client, place, session, tenant, utc } from "../state.ts";
import { Decisions, toDecisions } from "./policy_decisions.tsx";

const EVERY_MS = 30_000; // the server counts ten thousand decisions for it

const FROM: Record<Policy["location_kind"], string> = {
  "built-in": "the program itself", folder: "a folder", file: "a file", url: "a server", opa: "an OPA server elsewhere",
};

// There is no source of this server's own to look at.
const looksNowhere = ({ location_kind: kind }: Policy) => kind === "built-in" || kind === "opa";

const nameOf = ({ bundle, revision }: Policy) => (revision === null ? bundle : `${bundle} ${revision}`);

function Elsewhere({ problem, operator }: { problem: string | null; operator: boolean }) {
  if (problem === null) return <p>✓ An OPA server elsewhere decides on every request.</p>;
  return (
    <section class="notice bad">
      <h2>✕ The OPA server that decides does not answer</h2>
      <pre dir="auto">{problem}</pre>
      {!operator && <p>The operator's people see all that is known of it.</p>}
      <p>Every request is denied with <code>policy-error</code> until it does.</p>
    </section>
  );
}

// What is wrong with what decides, and what decides nevertheless.
function State({ policy, operator }: { policy: Policy; operator: boolean }) {
  const { problem, expired, location_kind: kind } = policy;
  if (kind === "opa") return <Elsewhere problem={problem} operator={operator} />;
  return (
    <>
      {problem !== null && (
        <section class="notice bad">
          <h2>✕ The last look at the source brought no good bundle</h2>
          <pre dir="auto">{problem}</pre>
          {!operator && <p>The operator's people see all that is known of it.</p>}
          <p>
            <bdi>{nameOf(policy)}</bdi> stays in use, and decides on every request meanwhile.
          </p>
        </section>
      )}
      {expired && (
        <section class="notice bad">
          <h2>▲ The bundle in use has expired</h2>
          <p>
            Its own end has passed. Until its source has a newer one it stays in use, or denies everything with{" "}
            <code>policy-expired</code>, as the server is told to.
          </p>
        </section>
      )}
      {problem === null && !expired && (
        <p>
          {kind === "built-in"
            ? "✓ The policies that come with the program decide. A bundle of your own: policy.source.location."
            : "✓ What decides is the newest of its source."}
        </p>
      )}
    </>
  );
}

function Since({ at, now }: { at: string | null; now: number }) {
  return <>{at === null ? UNKNOWN : `${time(at, utc.value)}, ${ago(Date.parse(at), now)}`}</>;
}

function Facts({ policy }: { policy: Policy }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const builtIn = policy.location_kind === "built-in";
  if (policy.location_kind === "opa") {
    return (
      <dl class="facts">
        <dt>Revision</dt>
        <dd>{policy.revision === null ? `${UNKNOWN} its answers name none` : <bdi>{policy.revision}</bdi>}</dd>
        <dt>Comes from</dt>
        <dd>{FROM.opa}</dd>
      </dl>
    );
  }
  return (
    <dl class="facts">
      <dt>Bundle</dt>
      <dd><bdi>{policy.bundle}</bdi></dd>
      <dt>Revision</dt>
      <dd>{policy.revision === null ? `${UNKNOWN} its manifest names none` : <bdi>{policy.revision}</bdi>}</dd>
      <dt>Signed by</dt>
      <dd>
        {policy.signed_by !== null && <>✓ <bdi>{policy.signed_by}</bdi></>}
        {policy.signed_by === null && (builtIn ? "it comes with the program" : "▲ nobody: unsigned bundles are taken here")}
      </dd>
      {policy.digest !== null && (
        <>
          <dt>Digest</dt>
          <dd>
            <code>{policy.digest}</code> <Copy text={policy.digest} what="the digest" />
          </dd>
        </>
      )}
      {!builtIn && (
        <>
          <dt>Channel</dt>
          <dd>
            <bdi>{policy.channel}</bdi>{policy.packed && ", ✓ its pack names it and all its files"}
          </dd>
        </>
      )}
      {policy.expires_at !== null && (
        <>
          <dt>{policy.expired ? "Expired" : "Expires"}</dt>
          <dd>{policy.expired && "▲ "}{time(policy.expires_at, utc.value)}</dd>
        </>
      )}
      <dt>Comes from</dt>
      <dd>{FROM[policy.location_kind]}</dd>
      <dt>In use since</dt>
      <dd><Since at={policy.activated_at} now={now} /></dd>
      {!builtIn && (
        <>
          <dt>Source looked at</dt>
          <dd><Since at={policy.looked_at} now={now} /></dd>
          <dt>Since the server's start</dt>
          <dd>
            {count(policy.activations)} put into use, {policy.refused > 0 && "▲ "}{count(policy.refused)} refused
          </dd>
        </>
      )}
    </dl>
  );
}

const ALLOWED = { name: "not denied for it", colour: 4 };
const DENIED = { name: "denied", colour: 5 };

function barOf(kind: "rule" | "reason", { id, note, allowed, denied }: Count): Bar {
  const to = `/policy?${queryOf({ ...NOTHING, [kind]: id })}`;
  const label = isFamily(id)
    ? <code>{id}</code>
    : <Link to={to} then={toDecisions}><code>{id}</code></Link>;
  return { name: id, label, note, parts: kind === "rule" ? [allowed, denied] : [denied] };
}

const COUNTED_MAX = 10_000; // the server looks at no more

function Charts({ policy: { rules, counted, sampled, estimated }, operator }: { policy: Policy; operator: boolean }) {
  const used = useMemo(() => rulesByUse(rules), [rules]);
  const denials = useMemo(() => denialsByReason(rules), [rules]);
  return (
    <>
      {counted !== undefined && (
        <p class="soft">
          Of {counted >= COUNTED_MAX && "the newest "}{count(counted)} decisions of the last hour{operator && ", on all tenants' data"}. A
          rule leads to its decisions.
          {sampled && ` ▲ The decision log is sampled: these stand for about ${count(estimated)} decisions.`}
        </p>
      )}
      <div class="charts">
        <BarChart
          title="Decisions by rule, last hour" kinds={[ALLOWED, DENIED]} bars={used.map((one) => barOf("rule", one))}
          empty="No rule is named, and none spoke."
        />
        <BarChart
          title="Denials by reason, last hour" kinds={[DENIED]} bars={denials.map((one) => barOf("reason", one))}
          empty="✓ Nothing was denied in the last hour."
        />
      </div>
    </>
  );
}

// Why a look at the source changed nothing.
function NotTaken({ problem, retry }: { problem: Problem; retry: () => void }) {
  if (problem.status !== 409 && problem.status !== 503) return <Failed problem={problem} retry={retry} />;
  return (
    <section class="notice bad" role="alert">
      <h2>{problem.status === 409 ? "✕ The bundle at the source was refused" : "▲ The source does not answer"}</h2>
      <pre dir="auto">{problem.message}</pre>
      <p>What was in use stays in use.</p>
    </section>
  );
}

export default function PolicyPage() {
  const who = session.value;
  const where = tenant.value || who?.tenant || "";
  const operator = who?.tenant === "system";
  const writes = who?.scopes.includes("admin:write") ?? false;
  const query = place.value.searchParams.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(query)), [query]);
  const policy = useLoaded("policy", client.getPolicy, EVERY_MS);
  const { problem, busy, send } = useSending();
  const [said, setSaid] = useState("");
  const shown = policy.value;
  const look = () => send(async () => {
    setSaid("");
    const before = shown?.digest;
    try {
      const now = await client.reloadPolicy();
      setSaid(now.digest === before ? `${nameOf(now)} stays in use` : `${nameOf(now)} is in use now`);
    } finally {
      policy.reload();
    }
  });
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Policy</h1>
        {operator && (
          <span class="buttons">
            {writes && shown && !looksNowhere(shown) && (
              <Send busy={busy} press={() => void look()} plain>Look at the source now</Send>
            )}
            <Link to="/policy/what-if" button>What if</Link>
          </span>
        )}
      </header>
      <p>
        What decides on each request, and what it decided.
        {operator && where === who.tenant && " Choose a tenant above to see the decisions on its data."}
      </p>
      <p role="status">{said && <>✓ <bdi>{said}</bdi></>}</p>
      {problem && <NotTaken problem={problem} retry={() => void look()} />}
      {policy.problem && <Failed problem={policy.problem} retry={policy.reload} />}
      {!shown && !policy.problem && <Waiting />}
      {shown && (
        <>
          <State policy={shown} operator={operator} />
          <Facts policy={shown} />
          <Charts policy={shown} operator={operator} />
        </>
      )}
      <Decisions where={where} filters={filters} told={policy.problem} />
    </>
  );
}
