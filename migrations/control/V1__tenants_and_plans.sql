-- Who the tenants are and what each should have. Written by the control plane, except
-- `tenants.provisioning`, which the provisioner moves through `move_provisioning`.

CREATE TABLE plans (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  -- Rupiah per room and month, without PPN. A year costs ten months.
  per_room_price_idr bigint NOT NULL CHECK (per_room_price_idr >= 0),
  max_rooms int NOT NULL CHECK (max_rooms > 0),
  -- NULL: as many as they like.
  max_users int CHECK (max_users > 0),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO plans (id, slug, name, per_room_price_idr, max_rooms, max_users) VALUES
  ('01970000-0000-7000-8000-000000000001', 'starter', 'Starter', 35000, 20, 5),
  ('01970000-0000-7000-8000-000000000002', 'growth', 'Growth', 50000, 50, 15),
  ('01970000-0000-7000-8000-000000000003', 'pro', 'Pro', 70000, 150, NULL);

CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  slug text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{1,28}[a-z0-9])$' AND slug !~ '--'),
  company_name text NOT NULL,
  owner_name text NOT NULL,
  owner_email text NOT NULL,
  owner_phone text NOT NULL,
  -- Argon2id PHC string; cleared once the owner's login stands in the hotel's own database.
  owner_password_hash text,
  language text NOT NULL CHECK (language IN ('id', 'en')),
  -- ISO 3166-2 code of the hotel's province, e.g. ID-BA.
  region text NOT NULL,
  status text NOT NULL CHECK (status IN ('trial', 'active', 'suspended', 'churned')),
  provisioning text NOT NULL DEFAULT 'pending'
    CHECK (provisioning IN ('pending', 'provisioning', 'ready', 'failed', 'deleting', 'deleted')),
  access text NOT NULL DEFAULT 'full'
    CHECK (access IN ('full', 'grace', 'essential', 'read_only', 'stopped')),
  plan_id uuid NOT NULL REFERENCES plans,
  rooms int NOT NULL CHECK (rooms > 0),
  trial_ends_at timestamptz,
  -- A cell is a set of database hosts, a broker and replicas.
  cell text NOT NULL DEFAULT 'main',
  created_at timestamptz NOT NULL,
  ready_at timestamptz
);

-- A slug is held until the tenant could not be made or is gone.
CREATE UNIQUE INDEX tenants_slug_held ON tenants (slug)
  WHERE provisioning NOT IN ('failed', 'deleted');
CREATE INDEX tenants_by_age ON tenants (created_at DESC, id DESC);

CREATE TABLE domains (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  hostname text NOT NULL,
  is_primary boolean NOT NULL,
  is_verified boolean NOT NULL,
  ssl_status text NOT NULL CHECK (ssl_status IN ('none', 'provisioning', 'active', 'failed')),
  released_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX domains_hostname_held ON domains (hostname) WHERE released_at IS NULL;
CREATE INDEX domains_of_tenant ON domains (tenant_id);

CREATE TABLE subscriptions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants,
  plan_id uuid NOT NULL REFERENCES plans,
  status text NOT NULL CHECK (status IN ('trialing', 'active', 'past_due', 'cancelled')),
  billing_cycle text NOT NULL CHECK (billing_cycle IN ('monthly', 'yearly')),
  rooms int NOT NULL CHECK (rooms > 0),
  price_idr bigint NOT NULL CHECK (price_idr >= 0),
  current_period_start timestamptz NOT NULL,
  current_period_end timestamptz NOT NULL CHECK (current_period_end > current_period_start),
  trial_end timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX subscriptions_of_tenant ON subscriptions (tenant_id);
