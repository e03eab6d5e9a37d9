-- Steering of background work: who is called and how often, what waits for what, and schedules.

ALTER TABLE jobs
  -- The outside system that the job calls, and the property that it calls it for.
  ADD COLUMN peer text,
  ADD COLUMN property_id uuid,
  -- What a held job waits for; NULL while it is not held.
  ADD COLUMN held_for text,
  -- Who asked for it, in words: a person's address or a schedule.
  ADD COLUMN requested_by text,
  -- A running job is asked to stop; one that waits is cancelled at once.
  ADD COLUMN cancel_requested_at timestamptz;
ALTER TABLE jobs ADD CONSTRAINT jobs_held_for
  CHECK (held_for IN ('access', 'pause', 'peer', 'kind')) NOT VALID;

-- What is known of each outside system that jobs of this hotel call: the circuit breaker.
CREATE TABLE peers (
  peer text PRIMARY KEY,
  -- Calls and failures of the present window.
  calls int NOT NULL DEFAULT 0,
  failures int NOT NULL DEFAULT 0,
  window_started_at timestamptz NOT NULL DEFAULT now(),
  -- Open: nobody calls, until `probe_at`, when one job may try.
  opened_at timestamptz,
  probe_at timestamptz,
  -- Openings in a row; the wait grows with them.
  openings int NOT NULL DEFAULT 0,
  last_error_code text
);
GRANT SELECT, INSERT, UPDATE, DELETE ON peers TO hotel_app;

-- What has been called of a peer for a property; the nil property is the hotel as a whole.
CREATE TABLE peer_budgets (
  peer text NOT NULL,
  property_id uuid NOT NULL,
  -- The calls of the last window, at most as many as the peer allows.
  called_at timestamptz[] NOT NULL DEFAULT '{}',
  -- Nobody calls before: the budget is spent, or the peer said when to come back.
  blocked_until timestamptz,
  PRIMARY KEY (peer, property_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON peer_budgets TO hotel_app;

-- When each schedule is due next; the nil property is the hotel as a whole.
CREATE TABLE schedules (
  name text NOT NULL,
  property_id uuid NOT NULL,
  next_fire_at timestamptz NOT NULL,
  PRIMARY KEY (name, property_id)
);
CREATE INDEX schedules_next ON schedules (next_fire_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO hotel_app;

-- What became of each time at which a schedule was due: written once, with the job.
CREATE TABLE schedule_fires (
  name text NOT NULL,
  property_id uuid NOT NULL,
  fire_at timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('enqueued', 'overlapped', 'missed', 'not_allowed')),
  job_id uuid,
  fired_at timestamptz NOT NULL,
  PRIMARY KEY (name, property_id, fire_at)
);
CREATE INDEX schedule_fires_age ON schedule_fires (fired_at);
GRANT SELECT, INSERT, DELETE ON schedule_fires TO hotel_app;
