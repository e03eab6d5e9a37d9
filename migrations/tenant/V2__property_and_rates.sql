-- The building, what is sold in it, and what a night costs.

CREATE TABLE properties (
  id uuid PRIMARY KEY,
  code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9]{2,10}$'),
  name text NOT NULL,
  -- IANA name, e.g. Asia/Makassar.
  time_zone text NOT NULL,
  city text NOT NULL DEFAULT '',
  -- ISO 3166-2.
  region text NOT NULL,
  check_in_time time NOT NULL DEFAULT '14:00',
  check_out_time time NOT NULL DEFAULT '12:00',
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON properties TO hotel_app;

-- The accounting day of a property is a row, not a clock. A closed one stays closed.
CREATE TABLE business_days (
  property_id uuid NOT NULL REFERENCES properties,
  business_date date NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'closing', 'closed')),
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  PRIMARY KEY (property_id, business_date)
);
CREATE UNIQUE INDEX business_days_one_open ON business_days (property_id) WHERE state <> 'closed';
GRANT SELECT, INSERT, UPDATE ON business_days TO hotel_app;

CREATE TABLE room_types (
  id uuid PRIMARY KEY,
  property_id uuid NOT NULL REFERENCES properties,
  code text NOT NULL CHECK (code ~ '^[A-Z0-9]{2,10}$'),
  name text NOT NULL,
  max_adults int NOT NULL CHECK (max_adults BETWEEN 1 AND 20),
  max_children int NOT NULL CHECK (max_children BETWEEN 0 AND 20),
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  UNIQUE (property_id, code),
  UNIQUE (id, property_id)
);
GRANT SELECT, INSERT, UPDATE ON room_types TO hotel_app;

CREATE TABLE rooms (
  id uuid PRIMARY KEY,
  property_id uuid NOT NULL REFERENCES properties,
  room_type_id uuid NOT NULL,
  number text NOT NULL CHECK (length(number) BETWEEN 1 AND 12),
  floor text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'clean' CHECK (status IN ('dirty', 'cleaning', 'clean', 'inspected')),
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  UNIQUE (property_id, number),
  FOREIGN KEY (room_type_id, property_id) REFERENCES room_types (id, property_id)
);
CREATE INDEX rooms_of_type ON rooms (room_type_id);
GRANT SELECT, INSERT, UPDATE ON rooms TO hotel_app;

CREATE TABLE rate_plans (
  id uuid PRIMARY KEY,
  property_id uuid NOT NULL REFERENCES properties,
  code text NOT NULL CHECK (code ~ '^[A-Z0-9]{2,10}$'),
  name text NOT NULL,
  -- Whether amounts contain service charge and tax, or both come on top ("++").
  tax_inclusive boolean NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (property_id, code)
);
GRANT SELECT, INSERT, UPDATE ON rate_plans TO hotel_app;

-- The price of one night. A night without a row is not for sale.
CREATE TABLE rate_days (
  rate_plan_id uuid NOT NULL REFERENCES rate_plans,
  room_type_id uuid NOT NULL REFERENCES room_types,
  stay_date date NOT NULL,
  amount_idr bigint NOT NULL CHECK (amount_idr BETWEEN 1 AND 10000000000),
  PRIMARY KEY (rate_plan_id, room_type_id, stay_date)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_days TO hotel_app;

-- Rates are data with dates: 1,000 basis points are 10 %.
CREATE TABLE tax_rules (
  id uuid PRIMARY KEY,
  region text NOT NULL,
  regime text NOT NULL CHECK (regime IN ('pbjt_room', 'pbjt_fnb', 'pbjt_entertainment', 'ppn', 'none')),
  rate_bp int NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
  valid daterange NOT NULL,
  EXCLUDE USING gist (region WITH =, regime WITH =, valid WITH &&)
);
GRANT SELECT, INSERT, UPDATE ON tax_rules TO hotel_app;

CREATE TABLE service_charge_rules (
  property_id uuid NOT NULL REFERENCES properties,
  rate_bp int NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
  valid daterange NOT NULL,
  EXCLUDE USING gist (property_id WITH =, valid WITH &&)
);
GRANT SELECT, INSERT, UPDATE ON service_charge_rules TO hotel_app;

-- The chart of accounts, and what can be charged to a guest.
CREATE TABLE accounts (
  code text PRIMARY KEY,
  name_id text NOT NULL,
  name_en text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('asset', 'liability', 'revenue', 'expense'))
);
GRANT SELECT, INSERT, UPDATE ON accounts TO hotel_app;

CREATE TABLE charge_codes (
  code text PRIMARY KEY,
  name_id text NOT NULL,
  name_en text NOT NULL,
  account text NOT NULL REFERENCES accounts,
  tax_regime text NOT NULL,
  service_charged boolean NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON charge_codes TO hotel_app;

INSERT INTO accounts (code, name_id, name_en, kind) VALUES
  ('1100', 'Kas', 'Cash', 'asset'),
  ('1150', 'Kliring pembayaran', 'Payment clearing', 'asset'),
  ('1200', 'Piutang tamu', 'Guest ledger', 'asset'),
  ('1210', 'Piutang perusahaan', 'City ledger', 'asset'),
  ('2100', 'Uang muka tamu', 'Guest deposits', 'liability'),
  ('2200', 'Utang PBJT', 'PBJT payable', 'liability'),
  ('2210', 'Utang PPN', 'PPN payable', 'liability'),
  ('2300', 'Utang uang servis', 'Service charge payable', 'liability'),
  ('4100', 'Pendapatan kamar', 'Room revenue', 'revenue'),
  ('4200', 'Pendapatan makanan dan minuman', 'Food and beverage revenue', 'revenue'),
  ('4300', 'Pendapatan lain', 'Other revenue', 'revenue'),
  ('5900', 'Pembulatan kas', 'Cash rounding', 'expense');

INSERT INTO charge_codes (code, name_id, name_en, account, tax_regime, service_charged) VALUES
  ('ROOM', 'Kamar', 'Room', '4100', 'pbjt_room', true),
  ('CANCEL', 'Biaya pembatalan', 'Cancellation fee', '4100', 'pbjt_room', false),
  ('NOSHOW', 'Biaya tidak datang', 'No-show fee', '4100', 'pbjt_room', false),
  ('FNB', 'Makanan dan minuman', 'Food and beverage', '4200', 'pbjt_fnb', true),
  ('LAUNDRY', 'Penatu', 'Laundry', '4300', 'pbjt_room', true),
  ('OTHER', 'Lain-lain', 'Other', '4300', 'none', false);
