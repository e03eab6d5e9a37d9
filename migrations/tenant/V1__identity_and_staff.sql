-- Whose database this is, and who may work with it.

CREATE EXTENSION IF NOT EXISTS btree_gist;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- The database names itself. Written when it is handed to a tenant; a connection whose route says
-- something else serves nobody.
CREATE TABLE tenant_identity (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  tenant_id uuid NOT NULL,
  database_id uuid NOT NULL,
  generation int NOT NULL CHECK (generation > 0),
  -- What is allowed right now; the truth even when the route feed is cut.
  access text NOT NULL DEFAULT 'full'
    CHECK (access IN ('full', 'grace', 'essential', 'read_only', 'stopped')),
  company_name text NOT NULL,
  language text NOT NULL CHECK (language IN ('id', 'en'))
);
GRANT SELECT ON tenant_identity TO hotel_app;

CREATE TABLE permissions (
  name text PRIMARY KEY
);
GRANT SELECT ON permissions TO hotel_app;

CREATE TABLE roles (
  name text PRIMARY KEY
);
GRANT SELECT ON roles TO hotel_app;

CREATE TABLE role_permissions (
  role text NOT NULL REFERENCES roles,
  permission text NOT NULL REFERENCES permissions,
  PRIMARY KEY (role, permission)
);
GRANT SELECT ON role_permissions TO hotel_app;

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  name text NOT NULL,
  phone text NOT NULL DEFAULT '',
  -- Argon2id PHC string.
  password_hash text NOT NULL,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
GRANT SELECT, INSERT, UPDATE ON users TO hotel_app;

CREATE TABLE user_roles (
  user_id uuid NOT NULL REFERENCES users,
  role text NOT NULL REFERENCES roles,
  PRIMARY KEY (user_id, role)
);
GRANT SELECT, INSERT, DELETE ON user_roles TO hotel_app;

-- One login of one person. A refresh token is kept as its SHA-256 and used once; presenting a
-- replaced one ends the session.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  kind text NOT NULL CHECK (kind IN ('page', 'api')),
  refresh_sha256 bytea NOT NULL,
  replaced_sha256 bytea,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE UNIQUE INDEX sessions_refresh ON sessions (refresh_sha256);
CREATE INDEX sessions_replaced ON sessions (replaced_sha256);
-- By when they ended, to be forgotten.
CREATE INDEX sessions_ended ON sessions (least(expires_at, revoked_at));
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO hotel_app;

-- The answer to a write, kept so that a repeat gets the same answer and changes nothing.
CREATE TABLE idempotency_keys (
  actor uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  -- SHA-256 of method, path and body.
  request_sha256 bytea NOT NULL,
  status int NOT NULL,
  body jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO hotel_app;

INSERT INTO permissions (name) VALUES
  ('property.read'), ('property.write'), ('rate.read'), ('rate.write'),
  ('reservation.read'), ('reservation.write'), ('guest.read'), ('guest.write'),
  ('housekeeping.read'), ('housekeeping.write'), ('ledger.read'), ('ledger.write'),
  ('user.read'), ('user.write'), ('job.read'), ('job.write');

INSERT INTO roles (name) VALUES
  ('owner'), ('manager'), ('front_desk'), ('housekeeping'), ('accounting'),
  ('point_of_sale'), ('security'), ('facility'), ('read_only');

INSERT INTO role_permissions (role, permission) SELECT 'owner', name FROM permissions;
INSERT INTO role_permissions (role, permission)
  SELECT 'manager', name FROM permissions WHERE name <> 'user.write';
INSERT INTO role_permissions (role, permission)
  SELECT 'read_only', name FROM permissions WHERE name LIKE '%.read' AND name <> 'user.read';
INSERT INTO role_permissions (role, permission) VALUES
  ('front_desk', 'property.read'), ('front_desk', 'rate.read'),
  ('front_desk', 'reservation.read'), ('front_desk', 'reservation.write'),
  ('front_desk', 'guest.read'), ('front_desk', 'guest.write'),
  ('front_desk', 'housekeeping.read'), ('front_desk', 'job.read'),
  ('housekeeping', 'property.read'),
  ('housekeeping', 'housekeeping.read'), ('housekeeping', 'housekeeping.write'),
  ('accounting', 'property.read'), ('accounting', 'rate.read'),
  ('accounting', 'reservation.read'), ('accounting', 'guest.read'),
  ('accounting', 'ledger.read'), ('accounting', 'ledger.write'), ('accounting', 'job.read'),
  ('point_of_sale', 'property.read'),
  ('security', 'property.read'), ('security', 'reservation.read'),
  ('facility', 'property.read'), ('facility', 'housekeeping.read');
