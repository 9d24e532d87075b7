// One export: what its job does, its files, and its manifest, read and verified in this browser.
import { useRef, useState } from "preact/hooks";
import type { Problem } from "../api.ts";
import type { Export } from "../client.ts";
import { Copy } from "../copy.tsx";
import { Download } from "../download.tsx";
import { type Fact, filePath, MANIFEST, manifestFacts, manifestIn, progressText, verifyLine } from "../exports/words.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed } from "../load.tsx";
import { Send, useSending } from "../modal.tsx";
import { client, session, utc } from "../state.ts";
import { Table } from "../table.tsx";
import { RecordLink } from "./budgets_overrides.tsx";
import { check, getTrustedRoot, type Shown } from "./verify_check.ts";
import { Steps } from "./verify_steps.tsx";

const words = (shown: Shown): string => {
  if (shown.state === "done") return shown.verdict.verified ? "✓ Verified: the file is the one that was signed" : "✕ Not verified";
  if (shown.state === "busy") return "Verifying";
  return "why" in shown ? `✕ Nothing could be checked: ${shown.why}` : "";
};

function Manifest({ one }: { one: Export }) {
  const [facts, setFacts] = useState<Fact[] | null>(null);
  const [shown, setShown] = useState<Shown>({ state: "empty" });
  const { problem, busy, send, clear } = useSending();
  const round = useRef(0);
  const artifact = one.items.find(({ name }) => name !== MANIFEST && name.endsWith(".kanon.json"))?.name ?? one.items[0]?.name ?? "";
  const line = verifyLine(artifact);
  const run = () => void send(async () => {
    const own = (round.current += 1);
    const [bundle, file, root, { signer }] = await Promise.all([
      client.file(filePath(one, MANIFEST)), client.file(filePath(one, artifact)), getTrustedRoot(), client.getLedger(),
    ]);
    const manifest = manifestIn(await bundle.bytes.text());
    setFacts(manifest && manifestFacts(manifest));
    await check({
      ask: "verify", file: bundle.bytes, policy: null, root: new Blob([root]), logKeys: [], publicKey: signer,
      artifact: file.bytes, now: Date.now(),
    }, [], () => own !== round.current, setShown);
  });
  const steps = shown.state === "done" ? shown.verdict.steps : shown.state === "busy" ? shown.steps : [];
  return (
    <section aria-labelledby={`manifest-${one.id}`}>
      <h2 id={`manifest-${one.id}`}>Manifest</h2>
      <p class="soft">
        Its proof and <code>{artifact}</code> are downloaded for this, which stands in the tenant's log. Root and key come from this server:
        with those that you keep, use <Link to="/verify">Verify</Link>.
      </p>
      <p class="buttons">
        <Send busy={busy} press={run}>Verify in this browser<span class="hidden"> {one.id}</span></Send>
        <Copy text={line} what="as CLI" />
      </p>
      {problem && <Failed problem={problem} retry={clear} />}
      <p role="status">{words(shown)}</p>
      {facts && (
        <dl class="facts">
          {facts.map(({ name, text }) => (
            <>
              <dt>{name}</dt>
              <dd><bdi>{text}</bdi></dd>
            </>
          ))}
        </dl>
      )}
      {steps.length > 0 && <Steps steps={steps} line={line} />}
    </section>
  );
}

function Files({ one }: { one: Export }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const who = session.value;
  // Of a legal hold the rows are for who asked alone; the proofs are for all.
  const may = (name: string) => one.legal_hold === null || name === MANIFEST || one.requester === `${who?.principal}@${who?.tenant}`;
  const names = [...one.items, ...(one.items.some(({ name }) => name === MANIFEST) ? [] : [{ name: MANIFEST, bytes: null, rows: null, sha256: one.manifest ?? "" }])];
  return (
    <>
      <Table title={`Files of ${one.id}`} heads={["File", "#Bytes", "#Rows", "SHA-256", "~Download"]}>
        {names.map((item) => (
          <tr key={item.name}>
            <th scope="row"><code>{item.name}</code></th>
            <td class="number">{count(item.bytes)}</td>
            <td class="number">{count(item.rows)}</td>
            <td class="wrap"><code>{item.sha256 || UNKNOWN}</code></td>
            <td>{may(item.name) ? <Download href={filePath(one, item.name)} told={setProblem}>Download<span class="hidden"> {item.name}</span></Download> : UNKNOWN}</td>
          </tr>
        ))}
      </Table>
      {problem && <Failed problem={problem} retry={() => setProblem(null)} />}
    </>
  );
}

