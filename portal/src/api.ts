// The admin API as the portal uses it. Shapes and names are those of openapi.json.

export type Role =
  | "operator" | "oncall" | "tenant-admin" | "analyst" | "dpo" | "platform" | "auditor";

export interface Session {
  session: { id: string; method: "link" | "oidc"; expires_at: string; idle_expires_at: string } | null;
  principal: string;
  name: string;
  tenant: string;
  roles: Role[];
  scopes: string[];
  tenants: string[];
  csrf: string | null;
  server: { version: string; time: string; demo: boolean };
  return_to?: string;
}

export interface SignInWays {
  oidc: { issuer: string; audience: string; cli_client_id: string | null; portal: boolean } | null;
}

export interface SessionInfo {
  id: string;
  current: boolean;
  method: "link" | "oidc";
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  idle_expires_at: string;
  peer: string;
  user_agent: string;
}

export type Series = (number | null)[];

export interface Traffic {
  requests: number | null;
  refused: number | null;
  failed: number | null;
  latency_ms: { p50: number; p95: number; p99: number } | null;
  series: { requests: Series; refused: Series; failed: Series; p50_ms: Series; p99_ms: Series };
}

export interface Overview {
  from: string;
  to: string;
  step_s: number;
  total: Traffic;
  tenants: (Traffic & { tenant: string })[];
}

export interface Dataset {
  name: string;
  type: string;
  region: string;
  licence_class: string;
  writable: boolean;
  columns: number;
}

export interface Principal {
  tenant: string;
  id: string;
  name: string;
  roles: string;
  state: string;
  created_at: string;
}

export interface Token {
  tenant: string;
  id: string;
  principal: string;
  scopes: string;
  purposes: string;
  created_at: string;
  expires_at: string;
  revoked_at: string | null;
  last_used_at: string | null;
  note: string;
}

export interface NewToken {
  principal: string;
  scopes: string;
  lifetime: string;
  note: string;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type Window = "15m" | "1h" | "24h";

// What is wrong, in the words of the server; status 0 = no answer came.
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  // The session is good; a fresh sign-in is asked for (RFC 9470).
  readonly stepUp: boolean;

  constructor(status: number, code: string, detail: string, requestId: string, stepUp = false) {
    super(detail);
    this.stepUp = stepUp;
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

function field(body: unknown, name: string): string {
  if (typeof body !== "object" || body === null) return "";
  const value = (body as Record<string, unknown>)[name];
  return typeof value === "string" ? value : "";
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // Not from this server; the status has to do.
  }
  return new Problem(
    response.status,
    field(body, "code"),
    field(body, "detail") || `The server answered ${response.status}.`,
    field(body, "request_id"),
    (response.headers.get("WWW-Authenticate") ?? "").includes("insufficient_user_authentication"),
  );
}

export class Client {
  // From the session; sent with everything that changes something.
  csrf: string | null = null;
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET" && this.csrf !== null) headers["X-CSRF-Token"] = this.csrf;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response: Response;
    try {
      response = await this.#fetch(path, {
        method,
        headers,
        credentials: "same-origin",
        redirect: "error",
        body: body === undefined ? null : JSON.stringify(body),
      });
    } catch {
      throw new Problem(0, "offline", "The server does not answer.", "");
    }
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  session = () => this.call<Session>("GET", "/v1/session");
  signIn = (link: string) => this.call<Session>("POST", "/v1/sessions", { link });
  signInWays = () => this.call<SignInWays>("GET", "/v1/sign-in");
  beginCodeLogin = (return_to: string, step_up: boolean) =>
    this.call<{ authorization_url: string }>("POST", "/v1/sign-in/oidc", { return_to, step_up });
  finishCodeLogin = (answer: { state: string; code: string; iss: string }) =>
    this.call<Session>("POST", "/v1/sign-in/oidc/code", answer);
  signOut = () => this.call<void>("DELETE", "/v1/session");
  sessions = () => this.call<Page<SessionInfo>>("GET", "/v1/sessions");
  revokeSession = (id: string) =>
    this.call<void>("DELETE", `/v1/sessions/${encodeURIComponent(id)}`);
  principals = (tenant: string) =>
    this.call<Page<Principal>>("GET", `/v1/tenants/${encodeURIComponent(tenant)}/principals`);
  tokens = (tenant: string) =>
    this.call<Page<Token>>("GET", `/v1/tenants/${encodeURIComponent(tenant)}/tokens`);
  createToken = (tenant: string, wanted: NewToken) =>
    this.call<Token & { token: string }>(
      "POST",
      `/v1/tenants/${encodeURIComponent(tenant)}/tokens`,
      wanted,
    );
  revokeToken = (tenant: string, id: string) =>
    this.call<void>(
      "DELETE",
      `/v1/tenants/${encodeURIComponent(tenant)}/tokens/${encodeURIComponent(id)}`,
    );
  datasets = () => this.call<Page<Dataset>>("GET", "/v1/datasets");
  overview = (window: Window, tenant: string) =>
    this.call<Overview>(
      "GET",
      `/v1/overview?window=${window}${tenant ? `&tenant=${encodeURIComponent(tenant)}` : ""}`,
    );
}
