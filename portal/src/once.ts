// What a second click does not do again while the first is at work.
export class Once {
  #runs = false;

  // `told` hears of both ends. Whether it was begun.
  async run(call: () => Promise<void>, told: (runs: boolean) => void): Promise<boolean> {
    if (this.#runs) return false;
    this.#runs = true;
    told(true);
    try {
      await call();
    } finally {
      this.#runs = false;
      told(false);
    }
    return true;
  }
}
