// Asking for a warrant, and deciding about one.
import { useState } from "preact/hooks";
import type { Warrant, WarrantBody } from "../client.ts";
import { time } from "../format.ts";
import { Failed } from "../load.tsx";
import { Modal, Send, useSending } from "../modal.tsx";
import { client, skewSeconds, utc } from "../state.ts";
import { actionsText, CLASSES } from "./access_warrants.tsx";

const MINUTE_MS = 60_000;
const SHORTER = [[15, "15 minutes"], [60, "1 hour"], [240, "4 hours"], [1440, "1 day"], [10_080, "7 days"]] as const;
const LIFETIMES = [["1h", "1 hour"], ["4h", "4 hours"], ["1d", "1 day"], ["7d", "7 days"], ["30d", "30 days"]] as const;

const serverNow = () => Date.now() - skewSeconds.value * 1000;

interface Props {
  tenant: string;
  warrant: Warrant;
  close: () => void;
  done: (said: string) => void;
}

export function ApproveDialog({ tenant, warrant, close, done }: Props) {
  const { problem, busy, send, clear } = useSending();
  const [now] = useState(serverNow);
  const asked = warrant.actions.split(",");
  const left = (Date.parse(warrant.expires_at) - now) / MINUTE_MS;
  const shorter = SHORTER.filter(([minutes]) => minutes < left);
  function submit(event: SubmitEvent) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const minutes = Number(form.get("minutes"));
    const actions = String(form.get("actions"));
    void send(async () => {
      const expires_at = new Date(serverNow() + minutes * MINUTE_MS).toISOString();
      const got = await client.approveWarrant({ tenant, warrant: warrant.id, body: {
        ...(actions === warrant.actions ? {} : { actions }), ...(minutes === 0 ? {} : { expires_at }),
      } });
      done(`${got.reference} is approved: ${actionsText(got.actions)}, until ${time(got.expires_at, utc.value)}.`);
    });
  }
  return (
    <Modal title={`Approve ${warrant.reference}?`} close={close}>
      <form onSubmit={submit}>
        <p>
          <bdi>{warrant.issued_by}</bdi> <bdi>{warrant.reason}</bdi>
        </p>
        <fieldset>
          <legend>What</legend>
          <label class="choice">
            <input type="radio" name="actions" value={warrant.actions} defaultChecked /> As asked:{" "}
            {actionsText(warrant.actions)}
          </label>
          {asked.length > 1 && (
            <label class="choice">
              <input type="radio" name="actions" value="read" /> Read only
            </label>
          )}
        </fieldset>
        <p>
          <label for="approve-until">How long</label>
          <select id="approve-until" name="minutes" defaultValue="0">
            <option value="0">As asked: until {time(warrant.expires_at, utc.value)}</option>
            {shorter.map(([minutes, name]) => (
              <option key={minutes} value={minutes}>{name} from now</option>
            ))}
          </select>
        </p>
        {problem && <Failed problem={problem} retry={clear} />}
        <p class="actions">
          <button type="button" onClick={close}>Cancel</button>
          <Send busy={busy}>Approve</Send>
        </p>
      </form>
    </Modal>
  );
}

interface EndProps extends Props {
  kind: "deny" | "revoke";
}

export function EndDialog({ kind, tenant, warrant, close, done }: EndProps) {
  const { problem, busy, send, clear } = useSending();
  const requested = warrant.state === "requested";
  const verb = kind === "deny" ? "Deny" : requested ? "Withdraw" : "Revoke";
  const run = () => send(async () => {
    const given = { tenant, warrant: warrant.id };
    const got = await (kind === "deny" ? client.denyWarrant(given) : client.revokeWarrant(given));
    done(`${got.reference} is ${got.state}.`);
  });
  return (
    <Modal title={`${verb} ${warrant.reference}?`} close={close}>
      <p>
        {CLASSES[warrant.class]} of <bdi>{warrant.issued_by}</bdi>: <bdi>{warrant.reason}</bdi>
      </p>
      <p>
        {requested
          ? "It opens nothing, for good; who wants access has to ask anew."
          : "It opens nothing from now on, for good."}
      </p>
      {problem && <Failed problem={problem} retry={clear} />}
      <p class="actions">
        <button type="button" onClick={close}>Cancel</button>
        <Send busy={busy} press={() => void run()}>{verb}</Send>
      </p>
    </Modal>
  );
}

interface AskProps {
  tenant: string;
  close: () => void;
  done: (said: string) => void;
}

export function AskDialog({ tenant, close, done }: AskProps) {
  const { problem, busy, send, clear } = useSending();
  function submit(event: SubmitEvent) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    void send(async () => {
      const body = {
        class: text("class"), reference: text("reference"), reason: text("reason"), actions: text("actions"),
        lifetime: text("lifetime"),
      } as WarrantBody;
      const got = await client.createWarrant({ tenant, body });
      done(got.state === "requested"
        ? `${got.reference} is asked for; it opens nothing until ${tenant} approves it.`
        : `${got.reference} is active until ${time(got.expires_at, utc.value)}.`);
    });
  }
  return (
    <Modal title={`Ask for access to ${tenant}`} close={close}>
      <form onSubmit={submit}>
        <p>
          <label for="ask-class">Class</label>
          <select id="ask-class" name="class" defaultValue="support-ticket">
            {Object.entries(CLASSES).map(([value, name]) => (
              <option key={value} value={value}>
                {value === "approval" ? `${name}, asked for in any case` : name}
              </option>
            ))}
          </select>
        </p>
        <p>
          <label for="ask-reference">Reference</label>
          <input id="ask-reference" name="reference" required maxLength={64} placeholder="TKT-123" autocomplete="off" />
        </p>
        <p>
          <label for="ask-reason">Reason, as the tenant reads it</label>
          <input id="ask-reason" name="reason" required maxLength={300} autocomplete="off" />
        </p>
        <fieldset>
          <legend>What</legend>
          {["read", "change", "read,change"].map((actions) => (
            <label key={actions} class="choice">
              <input type="radio" name="actions" value={actions} defaultChecked={actions === "read"} />{" "}
              {actionsText(actions)}
            </label>
          ))}
        </fieldset>
        <p>
          <label for="ask-lifetime">How long</label>
          <select id="ask-lifetime" name="lifetime" defaultValue="4h">
            {LIFETIMES.map(([value, name]) => (
              <option key={value} value={value}>{name}</option>
            ))}
          </select>
        </p>
        {problem && <Failed problem={problem} retry={clear} />}
        <p class="actions">
          <button type="button" onClick={close}>Cancel</button>
          <Send busy={busy}>Ask</Send>
        </p>
      </form>
    </Modal>
  );
}
