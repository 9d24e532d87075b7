// The proofs of residency: a table that is loaded in parts, and rows that open.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { proofLine } from "../access/command.ts";
import type { Problem } from "../api.ts";
import type { ResidencyDocument, ResidencyProof } from "../client.ts";
import { Copy } from "../copy.tsx";
import { Download } from "../download.tsx";
import { count, millis, time, UNKNOWN } from "../format.ts";
import { Link } from "../link.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { type Parts, PartsPager } from "../parts.tsx";
import { attemptText, periodText, probesText, proofText, regionText, stepText, wayText } from "../residency/words.ts";
import { client, utc } from "../state.ts";
import { Table } from "../table.tsx";

const pathOf = ({ tenant, period }: ResidencyProof) =>
  `/v1/residency/${encodeURIComponent(tenant)}/${encodeURIComponent(period)}`;

// The document in it says the same as the list, and more.
function useDocument(proof: ResidencyProof) {
  const { tenant, period } = proof;
  return useLoaded(`proof ${tenant} ${period}`, () =>
    client.getResidency({ tenant, period, form: "document" }) as Promise<unknown> as Promise<ResidencyDocument>);
}

function Ways({ document: { reads, writes } }: { document: ResidencyDocument }) {
  return (
    <Table title="Statements of requests, from the server to the data" heads={["Way", "#Reads", "#Writes", "Result"]}>
      {reads.map((read, i) => (
        <tr key={`${read.src} ${read.dst}`}>
          <th scope="row">{wayText(read.src, read.dst)}</th>
          <td class="number">{count(read.count)}</td>
          <td class="number">{count(writes[i]?.count ?? null)}</td>
          <td class="state">{proofText(read.ok && (writes[i]?.ok ?? false))}</td>
        </tr>
      ))}
    </Table>
  );
}

function Probes({ document: { sources } }: { document: ResidencyDocument }) {
  return (
    <Table
      title="A row was written to each source, and read back"
      heads={["Source", "Region", "It says", "Database", "Written", "Read back"]}
    >
      {sources.map((one) => (
        <tr key={`${one.name} ${one.region}`}>
          <th scope="row"><bdi>{one.name}</bdi></th>
          <td>{regionText(one.region)}</td>
          <td>{one.claim ?? UNKNOWN}</td>
          <td><bdi>{one.database ?? UNKNOWN}</bdi></td>
          <td class="state">{stepText(one.write)}{one.write === "ok" && `, ${millis(one.write_ms)}`}</td>
          <td class="state">{stepText(one.read)}{one.read === "ok" && `, ${millis(one.read_ms)}`}</td>
        </tr>
      ))}
    </Table>
  );
}

function Violations({ document: { violations, violations_more: more } }: { document: ResidencyDocument }) {
  if (violations.length === 0) return <p>✓ Nothing was tried outside of the regions, and no probe found anything there.</p>;
  return (
    <>
      <Table
        title="Attempts and finds of that time"
        heads={["First at", "Who", "Action", "Source", "Way", "Reason", "Result", "#Times"]}
      >
        {violations.map((one, i) => (
          <tr key={i}>
            <th scope="row" class="state">{time(one.at, utc.value)}</th>
            <td><bdi class="long" title={one.actor}>{one.actor || UNKNOWN}</bdi></td>
            <td>{one.action}</td>
            <td><bdi>{one.source || UNKNOWN}</bdi></td>
            <td class="state">{wayText(one.src, one.dst)}</td>
            <td><code>{one.code}</code></td>
            <td class="state">{attemptText(one.denied)}</td>
            <td class="number">{count(one.count)}</td>
          </tr>
        ))}
      </Table>
      {more > 0 && <p>{count(more)} more are counted, and not listed.</p>}
    </>
  );
}

// In a list of several tenants it is the tenant's own page that opens one.
const linkTo = ({ tenant, period }: ResidencyProof, ofAll: boolean) =>
  `/residency?${ofAll ? `tenant=${encodeURIComponent(tenant)}&` : ""}period=${period}`;

