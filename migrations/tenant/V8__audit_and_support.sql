-- The hotel's own record of who changed what that matters, and when the vendor's support may come in.

-- The end of the chain below; whoever appends holds it until the transaction ends.
CREATE TABLE audit_head (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  seq bigint NOT NULL CHECK (seq >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
GRANT SELECT, UPDATE ON audit_head TO hotel_app;
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Only added to: nobody who serves the hotel may change or delete a row. Each row's hash covers the
-- hash of the row before and all of its own columns.
CREATE TABLE audit_log (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  at timestamptz NOT NULL,
  -- `support`: one of the vendor's people inside; `vendor`: from outside, by the vendor's programs.
  actor_kind text NOT NULL CHECK (actor_kind IN ('staff', 'support', 'vendor', 'system')),
  actor_id uuid,
  actor_name text NOT NULL,
  -- Who of the hotel let support in.
  on_behalf_of uuid,
  client_address text,
  action text NOT NULL,
  subject_kind text,
  subject_id text,
  -- A JSON object, kept letter by letter, as the hash covers its text.
  details text NOT NULL,
  request_id uuid,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_log_action ON audit_log (action, seq);
CREATE INDEX audit_log_actor ON audit_log (actor_id, seq);
-- What support has looked at in a stay, which is the subject: noted once for each page.
CREATE INDEX audit_log_views ON audit_log (subject_id) WHERE action = 'support.view';
GRANT SELECT, INSERT ON audit_log TO hotel_app;

-- One stay of one of the vendor's people in the hotel: asked for, allowed or refused, and over at its
-- time whatever happens.
CREATE TABLE support_grants (
  id uuid PRIMARY KEY,
  vendor_user_id uuid NOT NULL,
  vendor_email text NOT NULL,
  vendor_name text NOT NULL,
  reason text NOT NULL,
  minutes int NOT NULL CHECK (minutes BETWEEN 5 AND 240),
  requested_at timestamptz NOT NULL,
  -- Nobody may answer later than this.
  lapses_at timestamptz NOT NULL,
  decided_at timestamptz,
  -- Null: by the standing consent.
  decided_by uuid REFERENCES users,
  is_allowed boolean,
  -- When it is over.
  expires_at timestamptz,
  -- The one-time link, as its SHA-256.
  entry_sha256 bytea,
  entry_expires_at timestamptz,
  -- Lists of addresses and ranges, joined with commas: who uses the link comes from one of each list.
  entry_addresses text[] NOT NULL DEFAULT '{}',
  session_id uuid,
  entered_at timestamptz,
  ended_at timestamptz,
  ended_by text,
  CONSTRAINT support_grants_decided CHECK ((decided_at IS NULL) = (is_allowed IS NULL)),
  CONSTRAINT support_grants_expire CHECK ((expires_at IS NOT NULL) = coalesce(is_allowed, false))
);
CREATE UNIQUE INDEX support_grants_entry ON support_grants (entry_sha256);
CREATE INDEX support_grants_newest ON support_grants (requested_at, id);
CREATE INDEX support_grants_session ON support_grants (session_id);
GRANT SELECT, INSERT, UPDATE ON support_grants TO hotel_app;

-- Whether support may come in without being asked each time. It may not, unless the hotel says so.
CREATE TABLE support_consent (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  is_standing boolean NOT NULL DEFAULT false
);
GRANT SELECT, UPDATE ON support_consent TO hotel_app;
INSERT INTO support_consent DEFAULT VALUES;

INSERT INTO permissions (name) VALUES ('audit.read'), ('support.write'), ('export.write');
INSERT INTO roles (name) VALUES ('support');
-- Support looks, and mends what a hotel sets up and what runs in the background. It books nothing,
-- moves no money, and makes nobody a user.
INSERT INTO role_permissions (role, permission) VALUES
  ('owner', 'audit.read'), ('owner', 'support.write'), ('owner', 'export.write'),
  ('manager', 'audit.read'), ('manager', 'support.write'),
  ('support', 'property.read'), ('support', 'property.write'),
  ('support', 'rate.read'), ('support', 'rate.write'),
  ('support', 'reservation.read'), ('support', 'guest.read'), ('support', 'housekeeping.read'),
  ('support', 'ledger.read'), ('support', 'job.read'), ('support', 'job.write'),
  ('support', 'audit.read');
