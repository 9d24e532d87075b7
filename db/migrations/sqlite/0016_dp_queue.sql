-- Private queries that wait for the next window of their budget: nothing is set aside for them. `same` is
-- a digest of who asks what; one of each waits. `question` is the query by names. `next_at` is when it is
-- tried (again), `token` that which asked ('' = a person's session). Times are milliseconds since 1970
-- UTC, epsilon is in 10^-9, delta in 10^-18, rho in 10^-12. `release_id` is the charge of its answer.

CREATE TABLE dp_queue (
  tenant_id  TEXT    NOT NULL,
  queue_id   TEXT    NOT NULL,
  same       TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('waiting', 'answered', 'refused', 'failed', 'cancelled', 'expired')),
  subject    TEXT    NOT NULL,
  token      TEXT    NOT NULL,
  purpose    TEXT    NOT NULL,
  dataset    TEXT    NOT NULL,
  question   TEXT    NOT NULL,
  epsilon    INTEGER NOT NULL CHECK (epsilon >= 0),
  delta      INTEGER NOT NULL CHECK (delta >= 0),
  rho        INTEGER NOT NULL CHECK (rho >= 0),
  asked_at   INTEGER NOT NULL,
  runs_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  next_at    INTEGER NOT NULL,
  release_id TEXT    NOT NULL,
  why        TEXT    NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, queue_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX dp_queue_same ON dp_queue (tenant_id, same) WHERE state = 'waiting';
CREATE INDEX dp_queue_due ON dp_queue (next_at) WHERE state = 'waiting';
