-- Alerts that an Alertmanager told this server; one row for each fingerprint, firing or resolved.
-- Times are milliseconds since 1970 UTC; labels and annotations are JSON objects of texts.

CREATE TABLE alert (
  tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenant (tenant_id),
  fingerprint TEXT COLLATE "C" NOT NULL,
  name        TEXT    NOT NULL,
  severity    TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('firing', 'resolved')),
  labels      TEXT    NOT NULL,
  annotations TEXT    NOT NULL,
  starts_at   BIGINT  NOT NULL,
  ends_at     BIGINT,
  received_at BIGINT  NOT NULL,
  PRIMARY KEY (tenant_id, fingerprint)
);
