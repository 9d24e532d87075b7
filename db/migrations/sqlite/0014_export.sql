-- Exports: what was asked for, by whom, and what became of it; and, of those whose rows may be known
-- outside, which row is in which class, so that a later one can be held against it. Times are
-- milliseconds since 1970 UTC. `salt` makes the digest of the input a commitment; `record` is that
-- of the ledger which comes before the first download, in the log of the tenant. `place` numbers the
-- exports of a dataset, so that no two are held against the same earlier ones.

CREATE TABLE export_run (
  tenant_id       TEXT    NOT NULL REFERENCES tenant (tenant_id),
  export_id       TEXT    NOT NULL,
  job_id          TEXT    NOT NULL,
  kind            TEXT    NOT NULL CHECK (kind IN ('kanon', 'dp')),
  dataset         TEXT    NOT NULL,
  profile         TEXT    NOT NULL,
  format          TEXT    NOT NULL,
  purpose         TEXT    NOT NULL,
  requester       TEXT    NOT NULL,
  state           TEXT    NOT NULL CHECK (state IN
                    ('running', 'ready', 'refused', 'failed', 'cancelled', 'expired')),
  asked_at        INTEGER NOT NULL,
  changed_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  idempotency_key TEXT    NOT NULL,
  request_hash    TEXT    NOT NULL,
  decision        TEXT    NOT NULL,
  salt            TEXT    NOT NULL,
  result          TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  record          INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, export_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX export_run_again ON export_run (tenant_id, idempotency_key)
  WHERE idempotency_key <> '';
CREATE INDEX export_run_ends ON export_run (state, expires_at);

CREATE TABLE export_classes (
  tenant_id TEXT    NOT NULL,
  dataset   TEXT    NOT NULL,
  place     INTEGER NOT NULL,
  export_id TEXT    NOT NULL,
  classes   BLOB    NOT NULL,
  PRIMARY KEY (tenant_id, dataset, place),
  FOREIGN KEY (tenant_id, export_id) REFERENCES export_run (tenant_id, export_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX export_classes_of ON export_classes (tenant_id, export_id);

-- What rows are named with in the classes of a dataset's exports, 64 hexadecimal digits.
CREATE TABLE export_guard (
  tenant_id TEXT    NOT NULL REFERENCES tenant (tenant_id),
  dataset   TEXT    NOT NULL,
  secret    TEXT    NOT NULL,
  PRIMARY KEY (tenant_id, dataset)
) STRICT, WITHOUT ROWID;
