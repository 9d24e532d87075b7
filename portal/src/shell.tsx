import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Session } from "./api.ts";
import { Link } from "./link.tsx";
import { PAGES } from "./pages.ts";
import { Palette } from "./palette.tsx";
import {
  address, attempt, client, ends, go, path, session, setTheme, signedIn, silence, skewSeconds, tenant, theme, timeWindow,
  toProvider, toSignIn,
} from "./state.ts";

const NARROW_PX = 720;
const SKEW_MAX_S = 5;
const WARN_MS = 120_000;

// Says it in time to finish, or to stay.
function Ending({ who }: { who: Session }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const end = ends();
  if (end === null || end.at - now > WARN_MS) return null;
  const over = end.at <= now;
  const stay = async () => {
    await attempt(client.getSession).then(signedIn, () => undefined);
  };
  const again = async () => {
    if (who.session?.method !== "oidc") return toSignIn();
    await attempt(() => toProvider(location.pathname + location.search, false)).catch(() => undefined);
  };
  return (
    <p class="warn">
      ▲ {over ? "Your session is over." : "Your session ends in less than two minutes."}{" "}
      {end.idle && !over ? (
        <button type="button" onClick={stay}>Stay signed in</button>
      ) : (
        <button type="button" onClick={again}>Sign in again</button>
      )}
    </p>
  );
}

function Banners({ who }: { who: Session }) {
  return (
    <div class="banners" role="status">
      {silence.value === "server" && <p class="warn">▲ The server does not answer. What you see may be old.</p>}
      {silence.value === "network" && <p class="warn">▲ This computer is offline. What you see may be old.</p>}
      {Math.abs(skewSeconds.value) > SKEW_MAX_S && (
        <p class="warn">
          ▲ This computer's clock is {Math.abs(skewSeconds.value)} s {skewSeconds.value > 0 ? "ahead of" : "behind"} the
          server's.
        </p>
      )}
      <Ending who={who} />
    </div>
  );
}

function Navigation({ version }: { version: string }) {
  const groups = [...new Set(PAGES.map((page) => page.group))];
  return (
    <nav aria-label="Pages">
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h2>{group}</h2>
          <ul>
            {PAGES.filter((page) => page.group === group).map((page) => (
              <li key={page.path}>
                <Link to={page.path}>{page.name}</Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <p class="version">Version {version}</p>
    </nav>
  );
}

function ThemeChoice() {
  return (
    <p>
      <label for="theme">Theme</label>
      <select id="theme" value={theme.value} onChange={(event) => setTheme(event.currentTarget.value)}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </p>
  );
}

function Controls({ who }: { who: Session }) {
  return (
    <div class="controls">
      {who.tenants.length > 1 && (
        <p>
          <label for="tenant">Tenant</label>
          <select
            id="tenant"
            value={tenant.value}
            onChange={(event) => go(address(path.value, { tenant: event.currentTarget.value }))}
          >
            <option value="">All tenants</option>
            {who.tenants.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </p>
      )}
      <p>
        <label for="window">Window</label>
        <select
          id="window"
          value={timeWindow.value}
          onChange={(event) => go(address(path.value, { window: event.currentTarget.value }))}
        >
          <option value="15m">15 minutes</option>
          <option value="1h">1 hour</option>
          <option value="24h">24 hours</option>
        </select>
      </p>
      <ThemeChoice />
      <details class="user">
        <summary>
          <bdi class="long">{who.name || who.principal}</bdi>
        </summary>
        <div>
          <p>
            <bdi>{who.principal}</bdi> of <bdi>{who.tenant}</bdi>
          </p>
          <p>{who.roles.join(", ")}</p>
          <button
            type="button"
            onClick={async () => {
              await attempt(client.signOut).catch(() => undefined);
              toSignIn();
            }}
          >
            Sign out
          </button>
        </div>
      </details>
    </div>
  );
}

const Skip = () => (
  <a class="skip" href="#main">
    To the content
  </a>
);

// Of a page that needs no session.
export function OpenFrame({ children }: { children: ComponentChildren }) {
  return (
    <>
      <Skip />
      <header class="bar">
        <b class="brand">Maestro Conductor</b>
        <div class="controls">
          <ThemeChoice />
          <button type="button" onClick={toSignIn}>Sign in</button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
    </>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const who = session.value;
  if (!who) return null;
  return (
    <>
      <Skip />
      <header class="bar">
        <b class="brand">Maestro Conductor</b>
        {who.server.demo && <span class="demo">DEMO</span>}
        <Controls who={who} />
      </header>
      <div class="body">
        <details class="side" open={innerWidth > NARROW_PX}>
          <summary>Pages</summary>
          <Navigation version={who.server.version} />
        </details>
        <main id="main" tabIndex={-1}>
          <Banners who={who} />
          {children}
        </main>
      </div>
      <Palette />
    </>
  );
}
