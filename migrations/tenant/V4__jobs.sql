-- Background work. The row is the truth and the outbox; a message is only a ticket.

CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  class text NOT NULL,
  state text NOT NULL DEFAULT 'ready' CHECK (state IN
    ('ready', 'queued', 'running', 'retry_wait', 'held', 'done', 'dead', 'cancelled')),
  priority int NOT NULL DEFAULT 0,
  run_at timestamptz NOT NULL DEFAULT now(),
  attempt int NOT NULL DEFAULT 0,
  max_attempts int NOT NULL CHECK (max_attempts > 0),
  crash_count int NOT NULL DEFAULT 0,
  dedupe_key text,
  payload jsonb NOT NULL,
  schema_version int NOT NULL DEFAULT 1,
  -- Which issue of tickets counts; a replay starts a new one.
  epoch int NOT NULL DEFAULT 1,
  -- Raised by each claim; whoever finishes must still hold the one it got.
  fence bigint NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamptz,
  trace text,
  last_error_code text,
  last_error_text text,
  result jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  queued_at timestamptz,
  finished_at timestamptz
);
CREATE UNIQUE INDEX jobs_once ON jobs (kind, dedupe_key)
  WHERE state IN ('ready', 'queued', 'running', 'retry_wait', 'held');
CREATE INDEX jobs_ready ON jobs (class, priority DESC, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_open ON jobs (state, run_at) WHERE state IN ('queued', 'running', 'retry_wait');
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state IN ('done', 'cancelled');
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO hotel_app;
