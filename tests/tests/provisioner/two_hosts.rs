//! A control database and two servers with tenants, on which hotels move, end and are suspended.

use std::{collections::BTreeMap, time::Duration};

use hotelhub_core::ids::{DatabaseId, TenantId};
use platform_tests::{
    postgres::{PostgresServer, Preset, connect},
    waiting::eventually,
};
use secrecy::ExposeSecret as _;
use tokio_postgres::Client;
use url::Url;
use uuid::Uuid;

use crate::{
    gates::Gate,
    ground::{Asked, Ground, SOON, stop},
};

/// A move of a full hotel on a busy machine.
pub(crate) const LATER: Duration = Duration::from_secs(300);

/// The surroundings of one test.
pub(crate) struct TwoHosts {
    pub(crate) ground: Ground,
    /// The server `other`; the first one is `local`.
    pub(crate) other: PostgresServer,
    pub(crate) other_id: Uuid,
}

/// Where a hotel's data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) database: DatabaseId,
    pub(crate) generation: i32,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl TwoHosts {
    /// Control database and servers apart, and a template on each; nothing runs.
    pub(crate) async fn new(preset: Preset) -> Self {
        let mut ground = Ground::with_two_servers(preset).await;
        let other = PostgresServer::temporary(preset).await.unwrap();
        let other_id = ground.add_database_server("other", other.urls().unwrap(), 1_000).await;
        let two = Self { ground, other, other_id };
        // Hotels are made on the first server unless a test says otherwise.
        two.set_state("other", "cordoned").await;
        let provisioner = two.ground.start("templates").await;
        let sql = "SELECT count(*) FROM templates WHERE is_current";
        eventually(SOON, "two templates", async || {
            let row = two.ground.control.query_one(sql, &[]).await.unwrap();
            (row.get::<_, i64>(0) == 2).then_some(())
        })
        .await
        .unwrap();
        stop(provisioner).await;
        two
    }

    /// Makes a hotel on `local`, with rows in every table, and then lets tenants on `other`.
    pub(crate) async fn hotel(&self, slug: &str) -> Asked {
        self.set_state("other", "cordoned").await;
        let provisioner = self.ground.start("maker").await;
        let hotel = self.ground.ask(slug).await;
        self.ground.wait_until(hotel, "ready").await;
        stop(provisioner).await;
        fill(&self.inside(hotel.tenant).await).await;
        self.set_state("other", "active").await;
        hotel
    }

    /// Sets a server's state.
    pub(crate) async fn set_state(&self, host: &str, state: &str) {
        let sql = "UPDATE db_hosts SET state = $2 WHERE name = $1";
        self.ground.control.execute(sql, &[&host, &state]).await.unwrap();
    }

    /// Asks for something to happen to a tenant, as the control plane would.
    pub(crate) async fn ask(&self, tenant: TenantId, kind: &str, wish: serde_json::Value) -> Asked {
        let asked = Asked { tenant, operation: Uuid::new_v4() };
        let sql = "INSERT INTO operations (id, tenant_id, kind, wish, requested_at)
             VALUES ($1, $2, $3, $4, clock_timestamp())";
        self.ground.control.execute(sql, &[&asked.operation, &tenant, &kind, &wish]).await.unwrap();
        asked
    }

    /// Asks for a move to wherever there is room.
    pub(crate) async fn ask_move(&self, tenant: TenantId) -> Asked {
        self.ask(tenant, "move_tenant", serde_json::json!({})).await
    }

    /// Asks for a move, and crashes the server `other` when it comes to a step.
    pub(crate) async fn move_and_lose_other(&mut self, tenant: TenantId, step: &str) -> Asked {
        let gate = Gate::before_step(&self.ground, step).await;
        let moved = self.ask_move(tenant).await;
        gate.wait_for_arrival().await;
        self.other.stop_immediately().await.unwrap();
        gate.open().await;
        moved
    }

    /// Crashes the server `other`, and lets a provisioner miss it.
    pub(crate) async fn lose_other(&mut self) {
        self.other.stop_immediately().await.unwrap();
        let provisioner = self.ground.start("watcher").await;
        let lost = "SELECT count(*) FROM db_host_reports WHERE NOT is_reachable";
        eventually(SOON, "the server to be missed", async || {
            let row = self.ground.control.query_one(lost, &[]).await.unwrap();
            (row.get::<_, i64>(0) == 1).then_some(())
        })
        .await
        .unwrap();
        stop(provisioner).await;
    }

    /// Waits until an operation is `done` or `undone`, as expected.
    pub(crate) async fn wait_until(&self, asked: Asked, state: &str) {
        let what = format!("the operation to be {state}");
        let sql = "SELECT r.state FROM operations o JOIN operation_runs r ON r.operation_id = o.id
             WHERE o.id = $1 AND o.settled_at IS NOT NULL";
        let settled = eventually(LATER, &what, async || {
            let row = self.ground.control.query_opt(sql, &[&asked.operation]).await.unwrap();
            row.map(|it| it.get::<_, String>(0))
        });
        let found = match settled.await {
            Ok(found) => found,
            Err(late) => panic!("{late:#}\n{}", self.ground.record(asked).await),
        };
        assert_eq!(found, state, "{}", self.ground.record(asked).await);
    }

    /// Waits until an operation waits for its next try after such an error, or has turned back for it.
    pub(crate) async fn wait_for_error(&self, asked: Asked, text: &str) {
        let sql = "SELECT last_error FROM operation_runs
             WHERE operation_id = $1 AND last_error IS NOT NULL
               AND (retry_at IS NOT NULL OR state <> 'forward')";
        let seen = eventually(SOON, text, async || {
            let row = self.ground.control.query_opt(sql, &[&asked.operation]).await.unwrap();
            row.filter(|it| it.get::<_, &str>(0).contains(text)).map(drop)
        });
        if let Err(late) = seen.await {
            panic!("{late:#}\n{}", self.ground.record(asked).await);
        }
    }

    /// Lets a new provisioner take the operation to its end.
    pub(crate) async fn finish(&self, asked: Asked, state: &str) {
        let successor = self.ground.start("successor").await;
        self.wait_until(asked, state).await;
        stop(successor).await;
    }

    /// Where the hotel's data is by the route.
    pub(crate) async fn place(&self, tenant: TenantId) -> Place {
        let sql = "SELECT d.id, d.generation, h.name, h.port
             FROM databases d JOIN db_hosts h ON h.id = d.db_host_id
             WHERE d.tenant_id = $1 AND d.state = 'assigned'";
        let row = self.ground.control.query_one(sql, &[&tenant]).await.unwrap();
        Place {
            database: row.get(0),
            generation: row.get(1),
            host: row.get(2),
            port: u16::try_from(row.get::<_, i32>(3)).unwrap(),
        }
    }

    /// The hotel's own login to where its data is.
    pub(crate) fn login(&self, place: &Place) -> Url {
        let password = self.ground.keys.database_password("k1", place.database).unwrap();
        let mut url = self.ground.tenants_urls().superuser;
        url.set_port(Some(place.port)).unwrap();
        url.set_username(&place.database.name()).unwrap();
        url.set_password(Some(password.expose_secret())).unwrap();
        url.set_path(&format!("/{}", place.database.name()));
        url
    }

    /// A session of the superuser on a server.
    pub(crate) async fn superuser(&self, host: &str, database: &str) -> Client {
        let urls = if host == "other" { self.other.urls() } else { Ok(self.ground.tenants_urls()) };
        let mut url = urls.unwrap().superuser;
        url.set_path(&format!("/{database}"));
        connect(&url).await.unwrap()
    }

    /// A session of the superuser in the hotel's database, where it is now.
    pub(crate) async fn inside(&self, tenant: TenantId) -> Client {
        let place = self.place(tenant).await;
        self.superuser(&place.host, &place.database.name()).await
    }

    /// Asserts that both servers hold what is on record and nothing else, and that nothing is
    /// on its way.
    pub(crate) async fn assert_nothing_stray(&self) {
        let sql = "SELECT count(*) FROM databases WHERE state IN ('claimed', 'retired')";
        let row = self.ground.control.query_one(sql, &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 0, "rows of copies on their way");
        for host in ["local", "other"] {
            let sql = "SELECT 'tenant_' || replace(d.id::text, '-', '')
                 FROM databases d JOIN db_hosts h ON h.id = d.db_host_id
                 WHERE h.name = $1 ORDER BY 1";
            let rows = self.ground.control.query(sql, &[&host]).await.unwrap();
            let wanted: Vec<String> = rows.iter().map(|it| it.get(0)).collect();
            let superuser = self.superuser(host, "postgres").await;
            for sql in [
                r"SELECT datname::text FROM pg_database WHERE datname LIKE 'tenant\_%' ORDER BY 1",
                r"SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'tenant\_%' ORDER BY 1",
            ] {
                let rows = superuser.query(sql, &[]).await.unwrap();
                let found: Vec<String> = rows.iter().map(|it| it.get(0)).collect();
                assert_eq!(found, wanted, "{host}");
            }
        }
    }

    /// Asserts that a copy serves as one that no move ever touched.
    pub(crate) async fn assert_untouched(&self, tenant: TenantId) {
        let row = self
            .inside(tenant)
            .await
            .query_one(
                "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'move_capture'),
                   (SELECT count(*) FROM move_changes), is_paused, access
                 FROM move_pause, tenant_identity",
                &[],
            )
            .await
            .unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 0), "triggers, changes");
        assert!(!row.get::<_, bool>(2), "paused");
        assert_eq!(row.get::<_, &str>(3), "full");
    }
}

