// When a session ends, on this computer's clock.
import type { Session } from "./client.ts";

export interface End {
  at: number;
  idle: boolean; // by doing nothing; else by its age, which nothing prolongs
}

// `receivedAt`: when `session` came; `heardAt`: the last answer of the server, which prolongs it.
export function sessionEnd(session: Session, receivedAt: number, heardAt: number): End | null {
  const own = session.session;
  if (own === null) return null;
  const left = (until: string) => Date.parse(until) - Date.parse(session.server.time);
  const age = receivedAt + left(own.expires_at);
  const idle = Math.max(receivedAt, heardAt) + left(own.idle_expires_at);
  return idle < age ? { at: idle, idle: true } : { at: age, idle: false };
}
