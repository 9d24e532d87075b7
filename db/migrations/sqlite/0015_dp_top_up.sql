-- Top-ups of privacy budgets: what was asked for, by whom, under which warrant, and what became of it.
-- Times are milliseconds since 1970 UTC, epsilon is in 10^-9. `window_from` is that of the window which
-- it is good for, once it is approved; `taken` is what a revocation took away. `record` is that of its
-- newest act, in the log of the tenant, which comes before the effect.

CREATE TABLE dp_top_up_request (
  tenant_id   TEXT    NOT NULL REFERENCES tenant (tenant_id),
  top_up_id   TEXT    NOT NULL,
  dataset     TEXT    NOT NULL,
  purpose     TEXT    NOT NULL,
  epsilon     INTEGER NOT NULL CHECK (epsilon > 0),
  expires_at  INTEGER NOT NULL,
  warrant     TEXT    NOT NULL,
  ticket      TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('pending', 'active', 'refused', 'revoked', 'expired')),
  asked_by    TEXT    NOT NULL,
  asked_at    INTEGER NOT NULL,
  approved_by TEXT    NOT NULL,
  ended_by    TEXT    NOT NULL,
  changed_at  INTEGER NOT NULL,
  window_from INTEGER,
  taken       INTEGER,
  record      INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, top_up_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dp_top_up_request_open ON dp_top_up_request (state);
