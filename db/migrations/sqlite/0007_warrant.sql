-- What opens a tenant's data to the operator's people: warrants, asked for or given, and whether the
-- tenant wants to be asked. Times are milliseconds since 1970 UTC; lists are comma separated.

CREATE TABLE warrant (
  tenant_id   TEXT    NOT NULL REFERENCES tenant (tenant_id),
  warrant_id  TEXT    NOT NULL,
  class       TEXT    NOT NULL CHECK (class IN ('legal', 'support-ticket', 'incident', 'approval')),
  reference   TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  principals  TEXT    NOT NULL,
  actions     TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('requested', 'active', 'denied', 'revoked')),
  issued_by   TEXT    NOT NULL,
  issued_at   INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  decided_by  TEXT    NOT NULL,
  decided_at  INTEGER,
  uses        INTEGER NOT NULL,
  used_at     INTEGER,
  version     INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, warrant_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_setting (
  tenant_id         TEXT    NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
  approval_required INTEGER NOT NULL CHECK (approval_required IN (0, 1)),
  version           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
