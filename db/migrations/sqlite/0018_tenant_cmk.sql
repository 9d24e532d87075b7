-- Customer-managed keys (docs/formats/envelope.md, docs/formats/branch-key.md). One row of tenant_cmk for each tenant that
-- has a key of its own: which, in what state, and what was known of it when it was bound. Nothing here is secret: keys stand
-- wrapped by others, the branch keys by the key at its service. Times are milliseconds since 1970 UTC, but for last_rotated.

CREATE TABLE tenant_cmk (
  tenant_id    TEXT    NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
  provider     TEXT    NOT NULL,
  key_arn      TEXT    NOT NULL,
  last_rotated TEXT    NOT NULL,
  status       TEXT    NOT NULL CHECK (status IN
                 ('pending', 'active', 'rotating', 'degraded', 'locked', 'suspended', 'destroyed')),
  by_tenant    INTEGER NOT NULL CHECK (by_tenant IN (0, 1)),
  rotation     INTEGER NOT NULL CHECK (rotation IN (0, 1)),
  why          TEXT    NOT NULL,
  since        INTEGER NOT NULL,
  good_at      INTEGER NOT NULL,
  grace_ms     INTEGER NOT NULL CHECK (grace_ms BETWEEN 0 AND 7200000),
  rotate_days  INTEGER NOT NULL CHECK (rotate_days BETWEEN 0 AND 3650),
  suite        INTEGER NOT NULL CHECK (suite IN (1, 2)),
  branch       INTEGER NOT NULL,
  options      TEXT    NOT NULL,
  provenance   TEXT    NOT NULL,
  bound_at     INTEGER NOT NULL,
  generation   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Branch keys as a service has wrapped them: by the tenant's key, or once more by one in another region or in escrow.
CREATE TABLE cmk_branch_key (
  tenant_id   TEXT    NOT NULL REFERENCES tenant_cmk (tenant_id),
  version     INTEGER NOT NULL,
  holder      TEXT    NOT NULL CHECK (holder IN ('primary', 'replica', 'escrow')),
  key_arn     TEXT    NOT NULL,
  wrapped     BLOB    NOT NULL,
  key_version TEXT    NOT NULL,
  commitment  BLOB    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('live', 'retired')),
  made_at     INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, version, holder)
) STRICT, WITHOUT ROWID;

CREATE TABLE cmk_data_key (
  tenant_id  TEXT    NOT NULL REFERENCES tenant_cmk (tenant_id),
  key_id     INTEGER NOT NULL,
  kind       INTEGER NOT NULL,
  name       TEXT    NOT NULL,
  epoch      INTEGER NOT NULL,
  branch     INTEGER NOT NULL,
  wrapped    BLOB    NOT NULL,
  commitment BLOB    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('live', 'retired')),
  made_at    INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key_id)
) STRICT, WITHOUT ROWID;

-- One live key of each scope; the others open what they have sealed.
CREATE UNIQUE INDEX cmk_data_key_live ON cmk_data_key (tenant_id, kind, name, epoch)
  WHERE state = 'live';
CREATE INDEX cmk_data_key_branch ON cmk_data_key (tenant_id, branch);