// What it leaves for, said so that nobody takes it for a protected one; and who lets it go.
function LegalHold({ one, done }: { one: Export; done: () => void }) {
  const { problem, busy, send, clear } = useSending();
  const who = session.value;
  const hold = one.legal_hold;
  if (hold === null) return null;
  const may = who?.tenant === one.tenant && (who?.scopes.includes("admin:write") ?? false) && one.requester !== `${who?.principal}@${who?.tenant}`;
  return (
    <section class="notice" aria-labelledby={`hold-${one.id}`}>
      <h2 id={`hold-${one.id}`}>⚠ Legal hold: no privacy technology is applied</h2>
      <dl class="facts">
        <dt>Case</dt>
        <dd><bdi>{hold.reference}</bdi></dd>
        <dt>Reason</dt>
        <dd><bdi>{hold.reason}</bdi></dd>
        <dt>Columns</dt>
        <dd>{hold.columns.length === 0 ? "all" : <bdi>{hold.columns.join(", ")}</bdi>}</dd>
        <dt>Approved</dt>
        <dd>{hold.approved_by === null || hold.approved_at === null ? "by nobody yet" : <><bdi>{hold.approved_by}</bdi>, {time(hold.approved_at, utc.value)}</>}</dd>
        <dt>Exception</dt>
        <dd>{hold.exception === null ? UNKNOWN : <RecordLink tenant={one.tenant} record={hold.exception} />}</dd>
      </dl>
      {one.state === "pending" && may && (
        <p class="buttons">
          <Send busy={busy} press={() => void send(async () => {
            await client.approveExport({ tenant: one.tenant, export: one.id });
            done();
          })}>
            Approve
          </Send>
        </p>
      )}
      {one.state === "pending" && <p><Copy text={`maestro export approve ${one.id}`} what="as CLI" /></p>}
      {problem && <Failed problem={problem} retry={clear} />}
    </section>
  );
}

function Steering({ one, done }: { one: Export; done: () => void }) {
  const { problem, busy, send, clear } = useSending();
  const paused = one.job?.state === "paused";
  const given = { tenant: one.tenant, export: one.id };
  const running = one.state === "running";
  const steer = (call: () => Promise<Export>) => void send(async () => {
    await call();
    done();
  });
  return (
    <>
      <p class="buttons">
        {running && paused && <Send busy={busy} plain press={() => steer(() => client.resumeExport(given))}>Go on</Send>}
        {running && !paused && <Send busy={busy} plain press={() => steer(() => client.pauseExport(given))}>Pause</Send>}
        <Send busy={busy} plain press={() => steer(() => client.cancelExport(given))}>End it</Send>
      </p>
      {problem && <Failed problem={problem} retry={clear} />}
    </>
  );
}

export function Detail({ one, steers, reload }: { one: Export; steers: boolean; reload: () => void }) {
  return (
    <div class="opened">
      <dl class="facts">
        <dt>Export</dt>
        <dd><code>{one.id}</code></dd>
        {one.reason !== null && <><dt>Why</dt><dd><bdi>{one.reason}</bdi></dd></>}
        {one.job && <><dt>Job</dt><dd>{progressText(one.job)}</dd></>}
        <dt>Rows</dt>
        <dd>{count(one.rows_in)} read, {count(one.rows_out)} let out</dd>
        <dt>Decision</dt>
        <dd>{one.decision === null ? UNKNOWN : <Link to={`/policy/decisions/${one.decision}`}>{one.decision}</Link>}</dd>
        <dt>Record</dt>
        <dd>{one.record === null ? UNKNOWN : <RecordLink tenant={one.tenant} record={one.record} />}</dd>
        <dt>Changed</dt>
        <dd>{time(one.changed_at, utc.value)}</dd>
      </dl>
      <LegalHold one={one} done={reload} />
      {(one.state === "running" || one.state === "pending") && steers && <Steering one={one} done={reload} />}
      {one.state === "ready" && (
        <>
          <Files one={one} />
          <Manifest one={one} />
        </>
      )}
    </div>
  );
}
