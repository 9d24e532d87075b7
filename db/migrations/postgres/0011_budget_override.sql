-- Budgets that are changed for a time: what was asked for, by whom, and what became of it. Times are
-- milliseconds since 1970 UTC; a factor is in thousandths. `record` is that of the ledger which
-- comes before the effect, in the log of the tenant.

CREATE TABLE budget_override (
  tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenant (tenant_id),
  override_id  TEXT COLLATE "C" NOT NULL,
  scope        TEXT    NOT NULL CHECK (scope IN ('tenant', 'tenant-route', 'tenant-user')),
  route        TEXT    NOT NULL,
  dimension    TEXT    NOT NULL,
  amount       BIGINT,
  factor       BIGINT,
  from_at      BIGINT  NOT NULL,
  until_at     BIGINT  NOT NULL,
  reason       TEXT    NOT NULL,
  note         TEXT    NOT NULL,
  ticket       TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('pending', 'active', 'expired', 'revoked', 'refused')),
  asked_by     TEXT    NOT NULL,
  asked_at     BIGINT  NOT NULL,
  approved_by  TEXT    NOT NULL,
  ended_by     TEXT    NOT NULL,
  changed_at   BIGINT  NOT NULL,
  quota_before BIGINT,
  quota_after  BIGINT,
  record       BIGINT  NOT NULL,
  version      BIGINT  NOT NULL,
  PRIMARY KEY (tenant_id, override_id)
);

CREATE INDEX budget_override_open ON budget_override (state);