function Opened({ proof, ofAll }: { proof: ResidencyProof; ofAll: boolean }) {
  const held = useDocument(proof);
  const [problem, setProblem] = useState<Problem | null>(null);
  const document = held.value;
  const line = proofLine(proof.tenant, proof.period);
  const of = <span class="hidden"> of {proof.period}</span>;
  return (
    <div class="opened">
      <dl class="facts">
        <dt>Period</dt>
        <dd><code>{proof.period}</code></dd>
        <dt>Counted</dt>
        <dd>{time(proof.from, utc.value)} to {time(proof.to, utc.value)}</dd>
        <dt>Made</dt>
        <dd>{time(proof.at, utc.value)} by <bdi>{proof.node}</bdi></dd>
        <dt>SHA-256 of the document</dt>
        <dd>
          <code>{proof.sha256}</code> <Copy text={proof.sha256} what="the digest" />
        </dd>
      </dl>
      {held.problem && <Failed problem={held.problem} retry={held.reload} />}
      {!document && !held.problem && <Waiting />}
      {document && (
        <>
          <Ways document={document} />
          <Probes document={document} />
          <Violations document={document} />
        </>
      )}
      <p class="buttons">
        <Download href={`${pathOf(proof)}?form=bundle`} told={setProblem}>Bundle{of}</Download>
        <Download href={`${pathOf(proof)}?form=document`} told={setProblem}>Document{of}</Download>
        <a class="button" href="/signing/trusted_root.json" download>Trusted root</a>
        <Copy text={line} what="the command" />
        <Link to={linkTo(proof, ofAll)}>Link to this proof</Link>
        <Link to="/records">Key of the server</Link>
        <Link to="/verify">Verify in this browser</Link>
      </p>
      <pre>{line}</pre>
      {problem && <Failed problem={problem} retry={() => setProblem(null)} />}
    </div>
  );
}

interface RowProps {
  proof: ResidencyProof;
  ofAll: boolean;
  open: boolean;
  toggle: () => void;
}

function Row({ proof, ofAll, open, toggle }: RowProps) {
  return (
    <>
      <tr class={proof.ok ? undefined : "marked"}>
        <th scope="row">
          <button type="button" class="quiet" aria-expanded={open} onClick={toggle}>
            {periodText(proof.period, utc.value)} <span aria-hidden="true">{open ? "▾" : "▸"}</span>
          </button>
        </th>
        {ofAll && (
          <td>
            <Link to={`/residency?tenant=${encodeURIComponent(proof.tenant)}`}><bdi>{proof.tenant}</bdi></Link>
          </td>
        )}
        <td class="state">{proofText(proof.ok)}</td>
        <td class="number">{count(proof.reads)}</td>
        <td class="number">{count(proof.writes)}</td>
        <td class="state">{probesText(proof)}</td>
        <td class="number">{proof.violations > 0 && "▲ "}{count(proof.violations)}</td>
        <td>{regionText(proof.region)}</td>
        <td>{regionText(proof.node_region)}</td>
      </tr>
      {open && (
        <tr>
          <td colSpan={ofAll ? 9 : 8}>
            <Opened proof={proof} ofAll={ofAll} />
          </td>
        </tr>
      )}
    </>
  );
}

interface Props {
  proofs: Parts<ResidencyProof>;
  ofAll: boolean; // of several tenants
  period: string; // whose row is open at first; "" = none
}

export function ProofTable({ proofs, ofAll, period }: Props) {
  const [opened, setOpened] = useState({ of: period, key: period });
  // Who comes by the link of another proof wants that one open.
  const open = opened.of === period ? opened.key : period;
  const keyOf = (proof: ResidencyProof) => (ofAll ? `${proof.period} ${proof.tenant}` : proof.period);
  return (
    <>
      <div class="scroll records" tabIndex={0} role="region" aria-label="Table of proofs">
        <table>
          <caption>Proofs, newest first: {count(proofs.items.length)}</caption>
          <thead>
            <tr>
              <th scope="col">Period</th>
              {ofAll && <th scope="col">Tenant</th>}
              <th scope="col">Result</th>
              <th scope="col" class="number">Reads</th>
              <th scope="col" class="number">Writes</th>
              <th scope="col">Probes</th>
              <th scope="col" class="number">Attempts</th>
              <th scope="col">Region</th>
              <th scope="col">Server in</th>
            </tr>
          </thead>
          <tbody>
            {proofs.items.map((proof) => {
              const key = keyOf(proof);
              return (
                <Fragment key={key}>
                  <Row
                    proof={proof} ofAll={ofAll} open={key === open}
                    toggle={() => setOpened({ of: period, key: key === open ? "" : key })}
                  />
                </Fragment>
              );
            })}
          </tbody>
        </table>
      </div>
      <PartsPager parts={proofs} what="proofs" />
    </>
  );
}