/// The number of rows of each table of a hotel, and a hash of their texts. Without what belongs to
/// the copy.
pub(crate) async fn fingerprint(inside: &Client) -> BTreeMap<String, (i64, String)> {
    let sql = "SELECT relname::text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
           AND relname NOT IN ('tenant_identity', 'move_pause', 'move_changes')";
    let mut found = BTreeMap::new();
    for row in inside.query(sql, &[]).await.unwrap() {
        let table: String = row.get(0);
        let sum = format!(
            "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))
             FROM {table} AS t"
        );
        let row = inside.query_one(&sum, &[]).await.unwrap();
        found.insert(table, (row.get(0), row.get(1)));
    }
    found
}

/// Puts rows into every table that has none, and many into some.
async fn fill(inside: &Client) {
    inside.simple_query(ROWS).await.unwrap();
    for (table, (rows, _)) in fingerprint(inside).await {
        assert!(rows > 0, "`{table}` is empty: fill it, so that its move is tried");
    }
}

const ROWS: &str = "
INSERT INTO sessions (id, user_id, kind, refresh_sha256, replaced_sha256, created_at, expires_at)
  SELECT gen_random_uuid(), (SELECT id FROM users LIMIT 1), 'api', sha256(n::text::bytea),
    CASE WHEN n % 2 = 0 THEN '\\x00ff27'::bytea END, now(), now() + interval '1 day'
  FROM generate_series(1, 50) AS n;
