-- Customer-managed keys (docs/formats/envelope.md, docs/formats/branch-key.md). One row of tenant_cmk for each tenant that
-- has a key of its own: which, in what state, and what was known of it when it was bound. Nothing here is secret: keys stand
-- wrapped by others, the branch keys by the key at its service. Times are milliseconds since 1970 UTC, but for last_rotated.

CREATE TABLE tenant_cmk (
  tenant_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
  provider     TEXT             NOT NULL,
  key_arn      TEXT             NOT NULL,
  last_rotated TIMESTAMPTZ      NOT NULL,
  status       TEXT             NOT NULL CHECK (status IN
                 ('pending', 'active', 'rotating', 'degraded', 'locked', 'suspended', 'destroyed')),
  by_tenant    BIGINT           NOT NULL CHECK (by_tenant IN (0, 1)),
  rotation     BIGINT           NOT NULL CHECK (rotation IN (0, 1)),
  why          TEXT             NOT NULL,
  since        BIGINT           NOT NULL,
  good_at      BIGINT           NOT NULL,
  grace_ms     BIGINT           NOT NULL CHECK (grace_ms BETWEEN 0 AND 7200000),
  rotate_days  BIGINT           NOT NULL CHECK (rotate_days BETWEEN 0 AND 3650),
  suite        BIGINT           NOT NULL CHECK (suite IN (1, 2)),
  branch       BIGINT           NOT NULL,
  options      TEXT             NOT NULL,
  provenance   TEXT             NOT NULL,
  bound_at     BIGINT           NOT NULL,
  generation   BIGINT           NOT NULL
);

-- Branch keys as a service has wrapped them: by the tenant's key, or once more by one in another region or in escrow.
CREATE TABLE cmk_branch_key (
  tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenant_cmk (tenant_id),
  version     BIGINT           NOT NULL,
  holder      TEXT             NOT NULL CHECK (holder IN ('primary', 'replica', 'escrow')),
  key_arn     TEXT             NOT NULL,
  wrapped     BYTEA            NOT NULL,
  key_version TEXT             NOT NULL,
  commitment  BYTEA            NOT NULL,
  state       TEXT             NOT NULL CHECK (state IN ('live', 'retired')),
  made_at     BIGINT           NOT NULL,
  PRIMARY KEY (tenant_id, version, holder)
);

CREATE TABLE cmk_data_key (
  tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenant_cmk (tenant_id),
  key_id     BIGINT           NOT NULL,
  kind       BIGINT           NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  epoch      BIGINT           NOT NULL,
  branch     BIGINT           NOT NULL,
  wrapped    BYTEA            NOT NULL,
  commitment BYTEA            NOT NULL,
  state      TEXT             NOT NULL CHECK (state IN ('live', 'retired')),
  made_at    BIGINT           NOT NULL,
  PRIMARY KEY (tenant_id, key_id)
);

-- One live key of each scope; the others open what they have sealed.
CREATE UNIQUE INDEX cmk_data_key_live ON cmk_data_key (tenant_id, kind, name, epoch)
  WHERE state = 'live';
CREATE INDEX cmk_data_key_branch ON cmk_data_key (tenant_id, branch);
