-- One change of the schema, for every tenant database.

-- What is asked for; written by the control plane.
CREATE TABLE fleet_migrations (
  id uuid PRIMARY KEY,
  -- To this version; NULL: the newest that the provisioner knows.
  schema_version int CHECK (schema_version > 0),
  -- Tenants that go first, all others waiting. Empty: one that the run picks.
  canaries uuid[] NOT NULL DEFAULT '{}',
  -- Tenants at a time.
  workers int NOT NULL DEFAULT 4 CHECK (workers BETWEEN 1 AND 32),
  -- More failures than this halt the run. In the ring of canaries one is enough.
  max_failures int NOT NULL DEFAULT 5 CHECK (max_failures >= 0),
  -- Raised by one to go on after a halt, and to try the quarantined again.
  resumes int NOT NULL DEFAULT 0,
  -- Tenants that the vendor set aside: they stay on the schema that they have.
  set_aside uuid[] NOT NULL DEFAULT '{}',
  -- Stops where it is; no tenant is begun any more.
  cancelled_at timestamptz,
  requested_by uuid REFERENCES vendor_users,
  requested_at timestamptz NOT NULL DEFAULT now()
);

-- What came of it; written by the provisioner.
CREATE TABLE fleet_runs (
  fleet_migration_id uuid PRIMARY KEY REFERENCES fleet_migrations,
  -- `preparing`: the templates and the warm pools are brought to the version first.
  state text NOT NULL CHECK (state IN ('preparing', 'running', 'halted', 'done', 'cancelled')),
  schema_version int NOT NULL,
  -- 0 canaries, 1 one in a hundred, 2 one in ten, 3 all others.
  ring int NOT NULL DEFAULT 0 CHECK (ring BETWEEN 0 AND 3),
  -- How many of `resumes` were followed.
  resumed int NOT NULL DEFAULT 0,
  -- Why it halted.
  halt_reason text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
);
CREATE INDEX fleet_runs_open ON fleet_runs (fleet_migration_id)
  WHERE state IN ('preparing', 'running', 'halted');

-- One tenant in one run. A tenant in quarantine keeps serving on the schema that it has.
CREATE TABLE fleet_run_tenants (
  fleet_migration_id uuid NOT NULL REFERENCES fleet_runs,
  tenant_id uuid NOT NULL REFERENCES tenants,
  ring int NOT NULL CHECK (ring BETWEEN 0 AND 3),
  state text NOT NULL CHECK (state IN ('pending', 'done', 'quarantined', 'gone')),
  attempts int NOT NULL DEFAULT 0,
  retry_at timestamptz,
  -- Of the last failure.
  sqlstate text,
  error text,
  -- Of the try that succeeded.
  ms int,
  finished_at timestamptz,
  PRIMARY KEY (fleet_migration_id, tenant_id)
);
CREATE INDEX fleet_run_tenants_waiting ON fleet_run_tenants (fleet_migration_id, ring, retry_at)
  WHERE state = 'pending';
CREATE INDEX fleet_run_tenants_quarantined ON fleet_run_tenants (fleet_migration_id, tenant_id)
  WHERE state = 'quarantined';

CREATE FUNCTION notify_fleet_migrations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('fleet_migrations', '');
  RETURN NULL;
END $$;
CREATE TRIGGER fleet_migrations_notify AFTER INSERT OR UPDATE ON fleet_migrations
  FOR EACH STATEMENT EXECUTE FUNCTION notify_fleet_migrations();
