// Whom to trust: filled in by hand, or asked of the server, which says less.
import { useState } from "preact/hooks";
import { asProblem } from "../api.ts";
import { getLogKey, getTrustedRoot } from "./verify_check.ts";
import { isServed, type Trust, withKey, withRoot } from "./verify_memory.ts";

interface FieldProps {
  id: string;
  label: string;
  hint: string;
  value: string;
  rows?: number;
  change: (value: string) => void;
}

function Field({ id, label, hint, value, rows = 2, change }: FieldProps) {
  return (
    <p>
      <label for={id}>{label}</label>
      <span class="soft" id={`${id}-hint`}>{hint}</span>
      <textarea
        id={id} rows={rows} value={value} spellcheck={false} autocomplete="off" aria-describedby={`${id}-hint`}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </p>
  );
}

interface AskProps {
  what: string;
  ask: () => Promise<string>;
  take: (text: string) => string; // why it is not taken, or nothing
}

function Ask({ what, ask, take }: AskProps) {
  const [why, setWhy] = useState("");
  async function run() {
    setWhy("");
    try {
      setWhy(take(await ask()));
    } catch (error) {
      setWhy(`The server did not give it: ${asProblem(error).message}`);
    }
  }
  return (
    <div>
      <button type="button" onClick={run}>
        Ask this server for {what}
      </button>
      <p role="status">{why !== "" && <>✕ <bdi>{why}</bdi></>}</p>
    </div>
  );
}

export const Served = () => (
  <p class="warn">
    ▲ This server gave it. It shows that a proof fits this server, not that the server is honest: compare it with
    one from somewhere else.
  </p>
);

interface Props {
  trust: Trust;
  change: (part: (now: Trust) => Partial<Trust>) => void;
  chooseArtifact: (file: File | null) => void;
}

export function TrustForm({ trust, change, chooseArtifact }: Props) {
  const set = (part: Partial<Trust>) => change(() => part);
  const takeKey = (key: string): string => {
    change((now) => withKey(now, key));
    return "";
  };
  const takeRoot = (root: string): string => {
    let why = "";
    change((now) => {
      const part = withRoot(now, root);
      if (part === null) why = "The field has another one: empty it first.";
      return part ?? {};
    });
    return why;
  };
  return (
    <form class="trust" onSubmit={(event) => event.preventDefault()}>
      <h2>Whom to trust</h2>
      <Field
        id="verify-log-key" label="Verifier keys of logs" value={trust.keys} change={(keys) => set({ keys })}
        hint="name+id+key, one a line: as whoever runs the log, or a witness, tells it"
      />
      <Ask what="its key" ask={getLogKey} take={takeKey} />
      {isServed(trust.keys, trust.servedKey) && <Served />}
      <details class="sources">
        <summary>A policy, a signer's key, a trusted root, an artifact</summary>
        <Field
          id="verify-policy" label="Policy, or list of keys" rows={4} value={trust.policy} change={(policy) => set({ policy })}
          hint="c2sp.org/tlog-policy: logs, and how many witnesses; then the keys above do not count. Or a ledger's own list
          of its keys: then one of the keys above must be in it"
        />
        <Field
          id="verify-key" label="Public key of the signer" rows={4} value={trust.pem} change={(pem) => set({ pem })}
          hint="PEM; of envelopes and bundles"
        />
        <Field
          id="verify-root" label="Trusted root" rows={4} hint="Sigstore's JSON; of bundles" value={trust.root}
          change={(root) => set({ root })}
        />
        <Ask what="its trusted root" ask={getTrustedRoot} take={takeRoot} />
        {isServed(trust.root, trust.servedRoot) && <Served />}
        <p>
          <label for="verify-artifact">Artifact</label>
          <span class="soft" id="verify-artifact-hint">
            What was signed or logged; of envelopes, bundles and log proofs
          </span>
          <input
            id="verify-artifact" type="file" aria-describedby="verify-artifact-hint"
            onChange={(event) => chooseArtifact(event.currentTarget.files?.[0] ?? null)}
          />
        </p>
      </details>
      <p class="soft">This browser remembers the texts above, and the newest head of each log that it has verified.</p>
    </form>
  );
}
