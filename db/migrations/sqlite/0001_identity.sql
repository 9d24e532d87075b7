-- Tenants, the principals that act in them, and their API tokens.
-- Times are milliseconds since 1970 UTC; roles, scopes and purposes are comma-separated names.

CREATE TABLE tenant (
  tenant_id      TEXT    NOT NULL PRIMARY KEY,
  region         TEXT    NOT NULL,
  plan           TEXT    NOT NULL,
  retention_tier TEXT    NOT NULL,
  licence_class  TEXT    NOT NULL,
  state          TEXT    NOT NULL,
  created_at     INTEGER NOT NULL,
  version        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE principal (
  tenant_id    TEXT    NOT NULL REFERENCES tenant (tenant_id),
  principal_id TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  roles        TEXT    NOT NULL,
  state        TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, principal_id)
) STRICT, WITHOUT ROWID;

-- Only the SHA-256 of the token is kept, in hexadecimal.
CREATE TABLE token (
  tenant_id    TEXT    NOT NULL,
  token_id     TEXT    NOT NULL,
  principal_id TEXT    NOT NULL,
  hash         TEXT    NOT NULL,
  scopes       TEXT    NOT NULL,
  purposes     TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  revoked_at   INTEGER,
  last_used_at INTEGER,
  note         TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, token_id),
  UNIQUE (hash),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES principal (tenant_id, principal_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX token_principal ON token (tenant_id, principal_id);
