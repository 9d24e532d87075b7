import type { DecisionDetail, Explanation } from "../client.ts";
import type { ComponentChildren } from "preact";
import { Copy } from "../copy.tsx";
import { count, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { NOTHING, queryOf } from "../policy/filters.ts";
import { columnsText, maskText, verdictText } from "../policy/words.ts";
import { client, path, utc } from "../state.ts";

export const PREFIX = "/policy/decisions/";

interface TableProps {
  title: string;
  heads: string[];
  children: ComponentChildren;
}

function Table({ title, heads, children }: TableProps) {
  return (
    <div class="scroll below" tabIndex={0} role="region" aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>{heads.map((head) => <th key={head} scope="col">{head}</th>)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function Verdict({ decision }: { decision: DecisionDetail }) {
  const { allowed, explanation, resource } = decision;
  return (
    <>
      <section class={`notice ${allowed ? "good" : "bad"}`}>
        <h2>{allowed ? "✓ Allowed" : "✕ Denied"}</h2>
        <p dir="auto">{explanation.summary}</p>
      </section>
      <dl class="facts">
        <dt>Decision</dt>
        <dd>
          <code>{decision.id}</code> <Copy text={decision.id} what="the id" />
        </dd>
        <dt>When</dt>
        <dd>{time(decision.at, utc.value)}</dd>
        <dt>Who</dt>
        <dd><bdi>{decision.principal}</bdi></dd>
        <dt>Wanted to</dt>
        <dd>
          {decision.action} the {resource.kind}{" "}
          {resource.kind === "dataset"
            ? <Link to={`/datasets/${encodeURIComponent(resource.name)}`}><bdi>{resource.name}</bdi></Link>
            : <bdi>{resource.name}</bdi>}
        </dd>
        <dt>Data of</dt>
        <dd><bdi>{decision.tenant}</bdi></dd>
        <dt>Purpose</dt>
        <dd>{decision.purpose === "" ? `${UNKNOWN} none was stated` : <bdi>{decision.purpose}</bdi>}</dd>
        <dt>Warrant</dt>
        <dd>{decision.warrant === null ? `${UNKNOWN} none was named` : <code>{decision.warrant}</code>}</dd>
        <dt>Decided by</dt>
        <dd><bdi>{decision.revision}</bdi></dd>
        <dt>Request</dt>
        <dd><code>{decision.request_id}</code></dd>
        {decision.rate < 1 && (
          <>
            <dt>In the log</dt>
            <dd>▲ it stands for about {count(Math.round(1 / decision.rate))} decisions: the log is sampled</dd>
          </>
        )}
      </dl>
    </>
  );
}

// Of a denial: what of the request would have to be another.
function WouldAllow({ explanation: { would_allow: ways, tried } }: { explanation: Explanation }) {
  return (
    <section class="notice" aria-labelledby="would-allow">
      <h2 id="would-allow">What would have been allowed</h2>
      {ways.length === 0 && (
        <p>
          {tried > 0
            ? `None of the ${count(tried)} other requests that were tried.`
            : "Nothing was tried: what was asked for is not there any more."}
        </p>
      )}
      {ways.length > 0 && (
        <>
          <p>The same request {ways.length === 1 ? "would be allowed now:" : "would be allowed now in any of these ways:"}</p>
          <ul>
            {ways.map(({ changes }) => {
              const text = changes.map((one) => one.text).join(", and ");
              return <li key={text} dir="auto">{text}</li>;
            })}
          </ul>
        </>
      )}
    </section>
  );
}

function Now({ decision }: { decision: DecisionDetail }) {
  const { now } = decision.explanation;
  if (now === null) return <p>An OPA server elsewhere decided it. Its policies are not known here, so nothing is tried under them.</p>;
  const { revision, policies_changed: changed, outcome, same } = now;
  if (outcome === null) return <p>▲ What was asked for is not there any more, so nothing is decided on it now.</p>;
  if (same) {
    return (
      <p>
        ✓ It would be decided the same now{changed && <>, by <bdi>{revision}</bdi></>}.
      </p>
    );
  }
  return (
    <p class="warn">
      ▲ Now <bdi>{revision}</bdi> would decide otherwise: {verdictText(outcome.allow)}
      {outcome.reasons.length > 0 && <>, <code>{outcome.reasons.join(", ")}</code></>}, with{" "}
      {columnsText(Object.keys(outcome.masked).length)} masked.
    </p>
  );
}

function Rules({ rules }: { rules: Explanation["rules"] }) {
  if (rules.length === 0) return <p>No rule spoke: nothing allowed it, and what nothing allows is denied.</p>;
  return (
    <Table title="Rules that spoke" heads={["Rule", "Effect", "What it is for", "Where"]}>
      {rules.map((one) => (
        <tr key={one.id}>
          <th scope="row" class="state">
            <Link to={`/policy?${queryOf({ ...NOTHING, rule: one.id })}`}><code>{one.id}</code></Link>
          </th>
          <td class="state">{one.effect === "deny" ? "✕ denies" : "does not deny"}</td>
          <td class="wrap" dir="auto">
            {one.title ?? UNKNOWN}
            {one.description !== null && <span class="soft"> {one.description}</span>}
          </td>
          <td class="wrap">
            <code>{one.file === null ? UNKNOWN : `${one.file}${one.row === null ? "" : `:${one.row}`}`}</code>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Inputs({ inputs }: { inputs: Explanation["inputs"] }) {
  if (inputs.length === 0) return null;
  return (
    <Table title="What these rules read of the request" heads={["Input", "Value", "Read by"]}>
      {inputs.map((one) => (
        <tr key={one.name}>
          <th scope="row" class="state"><code>{one.name}</code></th>
          <td class="wrap"><code dir="auto">{JSON.stringify(one.value)}</code></td>
          <td class="wrap"><code>{one.rules.join(", ")}</code></td>
        </tr>
      ))}
    </Table>
  );
}

function Masks({ allowed, explanation: { masks } }: DecisionDetail) {
  if (masks.length === 0) return <p>No column is masked.</p>;
  return (
    <Table title={`Masked${allowed ? "" : ", had it been allowed"}: ${columnsText(masks.length)}`} heads={["Column", "Is shown as", "Mask", "Sensitivity"]}>
      {masks.map((one) => (
        <tr key={one.column}>
          <th scope="row"><code>{one.column}</code></th>
          <td>{maskText(one.mask)}</td>
          <td><code>{one.mask}</code></td>
          <td>{one.sensitivity ?? UNKNOWN}</td>
        </tr>
      ))}
    </Table>
  );
}

function Explained({ decision }: { decision: DecisionDetail }) {
  const { explanation } = decision;
  const command = `maestro policy explain ${decision.id}`;
  const input = JSON.stringify(decision.input, null, 2);
  return (
    <>
      <Verdict decision={decision} />
      <Now decision={decision} />
      {!decision.allowed && explanation.now !== null && <WouldAllow explanation={explanation} />}
      <Rules rules={explanation.rules} />
      <Inputs inputs={explanation.inputs} />
      <Masks {...decision} />
      <details class="sources">
        <summary>All of the input</summary>
        <pre dir="auto">{input}</pre>
        <Copy text={input} what="the input" />
      </details>
      <section class="command" aria-label="Command">
        <p>The same in a shell of the server:</p>
        <pre>{command}</pre>
        <Copy text={command} what="the command" />
      </section>
    </>
  );
}

export default function DecisionPage() {
  const id = decodeURIComponent(path.value.slice(PREFIX.length));
  const loaded = useLoaded(`decision ${id}`, () => client.getDecision({ decision: id }));
  const { value, problem } = loaded;
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Decision</h1>
        <Link to="/policy">All decisions</Link>
      </header>
      {problem && <Failed problem={problem} retry={loaded.reload} />}
      {problem?.status === 404 && <p>The log keeps decisions for a while only, and of allowed ones a sample where it is set so.</p>}
      {!value && !problem && <Waiting />}
      {value && <Explained decision={value} />}
    </>
  );
}
