// The admin API as the portal uses it: the generated operations over fetch().
import { Operations } from "./client.ts";

export type {
  Alert, Dataset, DatasetDetail, Overview, Principal, Role, Series, Session, SessionInfo, SignInWays, Token, Traffic,
} from "./client.ts";
export type Window = "15m" | "1h" | "24h";

// What is wrong, in the words of the server; status 0 = no answer came.
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  // The session is good; a fresh sign-in is asked for (RFC 9470).
  readonly stepUp: boolean;
  readonly retryAfterS: number | null;
  // What was refused would have changed something.
  readonly changes: boolean;

  constructor(status: number, code: string, detail: string, more: Partial<About> = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.requestId = more.requestId ?? "";
    this.stepUp = more.stepUp ?? false;
    this.retryAfterS = more.retryAfterS ?? null;
    this.changes = more.changes ?? false;
  }
}
type About = Pick<Problem, "requestId" | "stepUp" | "retryAfterS" | "changes">;

export const silent = (changes = false) => new Problem(0, "offline", "No answer came.", { changes });
// Of what was thrown, whatever it is.
export const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, "broken", String(error));
export const unreadable = (changes = false) =>
  new Problem(0, "unreadable", "What came is not an answer of this server.", { changes });

function field(body: unknown, name: string): string {
  if (typeof body !== "object" || body === null) return "";
  const value = (body as Record<string, unknown>)[name];
  return typeof value === "string" ? value : "";
}

export async function problemOf(response: Response, changes = false): Promise<Problem> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // Not from this server; the status has to do.
  }
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new Problem(response.status, field(body, "code"), field(body, "detail") || `The server answered ${response.status}.`, {
    requestId: field(body, "request_id"),
    stepUp: (response.headers.get("WWW-Authenticate") ?? "").includes("insufficient_user_authentication"),
    retryAfterS: Number.isNaN(wait) ? null : wait,
    changes,
  });
}

export class Client extends Operations {
  // From the session; sent with everything that changes something.
  csrf: string | null = null;
  // Answers that came with the page, by what GET would be sent to: each for the first who asks.
  given = new Map<string, unknown>();
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch) {
    super();
    this.#fetch = fetcher;
  }

  override async call<T>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<T> {
    if (method === "GET" && this.given.has(path)) {
      const answer = this.given.get(path);
      this.given.delete(path);
      return answer as T;
    }
    const response = await this.#answer(method, path, body, { Accept: "application/json", ...more });
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch {
      throw unreadable(method !== "GET");
    }
  }

  // To the byte, under the name that the server gives it.
  async file(path: string): Promise<{ name: string; bytes: Blob }> {
    const response = await this.#answer("GET", path, undefined, { Accept: "*/*" });
    const [, name] = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "") ?? [];
    try {
      return { name: name ?? "download", bytes: await response.blob() };
    } catch {
      throw silent();
    }
  }

  async #answer(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
    const changes = method !== "GET";
    if (changes && this.csrf !== null) headers["X-CSRF-Token"] = this.csrf;
    const bytes = body instanceof Blob;
    if (body !== undefined) headers["Content-Type"] = bytes ? body.type : "application/json";
    let response: Response;
    try {
      response = await this.#fetch(path, {
        method,
        headers,
        credentials: "same-origin",
        redirect: "error",
        body: body === undefined ? null : bytes ? body : JSON.stringify(body),
      });
    } catch {
      throw silent(changes);
    }
    if (!response.ok) throw await problemOf(response, changes);
    return response;
  }
}
