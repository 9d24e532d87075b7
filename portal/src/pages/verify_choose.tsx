// What is to be checked: a file that is chosen or dropped, or a text.
import { useEffect, useState } from "preact/hooks";
import { isOtherField } from "./verify_drop.ts";

export interface Given {
  name: string; // "" when it was pasted
  file: Blob;
}

// What is pasted has no exact end: JSON ends with its brace, all else with a newline.
function pasted(text: string): Given | null {
  const body = text.replaceAll("\r\n", "\n").trim();
  return body === "" ? null : { name: "", file: new Blob([body.startsWith("{") ? body : `${body}\n`]) };
}

// Files are dropped anywhere on the page, so that none that misses takes its place.
export function Choose({ give }: { give: (given: Given) => void }) {
  const [over, setOver] = useState(false);
  const [text, setText] = useState("");
  const giveText = (words: string) => {
    const found = pasted(words);
    if (found) give(found);
  };
  useEffect(() => {
    // A text would give way to the file's own page.
    const elsewhere = (event: DragEvent): boolean => {
      if (!isOtherField(event.target)) return false;
      setOver(false);
      const isFile = event.dataTransfer?.types.includes("Files");
      if (isFile && (event.target as Element).matches("textarea")) {
        event.preventDefault();
        event.dataTransfer!.dropEffect = "none";
      }
      return true;
    };
    const drag = (event: DragEvent) => {
      if (elsewhere(event)) return;
      event.preventDefault();
      setOver(event.type !== "dragleave");
    };
    const drop = (event: DragEvent) => {
      if (elsewhere(event)) return;
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file) give({ name: file.name, file });
      else giveText(event.dataTransfer?.getData("text/plain") ?? "");
    };
    const paste = (event: ClipboardEvent) => {
      if ((event.target as Element | null)?.matches("input, textarea")) return;
      const file = event.clipboardData?.files[0];
      if (file) give({ name: file.name, file });
      else giveText(event.clipboardData?.getData("text/plain") ?? "");
    };
    for (const name of ["dragover", "dragleave"] as const) addEventListener(name, drag);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      for (const name of ["dragover", "dragleave"] as const) removeEventListener(name, drag);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, []);
  return (
    <div class={over ? "drop over" : "drop"}>
      <p>
        <label for="verify-file">File to check</label>
        <span class="soft" id="verify-file-hint">
          A receipt, a range, a checkpoint, a log proof, a list of keys, an envelope or a bundle. Drop it here, or paste it.
        </span>
        <input
          id="verify-file" type="file" aria-describedby="verify-file-hint"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) give({ name: file.name, file });
          }}
        />
      </p>
      <details class="sources">
        <summary>As text</summary>
        <label for="verify-text">Text to check</label>
        <textarea
          id="verify-text" rows={6} value={text} spellcheck={false} autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="button" onClick={() => giveText(text)}>
          Check this text
        </button>
      </details>
    </div>
  );
}
