-- Custom domains: claimed by a tenant, proven and pointed by DNS, looked at again and again, and
-- the certificates that the provisioner keeps for them. The claims are the control plane's, the
-- certificates the provisioner's.

ALTER TABLE domains
  ADD COLUMN kind text NOT NULL DEFAULT 'subdomain'
    CONSTRAINT domains_kind CHECK (kind IN ('subdomain', 'custom')),
  -- What the owner puts into a TXT record: made for this tenant and this name.
  ADD COLUMN challenge text,
  -- What the last look at DNS and TLS found; for people.
  ADD COLUMN findings jsonb NOT NULL DEFAULT '{}',
  -- How many looks were begun, and the number of the one that wrote last: of two at once the one that
  -- was begun later has the last word, and the other counts until then.
  ADD COLUMN looks bigint NOT NULL DEFAULT 0,
  ADD COLUMN last_look bigint NOT NULL DEFAULT 0,
  -- All there is to say about it, in one word; and what is to be done next.
  ADD COLUMN state text NOT NULL DEFAULT 'live'
    CONSTRAINT domains_state CHECK (state IN ('action_needed', 'working', 'live', 'stuck')),
  ADD COLUMN next_action text NOT NULL DEFAULT 'none',
  ADD COLUMN claimed_by uuid REFERENCES vendor_users,
  ADD COLUMN last_checked_at timestamptz,
  ADD COLUMN next_check_at timestamptz,
  -- When it was last proven to be the tenant's; stays when that is over.
  ADD COLUMN verified_at timestamptz,
  -- Since when a name that was verified is not proven or does not point here any more. No
  -- certificate is issued and nobody is sent there from then on; it is routed for a while longer.
  ADD COLUMN failing_since timestamptz,
  ADD COLUMN ssl_since timestamptz,
  ADD COLUMN certificate_expires_at timestamptz,
  -- What the owner was told last, by mail; when a mail that it fails was last asked for; and since when
  -- one is that no mail server has taken.
  ADD COLUMN told text CONSTRAINT domains_told CHECK (told IN ('failed', 'works')),
  ADD COLUMN told_failed_at timestamptz,
  ADD COLUMN untold_since timestamptz,
  ADD CONSTRAINT domains_challenged CHECK ((kind = 'custom') = (challenge IS NOT NULL));

-- A name that anybody may claim is held by whoever proved it: a claim alone keeps nobody out.
DROP INDEX domains_hostname_held;
CREATE UNIQUE INDEX domains_hostname_held ON domains (hostname)
  WHERE is_verified AND released_at IS NULL;
CREATE UNIQUE INDEX domains_claimed_once ON domains (tenant_id, hostname)
  WHERE released_at IS NULL;
CREATE UNIQUE INDEX domains_one_primary ON domains (tenant_id)
  WHERE is_primary AND released_at IS NULL;
CREATE INDEX domains_due ON domains (next_check_at)
  WHERE kind = 'custom' AND released_at IS NULL;
CREATE INDEX domains_by_age ON domains (created_at DESC, id DESC) WHERE released_at IS NULL;
-- Who released a name, and when: for a while nobody else can have it.
CREATE INDEX domains_released ON domains (hostname, released_at)
  WHERE kind = 'custom' AND released_at IS NOT NULL;

-- Whose owner may have something to be told.
CREATE INDEX domains_news ON domains (id)
  WHERE kind = 'custom' AND released_at IS NULL AND (state = 'stuck' OR told = 'failed');
-- Who lost a name, and since when: the same holds for it, also when the claim is released later.
CREATE INDEX domains_lost ON domains (hostname, failing_since)
  WHERE kind = 'custom' AND NOT is_verified AND failing_since IS NOT NULL;

-- `live`: points here as far as is known, so it may have a certificate and people may be sent there.
-- `certified`: a certificate was seen.
CREATE OR REPLACE VIEW routes AS
SELECT
  t.id AS tenant_id, t.slug, t.company_name, t.status, t.provisioning, t.access,
  (SELECT jsonb_agg(jsonb_build_object(
            'hostname', d.hostname, 'primary', d.is_primary,
            'live', d.failing_since IS NULL, 'certified', d.ssl_status = 'active')
          ORDER BY d.is_primary DESC, d.hostname)
   FROM domains d
   WHERE d.tenant_id = t.id AND d.is_verified AND d.released_at IS NULL) AS domains,
  db.id AS database_id, db.generation, db.schema_version,
  h.id AS db_host_id, h.address AS db_address, h.port AS db_port, h.key_id AS db_key_id
FROM tenants t
LEFT JOIN databases db ON db.tenant_id = t.id AND db.state = 'assigned'
LEFT JOIN db_hosts h ON h.id = db.db_host_id
WHERE t.provisioning NOT IN ('failed', 'deleted');

-- What a route shows of a domain; NULL if it shows nothing.
CREATE FUNCTION routed_domain(d domains) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN d.is_verified AND d.released_at IS NULL THEN
    concat_ws(' ', d.hostname, d.is_primary, d.failing_since IS NULL, d.ssl_status = 'active') END
$$;

-- Only what a route shows is a change of routes: a look at DNS that finds nothing new is none.
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
  changed := CASE TG_TABLE_NAME
    WHEN 'tenants' THEN (to_jsonb(coalesce(NEW, OLD)) ->> 'id')::uuid
    ELSE (to_jsonb(coalesce(NEW, OLD)) ->> 'tenant_id')::uuid
  END;
  UPDATE route_position SET version = version + 1 RETURNING version INTO next;
  INSERT INTO route_changes (version, tenant_id) VALUES (next, changed);
  PERFORM pg_notify('route_changes', next::text);
  RETURN NULL;
END $$;

-- Who we are at a certificate authority.
CREATE TABLE acme_accounts (
  directory_url text PRIMARY KEY,
  -- Sealed for `acme_accounts.credentials.<directory_url>`.
  sealed_credentials text NOT NULL,
  created_at timestamptz NOT NULL
);

-- The certificate of a custom domain, as the provisioner last left it.
CREATE TABLE certificates (
  hostname text PRIMARY KEY,
  -- The object of the store that holds chain and key; NULL: there was never one.
  object text,
  not_before timestamptz,
  not_after timestamptz,
  -- Tries that failed since the last one that succeeded.
  failures int NOT NULL DEFAULT 0 CHECK (failures >= 0),
  -- Not before then.
  retry_at timestamptz,
  last_error text,
  -- No order before then: the week's budget of the name, or of the one that can be bought, is spent.
  held_until timestamptz,
  updated_at timestamptz NOT NULL
);

-- Each order at a certificate authority, written before it is placed: budgets are counted here.
CREATE TABLE certificate_orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hostname text NOT NULL,
  -- The name that the authority counts by: the one that can be bought.
  registered_domain text NOT NULL,
  ordered_at timestamptz NOT NULL,
  -- Nothing was issued for it, for sure. Whoever died in the middle of an order cannot say so.
  unissued boolean NOT NULL DEFAULT false
);
CREATE INDEX certificate_orders_recent ON certificate_orders (ordered_at);
CREATE INDEX certificate_orders_of_domain ON certificate_orders (registered_domain, ordered_at);
CREATE INDEX certificate_orders_of_name ON certificate_orders (hostname, ordered_at);
