// Addresses inside the portal.

// A path to go to after signing in: of this site, whatever somebody put there.
export function ownPath(wanted: string | null): string {
  if (wanted === null || !/^\/(?![/\\])/.test(wanted)) return "/";
  // Browsers drop these from URLs, which could make "//" of what looked like "/".
  return /[\t\r\n]/.test(wanted) ? "/" : wanted;
}

export function withQuery(path: string, query: Record<string, string>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== "");
  if (pairs.length === 0) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(pairs)}`;
}
