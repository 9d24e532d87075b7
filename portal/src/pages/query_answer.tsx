// A private answer: bars with their error bars, the same as a table, and as it came.
import { useId, useState } from "preact/hooks";
import { Copy } from "../copy.tsx";
import { count, UNKNOWN } from "../format.ts";
import { type Answer, type AnswerRow, keyText, rowText, scaleOf, verdictText } from "../privacy/query.ts";
import { Table } from "../table.tsx";

const SHOWN = 12;

function Bars({ rows }: { rows: AnswerRow[] }) {
  const [all, setAll] = useState(false);
  const list = useId();
  const at = scaleOf(rows);
  const zero = at("0");
  return (
    <>
      <ul class="bars" id={list}>
        {(all ? rows : rows.slice(0, SHOWN)).map((row, i) => {
          const end = at(row.value);
          return (
            <li key={i}>
              <span><bdi>{keyText(row.key)}</bdi></span>
              <span>{rowText(row)}</span>
              <svg class="whiskers" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
                <rect class="pile-0" x={Math.min(zero, end)} width={Math.abs(end - zero)} y="2" height="8" />
                {row.low !== null && row.high !== null && (
                  <path d={`M${at(row.low)} 1V11M${at(row.low)} 6H${at(row.high)}M${at(row.high)} 1V11`} />
                )}
              </svg>
            </li>
          );
        })}
      </ul>
      {rows.length > SHOWN && (
        <button type="button" class="quiet" aria-expanded={all} aria-controls={list} onClick={() => setAll(!all)}>
          {all ? "Fewer" : `All ${count(rows.length)}`}
        </button>
      )}
    </>
  );
}

export function AnswerPart({ answer }: { answer: Answer }) {
  const [table, setTable] = useState(false);
  const { rows } = answer;
  const raw = JSON.stringify(answer, null, 2);
  return (
    <section aria-labelledby="answer">
      <h2 id="answer">Answer</h2>
      <p role="status">
        {answer.verdict === "CACHED" ? verdictText("CACHED") : `✓ Answered for epsilon ${answer.epsilon}`}
        {answer.release !== null && <>, charge <code>{answer.release}</code></>}
      </p>
      {rows.length === 0 && <p>No group has enough people in it to be shown.</p>}
      {rows.length > 0 && (
        <figure class="chart" aria-labelledby="answer-title">
          <figcaption>
            <span id="answer-title">Noisy values; the true one is between the ends of the line in 95 of 100 answers</span>
            <button type="button" class="quiet" aria-pressed={table} onClick={() => setTable(!table)}>Table</button>
          </figcaption>
          {!table && <Bars rows={rows} />}
          {table && (
            <Table title="The answer" heads={["Group", "#Value", "#At least", "#At most"]}>
              {rows.map((row, i) => (
                <tr key={i}>
                  <th scope="row"><bdi>{keyText(row.key)}</bdi></th>
                  <td class="number">{row.value}</td>
                  <td class="number">{row.low ?? UNKNOWN}</td>
                  <td class="number">{row.high ?? UNKNOWN}</td>
                </tr>
              ))}
            </Table>
          )}
        </figure>
      )}
      <details class="sources">
        <summary>As it came</summary>
        <pre>{raw}</pre>
        <Copy text={raw} what="the answer" />
      </details>
    </section>
  );
}
