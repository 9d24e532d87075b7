// Verifies off the page, so that the page answers while ten thousand records are read.
import { answer } from "./answers.ts";
import type { Answer, Asked } from "./messages.ts";

const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<Asked>) => void;
  postMessage: (answer: Answer) => void;
};

scope.onmessage = ({ data }) =>
  void answer(data, (step) => scope.postMessage({ state: "step", step })).then(scope.postMessage);
