-- Private queries that wait for the next window of their budget: nothing is set aside for them. `same` is
-- a digest of who asks what; one of each waits. `question` is the query by names. `next_at` is when it is
-- tried (again), `token` that which asked ('' = a person's session). Times are milliseconds since 1970
-- UTC, epsilon is in 10^-9, delta in 10^-18, rho in 10^-12. `release_id` is the charge of its answer.

CREATE TABLE dp_queue (
  tenant_id  TEXT COLLATE "C" NOT NULL,
  queue_id   TEXT COLLATE "C" NOT NULL,
  same       TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('waiting', 'answered', 'refused', 'failed', 'cancelled', 'expired')),
  subject    TEXT    NOT NULL,
  token      TEXT    NOT NULL,
  purpose    TEXT    NOT NULL,
  dataset    TEXT    NOT NULL,
  question   TEXT    NOT NULL,
  epsilon    BIGINT  NOT NULL CHECK (epsilon >= 0),
  delta      BIGINT  NOT NULL CHECK (delta >= 0),
  rho        BIGINT  NOT NULL CHECK (rho >= 0),
  asked_at   BIGINT  NOT NULL,
  runs_at    BIGINT  NOT NULL,
  expires_at BIGINT  NOT NULL,
  next_at    BIGINT  NOT NULL,
  release_id TEXT    NOT NULL,
  why        TEXT    NOT NULL,
  changed_at BIGINT  NOT NULL,
  PRIMARY KEY (tenant_id, queue_id)
);

CREATE UNIQUE INDEX dp_queue_same ON dp_queue (tenant_id, same) WHERE state = 'waiting';
CREATE INDEX dp_queue_due ON dp_queue (next_at) WHERE state = 'waiting';
