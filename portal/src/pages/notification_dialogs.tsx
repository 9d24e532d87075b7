import { useState } from "preact/hooks";
import type { Delivery, Endpoint, EndpointForm } from "../client.ts";
import { count, millis, time, UNKNOWN } from "../format.ts";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { Modal, Send, useSending } from "../modal.tsx";
import { client, utc } from "../state.ts";

export interface Shown {
  secret: string;
  publicKey: string;
  overlap: boolean;
}

// The events that are offered at first: ocsf takes accesses alone.
const OFFERED: Record<EndpointForm, string> = { cloudevents: "*", ocsf: "mc.access.*" };

interface NewProps {
  tenant: string;
  close: () => void;
  made: (shown: Shown | null) => void;
}

export function NewEndpointDialog({ tenant, close, made }: NewProps) {
  const { problem, busy, send, clear } = useSending();
  const [kind, setKind] = useState<Endpoint["kind"]>("webhook");
  const [form, setForm] = useState<EndpointForm>("cloudevents");
  const [events, setEvents] = useState(OFFERED.cloudevents);
  // What somebody wrote stays; what was offered goes with its form.
  function choose(wanted: EndpointForm) {
    if (events === OFFERED[form]) setEvents(OFFERED[wanted]);
    setForm(wanted);
  }
  function chooseKind(wanted: Endpoint["kind"]) {
    if (wanted === "mail") choose("cloudevents");
    setKind(wanted);
  }
  function submit(event: SubmitEvent) {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? "");
    void send(async () => {
      const body = { kind, target: text("target"), events, note: text("note"), ...(kind === "webhook" ? { form } : {}) };
      const endpoint = await client.createEndpoint({ tenant, body });
      made(endpoint.secret ? { secret: endpoint.secret, publicKey: endpoint.public_key ?? "", overlap: false } : null);
    });
  }
  return (
    <Modal title="New endpoint" close={close}>
      <form onSubmit={submit}>
        <fieldset>
          <legend>How</legend>
          <label class="choice"><input type="radio" name="kind" checked={kind === "webhook"} onChange={() => chooseKind("webhook")} /> Webhook</label>
          <label class="choice"><input type="radio" name="kind" checked={kind === "mail"} onChange={() => chooseKind("mail")} /> Mail</label>
        </fieldset>
        {kind === "webhook" && (
          <fieldset>
            <legend>Form</legend>
            <label class="choice"><input type="radio" name="form" checked={form === "cloudevents"} onChange={() => choose("cloudevents")} /> CloudEvents</label>
            <label class="choice"><input type="radio" name="form" checked={form === "ocsf"} onChange={() => choose("ocsf")} /> OCSF, for a SIEM</label>
          </fieldset>
        )}
        <p>
          <label for="target">Address</label>
          <input id="target" name="target" required maxLength={2000} placeholder="https://hooks.example.org/maestro" />
        </p>
        <p>
          <label for="events">Events</label>
          <input id="events" name="events" required value={events} onInput={(event) => setEvents(event.currentTarget.value)} aria-describedby="events-help" />
          <span id="events-help" class="soft">
            {form === "ocsf" ? "mc.access.*, or some of those" : "mc.token.created, mc.token.* or *"}; comma separated
          </span>
        </p>
        <p>
          <label for="note">Note</label>
          <input id="note" name="note" maxLength={200} />
        </p>
        {problem && <Failed problem={problem} retry={clear} />}
        <p class="actions">
          <button type="button" onClick={close}>Cancel</button>
          <Send busy={busy}>Create</Send>
        </p>
      </form>
    </Modal>
  );
}

export function SecretDialog({ shown, close }: { shown: Shown; close: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <Modal title="The secret, shown this once" close={close}>
      <p>It verifies <code>v1</code> signatures.{shown.overlap && " The former one signs too for 24 hours."}</p>
      <pre class="secret">{shown.secret}</pre>
      <p>The public key verifies <code>v1a</code> signatures; anybody may know it.</p>
      <pre class="secret">{shown.publicKey}</pre>
      <p class="actions">
        <button type="button" onClick={() => void navigator.clipboard.writeText(shown.secret).then(() => setCopied(true))}>
          {copied ? "✓ Copied" : "Copy the secret"}
        </button>
        <button type="button" class="primary" onClick={close}>Done</button>
      </p>
    </Modal>
  );
}

