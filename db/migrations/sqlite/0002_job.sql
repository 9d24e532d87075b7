-- Resumable jobs. A job is run by the owner of its lease; the checkpoint is what the next step
-- continues from. Times are milliseconds since 1970 UTC.

CREATE TABLE job (
  tenant_id        TEXT    NOT NULL,
  job_id           TEXT    NOT NULL,
  kind             TEXT    NOT NULL,
  state            TEXT    NOT NULL CHECK (state IN
                     ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  input            TEXT    NOT NULL,
  checkpoint       TEXT    NOT NULL,
  progress_done    INTEGER NOT NULL,
  progress_total   INTEGER NOT NULL,
  progress_unit    TEXT    NOT NULL,
  progress_message TEXT    NOT NULL,
  failure          TEXT    NOT NULL,
  steps            INTEGER NOT NULL,
  attempts         INTEGER NOT NULL,
  lease_owner      TEXT    NOT NULL,
  lease_until      INTEGER NOT NULL,
  lease_epoch      INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;

-- What a worker looks for, across tenants: runnable jobs of its kinds, oldest first.
CREATE INDEX job_runnable ON job (state, kind, created_at, job_id);
