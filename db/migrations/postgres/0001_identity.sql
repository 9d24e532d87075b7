-- Tenants, the principals that act in them, and their API tokens.
-- Times are milliseconds since 1970 UTC; roles, scopes and purposes are comma-separated names.

CREATE TABLE tenant (
  tenant_id      TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
  region         TEXT    NOT NULL,
  plan           TEXT    NOT NULL,
  retention_tier TEXT    NOT NULL,
  licence_class  TEXT    NOT NULL,
  state          TEXT    NOT NULL,
  created_at     BIGINT  NOT NULL,
  version        BIGINT  NOT NULL
);

CREATE TABLE principal (
  tenant_id    TEXT COLLATE "C"    NOT NULL REFERENCES tenant (tenant_id),
  principal_id TEXT COLLATE "C"    NOT NULL,
  name         TEXT    NOT NULL,
  roles        TEXT    NOT NULL,
  state        TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL,
  PRIMARY KEY (tenant_id, principal_id)
);

-- Only the SHA-256 of the token is kept, in hexadecimal.
CREATE TABLE token (
  tenant_id    TEXT COLLATE "C"    NOT NULL,
  token_id     TEXT COLLATE "C"    NOT NULL,
  principal_id TEXT COLLATE "C"    NOT NULL,
  hash         TEXT    NOT NULL,
  scopes       TEXT    NOT NULL,
  purposes     TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL,
  expires_at   BIGINT,
  revoked_at   BIGINT,
  last_used_at BIGINT,
  note         TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, token_id),
  UNIQUE (hash),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES principal (tenant_id, principal_id)
);

CREATE INDEX token_principal ON token (tenant_id, principal_id);
