-- Privacy budgets (docs/formats/accountant.md). One row of dp_budget for each account: of a tenant, a
-- dataset and a purpose in a window; of a dataset over all tenants, whose tenant_id is ''; of a tenant and
-- a dataset for good; of a block of event time. Amounts are exact decimals; no limit is NULL. Of what is
-- charged: epsilon in 10^-9, delta in 10^-18, rho in 10^-12. Times are milliseconds since 1970 UTC, but
-- for window_start and window_end (NULL = never). Curves are 16 numbers of 10^-12, or ''.

CREATE TABLE dp_budget (
  tenant_id           TEXT    NOT NULL,
  window_start        TEXT    NOT NULL,
  dataset             TEXT    NOT NULL,
  purpose             TEXT    NOT NULL,
  scope               TEXT    NOT NULL CHECK (scope IN ('window', 'dataset', 'lifetime', 'block')),
  window_end          TEXT,
  filter              TEXT    NOT NULL CHECK (filter IN ('pure', 'approx', 'zcdp', 'rdp')),
  epsilon_spent       TEXT    NOT NULL,
  epsilon_reserved    TEXT    NOT NULL,
  epsilon_limit       TEXT,
  epsilon_top_up      TEXT    NOT NULL,
  epsilon_top_up_used TEXT    NOT NULL,
  delta_spent         TEXT    NOT NULL,
  delta_reserved      TEXT    NOT NULL,
  delta_limit         TEXT,
  rho_spent           TEXT    NOT NULL,
  rho_reserved        TEXT    NOT NULL,
  rho_limit           TEXT,
  curve_spent         TEXT    NOT NULL,
  curve_reserved      TEXT    NOT NULL,
  changed_at          INTEGER NOT NULL,
  seq                 INTEGER NOT NULL,
  version             INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, window_start, dataset, purpose, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE dp_charge (
  tenant_id    TEXT    NOT NULL,
  charge_id    TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('reserved', 'executing', 'committed', 'burned', 'released')),
  holder       TEXT    NOT NULL,
  dataset      TEXT    NOT NULL,
  purpose      TEXT    NOT NULL,
  plan         TEXT    NOT NULL,
  analyst      TEXT    NOT NULL,
  query_type   TEXT    NOT NULL,
  mechanism    TEXT    NOT NULL,
  query        TEXT    NOT NULL,
  request_key  TEXT    NOT NULL,
  reach        INTEGER NOT NULL,
  events_from  INTEGER,
  events_to    INTEGER,
  blocks       TEXT    NOT NULL,
  epsilon      INTEGER NOT NULL CHECK (epsilon >= 0),
  delta        INTEGER NOT NULL CHECK (delta >= 0),
  rho          INTEGER NOT NULL CHECK (rho >= 0),
  window_from  INTEGER NOT NULL,
  window_to    INTEGER NOT NULL,
  reserved_at  INTEGER NOT NULL,
  settled_at   INTEGER NOT NULL,
  seq          INTEGER,
  why          TEXT    NOT NULL,
  result_hash  BLOB,
  result       BLOB,
  PRIMARY KEY (tenant_id, charge_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX dp_charge_key ON dp_charge (tenant_id, request_key);
CREATE UNIQUE INDEX dp_charge_seq ON dp_charge (tenant_id, dataset, seq) WHERE seq IS NOT NULL;
CREATE INDEX dp_charge_time ON dp_charge (tenant_id, dataset, reserved_at);
CREATE INDEX dp_charge_query ON dp_charge (tenant_id, query, epsilon, charge_id) WHERE state = 'committed';
CREATE INDEX dp_charge_open ON dp_charge (reserved_at) WHERE state IN ('reserved', 'executing');

-- Allowances over the limit of one window. `taken` is what went when one ended unused; `record` is that of
-- the warrant and its approval.
CREATE TABLE dp_top_up (
  tenant_id   TEXT    NOT NULL,
  top_up_id   TEXT    NOT NULL,
  dataset     TEXT    NOT NULL,
  purpose     TEXT    NOT NULL,
  plan        TEXT    NOT NULL,
  epsilon     INTEGER NOT NULL CHECK (epsilon > 0),
  window_from INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  record      TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('active', 'revoked', 'expired')),
  taken       INTEGER NOT NULL,
  added_at    INTEGER NOT NULL,
  ended_at    INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, top_up_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX dp_top_up_record ON dp_top_up (tenant_id, record);
CREATE INDEX dp_top_up_window ON dp_top_up (tenant_id, dataset, purpose, window_from);
CREATE INDEX dp_top_up_active ON dp_top_up (expires_at) WHERE state = 'active';
