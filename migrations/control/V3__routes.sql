-- The route feed: which host is which tenant, and where its data lies.
--
-- Every change of a tenant, domain or placement appends to `route_changes` through a deferred
-- trigger that increments one row. The row stays locked until the transaction has committed, so
-- versions become visible in commit order: a reader that has seen version N has seen all before it.

CREATE TABLE route_position (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- A restored control database starts a new epoch, which makes every reader start anew.
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  version bigint NOT NULL DEFAULT 0
);
INSERT INTO route_position DEFAULT VALUES;

CREATE TABLE route_changes (
  version bigint PRIMARY KEY,
  tenant_id uuid NOT NULL
);

CREATE FUNCTION append_route_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  next bigint;
BEGIN
  changed := CASE TG_TABLE_NAME
    WHEN 'tenants' THEN (to_jsonb(coalesce(NEW, OLD)) ->> 'id')::uuid
    ELSE (to_jsonb(coalesce(NEW, OLD)) ->> 'tenant_id')::uuid
  END;
  UPDATE route_position SET version = version + 1 RETURNING version INTO next;
  INSERT INTO route_changes (version, tenant_id) VALUES (next, changed);
  PERFORM pg_notify('route_changes', next::text);
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER tenants_route AFTER INSERT OR UPDATE OR DELETE ON tenants
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_route_change();
CREATE CONSTRAINT TRIGGER domains_route AFTER INSERT OR UPDATE OR DELETE ON domains
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_route_change();
CREATE CONSTRAINT TRIGGER databases_route AFTER INSERT OR UPDATE OR DELETE ON databases
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_route_change();

-- What a replica may know of a tenant. No credentials. A tenant that could not be made or is gone
-- has no row: readers of a change without a row forget the tenant.
CREATE VIEW routes AS
SELECT
  t.id AS tenant_id, t.slug, t.company_name, t.status, t.provisioning, t.access,
  (SELECT jsonb_agg(jsonb_build_object('hostname', d.hostname, 'primary', d.is_primary)
                    ORDER BY d.is_primary DESC, d.hostname)
   FROM domains d
   WHERE d.tenant_id = t.id AND d.is_verified AND d.released_at IS NULL) AS domains,
  db.id AS database_id, db.generation, db.schema_version,
  h.id AS db_host_id, h.address AS db_address, h.port AS db_port, h.key_id AS db_key_id
FROM tenants t
LEFT JOIN databases db ON db.tenant_id = t.id AND db.state = 'assigned'
LEFT JOIN db_hosts h ON h.id = db.db_host_id
WHERE t.provisioning NOT IN ('failed', 'deleted');
