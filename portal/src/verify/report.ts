// What a check did, step by step: the steps, outcomes and reasons of src/trust/proof/report.h.

// What does not hold, or cannot be read, in words for people.
export class Invalid extends Error {}
export function bad(why: string): never {
  throw new Invalid(why);
}
// No key that is known has signed it: nothing is wrong with it but that.
export class UnknownKey extends Invalid {}
// What is needed to check it was not given: nothing was checked.
export type Wanted = "policy" | "key" | "artifact" | "root";
export class Missing extends Invalid {
  readonly wanted: Wanted;

  constructor(wanted: Wanted, why: string) {
    super(why);
    this.wanted = wanted;
  }
}
export function missing(wanted: Wanted, why: string): never {
  throw new Missing(wanted, why);
}
// An artifact was given, and such a file has none: nothing was checked.
export class NoArtifact extends Invalid {}
// Nothing is wrong with it as far as it was looked at, but this verifier cannot check all of it.
export class Unsupported extends Error {
  readonly subject: string; // what was given: "bundle", "keyless bundle"

  constructor(subject: string, why: string) {
    super(why);
    this.subject = subject;
  }
}

export type Outcome = "passed" | "failed" | "skipped";
export type Fact = [label: string, value: string];
export type See = (label: string, value: string) => void;

export interface Step {
  name: string;
  outcome: Outcome;
  reason: string; // of a failure, for machines
  detail: string;
  facts: Fact[]; // what was compared, for people
}

// A head of a log that somebody known has signed, with its note.
export interface SeenHead {
  key: string; // the log's verifier key
  origin: string;
  size: string; // decimal
  root: string; // base64
  note: string;
}

export class Report {
  readonly subject: string;
  readonly steps: Step[] = [];
  head: SeenHead | null = null;
  // The keys that the reader knows which it goes back to: those that have signed, or that a list of keys leads from.
  from: string[] = [];
  keyUnknown = false; // why it has failed
  readonly #told: (step: Step) => void;
  #failed = false;

  constructor(subject: string, told: (step: Step) => void = () => undefined) {
    this.subject = subject;
    this.#told = told;
  }

  // Does `check`, which gives the detail or throws Invalid, unless an earlier step failed.
  async step(name: string, reason: string, check: (see: See) => string | Promise<string>) {
    if (this.#failed) return this.skip(name, "an earlier step failed");
    const facts: Fact[] = [];
    try {
      const detail = await check((label, value) => facts.push([label, value]));
      this.#add({ name, outcome: "passed", reason: "", detail, facts });
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      this.#failed = true;
      this.keyUnknown = error instanceof UnknownKey;
      this.#add({ name, outcome: "failed", reason, detail: error.message, facts });
    }
  }
  // Of what is not there to be checked and need not be.
  skip(name: string, why: string) {
    this.#add({ name, outcome: "skipped", reason: "", detail: why, facts: [] });
  }
  // A report without a step that passed verifies nothing.
  get verified(): boolean {
    return !this.#failed && this.steps.some((step) => step.outcome === "passed");
  }

  #add(step: Step) {
    this.steps.push(step);
    this.#told(step);
  }
}
