// Small things around the text of a query.

const KEPT_MAX = 20;
// Tokens, sign-in links and bearer headers of ours, and anything as long and mixed as a JWT.
const SECRET = /mc[tl]_|whsec_|bearer\s|eyJ[\w-]{8}/i;

export const lineCount = (text: string) => text.split("\n").length;

// Lines and columns of GraphQL errors begin at 1.
export function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return Math.min(text.length, before + column - 1);
}

// The newest first, each once. What may hold a secret is not kept.
export function keep(kept: string[], query: string): string[] {
  if (SECRET.test(query)) return kept;
  return [query, ...kept.filter((one) => one !== query)].slice(0, KEPT_MAX);
}
