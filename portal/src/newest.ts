// Of what takes a while to come, the newest: what came before it counts no more.
export class Newest<T> {
  #value: Promise<T | null> = Promise.resolve(null);

  // Gives what says later whether this still is the newest.
  put(value: Promise<T>): () => boolean {
    const own = value.catch(() => null);
    this.#value = own;
    return () => own === this.#value;
  }

  // With the newest once it has come, null when it did not; nothing when there is another one by then.
  async use(call: (value: T | null, still: () => boolean) => Promise<void>): Promise<void> {
    const own = this.#value;
    const value = await own;
    const still = () => own === this.#value;
    if (still()) await call(value, still);
  }
}
