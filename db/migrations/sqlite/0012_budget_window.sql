-- What was used of days and months, as budgets count it: one row for each count, of the latest
-- window in which it was used. `window_number` is days or months since 1970 (UTC), `used` is in
-- credits. `node` is the server that counted. Names that a scope does not have are ''.

CREATE TABLE budget_window (
  tenant_id     TEXT    NOT NULL,
  node          TEXT    NOT NULL,
  scope         TEXT    NOT NULL CHECK (scope IN ('global', 'plan', 'tenant', 'route', 'tenant-route', 'tenant-user')),
  user_name     TEXT    NOT NULL,
  plan          TEXT    NOT NULL,
  route         TEXT    NOT NULL,
  dimension     TEXT    NOT NULL CHECK (dimension IN ('day_credits', 'month_credits')),
  window_number INTEGER NOT NULL,
  used          INTEGER NOT NULL CHECK (used >= 0),
  PRIMARY KEY (tenant_id, node, scope, user_name, plan, route, dimension)
) STRICT, WITHOUT ROWID;
