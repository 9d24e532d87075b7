// What was tried on a tenant's data outside of its regions, and what probes found there.
import type { ResidencyAttempt } from "../client.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { type Parts, PartsPager } from "../parts.tsx";
import { CODES } from "../residency/filters.ts";
import { attemptText, codeText, wayText } from "../residency/words.ts";
import { utc } from "../state.ts";

const recordsText = (records: number) => `${count(records)} ${records === 1 ? "record" : "records"}`;

function Row({ one }: { one: ResidencyAttempt }) {
  return (
    <tr class="marked">
      <th scope="row" class="state">{time(one.at, utc.value)}</th>
      <td><bdi class="long" title={one.actor}>{one.actor}</bdi></td>
      <td>
        {one.dataset !== null && <Link to={`/datasets/${encodeURIComponent(one.dataset)}`}><bdi>{one.dataset}</bdi></Link>}
        {one.dataset === null && <bdi>{one.source ?? UNKNOWN}</bdi>}
      </td>
      <td>{one.action ?? UNKNOWN}</td>
      <td class="state">{one.erased ? "✕ erased" : wayText(one.src, one.dst)}</td>
      <td><code>{one.code ?? UNKNOWN}</code></td>
      <td class="state">{attemptText(one.denied)}</td>
      <td class="number">{count(one.count)}</td>
      <td>
        <Link to={`/access?record=${one.record}`}><span class="hidden">Record </span>{one.record}</Link>
      </td>
    </tr>
  );
}

export function AttemptTable({ where, attempts }: { where: string; attempts: Parts<ResidencyAttempt> }) {
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of attempts">
        <table>
          <caption>
            Attempts on data of <bdi>{where}</bdi>, newest first: {recordsText(attempts.items.length)}
          </caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Dataset or source</th>
              <th scope="col">Action</th>
              <th scope="col">Way</th>
              <th scope="col">Reason</th>
              <th scope="col">Result</th>
              <th scope="col" class="number">Times</th>
              <th scope="col">Record</th>
            </tr>
          </thead>
          <tbody>
            {attempts.items.map((one) => <Row key={one.record} one={one} />)}
          </tbody>
        </table>
      </div>
      <PartsPager parts={attempts} what="attempts" />
      <details class="sources">
        <summary>What the reasons mean</summary>
        <dl class="facts">
          {CODES.map((code) => (
            <>
              <dt><code>{code}</code></dt>
              <dd>{codeText(code)}</dd>
            </>
          ))}
        </dl>
      </details>
    </>
  );
}
