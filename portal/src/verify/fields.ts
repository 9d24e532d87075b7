// Reads objects member by member, as src/trust/proof/proto_json.h: the JSON form of protocol buffers.
// Members that nobody asked for are refused, null is absent.
import { type Bytes, fromAnyBase64 } from "./bytes.ts";
import type { Json } from "./json.ts";
import { bad, Invalid } from "./report.ts";
import { parseTime } from "./time.ts";

const ENTRIES_MAX = 64;
const INT_MAX = 2n ** 63n - 1n;

export class Fields {
  readonly #object: Map<string, Json> | null;
  readonly #path: string;
  readonly #asked = new Set<string>();

  // `value` is undefined when the member was absent: every answer is empty then.
  constructor(value: Json | undefined, path: string) {
    this.#path = path;
    this.#object = value instanceof Map ? value : null;
    if (value !== undefined && this.#object === null) this.refuse("", "it must be an object");
  }

  path(name: string): string {
    return [this.#path, name].filter((part) => part !== "").join(".");
  }
  refuse(name: string, why: string): never {
    const where = this.path(name); // "" is the whole
    return bad(where === "" ? why : `${where}: ${why}`);
  }
  child(name: string): Json | undefined {
    this.#asked.add(name);
    return this.#object?.get(name) ?? undefined;
  }
  has(name: string): boolean {
    return this.child(name) !== undefined;
  }
  fields(name: string): Fields {
    return new Fields(this.child(name), this.path(name));
  }
  // "" when absent.
  text(name: string): string {
    const found = this.child(name) ?? "";
    return typeof found === "string" ? found : this.refuse(name, "it must be a text");
  }
  requiredText(name: string): string {
    return this.text(name) || this.refuse(name, "it is missing");
  }
  bytes(name: string): Bytes {
    const text = this.text(name);
    return this.#read(name, () => fromAnyBase64(text));
  }
  requiredBytes(name: string): Bytes {
    const out = this.bytes(name);
    return out.length > 0 ? out : this.refuse(name, "it is missing");
  }
  // 0 when absent, as protobuf leaves zeros out.
  number(name: string): bigint {
    const found = this.child(name) ?? 0n;
    if (typeof found === "bigint" && found >= 0n) return found;
    const whole = typeof found === "string" && /^(0|[1-9]\d{0,18})$/.test(found) ? BigInt(found) : -1n;
    if (whole >= 0n && whole <= INT_MAX) return whole;
    return this.refuse(name, "it must be a whole number that is not negative");
  }
  // Required; nanoseconds since 1970.
  time(name: string): bigint {
    const text = this.requiredText(name);
    return this.#read(name, () => parseTime(text));
  }
  list(name: string, max = ENTRIES_MAX): Json[] {
    const found = this.child(name) ?? [];
    if (!Array.isArray(found)) return this.refuse(name, "it must be a list");
    return found.length <= max ? found : this.refuse(name, `it has more than ${max} entries`);
  }
  // Last.
  done() {
    for (const name of this.#object?.keys() ?? []) {
      if (!this.#asked.has(name)) this.refuse(name.slice(0, 60), "it is not known");
    }
  }

  #read<T>(name: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof Invalid) return this.refuse(name, error.message);
      throw error;
    }
  }
}
