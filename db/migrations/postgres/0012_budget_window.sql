-- What was used of days and months, as budgets count it: one row for each count, of the latest
-- window in which it was used. `window_number` is days or months since 1970 (UTC), `used` is in
-- credits. `node` is the server that counted. Names that a scope does not have are ''.

CREATE TABLE budget_window (
  tenant_id     TEXT COLLATE "C" NOT NULL,
  node          TEXT COLLATE "C" NOT NULL,
  scope         TEXT COLLATE "C" NOT NULL CHECK (scope IN ('global', 'plan', 'tenant', 'route', 'tenant-route', 'tenant-user')),
  user_name     TEXT COLLATE "C" NOT NULL,
  plan          TEXT COLLATE "C" NOT NULL,
  route         TEXT COLLATE "C" NOT NULL,
  dimension     TEXT COLLATE "C" NOT NULL CHECK (dimension IN ('day_credits', 'month_credits')),
  window_number BIGINT  NOT NULL,
  used          BIGINT  NOT NULL CHECK (used >= 0),
  PRIMARY KEY (tenant_id, node, scope, user_name, plan, route, dimension)
);
