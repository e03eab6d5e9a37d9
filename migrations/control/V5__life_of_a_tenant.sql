-- What may happen to a tenant after it was made: it is suspended and resumed, moves to another
-- database server, ends.

-- The vendor's latest word on what the tenant may do, and why.
ALTER TABLE tenants
  ADD COLUMN access_reason text NOT NULL DEFAULT '',
  ADD COLUMN access_changed_at timestamptz;

-- Wakes those who carry a change of access into the tenant's own database.
CREATE FUNCTION notify_tenant_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tenant_access', NEW.id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER tenants_access_notify AFTER UPDATE OF access ON tenants
  FOR EACH ROW WHEN (OLD.access IS DISTINCT FROM NEW.access)
  EXECUTE FUNCTION notify_tenant_access();

ALTER TABLE operations DROP CONSTRAINT operations_kind_check;
ALTER TABLE operations
  ADD CONSTRAINT operations_kind_check
    CHECK (kind IN ('create_tenant', 'move_tenant', 'delete_tenant')),
  -- What is asked for beyond the kind; of a move: `db_host_id`, or NULL for the roomiest.
  ADD COLUMN wish jsonb NOT NULL DEFAULT '{}',
  -- The vendor's user; NULL: a signup, or the platform itself.
  ADD COLUMN requested_by uuid REFERENCES vendor_users;

-- One thing at a time happens to a tenant.
CREATE UNIQUE INDEX operations_one_open ON operations (tenant_id) WHERE settled_at IS NULL;

-- How a run went, for people: e.g. `write_pause_ms` of a move.
ALTER TABLE operation_runs
  ADD COLUMN figures jsonb NOT NULL DEFAULT '{}',
  -- Since when no step has succeeded.
  ADD COLUMN failing_since timestamptz;

-- A step that this run had no need of.
ALTER TABLE operation_steps DROP CONSTRAINT operation_steps_state_check;
ALTER TABLE operation_steps ADD CONSTRAINT operation_steps_state_check
  CHECK (state IN ('pending', 'running', 'done', 'skipped', 'undoing', 'undone'));

-- A copy of no tenant yet is being made for the warm pool, waits in it, or is on its way out of the
-- world. One that is claimed belongs to an operation that has not published it.
--
--   making ─► warm ─► claimed ─► assigned ─► retired
--      └───────┴─► discarding      ▲  └── of a move's target, which is claimed from the start
ALTER TABLE databases DROP CONSTRAINT databases_state_check;
ALTER TABLE databases
  ALTER COLUMN tenant_id DROP NOT NULL,
  ADD CONSTRAINT databases_state_check
    CHECK (state IN ('making', 'warm', 'claimed', 'assigned', 'retired', 'discarding')),
  ADD CONSTRAINT databases_tenant_check
    CHECK (state = 'discarding' OR (state IN ('making', 'warm')) = (tenant_id IS NULL)),
  -- Who claimed it.
  ADD COLUMN operation_id uuid REFERENCES operations,
  -- The template that a warm copy was made from.
  ADD COLUMN template text,
  -- What `tenant_identity.access` says in there; NULL: unknown, to be written.
  ADD COLUMN access text;
CREATE UNIQUE INDEX databases_claimed ON databases (operation_id) WHERE state = 'claimed';
CREATE INDEX databases_unassigned ON databases (db_host_id, state)
  WHERE state IN ('making', 'warm', 'claimed', 'discarding');

-- What the provisioner last saw of a server. A server that was not reached takes no new tenants.
CREATE TABLE db_host_reports (
  db_host_id uuid PRIMARY KEY REFERENCES db_hosts,
  is_reachable boolean NOT NULL,
  error text,
  checked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Only what a route shows is a change of routes.
CREATE OR REPLACE FUNCTION append_route_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  next bigint;
BEGIN
  IF TG_TABLE_NAME = 'databases' THEN
    IF TG_OP <> 'INSERT' AND TG_OP <> 'DELETE' THEN
      IF (OLD.state = 'assigned') = (NEW.state = 'assigned')
        AND (NEW.state <> 'assigned'
          OR (OLD.db_host_id, OLD.generation, OLD.schema_version)
            = (NEW.db_host_id, NEW.generation, NEW.schema_version)) THEN
        RETURN NULL;
      END IF;
    ELSIF (CASE TG_OP WHEN 'INSERT' THEN NEW.state ELSE OLD.state END) <> 'assigned' THEN
      RETURN NULL;
    END IF;
  END IF;
  changed := CASE TG_TABLE_NAME
    WHEN 'tenants' THEN (to_jsonb(coalesce(NEW, OLD)) ->> 'id')::uuid
    ELSE (to_jsonb(coalesce(NEW, OLD)) ->> 'tenant_id')::uuid
  END;
  UPDATE route_position SET version = version + 1 RETURNING version INTO next;
  INSERT INTO route_changes (version, tenant_id) VALUES (next, changed);
  PERFORM pg_notify('route_changes', next::text);
  RETURN NULL;
END $$;
