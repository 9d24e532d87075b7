-- Notifications: who wants to be told, what happened, and how the telling went.
-- Times are milliseconds since 1970 UTC. No secret is kept: those of endpoints are derived from a
-- key outside of the database and the generation here.

CREATE TABLE notify_endpoint (
  tenant_id    TEXT    NOT NULL REFERENCES tenant (tenant_id),
  endpoint_id  TEXT    NOT NULL,
  kind         TEXT    NOT NULL CHECK (kind IN ('webhook', 'mail')),
  target       TEXT    NOT NULL,
  events       TEXT    NOT NULL,
  note         TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('active', 'disabled', 'deleted')),
  reason       TEXT    NOT NULL DEFAULT '',
  generation   INTEGER NOT NULL,
  former_until INTEGER,
  created_at   INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, endpoint_id)
) STRICT, WITHOUT ROWID;

-- body: the CloudEvents JSON exactly as it is sent, so that every attempt signs the same bytes.
CREATE TABLE notify_event (
  tenant_id  TEXT    NOT NULL REFERENCES tenant (tenant_id),
  event_id   TEXT    NOT NULL,
  type       TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX notify_event_age ON notify_event (created_at);

CREATE TABLE notify_delivery (
  tenant_id    TEXT    NOT NULL,
  delivery_id  TEXT    NOT NULL,
  endpoint_id  TEXT    NOT NULL,
  event_id     TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts     INTEGER NOT NULL,
  tries        INTEGER NOT NULL,
  next_at      INTEGER NOT NULL,
  leased_until INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  ended_at     INTEGER,
  last_status  INTEGER NOT NULL,
  last_error   TEXT    NOT NULL,
  PRIMARY KEY (tenant_id, delivery_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES notify_endpoint (tenant_id, endpoint_id),
  FOREIGN KEY (tenant_id, event_id) REFERENCES notify_event (tenant_id, event_id)
) STRICT, WITHOUT ROWID;

-- tries: attempts since it was last made due by somebody; they choose the next delay. What a claim
-- reads: the open ones, by the time of their next attempt.
CREATE INDEX notify_delivery_due ON notify_delivery (next_at) WHERE state = 'pending';
CREATE INDEX notify_delivery_open ON notify_delivery (tenant_id, endpoint_id)
  WHERE state = 'pending';
CREATE INDEX notify_delivery_endpoint ON notify_delivery (tenant_id, endpoint_id, delivery_id);
CREATE INDEX notify_delivery_event ON notify_delivery (tenant_id, event_id);

CREATE TABLE notify_attempt (
  tenant_id   TEXT    NOT NULL,
  delivery_id TEXT    NOT NULL,
  attempt     INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  took_ms     INTEGER NOT NULL,
  status      INTEGER NOT NULL,
  error       TEXT    NOT NULL,
  PRIMARY KEY (tenant_id, delivery_id, attempt),
  FOREIGN KEY (tenant_id, delivery_id) REFERENCES notify_delivery (tenant_id, delivery_id)
) STRICT, WITHOUT ROWID;
