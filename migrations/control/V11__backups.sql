-- Backups of tenants' data, what was restored from them, and what is left of a tenant that was
-- deleted. All written by the provisioner.

ALTER TABLE operations DROP CONSTRAINT operations_kind_check;
ALTER TABLE operations ADD CONSTRAINT operations_kind_check CHECK (kind IN
  ('create_tenant', 'move_tenant', 'delete_tenant', 'backup_tenant', 'restore_tenant'));

-- One bundle in object storage. It is on record before it is written and until after it was deleted, so
-- what has no row here belongs to nobody.
CREATE TABLE backups (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  kind text NOT NULL CHECK (kind IN ('nightly', 'manual', 'before_restore', 'final')),
  -- The night that a nightly one is of: the UTC date on which it was due.
  night date,
  state text NOT NULL CHECK (state IN ('making', 'kept', 'expiring')),
  operation_id uuid REFERENCES operations,
  -- The copy that it shows.
  database_id uuid NOT NULL,
  -- `tenants/<tenant>/backups/<id>-<try>.zip`: of the last try to make it, which no other one writes.
  object_name text NOT NULL,
  schema_version int,
  -- Whose changes it has: those committed by then, by the database's clock.
  taken_at timestamptz,
  rows bigint,
  -- Of the bundle.
  bytes bigint,
  sha256 text,
  -- NULL: as long as the rule of nightly ones says.
  keep_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT backups_night_check CHECK ((kind = 'nightly') = (night IS NOT NULL)),
  CONSTRAINT backups_whole_check CHECK (state <> 'kept' OR
    num_nulls(schema_version, taken_at, rows, bytes, sha256) = 0)
);
CREATE UNIQUE INDEX backups_of_night ON backups (tenant_id, night) WHERE kind = 'nightly';
CREATE UNIQUE INDEX backups_of_operation ON backups (operation_id, kind)
  WHERE operation_id IS NOT NULL;
CREATE INDEX backups_of_tenant ON backups (tenant_id, created_at DESC, id DESC);
CREATE INDEX backups_by_age ON backups (created_at DESC, id DESC);

-- Bundles in tenants' folders of backups that have no row here, as the last comparison with object
-- storage found them, and since when they are known: their time to be claimed begins with that.
CREATE TABLE stray_backups (
  object_name text PRIMARY KEY,
  first_seen timestamptz NOT NULL
);

-- When a tenant's next nightly backup is to be tried, and how the last tries went.
CREATE TABLE backup_turns (
  tenant_id uuid PRIMARY KEY REFERENCES tenants,
  due_at timestamptz NOT NULL,
  failures int NOT NULL DEFAULT 0,
  last_error text,
  failing_since timestamptz
);
CREATE INDEX backup_turns_due ON backup_turns (due_at);

-- A backup that was restored into a database of its own to see whether it could be, and dropped.
CREATE TABLE restore_drills (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  -- Outlives the backup.
  backup_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'passed', 'failed', 'broken_off')),
  -- Why it failed.
  error text,
  figures jsonb NOT NULL DEFAULT '{}',
  started_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX restore_drills_of_tenant ON restore_drills (tenant_id, started_at DESC);
CREATE INDEX restore_drills_by_age ON restore_drills (started_at DESC, id DESC);

-- A copy that shows a backup beside the hotel itself. It has a route of its own, and its id is that
-- of a tenant to all who serve it: no login, pool or job of the hotel's is one of the preview's.
CREATE TABLE previews (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL UNIQUE REFERENCES tenants,
  database_id uuid NOT NULL UNIQUE REFERENCES databases,
  -- The backup; NULL: a bundle that was brought.
  backup_id uuid,
  taken_at timestamptz NOT NULL,
  -- Below the platform's domain; no slug has two dashes in a row.
  hostname text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL
);

ALTER TABLE databases DROP CONSTRAINT databases_state_check;
ALTER TABLE databases ADD CONSTRAINT databases_state_check CHECK (state IN
  ('making', 'warm', 'claimed', 'assigned', 'preview', 'retired', 'unsaved', 'discarding'));
-- `unsaved`: a restore replaced it while its server was away. What was written there last is in no
-- backup, so it stays until there is one; its operation is that restore.
CREATE INDEX databases_unsaved ON databases (db_host_id) WHERE state = 'unsaved';

