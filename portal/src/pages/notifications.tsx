import { useState } from "preact/hooks";
import type { Delivery, DeliveryState, Endpoint, EndpointForm } from "../client.ts";
import { Problem } from "../api.ts";
import { time, UNKNOWN } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { attempt, client, session, tenant, utc } from "../state.ts";
import { DeleteDialog, DeliveryLog, NewEndpointDialog, ReplayDialog, SecretDialog, type Shown } from "./notification_dialogs.tsx";

const MARK: Record<DeliveryState, string> = { pending: "▲ pending", delivered: "✓ delivered", failed: "✕ failed" };
const FORM: Record<EndpointForm, string> = { cloudevents: "CloudEvents", ocsf: "OCSF" };

interface EndpointsProps {
  all: Endpoint[];
  writes: boolean;
  act: (what: "test" | "rotate" | "toggle" | "replay" | "delete", endpoint: Endpoint) => void;
}

function Endpoints({ all, writes, act }: EndpointsProps) {
  return (
    <div class="scroll below" tabIndex={0} role="region" aria-label="Endpoints">
      <table>
        <caption>{all.length} endpoints</caption>
        <thead>
          <tr>
            <th scope="col">Target</th>
            <th scope="col">Events</th>
            <th scope="col">Form</th>
            <th scope="col">Note</th>
            <th scope="col">State</th>
            <th scope="col"><span class="hidden">Actions</span></th>
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.id}>
              <th scope="row" class="wrap">
                <bdi>{one.target}</bdi>
              </th>
              <td class="wrap"><code>{one.events}</code></td>
              <td>{one.kind === "mail" ? "Mail" : FORM[one.form]}</td>
              <td><bdi class="long" title={one.note}>{one.note || UNKNOWN}</bdi></td>
              <td>
                {one.state === "active" ? "✓ active" : "✕ disabled"} {one.reason && <bdi>({one.reason})</bdi>}
              </td>
              <td>
                {writes && (
                  <span class="buttons">
                    {one.state === "active" && <button type="button" onClick={() => act("test", one)}>Test<span class="hidden"> {one.target}</span></button>}
                    {one.state === "active" && <button type="button" onClick={() => act("replay", one)}>Replay<span class="hidden"> {one.target}</span></button>}
                    {one.kind === "webhook" && <button type="button" onClick={() => act("rotate", one)}>New secret<span class="hidden"> for {one.target}</span></button>}
                    <button type="button" onClick={() => act("toggle", one)}>{one.state === "active" ? "Disable" : "Enable"}<span class="hidden"> {one.target}</span></button>
                    <button type="button" onClick={() => act("delete", one)}>Delete<span class="hidden"> {one.target}</span></button>
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface DeliveriesProps {
  where: string;
  round: number;
  open: (delivery: Delivery) => void;
}

function Deliveries({ where, round, open }: DeliveriesProps) {
  const [state, setState] = useState<DeliveryState | "">("");
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1) ?? "";
  const loaded = useLoaded(`deliveries ${where} ${state} ${cursor} ${round}`, () =>
    client.listDeliveries({ tenant: where, cursor, limit: 50, ...(state ? { state } : {}) }),
  );
  const page = loaded.value;
  return (
    <section aria-labelledby="deliveries">
      <header class="head">
        <h2 id="deliveries">Deliveries</h2>
        <label>
          State{" "}
          <select value={state} onChange={(event) => { setCursors([]); setState(event.currentTarget.value as DeliveryState | ""); }}>
            <option value="">All</option>
            <option value="pending">Pending</option>
            <option value="delivered">Delivered</option>
            <option value="failed">Failed</option>
          </select>
        </label>
      </header>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!page && !loaded.problem && <Waiting />}
      {page?.items.length === 0 && (
        <section class="notice" role="status">
          <h2>No delivery{state && ` is ${state}`}</h2>
          <p>What happens from now on is listed here.</p>
        </section>
      )}
      {page && page.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Table of deliveries">
          <table>
            <caption>Newest first</caption>
            <thead>
              <tr>
                <th scope="col">Event</th>
                <th scope="col">State</th>
                <th scope="col" class="number">Attempts</th>
                <th scope="col">Last answer</th>
                <th scope="col">When</th>
                <th scope="col"><span class="hidden">Log</span></th>
              </tr>
            </thead>
            <tbody>
              {page.items.map((one) => (
                <tr key={one.id}>
                  <th scope="row"><code>{one.type}</code></th>
                  <td class="state">{MARK[one.state]}</td>
                  <td class="number">{one.attempts}</td>
                  <td>{one.last_status ?? UNKNOWN} <bdi class="long" title={one.last_error}>{one.last_error}</bdi></td>
                  <td>{time(one.created_at, utc.value)}</td>
                  <td><button type="button" onClick={() => open(one)}>Log<span class="hidden"> of {one.id}</span></button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {page && (cursors.length > 0 || page.next_cursor) && (
        <p class="actions">
          <button type="button" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>Newer</button>
          <button type="button" disabled={!page.next_cursor} onClick={() => setCursors([...cursors, page.next_cursor ?? ""])}>Older</button>
        </p>
      )}
    </section>
  );
}

type Dialog =
  | { kind: "new" }
  | { kind: "secret"; shown: Shown }
  | { kind: "replay" | "delete"; endpoint: Endpoint }
  | { kind: "log"; delivery: Delivery }
  | null;

export default function NotificationsPage() {
  const where = tenant.value || session.value?.tenant || "";
  const writes = session.value?.scopes.includes("admin:write") ?? false;
  const loaded = useLoaded(`endpoints ${where}`, () => client.listEndpoints({ tenant: where }));
  const [dialog, setDialog] = useState<Dialog>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [said, setSaid] = useState("");
  const [round, setRound] = useState(0);
  const again = () => {
    loaded.reload();
    setRound(round + 1);
  };

  async function act(what: "test" | "rotate" | "toggle" | "replay" | "delete", endpoint: Endpoint) {
    const at = { tenant: where, endpoint: endpoint.id };
    setProblem(null);
    setSaid("");
    if (what === "replay" || what === "delete") return setDialog({ kind: what, endpoint });
    try {
      if (what === "test") {
        await attempt(() => client.testEndpoint(at));
        setSaid(`A test for ${endpoint.target} is on its way.`);
      } else if (what === "rotate") {
        const made = await attempt(() => client.rotateEndpoint({ ...at, body: { overlap: "24h" } }));
        setDialog({ kind: "secret", shown: { secret: made.secret ?? "", publicKey: made.public_key ?? "", overlap: true } });
      } else {
        const state = endpoint.state === "active" ? "disabled" : "active";
        await attempt(() => client.updateEndpoint({ ...at, etag: `"${endpoint.version}"`, body: { state } }));
        setSaid(`${endpoint.target} is ${state}.`);
      }
      again();
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }

  const close = () => {
    setDialog(null);
    again();
  };
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Notifications</h1>
        {writes && loaded.value && (
          <button type="button" class="primary" onClick={() => setDialog({ kind: "new" })}>New endpoint</button>
        )}
      </header>
      <p>Where the events of <bdi>{where}</bdi> are told, and how that went.</p>
      <p role="status">{said && <>✓ <bdi>{said}</bdi></>}</p>
      {problem && <Failed problem={problem} retry={() => setProblem(null)} />}
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!loaded.value && !loaded.problem && <Waiting />}
      {loaded.value?.items.length === 0 && (
        <section class="notice">
          <h2>Nobody is told yet</h2>
          <pre>maestro endpoint create https://hooks.example.org/maestro --tenant {where}</pre>
        </section>
      )}
      {loaded.value && loaded.value.items.length > 0 && <Endpoints all={loaded.value.items} writes={writes} act={act} />}
      {loaded.value && <Deliveries where={where} round={round} open={(delivery) => setDialog({ kind: "log", delivery })} />}
      {dialog?.kind === "new" && (
        <NewEndpointDialog tenant={where} close={close} made={(shown) => (shown ? setDialog({ kind: "secret", shown }) : close())} />
      )}
      {dialog?.kind === "secret" && <SecretDialog shown={dialog.shown} close={close} />}
      {dialog?.kind === "replay" && <ReplayDialog tenant={where} endpoint={dialog.endpoint} close={close} />}
      {dialog?.kind === "delete" && (
        <DeleteDialog
          tenant={where}
          endpoint={dialog.endpoint}
          close={close}
          gone={() => {
            setSaid(`${dialog.endpoint.target} is deleted; the log stays.`);
            close();
          }}
        />
      )}
      {dialog?.kind === "log" && <DeliveryLog tenant={where} delivery={dialog.delivery} writes={writes} close={close} />}
    </>
  );
}
