// The pages of the portal: where they are, what they are called, how the keyboard gets there.
import type { ComponentType } from "preact";
import Overview from "./pages/overview.tsx";

export type Load = () => Promise<{ default: ComponentType }>;

export interface PageEntry {
  path: string;
  name: string;
  group: "Run" | "Protect" | "Prove" | "Admin";
  key: string; // after g
  load: Load;
}

// The first page comes with the frame: a script less to wait for.
export const PAGES: PageEntry[] = [
  { path: "/", name: "Overview", group: "Run", key: "o", load: async () => ({ default: Overview }) },
  { path: "/budgets", name: "Budgets", group: "Run", key: "b", load: () => import("./pages/budgets.tsx") },
  { path: "/datasets", name: "Datasets", group: "Protect", key: "d", load: () => import("./pages/datasets.tsx") },
  { path: "/access", name: "Access", group: "Protect", key: "a", load: () => import("./pages/access.tsx") },
  { path: "/records", name: "Ledger", group: "Protect", key: "l", load: () => import("./pages/ledger.tsx") },
  { path: "/policy", name: "Policy", group: "Protect", key: "y", load: () => import("./pages/policy.tsx") },
  { path: "/residency", name: "Residency", group: "Protect", key: "r", load: () => import("./pages/residency.tsx") },
  { path: "/privacy", name: "Privacy", group: "Protect", key: "i", load: () => import("./pages/privacy.tsx") },
  { path: "/exports", name: "Exports", group: "Protect", key: "e", load: () => import("./pages/exports.tsx") },
  { path: "/console", name: "GraphQL console", group: "Run", key: "c", load: () => import("./pages/console.tsx") },
  { path: "/query", name: "Query", group: "Run", key: "q", load: () => import("./pages/query.tsx") },
  { path: "/notifications", name: "Notifications", group: "Run", key: "n", load: () => import("./pages/notifications.tsx") },
  { path: "/verify", name: "Verify", group: "Prove", key: "v", load: () => import("./pages/verify.tsx") },
  { path: "/settings/sessions", name: "Your sessions", group: "Admin", key: "s", load: () => import("./pages/sessions.tsx") },
  { path: "/settings/tokens", name: "Tokens", group: "Admin", key: "t", load: () => import("./pages/tokens.tsx") },
  { path: "/settings/preferences", name: "Preferences", group: "Admin", key: "p", load: () => import("./pages/preferences.tsx") },
];

// The scripts that came, by who loads them.
export const loaded = new Map<Load, ComponentType>([[PAGES[0]!.load, Overview]]);

export const SIGN_IN: Load = () => import("./pages/sign_in.tsx");
export const DATASET: Load = () => import("./pages/dataset.tsx");
export const DECISION: Load = () => import("./pages/policy_decision.tsx");
export const WHAT_IF: Load = () => import("./pages/policy_what_if.tsx");
export const MISSING: Load = () => import("./pages/missing.tsx");

export function loaderOf(path: string): Load {
  if (path === "/sign-in" || path === "/sign-in/callback") return SIGN_IN;
  if (path.startsWith("/datasets/")) return DATASET;
  if (path.startsWith("/policy/decisions/")) return DECISION;
  if (path === "/policy/what-if") return WHAT_IF;
  return PAGES.find((page) => page.path === path)?.load ?? MISSING;
}