-- Whose data is in a copy that is nobody's any more, until it is dropped.
ALTER TABLE databases ADD COLUMN data_of uuid REFERENCES tenants;
CREATE INDEX databases_data_of ON databases (data_of) WHERE data_of IS NOT NULL;
CREATE FUNCTION remember_whose_data() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.data_of := OLD.tenant_id;
  RETURN NEW;
END $$;
CREATE TRIGGER databases_data_of BEFORE UPDATE ON databases FOR EACH ROW
  WHEN (OLD.tenant_id IS NOT NULL AND NEW.tenant_id IS NULL) EXECUTE FUNCTION remember_whose_data();

-- What is left of a tenant that was deleted: the proof that its data is gone.
CREATE TABLE deletions (
  tenant_id uuid PRIMARY KEY REFERENCES tenants,
  operation_id uuid NOT NULL REFERENCES operations,
  slug text NOT NULL,
  company_name text NOT NULL,
  requested_by uuid REFERENCES vendor_users,
  requested_at timestamptz NOT NULL,
  -- When the database, its files and all earlier backups were gone; NULL: not yet.
  deleted_at timestamptz,
  -- Each thing, noted when it was gone: databases, backups with their SHA-256, files.
  destroyed jsonb NOT NULL DEFAULT '[]',
  -- The last backup, for the one who was deleted by mistake: until when, and when it was gone.
  final_backup uuid,
  final_backup_until timestamptz,
  final_backup_gone_at timestamptz
);

-- A preview's change is a change of routes.
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
  ELSIF TG_TABLE_NAME = 'domains' THEN
    IF (CASE WHEN TG_OP <> 'INSERT' THEN routed_domain(OLD) END)
      IS NOT DISTINCT FROM (CASE WHEN TG_OP <> 'DELETE' THEN routed_domain(NEW) END) THEN
      RETURN NULL;
    END IF;
  END IF;
  changed := CASE
    WHEN TG_TABLE_NAME IN ('tenants', 'previews') THEN (to_jsonb(coalesce(NEW, OLD)) ->> 'id')::uuid
    ELSE (to_jsonb(coalesce(NEW, OLD)) ->> 'tenant_id')::uuid
  END;
  UPDATE route_position SET version = version + 1 RETURNING version INTO next;
  INSERT INTO route_changes (version, tenant_id) VALUES (next, changed);
  PERFORM pg_notify('route_changes', next::text);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER previews_route AFTER INSERT OR UPDATE OR DELETE ON previews
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_route_change();

-- All that replicas serve: tenants, and previews as if they were tenants.
CREATE VIEW served_routes AS
SELECT tenant_id, slug, company_name, status, provisioning, access, domains, database_id, generation,
  schema_version, db_host_id, db_address, db_port, db_key_id, NULL::timestamptz AS preview_of
FROM routes
UNION ALL
SELECT
  p.id, t.slug || '--preview', t.company_name, t.status, 'ready', 'read_only',
  jsonb_build_array(jsonb_build_object(
    'hostname', p.hostname, 'primary', true, 'live', true, 'certified', true)),
  db.id, db.generation, db.schema_version, h.id, h.address, h.port, h.key_id, p.taken_at
FROM previews p
JOIN tenants t ON t.id = p.tenant_id
JOIN databases db ON db.id = p.database_id AND db.state = 'preview'
JOIN db_hosts h ON h.id = db.db_host_id
WHERE t.provisioning = 'ready';

-- When the relation ended: a tenant's data is kept for a while after that.
ALTER TABLE tenants ADD COLUMN churned_at timestamptz;
UPDATE tenants SET churned_at = coalesce(access_changed_at, now()) WHERE status = 'churned';
CREATE INDEX tenants_churned ON tenants (churned_at) WHERE status = 'churned';

-- What is said of a churned tenant's data before the platform deletes it by itself: the owner was told
-- of the day, or somebody holds the deletion back. Written by the control plane.
CREATE TABLE retentions (
  tenant_id uuid PRIMARY KEY REFERENCES tenants,
  -- When the letter to the owner was last asked for, and when a mail server took it: only from then on
  -- does the owner know.
  noticed_at timestamptz,
  told_at timestamptz,
  hold_reason text,
  held_by uuid REFERENCES vendor_users,
  held_at timestamptz,
  CONSTRAINT retentions_hold_check CHECK (num_nulls(hold_reason, held_by, held_at) IN (0, 3))
);

-- The folder that objects are kept in, by the mark that the platform's first provisioner found there; no
-- row while they are kept in a bucket. Written by the provisioner.
CREATE TABLE object_storage (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  mark text NOT NULL
);
