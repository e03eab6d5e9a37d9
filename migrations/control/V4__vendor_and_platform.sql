-- The vendor's people, answers kept for repeated requests, and the platform's own jobs.

CREATE TABLE vendor_users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('super_admin', 'support', 'finance', 'read_only')),
  password_hash text NOT NULL,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX vendor_users_email ON vendor_users (lower(email));

-- One login of one person. A refresh token is kept as its SHA-256 and used once; presenting a
-- replaced one ends the session.
CREATE TABLE vendor_sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES vendor_users,
  refresh_sha256 bytea NOT NULL,
  replaced_sha256 bytea,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE UNIQUE INDEX vendor_sessions_refresh ON vendor_sessions (refresh_sha256);
CREATE INDEX vendor_sessions_replaced ON vendor_sessions (replaced_sha256);

-- The answer to a write, kept so that a repeat gets the same answer and changes nothing.
CREATE TABLE idempotency_keys (
  -- Who asked: a vendor user's id, or `anonymous`.
  actor text NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  -- SHA-256 of method, path and body.
  request_sha256 bytea NOT NULL,
  status int NOT NULL,
  body jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- The platform's own jobs; the same shape as in each tenant's database.
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
  epoch int NOT NULL DEFAULT 1,
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

-- Which tenant has had its welcome mail asked for; the reconciler that asks is the only writer.
CREATE TABLE welcome_mails (
  tenant_id uuid PRIMARY KEY REFERENCES tenants,
  requested_at timestamptz NOT NULL DEFAULT now()
);