INSERT INTO idempotency_keys (actor, key, request_sha256, status, body, created_at)
  SELECT gen_random_uuid(), 'it''s \"key\" ' || n, sha256(n::text::bytea), 200,
    jsonb_build_object('n', n, 'text', E'a\\tb\\n\\\\N', 'price', 1.50, 'nothing', NULL), now()
  FROM generate_series(1, 50) AS n;
INSERT INTO room_types (id, property_id, code, name, max_adults, max_children, created_at)
  SELECT gen_random_uuid(), id, 'DLX', 'Deluxe', 2, 1, now() FROM properties;
INSERT INTO rooms (id, property_id, room_type_id, number, created_at)
  SELECT gen_random_uuid(), property_id, id, n::text, now()
  FROM room_types, generate_series(101, 140) AS n;
INSERT INTO rate_days (rate_plan_id, room_type_id, stay_date, amount_idr)
  SELECT p.id, t.id, '2026-01-01'::date + n, 1000000 + n
  FROM rate_plans p, room_types t, generate_series(0, 999) AS n;
INSERT INTO inventory_days (room_type_id, stay_date, physical)
  SELECT id, '2026-01-01'::date + n, 40 FROM room_types, generate_series(0, 999) AS n;
INSERT INTO service_charge_rules (property_id, rate_bp, valid)
  SELECT id, 500, daterange(NULL, '2000-01-01') FROM properties;
