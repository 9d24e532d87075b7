// Counts again in this browser what the accountant claims, from the records of the tenant's log.
import { useState } from "preact/hooks";
import { asProblem, type Problem } from "../api.ts";
import type { Accountant } from "../client.ts";
import { Copy } from "../copy.tsx";
import { count, millis, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed } from "../load.tsx";
import { Send, useSending } from "../modal.tsx";
import type { ChargeEntry, Recount } from "../verify/recount.ts";
import { accountantLine } from "../privacy/words.ts";
import { client } from "../state.ts";
import { recountIn } from "./verify_check.ts";
import { Steps } from "./verify_steps.tsx";

const AT_ONCE = 200;
const TRIES = 4;
const WAIT_MS = 1_000;

// All of them, as charges that come meanwhile are newer than those that were read.
async function readCharges(tenant: string, dataset: string, told: (read: number) => void): Promise<ChargeEntry[]> {
  const out: ChargeEntry[] = [];
  let before: { before?: number } = {};
  for (;;) {
    const page = await client.listRecords({ tenant, type: "dp.charge", action: `dp.charge.${dataset}`, limit: AT_ONCE, ...before });
    out.push(...page.items.map(({ record, payload }) => ({ record, payload })));
    told(out.length);
    if (page.next_before === null) return out;
    before = { before: page.next_before };
  }
}

interface Found {
  claim: Accountant;
  recount: Recount;
  tookMs: number;
}

async function counted(tenant: string, dataset: string, told: (read: number) => void): Promise<Found> {
  // What is charged between the two, or not in the log yet, is no reason to distrust: then again.
  for (let left = TRIES; ; left -= 1) {
    const claim = await client.getAccountant({ tenant, dataset });
    const entries = await readCharges(tenant, dataset, told);
    if (entries.length !== claim.charges && left > 0) {
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      continue;
    }
    const began = performance.now();
    const recount = await recountIn({ ask: "recount", entries, tenant, claim });
    return { claim, recount, tookMs: performance.now() - began };
  }
}

function Result({ found, line }: { found: Found; line: string }) {
  const { claim, recount, tookMs } = found;
  const failed = recount.steps.find(({ outcome }) => outcome === "failed");
  return (
    <section class={failed ? "notice bad" : "notice good"} aria-labelledby="recount-result">
      <h3 id="recount-result">
        {failed ? "✕ The server's figure was not confirmed" : `✓ ${count(claim.charges)} charges counted again: the same`}
      </h3>
      <dl class="facts">
        <dt>Counted in this browser</dt>
        <dd><code>{recount.hash ?? UNKNOWN}</code></dd>
        <dt>Says the server</dt>
        <dd><code>{claim.hash}</code> <Copy text={claim.hash} what="the hash" /></dd>
        <dt>Took</dt>
        <dd>{millis(tookMs)}</dd>
      </dl>
      {failed && (
        <p>
          <bdi>{failed.detail}</bdi>. A charge of this very moment reaches the log a little later: count again. If it stays so, keep
          both hashes, and tell whoever runs this server and your data protection officer.
        </p>
      )}
      <Steps steps={recount.steps} line={line} />
    </section>
  );
}

export function RecountPart({ tenant, dataset }: { tenant: string; dataset: string }) {
  const { problem, busy, send, clear } = useSending();
  const [read, setRead] = useState(0);
  const [found, setFound] = useState<Found | null>(null);
  const [broken, setBroken] = useState<Problem | null>(null);
  const line = accountantLine(tenant, dataset);
  const run = () => void send(async () => {
    setFound(null);
    setBroken(null);
    setRead(0);
    setFound(await counted(tenant, dataset, setRead).catch((error: unknown) => {
      const told = asProblem(error);
      if (told.status === 0 && told.code === "broken") setBroken(told);
      else throw error;
      return null;
    }));
  });
  return (
    <section aria-labelledby="recount">
      <h2 id="recount">Count it again</h2>
      <p>
        Each charge stands in the tenant's log. This browser reads them all, counts the accountant hash of <bdi>{dataset}</bdi>, and
        holds it against what the server says. That the log itself was not changed is for{" "}
        <Link to="/verify">Verify</Link>, with a receipt of a range.
      </p>
      <p class="buttons">
        <Send busy={busy} press={run}>Count again in this browser</Send>
        <Copy text={line} what="as CLI" />
      </p>
      <p role="status">{busy && `${count(read)} records read`}</p>
      {problem && <Failed problem={problem} retry={clear} />}
      {broken && <Failed problem={broken} retry={() => setBroken(null)} />}
      {found && <Result found={found} line={line} />}
    </section>
  );
}
