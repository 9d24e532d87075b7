// The strict reader of JSON, as src/core/json has it. What RFC 8259 leaves open is refused: a key twice,
// lone surrogates, bytes behind the end, more depth or values than the limits.
import { bad, Invalid } from "./report.ts";

// Whole numbers of 64 bits are bigint, others number.
export type Json = null | boolean | bigint | number | string | Json[] | Map<string, Json>;

const DEPTH_MAX = 64;
const VALUES_MAX = 1_000_000;
const DIGITS_MAX = 20; // of a whole number of 64 bits, with its sign
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const LITERALS: [word: string, value: null | boolean][] = [["true", true], ["false", false], ["null", null]];
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

// Of text with both quotes, which has an escape.
function unescaped(quoted: string): string {
  const text = JSON.parse(quoted) as string;
  if (/\p{Cs}/u.test(text)) bad("a lone surrogate");
  return text;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Json {
    this.#skipBlanks();
    const value = this.#value(0);
    this.#skipBlanks();
    if (this.#at !== this.#text.length) this.#bad("text after the end of the value");
    return value;
  }

  #bad(why: string): never {
    return bad(`invalid JSON at character ${this.#at}: ${why}`);
  }
  #skipBlanks() {
    while (" \n\t\r".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
  }
  #take(wanted: string): boolean {
    if (this.#text[this.#at] !== wanted) return false;
    this.#at += 1;
    return true;
  }

  #value(depth: number): Json {
    if (depth > DEPTH_MAX) this.#bad(`nested deeper than ${DEPTH_MAX}`);
    this.#values += 1;
    if (this.#values > VALUES_MAX) this.#bad(`more than ${VALUES_MAX} values`);
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      default:
        return this.#plain();
    }
  }

  #plain(): null | boolean | bigint | number {
    for (const [word, value] of LITERALS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    NUMBER.lastIndex = this.#at;
    const [digits, fraction, exponent] = NUMBER.exec(this.#text) ?? this.#bad("expected a value");
    this.#at += digits.length;
    if (fraction === undefined && exponent === undefined && digits !== "-0" && digits.length <= DIGITS_MAX) {
      const whole = BigInt(digits);
      if (whole >= INT_MIN && whole <= INT_MAX) return whole;
    }
    const real = Number(digits);
    if (!Number.isFinite(real)) this.#bad("a number outside the range of a double");
    return real;
  }

  // At the opening quote.
  #string(): string {
    const begin = this.#at;
    let escaped = false;
    for (this.#at += 1; ; this.#at += 1) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        escaped = true;
        this.#at += 1;
      } else if (!(unit >= 0x20)) {
        this.#bad("a control character in a string, or no end of it");
      }
    }
    this.#at += 1;
    if (!escaped) return this.#text.slice(begin + 1, this.#at - 1);
    try {
      return unescaped(this.#text.slice(begin, this.#at));
    } catch (error) {
      return this.#bad(error instanceof Invalid ? error.message : "an unknown escape");
    }
  }

  #array(depth: number): Json[] {
    this.#at += 1;
    const out: Json[] = [];
    this.#skipBlanks();
    if (this.#take("]")) return out;
    for (;;) {
      this.#skipBlanks();
      out.push(this.#value(depth + 1));
      this.#skipBlanks();
      if (this.#take("]")) return out;
      if (!this.#take(",")) this.#bad("expected ',' or ']'");
    }
  }

  #object(depth: number): Map<string, Json> {
    this.#at += 1;
    const out = new Map<string, Json>();
    this.#skipBlanks();
    if (this.#take("}")) return out;
    for (;;) {
      this.#skipBlanks();
      if (this.#text[this.#at] !== '"') this.#bad("expected a key in quotes");
      const key = this.#string();
      if (out.has(key)) this.#bad(`duplicate key "${key.slice(0, 60)}"`);
      this.#skipBlanks();
      if (!this.#take(":")) this.#bad("expected ':'");
      this.#skipBlanks();
      out.set(key, this.#value(depth + 1));
      this.#skipBlanks();
      if (this.#take("}")) return out;
      if (!this.#take(",")) this.#bad("expected ',' or '}'");
    }
  }
}

export const parseJson = (text: string): Json => new Reader(text).read();

// As RFC 8785 writes it.
export const quoted = (text: string): string => JSON.stringify(text);
