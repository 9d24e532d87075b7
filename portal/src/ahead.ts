// What is asked for before the page that shows it is there.
export class Ahead {
  readonly #kept = new Map<string, { answer: Promise<unknown>; come: { value: unknown } | null }>();

  start<T>(key: string, call: () => Promise<T>) {
    const kept: { answer: Promise<T>; come: { value: T } | null } = { answer: call(), come: null };
    kept.answer.then((value) => (kept.come = { value }), () => undefined);  // told to who takes it
    this.#kept.set(key, kept);
  }
  // Without waiting: what came already.
  here<T>(key: string): { value: T } | null {
    return (this.#kept.get(key)?.come ?? null) as { value: T } | null;
  }
  // Once: the next who asks gets another answer.
  take<T>(key: string): Promise<T> | null {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    return (kept?.answer ?? null) as Promise<T> | null;
  }
  forget() {
    this.#kept.clear();
  }
}
