// What the policies decided on a query, as its answer says it.
import type { Decision } from "../client.ts";

// The columns that a query asks for by name and a decision masks. GraphQL has a column's name in the query
// whatever it is called in the answer.
export function maskedIn(query: string, decisions: Pick<Decision, "masked">[]): string[] {
  const words = new Set(query.replaceAll(/#.*/g, "").match(/\w+/g));
  const masked = decisions.flatMap((one) => Object.keys(one.masked));
  return [...new Set(masked)].filter((column) => words.has(column)).sort();
}

// What stands in an X-IG-Decision-Id or X-IG-Rule-Id header.
export const idsOf = (header: string | null): string[] => (header ?? "").split(",").map((id) => id.trim()).filter(Boolean);
