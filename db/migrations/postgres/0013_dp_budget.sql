-- Privacy budgets (docs/formats/accountant.md). One row of dp_budget for each account: of a tenant, a
-- dataset and a purpose in a window; of a dataset over all tenants, whose tenant_id is ''; of a tenant and
-- a dataset for good; of a block of event time. Amounts are exact decimals; no limit is NULL. Of what is
-- charged: epsilon in 10^-9, delta in 10^-18, rho in 10^-12. Times are milliseconds since 1970 UTC, but
-- for window_start and window_end (NULL = never). Curves are 16 numbers of 10^-12, or ''.

CREATE TABLE dp_budget (
  tenant_id           TEXT COLLATE "C" NOT NULL,
  window_start        TIMESTAMPTZ      NOT NULL,
  dataset             TEXT COLLATE "C" NOT NULL,
  purpose             TEXT COLLATE "C" NOT NULL,
  scope               TEXT COLLATE "C" NOT NULL CHECK (scope IN ('window', 'dataset', 'lifetime', 'block')),
  window_end          TIMESTAMPTZ,
  filter              TEXT             NOT NULL CHECK (filter IN ('pure', 'approx', 'zcdp', 'rdp')),
  epsilon_spent       NUMERIC          NOT NULL,
  epsilon_reserved    NUMERIC          NOT NULL,
  epsilon_limit       NUMERIC,
  epsilon_top_up      NUMERIC          NOT NULL,
  epsilon_top_up_used NUMERIC          NOT NULL,
  delta_spent         NUMERIC          NOT NULL,
  delta_reserved      NUMERIC          NOT NULL,
  delta_limit         NUMERIC,
  rho_spent           NUMERIC          NOT NULL,
  rho_reserved        NUMERIC          NOT NULL,
  rho_limit           NUMERIC,
  curve_spent         TEXT             NOT NULL,
  curve_reserved      TEXT             NOT NULL,
  changed_at          BIGINT           NOT NULL,
  seq                 BIGINT           NOT NULL,
  version             BIGINT           NOT NULL,
  -- What the program decides, once more: no server of any version overspends.
  CHECK (epsilon_spent >= 0 AND epsilon_reserved >= 0),
  CHECK (filter NOT IN ('pure', 'approx') OR epsilon_spent + epsilon_reserved <= epsilon_limit + epsilon_top_up),
  CHECK (filter <> 'zcdp' OR rho_spent + rho_reserved <= rho_limit),
  PRIMARY KEY (tenant_id, window_start, dataset, purpose, scope)
);

CREATE TABLE dp_charge (
  tenant_id           TEXT COLLATE "C" NOT NULL,
  charge_id           TEXT COLLATE "C" NOT NULL,
  state               TEXT             NOT NULL CHECK (state IN ('reserved', 'executing', 'committed', 'burned', 'released')),
  holder              TEXT             NOT NULL,
  dataset             TEXT COLLATE "C" NOT NULL,
  purpose             TEXT COLLATE "C" NOT NULL,
  plan                TEXT             NOT NULL,
  analyst             TEXT             NOT NULL,
  query_type          TEXT             NOT NULL,
  mechanism           TEXT             NOT NULL,
  query               TEXT             NOT NULL,
  request_key         TEXT COLLATE "C" NOT NULL,
  reach               BIGINT           NOT NULL,
  events_from         BIGINT,
  events_to           BIGINT,
  blocks              TEXT             NOT NULL,
  epsilon             BIGINT           NOT NULL CHECK (epsilon >= 0),
  delta               BIGINT           NOT NULL CHECK (delta >= 0),
  rho                 BIGINT           NOT NULL CHECK (rho >= 0),
  window_from         BIGINT           NOT NULL,
  window_to           BIGINT           NOT NULL,
  reserved_at         BIGINT           NOT NULL,
  settled_at          BIGINT           NOT NULL,
  seq                 BIGINT,
  why                 TEXT             NOT NULL,
  result_hash         BYTEA,
  result              BYTEA,
  PRIMARY KEY (tenant_id, charge_id)
);

CREATE UNIQUE INDEX dp_charge_key ON dp_charge (tenant_id, request_key);
CREATE UNIQUE INDEX dp_charge_seq ON dp_charge (tenant_id, dataset, seq) WHERE seq IS NOT NULL;
CREATE INDEX dp_charge_time ON dp_charge (tenant_id, dataset, reserved_at);
CREATE INDEX dp_charge_query ON dp_charge (tenant_id, query, epsilon, charge_id) WHERE state = 'committed';
CREATE INDEX dp_charge_open ON dp_charge (reserved_at) WHERE state IN ('reserved', 'executing');

-- Allowances over the limit of one window. `taken` is what went when one ended unused; `record` is that of
-- the warrant and its approval.
CREATE TABLE dp_top_up (
  tenant_id           TEXT COLLATE "C" NOT NULL,
  top_up_id           TEXT COLLATE "C" NOT NULL,
  dataset             TEXT COLLATE "C" NOT NULL,
  purpose             TEXT COLLATE "C" NOT NULL,
  plan                TEXT             NOT NULL,
  epsilon             BIGINT           NOT NULL CHECK (epsilon > 0),
  window_from         BIGINT           NOT NULL,
  expires_at          BIGINT           NOT NULL,
  record              TEXT COLLATE "C" NOT NULL,
  state               TEXT             NOT NULL CHECK (state IN ('active', 'revoked', 'expired')),
  taken               BIGINT           NOT NULL,
  added_at            BIGINT           NOT NULL,
  ended_at            BIGINT           NOT NULL,
  PRIMARY KEY (tenant_id, top_up_id)
);

CREATE UNIQUE INDEX dp_top_up_record ON dp_top_up (tenant_id, record);
CREATE INDEX dp_top_up_window ON dp_top_up (tenant_id, dataset, purpose, window_from);
CREATE INDEX dp_top_up_active ON dp_top_up (expires_at) WHERE state = 'active';
