// Asking the gateway, as the person of the session.
import { Problem, silent } from "../api.ts";
import { client, heard, unheard } from "../state.ts";
import { idsOf } from "./decided.ts";

export interface Ran {
  status: number;
  requestId: string;
  tookMs: number;
  query: string;
  decisions: string[]; // that the policies made of it, by id
  rules: string[]; // that spoke in them
  body: unknown; // as the server said it; null when it was no JSON
}

// `purpose`: that of the session where it is "".
export async function runGraphql(endpoint: string, query: string, variables?: unknown, purpose = ""): Promise<Ran> {
  const began = performance.now();
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      headers: {
        Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": client.csrf ?? "",
        ...(purpose === "" ? {} : { "X-MC-Purpose": purpose }),
      },
      body: JSON.stringify(variables === undefined ? { query } : { query, variables }),
    });
  } catch {
    unheard();
    throw silent();
  }
  heard(began);
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not from this server; the status has to do.
  }
  return {
    status: response.status,
    requestId: response.headers.get("X-Request-Id") ?? "",
    tookMs: performance.now() - began,
    query,
    decisions: idsOf(response.headers.get("X-IG-Decision-Id")),
    rules: idsOf(response.headers.get("X-IG-Rule-Id")),
    body,
  };
}

// The data of an answer; what the server refused is a problem.
export async function dataOf<T>(endpoint: string, query: string): Promise<T> {
  const ran = await runGraphql(endpoint, query);
  const { data, errors } = (ran.body ?? {}) as { data?: T | null; errors?: { message: string }[] };
  if (data) return data;
  throw new Problem(ran.status === 200 ? 400 : ran.status, "graphql", errors?.[0]?.message ?? `The server answered ${ran.status}.`, {
    requestId: ran.requestId,
  });
}

const ROOT_FIELDS_MAX = 20; // the gateway's own limit

// Rows that the caller's tenant has, by plural; null where the caller may not count.
export async function countRows(endpoint: string, plurals: string[]): Promise<Map<string, number | null>> {
  const out = new Map<string, number | null>();
  for (let at = 0; at < plurals.length; at += ROOT_FIELDS_MAX) {
    const some = plurals.slice(at, at + ROOT_FIELDS_MAX);
    const fields = some.map((plural, i) => `d${i}: ${plural}Aggregate { count }`);
    const { body } = await runGraphql(endpoint, `{ ${fields.join(" ")} }`);
    const data = (body as { data?: Record<string, { count: number } | null> | null } | null)?.data;
    some.forEach((plural, i) => out.set(plural, data?.[`d${i}`]?.count ?? null));
  }
  return out;
}
