-- What opens a tenant's data to the operator's people: warrants, asked for or given, and whether the
-- tenant wants to be asked. Times are milliseconds since 1970 UTC; lists are comma separated.

CREATE TABLE warrant (
  tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenant (tenant_id),
  warrant_id  TEXT COLLATE "C" NOT NULL,
  class       TEXT    NOT NULL CHECK (class IN ('legal', 'support-ticket', 'incident', 'approval')),
  reference   TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  principals  TEXT    NOT NULL,
  actions     TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('requested', 'active', 'denied', 'revoked')),
  issued_by   TEXT    NOT NULL,
  issued_at   BIGINT  NOT NULL,
  expires_at  BIGINT  NOT NULL,
  deadline_at BIGINT  NOT NULL,
  decided_by  TEXT    NOT NULL,
  decided_at  BIGINT,
  uses        BIGINT  NOT NULL,
  used_at     BIGINT,
  version     BIGINT  NOT NULL,
  PRIMARY KEY (tenant_id, warrant_id)
);

CREATE TABLE access_setting (
  tenant_id         TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
  approval_required INTEGER NOT NULL CHECK (approval_required IN (0, 1)),
  version           BIGINT  NOT NULL
);
