// Programs under test: started, watched, and always ended by pid, also when a test fails.
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls until `probe` gives something truthy; the only way these tests wait.
export async function eventually(what, probe, limitMs = 10_000) {
  const deadline = Date.now() + limitMs;
  let last;
  for (;;) {
    try {
      const got = await probe();
      if (got) return got;
    } catch (error) {
      if (error.final) throw error;
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${limitMs} ms: ${what}${last ? ` (${last.message})` : ""}`);
    }
    await sleep(10);
  }
}

const alive = new Set();
process.on("exit", () => {
  for (const child of alive) process.kill(child.pid, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

// The environment of a program: ours without MC_*, so a caller's settings change nothing.
function environment(extra) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("MC_"));
  return { ...Object.fromEntries(clean), NO_COLOR: "1", ...extra };
}

export class Child {
  constructor(command, args, { env = {}, cwd, stdoutFile } = {}) {
    this.out = "";
    this.err = "";
    this.status = null;
    // The death signal ends the program even when this process is killed outright.
    const wrapped = ["--pdeathsig", "KILL", command, ...args];
    this.process = spawn("setpriv", wrapped, {
      env: environment(env), cwd, stdio: ["ignore", "pipe", "pipe"],
    });
    this.pid = this.process.pid;
    alive.add(this.process);
    const copy = stdoutFile ? createWriteStream(stdoutFile, { flags: "a" }) : null;
    this.process.stdout.on("data", (bytes) => {
      this.out += bytes;
      copy?.write(bytes);
    });
    this.process.stderr.on("data", (bytes) => (this.err += bytes));
    const over = (event) => new Promise((resolve) => this.process.once(event, resolve));
    this.process.once("exit", () => alive.delete(this.process));
    this.exited = over("close").then(() => {
      this.status = this.process.exitCode ?? this.process.signalCode;
      return this.status;
    });
  }

  get running() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  kill(signal = "SIGTERM") {
    if (this.running) process.kill(this.pid, signal);
  }

  // Ends it and gives its exit status; by force after the limit.
  async stop(signal = "SIGTERM", limitMs = 15_000) {
    this.kill(signal);
    const timer = setTimeout(() => this.kill("SIGKILL"), limitMs);
    const status = await this.exited;
    clearTimeout(timer);
    return status;
  }

  // Waits for text on one of its outputs; a program that ends first is an error with its words.
  async says(pattern, limitMs = 15_000) {
    return eventually(`${pattern} from a program`, () => {
      const match = pattern.exec(this.out) ?? pattern.exec(this.err);
      if (!match && !this.running) {
        const error = new Error(`it ended with ${this.process.exitCode}: ${this.err || this.out}`);
        throw Object.assign(error, { final: true });
      }
      return match;
    }, limitMs);
  }

  // The JSON lines of its log.
  logLines() {
    return this.out.split("\n").filter((line) => line.startsWith("{")).flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];  // the last line may be half written
      }
    });
  }
}

// Runs a program to its end.
export function runToEnd(command, args, { env = {}, cwd, input } = {}) {
  const done = spawnSync(command, args, {
    env: environment(env), cwd, input, encoding: "utf8", timeout: 120_000, maxBuffer: 1 << 28,
  });
  if (done.error) throw done.error;
  return { status: done.status, out: done.stdout, err: done.stderr };
}