export function ReplayDialog({ tenant, endpoint, close }: { tenant: string; endpoint: Endpoint; close: () => void }) {
  const { problem, busy, send, clear } = useSending();
  const [done, setDone] = useState<number | null>(null);
  function submit(event: SubmitEvent) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const iso = (name: string) => new Date(`${String(form.get(name))}Z`).toISOString();
    void send(async () => {
      const body = { from: iso("from"), to: iso("to") };
      setDone((await client.replayEndpoint({ tenant, endpoint: endpoint.id, body })).deliveries);
    });
  }
  const now = new Date();
  const field = (at: Date) => at.toISOString().slice(0, 16);
  return (
    <Modal title="Send again" close={close}>
      {done !== null && (
        <>
          <p role="status">✓ {count(done)} deliveries are due.</p>
          <p class="actions"><button type="button" class="primary" onClick={close}>Done</button></p>
        </>
      )}
      {done === null && (
        <form onSubmit={submit}>
          <p>All events of a time, for <bdi>{endpoint.target}</bdi>, under the ids they had.</p>
          <p>
            <label for="from">From (UTC)</label>
            <input id="from" name="from" type="datetime-local" required defaultValue={field(new Date(now.getTime() - 3_600_000))} />
          </p>
          <p>
            <label for="to">To (UTC)</label>
            <input id="to" name="to" type="datetime-local" required defaultValue={field(now)} />
          </p>
          {problem && <Failed problem={problem} retry={clear} />}
          <p class="actions">
            <button type="button" onClick={close}>Cancel</button>
            <Send busy={busy}>Send again</Send>
          </p>
        </form>
      )}
    </Modal>
  );
}

interface DeleteProps {
  tenant: string;
  endpoint: Endpoint;
  close: () => void;
  gone: () => void;
}

export function DeleteDialog({ tenant, endpoint, close, gone }: DeleteProps) {
  const { problem, busy, send, clear } = useSending();
  return (
    <Modal title="Delete this endpoint?" close={close}>
      <p>
        <bdi>{endpoint.target}</bdi> is told nothing more, for good{endpoint.kind === "webhook" && ", and its secret is lost"}.
        The log of its deliveries stays.
      </p>
      {problem && <Failed problem={problem} retry={clear} />}
      <p class="actions">
        <button type="button" onClick={close}>Keep it</button>
        <Send
          busy={busy}
          press={() => void send(async () => { await client.deleteEndpoint({ tenant, endpoint: endpoint.id }); gone(); })}
        >
          Delete endpoint
        </Send>
      </p>
    </Modal>
  );
}

interface LogProps {
  tenant: string;
  delivery: Delivery;
  writes: boolean;
  close: () => void;
}

export function DeliveryLog({ tenant, delivery, writes, close }: LogProps) {
  const loaded = useLoaded(`delivery ${delivery.id}`, () => client.getDelivery({ tenant, delivery: delivery.id }));
  const { problem, busy, send, clear } = useSending();
  const detail = loaded.value;
  return (
    <Modal title={`Attempts of ${delivery.type}`} close={close}>
      <p>Event <code class="wrap">{delivery.event}</code></p>
      {loaded.problem && <Failed problem={loaded.problem} retry={loaded.reload} />}
      {!detail && !loaded.problem && <Waiting />}
      {detail?.log.length === 0 && <p>None yet.</p>}
      {detail && detail.log.length > 0 && (
        <ol>
          {detail.log.map((one) => (
            <li key={one.attempt}>
              {time(one.at, utc.value)}: {one.status ?? UNKNOWN} in {millis(one.took_ms)} <bdi>{one.error}</bdi>
            </li>
          ))}
        </ol>
      )}
      {detail?.next_at && <p>Next at {time(detail.next_at, utc.value)}.</p>}
      {problem && <Failed problem={problem} retry={clear} />}
      <p class="actions">
        {writes && detail && detail.state !== "pending" && (
          <Send
            busy={busy} plain
            press={() => void send(async () => { await client.sendDelivery({ tenant, delivery: delivery.id }); close(); })}
          >
            Send again
          </Send>
        )}
        <button type="button" class="primary" onClick={close}>Done</button>
      </p>
    </Modal>
  );
}
