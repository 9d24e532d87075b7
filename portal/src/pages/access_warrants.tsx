// What opens a tenant's data to the operator's people: requests that wait, the setting, all warrants.
import type { Access, Warrant } from "../client.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { Failed } from "../load.tsx";
import { Send, useSending } from "../modal.tsx";
import { PassingButton, usePassing } from "../passing.tsx";
import { client, utc } from "../state.ts";

export const CLASSES: Record<Warrant["class"], string> = {
  legal: "Legal process", "support-ticket": "Support ticket", incident: "Incident", approval: "Approval",
};
const MARK: Record<Warrant["state"], string> = {
  requested: "▲ requested", active: "✓ active", denied: "✕ denied", revoked: "✕ revoked", expired: "expired",
  lapsed: "✕ lapsed",
};
export const actionsText = (actions: string) => actions.replace(",", " and ");
const forWhom = (principals: string) =>
  principals === "*" ? "anybody of the operator" : principals.replaceAll(",", ", ");

export type Act = (what: "approve" | "deny" | "revoke", warrant: Warrant) => void;

// What the viewer may do.
export interface Rights {
  decides: boolean; // as an administrator of the tenant
  ends: boolean; // revokes and withdraws
}

interface RequestProps {
  warrant: Warrant;
  rights: Rights;
  act: Act;
}

function Request({ warrant, rights, act }: RequestProps) {
  const card = usePassing<HTMLLIElement>();
  const named = <span class="hidden"> {warrant.reference}</span>;
  return (
    <li ref={card}>
      <dl class="facts">
        <dt>Who</dt>
        <dd>
          <bdi>{warrant.issued_by}</bdi>, for <bdi>{forWhom(warrant.principals)}</bdi>
        </dd>
        <dt>Why</dt>
        <dd>
          {CLASSES[warrant.class]} <bdi>{warrant.reference}</bdi>: <bdi>{warrant.reason}</bdi>
        </dd>
        <dt>What</dt>
        <dd>{actionsText(warrant.actions)}</dd>
        <dt>How long</dt>
        <dd>until {time(warrant.expires_at, utc.value)}</dd>
        <dt>Answer by</dt>
        <dd>{time(warrant.deadline_at, utc.value)}; silence is a denial</dd>
      </dl>
      <p class="buttons">
        {rights.decides && (
          <>
            <button type="button" class="primary" onClick={() => act("approve", warrant)}>Approve{named}</button>
            <button type="button" onClick={() => act("deny", warrant)}>Deny{named}</button>
          </>
        )}
        {rights.ends && !rights.decides && (
          <button type="button" onClick={() => act("revoke", warrant)}>Withdraw{named}</button>
        )}
      </p>
    </li>
  );
}

interface ListProps {
  all: Warrant[];
  rights: Rights;
  act: Act;
}

export function Requests({ all, rights, act }: ListProps) {
  const waiting = all.filter(({ state }) => state === "requested");
  if (waiting.length === 0) return null;
  return (
    <section class="notice" aria-labelledby="requests">
      <h2 id="requests">
        ▲ {count(waiting.length)} {waiting.length === 1 ? "request waits" : "requests wait"} for{" "}
        {rights.decides ? "you" : "the tenant's administrators"}
      </h2>
      <ul class="requests">
        {waiting.map((one) => (
          <Request key={one.id} warrant={one} rights={rights} act={act} />
        ))}
      </ul>
    </section>
  );
}

interface SettingProps {
  tenant: string;
  access: Access;
  decides: boolean;
  changed: () => void;
}

export function Setting({ tenant, access, decides, changed }: SettingProps) {
  const { problem, busy, send, clear } = useSending();
  const asks = access.approval_required;
  const toggle = () => send(async () => {
    await client.setAccess({ tenant, etag: `"${access.version}"`, body: { approval_required: !asks } });
    changed();
  });
  return (
    <section aria-label="Whether the tenant is asked">
      <p>
        {asks
          ? "✓ The operator's people are let in only when an administrator of this tenant has approved it."
          : "The operator's people can be let in without a word from this tenant; all of it is recorded."}{" "}
        {decides && (
          <Send busy={busy} press={() => void toggle()} plain>{asks ? "Stop asking us" : "Ask us before"}</Send>
        )}
      </p>
      {problem && (
        <Failed
          problem={problem}
          retry={() => {
            clear();
            changed();
          }}
        />
      )}
    </section>
  );
}

export function Warrants({ all, rights, act }: ListProps) {
  const open = all.filter(({ state }) => state === "active").length;
  return (
    <details class="sources below">
      <summary>
        Warrants ({count(all.length)}, {count(open)} active)
      </summary>
      {all.length === 0 && <p>Nobody of the operator has asked for access yet.</p>}
      {all.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Warrants">
          <table>
            <caption>Newest first</caption>
            <thead>
              <tr>
                <th scope="col">Reference</th>
                <th scope="col">State</th>
                <th scope="col">Class</th>
                <th scope="col">Why</th>
                <th scope="col">What</th>
                <th scope="col">Asked by</th>
                <th scope="col">Decided by</th>
                <th scope="col">Until</th>
                <th scope="col" class="number">Uses</th>
                <th scope="col"><span class="hidden">Action</span></th>
              </tr>
            </thead>
            <tbody>
              {all.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <bdi class="long" title={one.id}>{one.reference}</bdi>
                  </th>
                  <td class="state">{MARK[one.state]}</td>
                  <td>{CLASSES[one.class]}</td>
                  <td class="wrap"><bdi>{one.reason}</bdi></td>
                  <td>{actionsText(one.actions)}</td>
                  <td><bdi>{one.issued_by}</bdi></td>
                  <td><bdi>{one.decided_by ?? UNKNOWN}</bdi></td>
                  <td>{time(one.expires_at, utc.value)}</td>
                  <td class="number">{count(one.uses)}</td>
                  <td>
                    {rights.ends && one.state === "active" && (
                      <PassingButton press={() => act("revoke", one)}>
                        Revoke<span class="hidden"> {one.reference}</span>
                      </PassingButton>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
