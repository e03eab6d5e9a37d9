-- A control database that was restored from an older copy starts a new epoch by itself: versions
-- that were given out after the copy was made would otherwise be given out again, with other
-- content.

-- Which server and table the epoch was started on; NULL: not known yet.
ALTER TABLE route_position ADD COLUMN server text;

-- Changes with everything by which an older copy can come back: another server, another timeline
-- of it, another database, a table that was made or filled anew, and at least a restart. A restart
-- alone changes it too: it cannot be told from one with an older copy of the files, and a new epoch
-- costs each reader one snapshot.
CREATE FUNCTION route_server() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws('/', s.system_identifier, c.timeline_id, d.oid,
                   pg_relation_filenode('route_position'),
                   extract(epoch FROM pg_postmaster_start_time()))
  FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d
  WHERE d.datname = current_database()
$$;

-- A reader of all routes looks up each tenant's hosts.
CREATE INDEX domains_held_of_tenant ON domains (tenant_id) WHERE released_at IS NULL;

-- Starts a new epoch if the current one is still the one that was seen: of all who find that it is
-- over, one starts the next.
CREATE FUNCTION start_route_epoch(seen uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE route_position SET epoch = gen_random_uuid(), server = route_server() WHERE epoch = seen;
  IF FOUND THEN
    -- Readers that wait for a change learn of the epoch at once.
    PERFORM pg_notify('route_changes', '');
  END IF;
  RETURN FOUND;
END $$;
