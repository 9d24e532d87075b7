// Dialogs that are there while they are open, and what their forms send.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Problem } from "./api.ts";
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

// Sends what a form says; keeps what went wrong.
export function useSending() {
  const [problem, setProblem] = useState<Problem | null>(null);
  async function send(call: () => Promise<void>) {
    setProblem(null);
    try {
      await attempt(call);
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
  }
  return { problem, send, clear: () => setProblem(null) };
}
