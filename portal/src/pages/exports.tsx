import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Export } from "../client.ts";
import { Copy } from "../copy.tsx";
import { kindText, progressText, stateText, suppressedText } from "../exports/words.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { Failed, Waiting } from "../load.tsx";
import { PartsPager, useParts } from "../parts.tsx";
import { client, session, tenant, utc } from "../state.ts";
import { RunDialog } from "./exports_dialog.tsx";
import { Detail } from "./exports_detail.tsx";

const EVERY_MS = 2_000; // while one is under way
const HEADS = ["Export", "State", "Kind", "Profile or case", "Rows", "Left out", "Purpose", "Requester", "Expires"];

interface RowProps {
  one: Export;
  open: boolean;
  toggle: () => void;
  reload: () => void;
}

function Row({ one, open, toggle, reload }: RowProps) {
  const who = session.value;
  const roles = who?.roles ?? [];
  const concerned = one.requester === `${who?.principal}@${who?.tenant}` || roles.includes("tenant-admin") || roles.includes("dpo");
  const steers = who?.tenant === one.tenant && concerned && (who?.scopes.includes("admin:write") ?? false);
  return (
    <>
      <tr class={one.state === "running" || one.state === "pending" ? "marked" : undefined}>
        <th scope="row">
          <button type="button" class="quiet" aria-expanded={open} onClick={toggle}>
            <bdi>{one.dataset}</bdi>, {time(one.asked_at, utc.value)} <span aria-hidden="true">{open ? "▾" : "▸"}</span>
          </button>
        </th>
        <td class="state">
          {stateText(one)}
          {one.state === "running" && <div class="soft">{progressText(one.job)}</div>}
        </td>
        <td>{kindText(one.kind)}</td>
        <td><bdi>{one.profile ?? one.legal_hold?.reference ?? UNKNOWN}</bdi></td>
        <td class="number">{count(one.rows_out)}</td>
        <td class="number">{suppressedText(one)}</td>
        <td><bdi>{one.purpose}</bdi></td>
        <td><bdi class="long" title={one.requester}>{one.requester}</bdi></td>
        <td class="state">{time(one.expires_at, utc.value)}</td>
      </tr>
      {open && <tr><td colSpan={HEADS.length}><Detail one={one} steers={steers} reload={reload} /></td></tr>}
    </>
  );
}

function List({ items, opened, toggle, reload }: { items: Export[]; opened: string; toggle: (id: string) => void; reload: () => void }) {
  return (
    <div class="scroll records" tabIndex={0} role="region" aria-label="Table of exports">
      <table>
        <caption>Exports, newest first: {count(items.length)}</caption>
        <thead>
          <tr>{HEADS.map((name) => <th key={name} scope="col" class={["Rows", "Left out"].includes(name) ? "number" : undefined}>{name}</th>)}</tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <Fragment key={one.id}>
              <Row one={one} open={one.id === opened} toggle={() => toggle(one.id)} reload={reload} />
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export default function ExportsPage() {
  const who = session.value;
  const where = tenant.value || who?.tenant || "";
  const asks = where === who?.tenant && where !== "system" && (who?.scopes.includes("admin:write") ?? false);
  const exports = useParts(`exports ${where}`, (cursor) => client.listExports({ tenant: where, ...cursor }));
  const [opened, setOpened] = useState("");
  const [asking, setAsking] = useState(false);
  const [said, setSaid] = useState("");
  const { first, items } = exports;
  const running = items.some(({ state }) => state === "running");
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => document.hidden || first.reload(), EVERY_MS);
    return () => clearInterval(timer);
  }, [running, first.at]);
  const toggle = (id: string) => setOpened(id === opened ? "" : id);
  function done(made: Export) {
    setAsking(false);
    setSaid(made.state === "pending" ? `✓ ${made.id} waits for somebody else to approve it.` : `✓ ${made.id} is under way.`);
    setOpened(made.id);
    first.reload();
  }
  return (
    <>
      <header class="head"><h1 tabIndex={-1}>Exports</h1></header>
      <p>
        Rows of <bdi>{where}</bdi> that leave as files: protected, and with the proof of how.{" "}
        <Copy text={`maestro export list --tenant ${where}`} what="as CLI" />
      </p>
      {asks && <p><button type="button" class="primary" onClick={() => setAsking(true)}>Export</button></p>}
      <p role="status">{said}</p>
      {first.problem && <Failed problem={first.problem} retry={first.reload} />}
      {!first.value && !first.problem && <Waiting />}
      {first.value && items.length === 0 && (
        <section class="notice">
          <h2>Nothing has left yet</h2>
          <p>
            An export is a k-anonymous table by a profile of the configuration, or a report of private answers. Both are held against the
            policies and earlier exports first, and come with a signed manifest.
          </p>
          <pre>maestro export run --profile PROFILE --dry-run</pre>
        </section>
      )}
      {items.length > 0 && (
        <>
          <List items={items} opened={opened} toggle={toggle} reload={first.reload} />
          <PartsPager parts={exports} what="exports" />
        </>
      )}
      {asking && <RunDialog tenant={where} close={() => setAsking(false)} done={done} />}
    </>
  );
}
