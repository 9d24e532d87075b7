-- Resumable jobs. A job is run by the owner of its lease; the checkpoint is what the next step
-- continues from. Times are milliseconds since 1970 UTC.

CREATE TABLE job (
  tenant_id        TEXT COLLATE "C"    NOT NULL,
  job_id           TEXT COLLATE "C"    NOT NULL,
  kind             TEXT    NOT NULL,
  state            TEXT    NOT NULL CHECK (state IN
                     ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  input            TEXT    NOT NULL,
  checkpoint       TEXT    NOT NULL,
  progress_done    BIGINT  NOT NULL,
  progress_total   BIGINT  NOT NULL,
  progress_unit    TEXT    NOT NULL,
  progress_message TEXT    NOT NULL,
  failure          TEXT    NOT NULL,
  steps            BIGINT  NOT NULL,
  attempts         BIGINT  NOT NULL,
  lease_owner      TEXT    NOT NULL,
  lease_until      BIGINT  NOT NULL,
  lease_epoch      BIGINT  NOT NULL,
  created_at       BIGINT  NOT NULL,
  updated_at       BIGINT  NOT NULL,
  PRIMARY KEY (tenant_id, job_id)
);

-- What a worker looks for, across tenants: runnable jobs of its kinds, oldest first.
CREATE INDEX job_runnable ON job (state, kind, created_at, job_id);
