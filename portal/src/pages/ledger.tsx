import { firstTile, type Head, headOf, namedIn } from "../access/checkpoint.ts";
import { typeText } from "../access/reasons.ts";
import type { Ledger, LedgerKey, LedgerRecordPage } from "../client.ts";
import { Copy } from "../copy.tsx";
import { count, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { client, session, tenant, utc } from "../state.ts";

const NEWEST = 10;

function State({ ledger }: { ledger: Ledger }) {
  if (ledger.state === "recording") return <p>✓ It records. What cannot be recorded is not served.</p>;
  return (
    <section class="notice bad">
      <h2>✕ It has stopped</h2>
      <p dir="auto">{ledger.why ?? "The reason is not known."}</p>
      <p>Requests that must be recorded are refused with 503 until the server has started again.</p>
    </section>
  );
}

// How far the witnesses are behind, as far as the checkpoint says so of itself.
function Witnesses({ newest, cosigned }: { newest: Head | null; cosigned: Head | null }) {
  const names = cosigned ? namedIn(cosigned) : [];
  if (!cosigned || names.length === 0) return <p>▲ No witness has cosigned a checkpoint, or none is asked.</p>;
  const behind = (newest?.size ?? 0) - cosigned.size;
  const which = behind <= 0 ? "The newest checkpoint" : `▲ The checkpoint of ${count(cosigned.size)} leaves`;
  return (
    <p>
      {which} carries signatures named <bdi>{names.join(", ")}</bdi>, not checked here
      {behind > 0 && `; ${count(behind)} leaves came since`}.{" "}
      <Link to="/verify">Verify them</Link>
    </p>
  );
}

interface NoteProps {
  title: string;
  note: string;
}

function Note({ title, note }: NoteProps) {
  const head = headOf(note);
  return (
    <details class="sources">
      <summary>
        {title}{head && `: ${count(head.size)} leaves`}
      </summary>
      <pre>{note}</pre>
      <Copy text={note} what="the checkpoint" />
    </details>
  );
}

function Key({ title, text, what }: { title: string; text: string; what: string }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <code>{text}</code> <Copy text={text} what={what} />
      </dd>
    </>
  );
}

function Keys({ keys }: { keys: LedgerKey[] }) {
  return (
    <>
      <h2 id="all-keys">Keys of the ledger</h2>
      <p class="soft">Who knows one of them finds the others: the file Keys has the proof.</p>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="all-keys">
        <table>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Signs since</th>
              <th scope="col">Ended</th>
            </tr>
          </thead>
          <tbody>
            {keys.map(({ key, begin, end }) => (
              <tr key={key}>
                <th scope="row" class="wrap">
                  <code>{key}</code>
                </th>
                <td>{time(begin, utc.value)}</td>
                <td>{end === null ? "signs now" : time(end, utc.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Described({ ledger }: { ledger: Ledger }) {
  const newest = headOf(ledger.checkpoint);
  const cosigned = ledger.cosigned === null ? null : headOf(ledger.cosigned);
  const tile = newest && firstTile(newest.size);
  return (
    <>
      <State ledger={ledger} />
      <Witnesses newest={newest} cosigned={cosigned} />
      <dl class="facts">
        <dt>Origin</dt>
        <dd><bdi>{ledger.origin}</bdi></dd>
        <Key title="Verifier key" text={ledger.key} what="the verifier key" />
        <dt>Leaves</dt>
        <dd>{count(newest?.size ?? null)}</dd>
        <dt>Its root</dt>
        <dd><code>{newest?.root ?? UNKNOWN}</code></dd>
        {ledger.witness !== null && (
          <Key title="Key of this server as a witness" text={ledger.witness} what="the witness key" />
        )}
      </dl>
      <p class="soft">
        Keep the verifier key, best from the first day: with it a receipt is checked without this server.
      </p>
      {ledger.keys.length > 1 && <Keys keys={ledger.keys} />}
      <Note title="Newest checkpoint" note={ledger.checkpoint} />
      {ledger.cosigned !== null && <Note title="Newest cosigned checkpoint" note={ledger.cosigned} />}
      {ledger.signer !== null && (
        <details class="sources">
          <summary>Public key that signs bundles</summary>
          <pre>{ledger.signer}</pre>
          <Copy text={ledger.signer} what="the public key" />
        </details>
      )}
      <p class="buttons files">
        <a href="/ledger/checkpoint">Checkpoint</a>
        <a href="/ledger/key">Key</a>
        <a href="/ledger/keys">Keys</a>
        {tile !== null && <a href={tile} download>First tile</a>}
        <a href="/signing/trusted_root.json">Trusted root</a>
        <Link to="/verify">Verify</Link>
      </p>
    </>
  );
}

function Newest({ where, page }: { where: string; page: LedgerRecordPage }) {
  return (
    <section aria-labelledby="own-log">
      <h2 id="own-log">
        The log of <bdi>{where}</bdi>
      </h2>
      <dl class="facts">
        <dt>Records</dt>
        <dd>{count(page.total)}</dd>
        <Key title="Its key, for log proofs" text={page.key} what="the key of this log" />
      </dl>
      {page.items.length === 0 && <p>Nothing is recorded yet.</p>}
      {page.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Newest records">
          <table>
            <caption>Newest records</caption>
            <thead>
              <tr>
                <th scope="col">Record</th>
                <th scope="col">When</th>
                <th scope="col">Type</th>
                <th scope="col">What</th>
              </tr>
            </thead>
            <tbody>
              {page.items.map((one) => (
                <tr key={one.record}>
                  <th scope="row">
                    <Link to={`/access?record=${one.record}`}>{one.record}</Link>
                  </th>
                  <td>{time(one.at, utc.value)}</td>
                  <td class="state">{typeText(one.type)}</td>
                  <td class="wrap"><code>{one.action}</code></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export default function LedgerPage() {
  const where = tenant.value || session.value?.tenant || "";
  const ledger = useLoaded("ledger", client.getLedger);
  const records = useLoaded(`newest ${where}`, () => client.listRecords({ tenant: where, limit: NEWEST }));
  const { problem } = ledger;
  const same = problem && problem.status === records.problem?.status && problem.code === records.problem.code;
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Ledger</h1>
      </header>
      <p>Where all that must be recorded stands, and the key that proves it.</p>
      {problem && <Failed problem={problem} retry={ledger.reload} />}
      {!ledger.value && !problem && <Waiting />}
      {ledger.value && <Described ledger={ledger.value} />}
      {records.problem && !same && <Failed problem={records.problem} retry={records.reload} />}
      {records.value && <Newest where={where} page={records.value} />}
    </>
  );
}
