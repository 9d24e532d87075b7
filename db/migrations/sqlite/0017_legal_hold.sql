-- Exports for a legal hold: without a technology that protects, and so only with what is in
-- `legal_hold` (JSON: the case, the reason, the columns, who approved it and when; empty of other
-- kinds). They wait in the state `pending` for a second person.
-- SQLite changes no checks of a table: it is made anew, and with it the one that refers to it.

CREATE TABLE export_classes_kept AS SELECT * FROM export_classes;
DROP TABLE export_classes;

CREATE TABLE export_run_next (
  tenant_id       TEXT    NOT NULL REFERENCES tenant (tenant_id),
  export_id       TEXT    NOT NULL,
  job_id          TEXT    NOT NULL,
  kind            TEXT    NOT NULL CHECK (kind IN ('kanon', 'dp', 'hold')),
  dataset         TEXT    NOT NULL,
  profile         TEXT    NOT NULL,
  format          TEXT    NOT NULL,
  purpose         TEXT    NOT NULL,
  requester       TEXT    NOT NULL,
  state           TEXT    NOT NULL CHECK (state IN
                    ('pending', 'running', 'ready', 'refused', 'failed', 'cancelled', 'expired')),
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
  legal_hold      TEXT    NOT NULL DEFAULT '' CHECK ((kind = 'hold') = (legal_hold <> '')),
  PRIMARY KEY (tenant_id, export_id)
) STRICT, WITHOUT ROWID;

INSERT INTO export_run_next (tenant_id, export_id, job_id, kind, dataset, profile, format, purpose, requester, state,
  asked_at, changed_at, expires_at, idempotency_key, request_hash, decision, salt, result, reason, record)
SELECT tenant_id, export_id, job_id, kind, dataset, profile, format, purpose, requester, state,
  asked_at, changed_at, expires_at, idempotency_key, request_hash, decision, salt, result, reason, record
FROM export_run;
DROP TABLE export_run;
ALTER TABLE export_run_next RENAME TO export_run;

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
INSERT INTO export_classes SELECT * FROM export_classes_kept;
DROP TABLE export_classes_kept;
