-- Sign-in of people: one-time links, and the sessions of browsers.
-- Times are milliseconds since 1970 UTC. Only the SHA-256 of a secret is kept, in hexadecimal.

CREATE TABLE sign_in_link (
  hash         TEXT    NOT NULL PRIMARY KEY,
  tenant_id    TEXT    NOT NULL,
  principal_id TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  used_at      INTEGER,
  FOREIGN KEY (tenant_id, principal_id) REFERENCES principal (tenant_id, principal_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_link_principal ON sign_in_link (tenant_id, principal_id);

CREATE TABLE session (
  tenant_id    TEXT    NOT NULL,
  principal_id TEXT    NOT NULL,
  session_id   TEXT    NOT NULL,
  hash         TEXT    NOT NULL,
  method       TEXT    NOT NULL CHECK (method IN ('link', 'oidc')),
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  ended_at     INTEGER,
  peer         TEXT    NOT NULL,
  user_agent   TEXT    NOT NULL,
  PRIMARY KEY (tenant_id, principal_id, session_id),
  UNIQUE (hash),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES principal (tenant_id, principal_id)
) STRICT, WITHOUT ROWID;

-- What a start reads: the sessions that may still be live.
CREATE INDEX session_live ON session (expires_at) WHERE ended_at IS NULL;