INSERT INTO guests (id, full_name, created_at)
  SELECT gen_random_uuid(), 'Tamu ' || n, now() FROM generate_series(1, 3000) AS n;
INSERT INTO reservations (id, property_id, code, guest_id, room_type_id, rate_plan_id, arrival,
    departure, adults, children, state, source, created_by, created_at)
  SELECT gen_random_uuid(), t.property_id, 'R' || g.n, g.id, t.id, p.id, '2026-02-01',
    '2026-02-03', 2, 0, 'confirmed', 'api', u.id, now()
  FROM (SELECT id, row_number() OVER () AS n FROM guests) AS g, room_types t, rate_plans p, users u
  WHERE g.n <= 1000;
INSERT INTO reservation_nights (reservation_id, stay_date, base_idr, service_idr, tax_idr)
  SELECT id, arrival + n, 1000, 100, 110 FROM reservations, generate_series(0, 1) AS n;
INSERT INTO reservation_events (reservation_id, happened_at, actor, request_id, kind, details)
  SELECT id, now(), created_by, code, 'confirmed', '{\"a\": [1, 2.0, \"é\"]}' FROM reservations;
INSERT INTO room_occupancies (room_id, kind, during, released_at)
  SELECT r.id, 'stay',
    tstzrange('2026-02-01 07:00:00.123456+00'::timestamptz + n * interval '1 day',
      '2026-02-02 05:00+00'::timestamptz + n * interval '1 day'),
    CASE WHEN n % 3 = 0 THEN now() END
  FROM rooms r, generate_series(0, 9) AS n;
INSERT INTO jobs (id, kind, class, state, max_attempts, payload)
  SELECT gen_random_uuid(), 'test', 'default', 'done', 3, jsonb_build_object('n', n)
  FROM generate_series(1, 200) AS n;
INSERT INTO peers (peer, calls, failures, opened_at, probe_at)
  VALUES ('channel-manager', 7, 5, now(), now() + interval '15 seconds');
INSERT INTO peer_budgets (peer, property_id, called_at)
  SELECT 'channel-manager', id, ARRAY[now(), now() - interval '3 seconds'] FROM properties;
INSERT INTO schedules (name, property_id, next_fire_at)
  SELECT 'report_day', id, now() + interval '1 day' FROM properties;
INSERT INTO schedule_fires (name, property_id, fire_at, outcome, fired_at)
  SELECT 'report_day', id, now(), 'missed', now() FROM properties;
WITH RECURSIVE chain AS (
  SELECT 0 AS seq, decode(repeat('00', 32), 'hex') AS hash
  UNION ALL
  SELECT seq + 1, sha256(hash || convert_to(length((seq + 1)::text) || ':' || seq + 1
    || ',27:2026-01-31T17:05:00.000000Z,5:staff,-,4:Sari,-,-,13:support.allow,-,-,8:{\"n\": 1},-,',
    'UTF8'))
  FROM chain WHERE seq < 20)
INSERT INTO audit_log (seq, at, actor_kind, actor_name, action, details, hash)
  SELECT seq, '2026-01-31T17:05:00Z', 'staff', 'Sari', 'support.allow', '{\"n\": 1}', hash
  FROM chain WHERE seq > 0;
UPDATE audit_head SET seq = 20, hash = (SELECT hash FROM audit_log WHERE seq = 20);
UPDATE support_consent SET is_standing = true;
INSERT INTO support_grants (id, vendor_user_id, vendor_email, vendor_name, reason, minutes,
    requested_at, lapses_at)
  VALUES (gen_random_uuid(), gen_random_uuid(), 'ayu@example.com', 'Ayu', 'ticket 4711', 60, now(),
    now() + interval '1 day')";
