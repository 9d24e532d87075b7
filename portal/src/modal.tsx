// Dialogs that are there while they are open, and what their forms send.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "./api.ts";
import { Once } from "./once.ts";
import { attempt } from "./state.ts";

interface ModalProps {
  title: string;
  close: () => void;
  children: ComponentChildren;
}

// The focus goes back to where it was, also when the dialog goes without being closed.
export function Modal({ title, close, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const latest = useRef(close);
  latest.current = close;
  useLayoutEffect(() => {
    const own = dialog.current;
    if (!own) return;
    const closed = () => latest.current();
    own.addEventListener("close", closed);
    own.showModal();
    return () => {
      own.removeEventListener("close", closed);
      own.close();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="modal-title">
      <h2 id="modal-title">{title}</h2>
      {children}
    </dialog>
  );
}

// Sends what a form says, once at a time; keeps what went wrong.
export function useSending() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const once = useRef(new Once());
  async function run(call: () => Promise<void>) {
    setProblem(null);
    try {
      await attempt(call);
    } catch (error) {
      setProblem(asProblem(error));
    }
  }
  const send = (call: () => Promise<void>) => once.current.run(() => run(call), setBusy);
  return { problem, busy, send, clear: () => setProblem(null) };
}

interface SendProps {
  busy: boolean;
  press?: () => void; // without it the form is sent
  plain?: boolean;
  children: ComponentChildren;
}

// It keeps the focus while it is sent.
export function Send({ busy, press, plain = false, children }: SendProps) {
  return (
    <>
      <button type={press ? "button" : "submit"} class={plain ? "" : "primary"} aria-disabled={busy} onClick={press}>
        {children}
      </button>
      <span class="hidden" role="status">{busy && "Sending"}</span>
    </>
  );
}
