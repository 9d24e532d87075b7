// The pages of the portal: where they are, what they are called, how the keyboard gets there.
import type { ComponentType } from "preact";

type Load = () => Promise<{ default: ComponentType }>;

export interface PageEntry {
  path: string;
  name: string;
  group: "Run" | "Protect" | "Admin";
  key: string; // after g
  load: Load;
}

export const PAGES: PageEntry[] = [
  { path: "/", name: "Overview", group: "Run", key: "o", load: () => import("./pages/overview.tsx") },
  { path: "/datasets", name: "Datasets", group: "Protect", key: "d", load: () => import("./pages/datasets.tsx") },
  { path: "/settings/sessions", name: "Your sessions", group: "Admin", key: "s", load: () => import("./pages/sessions.tsx") },
  { path: "/settings/tokens", name: "Tokens", group: "Admin", key: "t", load: () => import("./pages/tokens.tsx") },
];

export const SIGN_IN: Load = () => import("./pages/sign_in.tsx");
export const MISSING: Load = () => import("./pages/missing.tsx");

export function loaderOf(path: string): Load {
  if (path === "/sign-in" || path === "/sign-in/callback") return SIGN_IN;
  return PAGES.find((page) => page.path === path)?.load ?? MISSING;
}
