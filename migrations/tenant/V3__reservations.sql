-- Guests, capacity and reservations.

CREATE TABLE guests (
  id uuid PRIMARY KEY,
  full_name text NOT NULL CHECK (length(full_name) BETWEEN 1 AND 200),
  email text NOT NULL DEFAULT '',
  phone text NOT NULL DEFAULT '',
  language text NOT NULL DEFAULT 'id' CHECK (language IN ('id', 'en')),
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);
CREATE INDEX guests_by_name ON guests (lower(full_name), id);
GRANT SELECT, INSERT, UPDATE ON guests TO hotel_app;

-- Capacity: one row for each room type and night. Whoever sells locks the rows in date order and
-- then updates them; the CHECK refuses a room too many whatever the code believed.
CREATE TABLE inventory_days (
  room_type_id uuid NOT NULL REFERENCES room_types,
  stay_date date NOT NULL,
  physical int NOT NULL CHECK (physical >= 0),
  out_of_order int NOT NULL DEFAULT 0 CHECK (out_of_order >= 0),
  sold int NOT NULL DEFAULT 0 CHECK (sold >= 0),
  held int NOT NULL DEFAULT 0 CHECK (held >= 0),
  -- Rooms that an OTA sold and we had not: outside the CHECK, each with a case of its own.
  oversold int NOT NULL DEFAULT 0 CHECK (oversold >= 0),
  overbook_limit int NOT NULL DEFAULT 0 CHECK (overbook_limit >= 0),
  PRIMARY KEY (room_type_id, stay_date),
  CONSTRAINT inventory_days_not_oversold CHECK (sold + held <= physical - out_of_order + overbook_limit)
);
GRANT SELECT, INSERT, UPDATE ON inventory_days TO hotel_app;

CREATE TABLE reservations (
  id uuid PRIMARY KEY,
  property_id uuid NOT NULL REFERENCES properties,
  -- What the guest is told, e.g. K7QF2M.
  code text NOT NULL,
  guest_id uuid NOT NULL REFERENCES guests,
  room_type_id uuid NOT NULL,
  rate_plan_id uuid NOT NULL REFERENCES rate_plans,
  arrival date NOT NULL,
  departure date NOT NULL,
  adults int NOT NULL CHECK (adults > 0),
  children int NOT NULL CHECK (children >= 0),
  state text NOT NULL CHECK (state IN ('confirmed', 'in_house', 'checked_out', 'cancelled', 'no_show')),
  source text NOT NULL CHECK (source IN ('front_desk', 'api')),
  notes text NOT NULL DEFAULT '',
  version int NOT NULL DEFAULT 1,
  created_by uuid NOT NULL REFERENCES users,
  created_at timestamptz NOT NULL,
  cancelled_at timestamptz,
  UNIQUE (property_id, code),
  CHECK (departure > arrival AND departure - arrival <= 365),
  FOREIGN KEY (room_type_id, property_id) REFERENCES room_types (id, property_id)
);
CREATE INDEX reservations_by_arrival ON reservations (property_id, arrival, id);
CREATE INDEX reservations_by_age ON reservations (property_id, created_at DESC, id DESC);
CREATE INDEX reservations_of_guest ON reservations (guest_id);
GRANT SELECT, INSERT, UPDATE ON reservations TO hotel_app;

-- The price of each night as it was agreed. Split once, stored, never computed again.
CREATE TABLE reservation_nights (
  reservation_id uuid NOT NULL REFERENCES reservations,
  stay_date date NOT NULL,
  base_idr bigint NOT NULL CHECK (base_idr >= 0),
  service_idr bigint NOT NULL CHECK (service_idr >= 0),
  tax_idr bigint NOT NULL CHECK (tax_idr >= 0),
  PRIMARY KEY (reservation_id, stay_date)
);
GRANT SELECT, INSERT ON reservation_nights TO hotel_app;

-- What happened to a reservation, and by whom. Append-only.
CREATE TABLE reservation_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reservation_id uuid NOT NULL REFERENCES reservations,
  happened_at timestamptz NOT NULL,
  actor uuid NOT NULL REFERENCES users,
  request_id text NOT NULL,
  kind text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX reservation_events_of_reservation ON reservation_events (reservation_id, id);
GRANT SELECT, INSERT ON reservation_events TO hotel_app;

-- A room is in one place at a time: stays, day use and repairs cannot overlap.
CREATE TABLE room_occupancies (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms,
  kind text NOT NULL CHECK (kind IN ('stay', 'day_use', 'out_of_order')),
  reservation_id uuid REFERENCES reservations,
  during tstzrange NOT NULL CHECK (NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)),
  released_at timestamptz,
  CONSTRAINT room_occupancies_no_overlap
    EXCLUDE USING gist (room_id WITH =, during WITH &&) WHERE (released_at IS NULL)
);
GRANT SELECT, INSERT, UPDATE ON room_occupancies TO hotel_app;
