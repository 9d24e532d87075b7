-- Budgets that are changed for a time: what was asked for, by whom, and what became of it. Times are
-- milliseconds since 1970 UTC; a factor is in thousandths. `record` is that of the ledger which
-- comes before the effect, in the log of the tenant.

CREATE TABLE budget_override (
  tenant_id    TEXT    NOT NULL REFERENCES tenant (tenant_id),
  override_id  TEXT    NOT NULL,
  scope        TEXT    NOT NULL CHECK (scope IN ('tenant', 'tenant-route', 'tenant-user')),
  route        TEXT    NOT NULL,
  dimension    TEXT    NOT NULL,
  amount       INTEGER,
  factor       INTEGER,
  from_at      INTEGER NOT NULL,
  until_at     INTEGER NOT NULL,
  reason       TEXT    NOT NULL,
  note         TEXT    NOT NULL,
  ticket       TEXT    NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('pending', 'active', 'expired', 'revoked', 'refused')),
  asked_by     TEXT    NOT NULL,
  asked_at     INTEGER NOT NULL,
  approved_by  TEXT    NOT NULL,
  ended_by     TEXT    NOT NULL,
  changed_at   INTEGER NOT NULL,
  quota_before INTEGER,
  quota_after  INTEGER,
  record       INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, override_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX budget_override_open ON budget_override (state);
