-- How a database is copied to another server while its hotel works.
--
-- For the time of a move, triggers on every table note the keys of the rows that change, and stop
-- writers when the move pauses them. Without a move nothing here is used.

-- Whether writers are stopped. Every noted change reads this row, so whoever locks the table has
-- waited for all that were under way.
-- no grant: only the function below and whoever moves the data.
CREATE TABLE move_pause (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  is_paused boolean NOT NULL DEFAULT false
);
INSERT INTO move_pause DEFAULT VALUES;

-- Which rows have changed: the table's name, and the row's primary key as its columns' values.
-- no grant: only the function below and whoever moves the data.
CREATE TABLE move_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  relation text NOT NULL,
  key jsonb NOT NULL
);

-- `TG_ARGV` names the columns of the primary key. Runs as the owner: the hotel's own login has no
-- right to either table.
CREATE FUNCTION note_move_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  paused boolean;
BEGIN
  LOCK TABLE move_pause IN ACCESS SHARE MODE;
  -- A snapshot that is older than the pause does not show it. Locking the row is refused then.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    PERFORM FROM move_pause FOR SHARE;
  END IF;
  SELECT is_paused INTO paused FROM move_pause;
  IF paused THEN
    RAISE EXCEPTION 'the data is being moved' USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO move_changes (relation, key)
      SELECT TG_TABLE_NAME, jsonb_object_agg(k, to_jsonb(OLD) -> k) FROM unnest(TG_ARGV) AS k;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO move_changes (relation, key)
      SELECT TG_TABLE_NAME, jsonb_object_agg(k, to_jsonb(NEW) -> k) FROM unnest(TG_ARGV) AS k;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION note_move_change() FROM PUBLIC;
