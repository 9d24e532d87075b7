// Asking for an export: checked first without making anything, then started.
import { useRef, useState } from "preact/hooks";
import type { Export } from "../client.ts";
import { Copy } from "../copy.tsx";
import { bodyOf, type Draft, EMPTY, kindText, runLine, wrongDraft } from "../exports/words.ts";
import { Failed } from "../load.tsx";
import { Modal, Send, useSending } from "../modal.tsx";
import { client } from "../state.ts";

interface FieldsProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

function Which({ draft, change }: FieldsProps) {
  if (draft.kind === "kanon") {
    return (
      <p>
        <label for="export-profile">Profile of the configuration</label>
        <input
          id="export-profile" required maxLength={64} autocomplete="off" spellcheck={false} value={draft.profile}
          onInput={(event) => change({ profile: event.currentTarget.value })}
        />
      </p>
    );
  }
  const hold = draft.kind === "hold";
  return (
    <>
      {hold && (
        <p class="notice">
          ⚠ No privacy technology is applied: rows leave as you may read them. It takes a permission of its own and somebody else's approval,
          and stands in the log as an exception.
        </p>
      )}
      <p>
        <label for="export-dataset">Dataset</label>
        <input
          id="export-dataset" required maxLength={64} autocomplete="off" spellcheck={false} value={draft.dataset}
          onInput={(event) => change({ dataset: event.currentTarget.value })}
        />
      </p>
      {hold && (
        <>
          <p>
            <label for="export-reference">Case</label>
            <input
              id="export-reference" required maxLength={64} autocomplete="off" spellcheck={false} value={draft.reference}
              onInput={(event) => change({ reference: event.currentTarget.value })}
            />
          </p>
          <p>
            <label for="export-reason">Why</label>
            <input
              id="export-reason" required minLength={20} maxLength={500} autocomplete="off" value={draft.reason}
              onInput={(event) => change({ reason: event.currentTarget.value })}
            />
          </p>
        </>
      )}
      {!hold && (
        <p>
          <label for="export-releases">Answers, by their charges</label>
          <textarea
            id="export-releases" rows={3} required spellcheck={false} placeholder="chg_…" value={draft.releases}
            onInput={(event) => change({ releases: event.currentTarget.value })}
          />
        </p>
      )}
    </>
  );
}

export function RunDialog({ tenant, close, done }: { tenant: string; close: () => void; done: (made: Export) => void }) {
  const [draft, setDraft] = useState(EMPTY);
  const [checked, setChecked] = useState<Export | null>(null);
  const key = useRef(crypto.getRandomValues(new Uint32Array(4)).join("-"));
  const { problem, busy, send, clear } = useSending();
  const wrong = wrongDraft(draft);
  function change(part: Partial<Draft>) {
    setDraft({ ...draft, ...part });
    setChecked(null);
  }
  const ask = (dry: boolean) => void send(async () => {
    const made = await client.createExport({ tenant, body: bodyOf(draft), ...(dry ? { dry_run: true } : { key: key.current }) });
    if (dry) setChecked(made);
    else done(made);
  });
  return (
    <Modal title="Have rows leave as files" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong === "") ask(false);
        }}
      >
        <p>
          <label for="export-kind">What leaves</label>
          <select id="export-kind" value={draft.kind} onChange={(event) => change({ kind: event.currentTarget.value as Draft["kind"] })}>
            <option value="kanon">{kindText("kanon")}</option>
            <option value="dp">{kindText("dp")}</option>
            <option value="hold">{kindText("hold")}</option>
          </select>
        </p>
        <Which draft={draft} change={change} />
        <p>
          <label for="export-format">Format</label>
          <select id="export-format" value={draft.format} onChange={(event) => change({ format: event.currentTarget.value as Draft["format"] })}>
            <option value="">that of the profile</option>
            <option value="csv">CSV</option>
            <option value="jsonl">JSON lines</option>
          </select>
        </p>
        <p>
          <label for="export-purpose">Purpose, where it is not the session's</label>
          <input
            id="export-purpose" maxLength={64} autocomplete="off" spellcheck={false} value={draft.purpose}
            onInput={(event) => change({ purpose: event.currentTarget.value })}
          />
        </p>
        {problem && <Failed problem={problem} retry={clear} />}
        <p role="status">
          {checked && `✓ It would be let out: ${checked.dataset} for ${checked.purpose}, as ${checked.format}. Nothing was made yet.`}
        </p>
        <p class="actions">
          {wrong === "" && <Copy text={runLine(draft)} what="as CLI" />}
          <button type="button" onClick={close}>Cancel</button>
          <Send busy={busy || wrong !== ""} plain press={() => wrong === "" && ask(true)}>Check only</Send>
          <Send busy={busy}>Start</Send>
        </p>
      </form>
    </Modal>
  );
}
