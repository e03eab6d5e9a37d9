-- Who of the vendor's people did what, and what they need to get in.

-- The end of the chain below. Whoever appends holds this row until the transaction ends, so that the
-- log has one order.
CREATE TABLE audit_head (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  seq bigint NOT NULL CHECK (seq >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- What was done, by whom, to what; written in the transaction that did it. Each row's hash covers the
-- hash of the row before and all of its own columns. Ids refer to nothing: the log outlives what it
-- tells of.
CREATE TABLE audit_log (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  at timestamptz NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('vendor_user', 'anonymous', 'system')),
  actor_id uuid,
  -- An e-mail address, as it was typed if nobody has it; or what of the platform acted.
  actor_name text NOT NULL,
  session_id uuid,
  client_address text,
  -- `what.verb`, e.g. `tenant.suspend`.
  action text NOT NULL,
  subject_kind text,
  subject_id text,
  tenant_id uuid,
  -- A JSON object, kept letter by letter, as the hash covers its text.
  details text NOT NULL CHECK (jsonb_typeof(details::jsonb) = 'object'),
  request_id uuid,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_log_tenant ON audit_log (tenant_id, seq) WHERE tenant_id IS NOT NULL;
CREATE INDEX audit_log_actor ON audit_log (actor_id, seq) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_log_action ON audit_log (action text_pattern_ops, seq);
CREATE INDEX audit_log_at ON audit_log (at);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only appended to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

ALTER TABLE vendor_users
  -- Until when a password holds that somebody else has seen; it opens nothing but its own change.
  ADD COLUMN password_expires_at timestamptz,
  -- Sealed; in use once it is confirmed.
  ADD COLUMN totp_secret text,
  ADD COLUMN totp_confirmed_at timestamptz,
  -- The time step of the last code that was taken: no code is taken twice.
  ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0,
  -- Codes that were wrong one after the other, and when the last was: the more, the longer none is looked
  -- at.
  ADD COLUMN totp_failures int NOT NULL DEFAULT 0,
  ADD COLUMN totp_failed_at timestamptz,
  -- From where this person may come, joined with commas; from everywhere if null.
  ADD COLUMN allowed_addresses text;
ALTER TABLE vendor_users
  ADD CONSTRAINT vendor_users_totp CHECK (totp_confirmed_at IS NULL OR totp_secret IS NOT NULL);

-- Instead of a TOTP code, each once.
CREATE TABLE vendor_recovery_codes (
  user_id uuid NOT NULL REFERENCES vendor_users,
  code_sha256 bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (user_id, code_sha256)
);
CREATE INDEX vendor_sessions_user ON vendor_sessions (user_id) WHERE revoked_at IS NULL;

-- Stays of the vendor's people in hotels, from before they are asked for until they are over by
-- themselves at the latest. Whether one is open only the hotel knows. Once somebody's stays are to end,
-- their rows stay here until each hotel has said that it ended them.
CREATE TABLE support_stays (
  -- As the hotel knows it.
  grant_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  user_id uuid NOT NULL REFERENCES vendor_users,
  -- When the hotel was last asked for something about it.
  asked_at timestamptz NOT NULL,
  over_at timestamptz NOT NULL,
  -- Since when it is to end, by whom, and why.
  end_wanted_at timestamptz,
  end_wanted_by uuid REFERENCES vendor_users,
  end_because text,
  tries int NOT NULL DEFAULT 0,
  next_try_at timestamptz,
  CONSTRAINT support_stays_end CHECK (
    (end_wanted_at IS NULL) = (end_wanted_by IS NULL)
    AND (end_wanted_at IS NULL) = (end_because IS NULL)
    AND (end_wanted_at IS NULL) = (next_try_at IS NULL)
  )
);
CREATE INDEX support_stays_user ON support_stays (user_id);
CREATE INDEX support_stays_ending ON support_stays (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX support_stays_over ON support_stays (over_at);
