// What was paid for, the newest first, with the digest of what was released.
import { useState } from "preact/hooks";
import type { PrivacyCharge } from "../client.ts";
import { time, UNKNOWN } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { Modal } from "../modal.tsx";
import { PartsPager, useParts } from "../parts.tsx";
import { client, utc } from "../state.ts";
import { Table } from "../table.tsx";

const STATES: Record<PrivacyCharge["state"], string> = {
  reserved: "reserved", executing: "executing", committed: "✓ answered", burned: "▲ burned, with no answer", released: "released, for nothing",
};
const PAGE = 50;

function ChargeDialog({ tenant, id, close }: { tenant: string; id: string; close: () => void }) {
  const charge = useLoaded(`charge ${id}`, () => client.getPrivacyCharge({ tenant, charge: id }));
  const one = charge.value;
  return (
    <Modal title="What was released" close={close}>
      {charge.problem && <Failed problem={charge.problem} retry={charge.reload} />}
      {!one && !charge.problem && <Waiting />}
      {one && (
        <>
          <dl class="facts">
            <dt>Charge</dt>
            <dd><code>{one.id}</code></dd>
            <dt>Question</dt>
            <dd><code>{one.query}</code></dd>
            <dt>Cost</dt>
            <dd>epsilon {one.epsilon}, delta {one.delta}, rho {one.rho}</dd>
            <dt>Digest of the answer</dt>
            <dd>{one.result ? <code>{one.result}</code> : UNKNOWN}</dd>
            <dt>Settled</dt>
            <dd>{one.settled_at === null ? UNKNOWN : time(one.settled_at, utc.value)}</dd>
          </dl>
          <p class="soft">
            {one.result ? "The answer is told to who asks the query again, and may: it costs nothing more." : "No answer was released of it."}
          </p>
        </>
      )}
      <p class="actions"><button type="button" onClick={close}>Close</button></p>
    </Modal>
  );
}

export function Charges({ tenant, dataset }: { tenant: string; dataset: string }) {
  const charges = useParts(`charges ${JSON.stringify([tenant, dataset])}`, (cursor) =>
    client.listPrivacyCharges({ tenant, dataset, limit: PAGE, ...cursor }));
  const [opened, setOpened] = useState("");
  const { first, items } = charges;
  return (
    <section aria-labelledby="charges">
      <h2 id="charges">What was paid for</h2>
      {first.problem && <Failed problem={first.problem} retry={first.reload} />}
      {!first.value && !first.problem && <Waiting />}
      {first.value && items.length === 0 && <p>Nothing was asked of this dataset yet.</p>}
      {items.length > 0 && (
        <>
          <Table title="Charges, newest first" heads={["Place", "When", "Who", "Purpose", "Kind", "#Epsilon", "State", "~More"]}>
            {items.map((one) => (
              <tr key={one.id}>
                <th scope="row">{one.seq ?? UNKNOWN}</th>
                <td class="state">{time(one.reserved_at, utc.value)}</td>
                <td><bdi class="long" title={one.analyst}>{one.analyst}</bdi></td>
                <td><bdi>{one.purpose}</bdi></td>
                <td>{one.query_type}</td>
                <td class="number">{one.epsilon}</td>
                <td class="state">{STATES[one.state]}</td>
                <td>
                  <button type="button" onClick={() => setOpened(one.id)}>
                    More<span class="hidden"> at place {one.seq ?? UNKNOWN}</span>
                  </button>
                </td>
              </tr>
            ))}
          </Table>
          <PartsPager parts={charges} what="charges" />
        </>
      )}
      {opened !== "" && <ChargeDialog tenant={tenant} id={opened} close={() => setOpened("")} />}
    </section>
  );
}
