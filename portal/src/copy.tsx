import { useState } from "preact/hooks";

// Puts a text where it can be pasted from, and says so until another one is to be copied. Browsers have
// no clipboard on a plain http page of another computer.
export function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  if (!isSecureContext) return null;
  return (
    <button type="button" onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(text))}>
      {copied === text ? "✓ Copied" : "Copy"} {what}
    </button>
  );
}
