-- What should be made (operations, written by the control plane) and what was (all else here,
-- written by the provisioner).

CREATE TABLE db_hosts (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  address text NOT NULL,
  port int NOT NULL CHECK (port BETWEEN 1 AND 65535),
  -- Sealed for `db_hosts.admin_url.<id>`.
  sealed_admin_url text NOT NULL,
  -- Which of DB_HOST_KEYS makes the login passwords of this host.
  key_id text NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'cordoned', 'draining')),
  max_databases int NOT NULL CHECK (max_databases > 0),
  max_connections int NOT NULL CHECK (max_connections > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE operations (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  kind text NOT NULL CHECK (kind IN ('create_tenant')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  -- Set by the provisioner when its run has ended, so that looking for open work stays cheap.
  settled_at timestamptz
);
CREATE INDEX operations_of_tenant ON operations (tenant_id, requested_at DESC);
CREATE INDEX operations_open ON operations (requested_at) WHERE settled_at IS NULL;

-- The provisioner's record of an operation. Made when a runner first takes it.
CREATE TABLE operation_runs (
  operation_id uuid PRIMARY KEY REFERENCES operations,
  state text NOT NULL CHECK (state IN ('forward', 'undoing', 'done', 'undone')),
  -- What the steps need and decided, e.g. the database id and host.
  facts jsonb NOT NULL,
  failures int NOT NULL DEFAULT 0,
  retry_at timestamptz,
  last_error text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
);
CREATE INDEX operation_runs_open ON operation_runs (operation_id)
  WHERE state IN ('forward', 'undoing');

CREATE TABLE operation_steps (
  operation_id uuid NOT NULL REFERENCES operations,
  position int NOT NULL,
  name text NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'running', 'done', 'undoing', 'undone')),
  attempts int NOT NULL DEFAULT 0,
  started_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (operation_id, position)
);

CREATE TABLE templates (
  db_host_id uuid NOT NULL REFERENCES db_hosts,
  name text NOT NULL,
  schema_version int NOT NULL,
  checksum text NOT NULL,
  is_current boolean NOT NULL,
  built_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (db_host_id, name)
);
CREATE UNIQUE INDEX templates_current ON templates (db_host_id) WHERE is_current;

-- One row for each physical copy of a tenant's data.
CREATE TABLE databases (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  db_host_id uuid NOT NULL REFERENCES db_hosts,
  generation int NOT NULL CHECK (generation > 0),
  schema_version int NOT NULL,
  state text NOT NULL CHECK (state IN ('assigned', 'retired')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX databases_assigned ON databases (tenant_id) WHERE state = 'assigned';
CREATE INDEX databases_of_host ON databases (db_host_id) WHERE state <> 'retired';

-- The one door through which `tenants.provisioning` moves. Refuses a move that is not listed,
-- and changes nothing then. A tenant that could not be made, or is gone, lets go of its names.
CREATE FUNCTION move_provisioning(tenant uuid, to_state text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  from_state text;
BEGIN
  SELECT provisioning INTO from_state FROM tenants WHERE id = tenant FOR UPDATE;
  IF from_state IS NULL THEN
    RAISE EXCEPTION 'there is no tenant %', tenant;
  END IF;
  IF (from_state, to_state) NOT IN (
    ('pending', 'provisioning'), ('provisioning', 'ready'), ('provisioning', 'failed'),
    ('ready', 'deleting'), ('deleting', 'deleted')
  ) THEN
    RAISE EXCEPTION '`%` cannot become `%`', from_state, to_state;
  END IF;
  UPDATE tenants SET provisioning = to_state,
    ready_at = CASE WHEN to_state = 'ready' THEN clock_timestamp() ELSE ready_at END,
    -- The owner's login stands in the hotel's own database now, or never will.
    owner_password_hash =
      CASE WHEN to_state IN ('ready', 'failed') THEN NULL ELSE owner_password_hash END
  WHERE id = tenant;
  IF to_state IN ('failed', 'deleted') THEN
    UPDATE domains SET released_at = clock_timestamp()
    WHERE tenant_id = tenant AND released_at IS NULL;
  END IF;
END $$;

-- An operation wakes the provisioners when it commits.
CREATE FUNCTION notify_operations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('operations', '');
  RETURN NULL;
END $$;
CREATE TRIGGER operations_notify AFTER INSERT ON operations
  FOR EACH STATEMENT EXECUTE FUNCTION notify_operations();

-- So does a change of the database servers: a new one gets its template at once.
CREATE FUNCTION notify_db_hosts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('db_hosts', '');
  RETURN NULL;
END $$;
CREATE TRIGGER db_hosts_notify AFTER INSERT OR UPDATE ON db_hosts
  FOR EACH STATEMENT EXECUTE FUNCTION notify_db_hosts();
