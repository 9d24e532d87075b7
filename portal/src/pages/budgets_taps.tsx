// What holds requests up by hand: emergency taps that are open now, and whom they hold up.
import { affectedText, leftText, matchText, tapText } from "../budgets/words.ts";
import type { Tap } from "../client.ts";
import { count, time } from "../format.ts";
import { utc } from "../state.ts";
import { Table } from "../table.tsx";
import { RecordLink } from "./budgets_overrides.tsx";

function Row({ one, now }: { one: Tap; now: number }) {
  return (
    <tr class="marked">
      <th scope="row" class="wrap"><code>{tapText(one)}</code></th>
      <td class="wrap"><bdi>{matchText(one)}</bdi></td>
      <td class="wrap">
        {time(one.until, utc.value)}
        <div>{leftText(one.until, now)}</div>
        {!one.stored && <div class="warn">▲ a restart forgets it</div>}
      </td>
      <td class="wrap">
        <bdi>{one.reason}</bdi>
        <div class="soft"><bdi>{one.set_by}</bdi></div>
      </td>
      <td class="number">{count(one.affected.last_minute)}</td>
      <td class="number">{count(one.affected.refused_last_minute)}</td>
      <td class="wrap"><bdi>{affectedText(one)}</bdi></td>
      <td class="number">{one.record === null ? "▲ not yet" : <RecordLink tenant="system" record={one.record} />}</td>
    </tr>
  );
}

export function Taps({ all, now }: { all: Tap[]; now: number }) {
  return (
    <section aria-labelledby="taps">
      <h2 id="taps">Taps</h2>
      {all.length === 0 && <p>✓ None is set.</p>}
      {all.length > 0 && (
        <Table
          title="Emergency taps"
          heads={["Action", "Whose requests", "Until", "Why", "#In the last minute", "#Refused of them", "Of whom", "#Record"]}
        >
          {all.map((one) => <Row key={one.id} one={one} now={now} />)}
        </Table>
      )}
    </section>
  );
}
