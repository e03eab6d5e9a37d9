-- Jobs that the vendor holds back, told to the workers by the route feed.

-- Held back is that to which all that is set applies: tenant, class, kind. A pause that was lifted stays as a
-- record of who held what back, and why.
CREATE TABLE job_pauses (
  id uuid PRIMARY KEY,
  tenant_id uuid REFERENCES tenants,
  class text,
  kind text,
  reason text NOT NULL,
  created_by uuid NOT NULL REFERENCES vendor_users,
  created_at timestamptz NOT NULL DEFAULT now(),
  lifted_by uuid REFERENCES vendor_users,
  lifted_at timestamptz,
  CONSTRAINT job_pauses_of_something CHECK (num_nonnulls(tenant_id, class, kind) > 0),
  CONSTRAINT job_pauses_lifted CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX job_pauses_open ON job_pauses (tenant_id, class, kind) NULLS NOT DISTINCT
  WHERE lifted_at IS NULL;

-- The version of the routes with which the pauses last changed: who has seen an older one is told
-- all of them. They are few, so no single change of theirs is kept.
ALTER TABLE route_position ADD COLUMN pauses_version bigint NOT NULL DEFAULT 0;
ALTER TABLE route_position
  ADD CONSTRAINT route_position_pauses CHECK (pauses_version <= version);

CREATE FUNCTION append_pause_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  next bigint;
BEGIN
  UPDATE route_position SET version = version + 1, pauses_version = version + 1
    RETURNING version INTO next;
  PERFORM pg_notify('route_changes', next::text);
  RETURN NULL;
END $$;

-- Deferred as those of the routes, so that versions become visible in commit order.
CREATE CONSTRAINT TRIGGER job_pauses_route AFTER INSERT OR UPDATE OR DELETE ON job_pauses
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_pause_change();

-- The platform's own jobs keep the shape of those in each tenant's database.
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

-- As of when a tenant's heaps are known, by the clock of its database: of two reports that cross, the
-- later look counts.
CREATE TABLE job_reports (
  tenant_id uuid PRIMARY KEY REFERENCES tenants,
  looked_at timestamptz NOT NULL,
  reported_at timestamptz NOT NULL
);

-- A tenant's jobs that are dead, held or failing, counted by its workers. The rows themselves stand in
-- its own database; this is where to look.
CREATE TABLE job_heaps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES job_reports,
  kind text NOT NULL,
  state text NOT NULL CONSTRAINT job_heaps_state CHECK (state IN ('dead', 'held', 'retrying')),
  peer text,
  error_code text,
  jobs bigint NOT NULL CONSTRAINT job_heaps_jobs CHECK (jobs > 0),
  -- When the oldest of them was written.
  oldest_at timestamptz NOT NULL,
  CONSTRAINT job_heaps_once UNIQUE NULLS NOT DISTINCT (tenant_id, kind, state, peer, error_code)
);
CREATE INDEX job_heaps_largest ON job_heaps (jobs, id);
CREATE INDEX job_heaps_oldest ON job_heaps (oldest_at, id);
