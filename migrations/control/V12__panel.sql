-- The vendor's lists stay quick however many tenants there are, and a database host can get another
-- address, or go.

-- A piece of a word is found by its trigrams. The extension is a trusted one: the owner of the
-- database may make it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
ALTER TABLE tenants ADD COLUMN searched text
  GENERATED ALWAYS AS (lower(slug || ' ' || company_name || ' ' || owner_email)) STORED;
CREATE INDEX tenants_searched ON tenants USING gin (searched gin_trgm_ops);
CREATE INDEX domains_search ON domains USING gin (hostname gin_trgm_ops)
  WHERE released_at IS NULL;

-- One for each order of the list; by age there is one.
CREATE INDEX tenants_by_slug ON tenants (slug, id);
CREATE INDEX tenants_by_company ON tenants (lower(company_name), id);
CREATE INDEX tenants_by_trial_end ON tenants (trial_ends_at, id) WHERE trial_ends_at IS NOT NULL;
-- What a filter asks for is often rare.
CREATE INDEX tenants_by_standing ON tenants (status, provisioning, access);

CREATE INDEX operations_by_age ON operations (requested_at DESC, id DESC);
CREATE INDEX fleet_migrations_by_age ON fleet_migrations (requested_at DESC, id DESC);

-- What is known of a host goes with it. Copies of tenants' data keep it from going.
ALTER TABLE templates DROP CONSTRAINT templates_db_host_id_fkey;
ALTER TABLE templates ADD CONSTRAINT templates_db_host_id_fkey
  FOREIGN KEY (db_host_id) REFERENCES db_hosts ON DELETE CASCADE;
ALTER TABLE db_host_reports DROP CONSTRAINT db_host_reports_db_host_id_fkey;
ALTER TABLE db_host_reports ADD CONSTRAINT db_host_reports_db_host_id_fkey
  FOREIGN KEY (db_host_id) REFERENCES db_hosts ON DELETE CASCADE;

-- The routes of all who lie on a host carry its address.
CREATE FUNCTION append_route_changes_of_host() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moved uuid;
  next bigint;
BEGIN
  FOR moved IN
    SELECT tenant_id FROM databases WHERE db_host_id = NEW.id AND state = 'assigned' ORDER BY tenant_id
  LOOP
    UPDATE route_position SET version = version + 1 RETURNING version INTO next;
    INSERT INTO route_changes (version, tenant_id) VALUES (next, moved);
  END LOOP;
  IF next IS NOT NULL THEN
    PERFORM pg_notify('route_changes', next::text);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER db_hosts_route AFTER UPDATE ON db_hosts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN ((OLD.address, OLD.port) IS DISTINCT FROM (NEW.address, NEW.port))
  EXECUTE FUNCTION append_route_changes_of_host();

-- How much a tenant uses, as last measured; written by the provisioner when it makes a backup.
CREATE TABLE tenant_usage (
  tenant_id uuid PRIMARY KEY REFERENCES tenants,
  measured_at timestamptz NOT NULL,
  database_bytes bigint NOT NULL,
  -- Of the files that the hotel keeps, without backups.
  file_bytes bigint NOT NULL,
  users bigint NOT NULL,
  rooms bigint NOT NULL
);

-- When a hotel's owner is to be told by mail that somebody asks to come in; null once that was seen to.
ALTER TABLE support_stays ADD COLUMN mail_due_at timestamptz;
CREATE INDEX support_stays_mail ON support_stays (mail_due_at) WHERE mail_due_at IS NOT NULL;

-- What is known of the audit log from the walks along its chain of hashes that `control-plane work` makes
-- by itself again and again, and who makes the next one.
CREATE TABLE audit_walk (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- When the next walk is to begin.
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Counts those that were begun: who has an older number has lost the walk. Until when the others leave
  -- it to whoever makes it, by the database's clock; null if nobody does.
  fence bigint NOT NULL DEFAULT 0,
  leased_until timestamptz,
  -- When the last one came to the log's end or to a row that is wrong, and the last row that is as it was
  -- written.
  ended_at timestamptz,
  through_seq bigint,
  -- When one last found the whole log as it was written.
  whole_at timestamptz,
  -- Since when it is known that it is not; the first row that is wrong; what is wrong with it, in a word
  -- for programs and in a sentence.
  broken_since timestamptz,
  broken_seq bigint,
  broken_kind text,
  broken_why text,
  CONSTRAINT audit_walk_end CHECK ((ended_at IS NULL) = (through_seq IS NULL)),
  CONSTRAINT audit_walk_broken CHECK
    (num_nulls(broken_since, broken_seq, broken_kind, broken_why) IN (0, 4))
);
INSERT INTO audit_walk DEFAULT VALUES;
