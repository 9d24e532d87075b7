// Filters under a name, kept in this browser.
import { withQuery } from "../path.ts";
import { type Filters, readFilters, writeFilters } from "./filters.ts";

export interface View {
  name: string;
  query: string; // as in the page's address; "" is all
}

const VIEWS_MAX = 50;
export const NAME_MAX = 60;

export const queryOf = (filters: Filters) => withQuery("", writeFilters(filters)).slice(1);

// What is stored is whatever somebody put there.
export function parseViews(text: string | null): View[] {
  let found: unknown = [];
  try {
    found = JSON.parse(text ?? "[]");
  } catch {
    // Nothing that was kept here.
  }
  const out: View[] = [];
  for (const one of Array.isArray(found) ? found : []) {
    const { name, query } = (one ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || name === "" || name.length > NAME_MAX || typeof query !== "string") continue;
    if (out.some((other) => other.name === name)) continue;
    out.push({ name, query: queryOf(readFilters(new URLSearchParams(query))) });
  }
  return out.slice(0, VIEWS_MAX);
}

// By name; one of the same name gives way.
export function withView(views: View[], view: View): View[] {
  return [view, ...views.filter(({ name }) => name !== view.name)].slice(0, VIEWS_MAX)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
