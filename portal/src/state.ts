// What all pages share: who is signed in, where we are, how things look.
import { computed, signal } from "@preact/signals";
import { Ahead } from "./ahead.ts";
import { Client, Problem, type Session, type Window } from "./api.ts";
import { type End, sessionEnd } from "./ends.ts";
import { ownPath, withQuery } from "./path.ts";

export const client = new Client((input, init) => fetch(input, init));
export const ahead = new Ahead();
export const session = signal<Session | null>(null);
// A session was there, and the server does not know it any more.
export const lost = signal(false);
export const skewSeconds = signal(0);
// Who keeps silent: this computer has no network, or the server gives no answer.
export const silence = signal<"" | "network" | "server">("");
let heardAt = 0;
let receivedAt = 0;
let offlineAt = 0;

// `asked`: when. An answer under way while the network goes says nothing of what is now.
export function heard(asked = performance.now()) {
  heardAt = Date.now();
  if (asked >= offlineAt) silence.value = "";
}
export function unheard() {
  silence.value = navigator.onLine ? "server" : "network";
}
addEventListener("offline", () => {
  offlineAt = performance.now();
  unheard();
});
addEventListener("online", () => {
  offlineAt = 0;
  if (silence.value === "network") silence.value = "";
});

export function ends(): End | null {
  return session.value && sessionEnd(session.value, receivedAt, heardAt);
}

export const place = signal(new URL(location.href));
export const path = computed(() => place.value.pathname);
export const tenant = computed(() => place.value.searchParams.get("tenant") ?? "");
export const timeWindow = computed<Window>(() => {
  const wanted = place.value.searchParams.get("window");
  return wanted === "1h" || wanted === "24h" ? wanted : "15m";
});

export function go(to: string, replace = false) {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  place.value = new URL(location.href);
}
addEventListener("popstate", () => (place.value = new URL(location.href)));

interface Change {
  tenant?: string;
  window?: string;
  own?: Record<string, string>; // what the page itself keeps in its address
}

// The same filters on another page, or others on this one. Another window leaves a page's own as they are.
export function address(page: string, change: Change = {}): string {
  const window = change.window ?? timeWindow.value;
  const kept = change.window === undefined ? {} : Object.fromEntries(place.value.searchParams);
  return withQuery(page, {
    ...(change.own ?? kept),
    tenant: change.tenant ?? tenant.value,
    window: window === "15m" ? "" : window,
  });
}

const RETURN = "mc.return";

export const isSignIn = (here: string) => here === "/sign-in" || here === "/sign-in/callback";

// A page for everybody, in the frame of a session where there is one.
export const isOpen = (here: string) => here === "/verify";

// To the OpenID provider, and back to `page`.
export async function toProvider(page: string, stepUp: boolean) {
  location.assign((await client.beginCodeLogin({ body: { return_to: page, step_up: stepUp } })).authorization_url);
}
export const wantedPage = () => ownPath(sessionStorage.getItem(RETURN));

export function toSignIn() {
  ahead.forget();
  session.value = null;
  client.csrf = null;
  if (!isSignIn(path.value)) sessionStorage.setItem(RETURN, location.pathname + location.search);
  go("/sign-in", true);
}

export function signedIn(found: Session) {
  session.value = found;
  lost.value = false;
  receivedAt = Date.now();
  client.csrf = found.csrf;
  skewSeconds.value = Math.round((Date.now() - Date.parse(found.server.time)) / 1000);
  if (!isSignIn(path.value)) return;
  const back = ownPath(found.return_to ?? sessionStorage.getItem(RETURN));
  sessionStorage.removeItem(RETURN);
  go(back, true);
}

// Runs a call; a lost session leads to the sign-in page, silence of the server to the banner.
export async function attempt<T>(call: () => Promise<T>): Promise<T> {
  const asked = performance.now();
  try {
    const answer = await call();
    heard(asked);
    return answer;
  } catch (error) {
    if (error instanceof Problem && error.code === "offline") unheard();
    else if (error instanceof Problem && error.status === 401 && !error.stepUp) {
      if (session.value !== null) lost.value = true;  // of several calls, the first finds it
      toSignIn();
    } else heard(asked);
    throw error;
  }
}

export const theme = signal("system");
export const utc = signal(true);
export const shortcuts = signal(true);

// Reads what this browser was told; the first look into its storage takes a hundredth of a second.
export function restorePreferences() {
  const stored = (name: string) => localStorage.getItem(name) ?? "";
  theme.value = stored("mc.theme") || "system";
  utc.value = stored("mc.time") !== "local";
  shortcuts.value = stored("mc.shortcuts") !== "off";
  document.documentElement.dataset["theme"] = theme.value;
}
function keep(name: string, value: string) {
  localStorage.setItem(name, value);
}
export function setTheme(wanted: string) {
  theme.value = wanted;
  keep("mc.theme", wanted);
  document.documentElement.dataset["theme"] = wanted;
}
export function setUtc(wanted: boolean) {
  utc.value = wanted;
  keep("mc.time", wanted ? "utc" : "local");
}
export function setShortcuts(wanted: boolean) {
  shortcuts.value = wanted;
  keep("mc.shortcuts", wanted ? "on" : "off");
}
