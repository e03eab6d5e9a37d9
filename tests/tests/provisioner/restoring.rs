//! A hotel goes back to what it was: at once, or after somebody looked at it.

use platform_tests::postgres::{Preset, connect};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    shelf::{Shelf, carried},
    two_hosts::Place,
};

async fn ruin(inside: &Client) {
    inside.simple_query("UPDATE guests SET full_name = 'nobody'").await.unwrap();
    inside.simple_query("DELETE FROM room_occupancies").await.unwrap();
    let late = "INSERT INTO guests (id, full_name, created_at)
         VALUES (gen_random_uuid(), 'after the backup', now())";
    inside.simple_query(late).await.unwrap();
}

#[tokio::test]
async fn a_hotel_is_what_it_was_and_what_it_had_become_is_kept() {
    let shelf = Shelf::new(Preset::Fast).await;
    let tenant = shelf.hotel.tenant;
    let inside = shelf.two.inside(tenant).await;
    let open = "INSERT INTO jobs (id, kind, class, state, max_attempts, payload) VALUES
         (gen_random_uuid(), 'mail', 'mail', 'ready', 3, '{}')";
    inside.simple_query(open).await.unwrap();
    let mut before = carried(&inside).await;
    let sequences = "SELECT max(id) FROM reservation_events";
    let last: i64 = inside.query_one(sequences, &[]).await.unwrap().get(0);
    let old = shelf.two.place(tenant).await;
    let backup = shelf.back_up().await;
    ruin(&inside).await;
    let ruined = carried(&inside).await;
    // Nobody of ours may stand in the copy's way.
    drop(inside);

    let wish = json!({ "backup_id": backup, "end": "swap" });
    let run = shelf.done("restore_tenant", wish, "done").await;

    let now = shelf.two.place(tenant).await;
    assert_eq!((now.generation, &now.host), (old.generation + 1, &old.host));
    assert!(connect(&shelf.two.login(&old)).await.is_err(), "the old copy is gone");
    connect(&shelf.two.login(&now)).await.unwrap();
    let inside = shelf.two.inside(tenant).await;
    let mut after = carried(&inside).await;
    before.remove("jobs");
    after.remove("jobs");
    assert_eq!(after, before);
    let row = inside
        .query_one(
            "SELECT (SELECT count(*) FROM sessions WHERE revoked_at IS NULL),
               (SELECT count(*) FROM jobs WHERE state = 'dead' AND last_error_code = 'RESTORED'),
               (SELECT count(*) FROM jobs WHERE state = 'done'),
               (SELECT access FROM tenant_identity), (SELECT tenant_id FROM tenant_identity),
               nextval(pg_get_serial_sequence('reservation_events', 'id'))",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)), (0, 1, 200));
    assert_eq!(row.get::<_, &str>(3), "full");
    assert_eq!(row.get::<_, Uuid>(4), tenant.as_uuid());
    assert_eq!(row.get::<_, i64>(5), last + 1);
    // The first one waits for a server that was not seen for half a minute.
    let operation = run["operation_id"].as_str().unwrap();
    let waited = format!(
        "SELECT count(*) FROM operation_steps
         WHERE operation_id = '{operation}' AND attempts > 1 AND position > 0"
    );
    assert_eq!(shelf.count(&waited).await, 0, "no step waited for another of the same run");
    assert_settled(&inside, &run, backup).await;

    // What was replaced can be had back, and nothing of it is missing.
    drop(inside);
    let replaced: Uuid = run["figures"]["backup_id"].as_str().unwrap().parse().unwrap();
    let wish = json!({ "backup_id": replaced, "end": "swap" });
    shelf.done("restore_tenant", wish, "done").await;
    let mut again = carried(&shelf.two.inside(tenant).await).await;
    let mut ruined = ruined;
    again.remove("jobs");
    ruined.remove("jobs");
    assert_eq!(again, ruined);
    shelf.assert_nothing_stray().await;
}

/// Support is not let in by what was agreed on in the past, and the audit log tells what happened.
async fn assert_settled(inside: &Client, run: &Value, backup: Uuid) {
    let sql = "SELECT (SELECT is_standing FROM support_consent),
           (SELECT count(*) FROM support_grants WHERE ended_at IS NULL AND is_allowed IS NOT false),
           (SELECT count(*) FROM support_grants WHERE ended_by = 'restore'),
           (SELECT seq FROM audit_head), (SELECT max(seq) FROM audit_log)";
    let row = inside.query_one(sql, &[]).await.unwrap();
    assert!(!row.get::<_, bool>(0), "nobody may come in unasked");
    assert_eq!((row.get::<_, i64>(1), row.get::<_, i64>(2)), (0, 1));
    assert_eq!((row.get::<_, i64>(3), row.get::<_, i64>(4)), (21, 21));
    let sql = "SELECT before.hash, row_to_json(last)::text, last.details,
           to_char(last.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), last.hash
         FROM audit_log before JOIN audit_log last ON last.seq = before.seq + 1
         WHERE last.seq = 21";
    let row = inside.query_one(sql, &[]).await.unwrap();
    let last: Value = serde_json::from_str(row.get(1)).unwrap();
    assert_eq!((&last["action"], &last["actor_kind"]), (&json!("hotel.restore"), &json!("system")));
    assert_eq!(last["subject_id"], run["operation_id"]);
    let details: Value = serde_json::from_str(row.get(2)).unwrap();
    assert_eq!(details["backup_id"], json!(backup));
    assert_eq!(details["knows_present"], true);
    assert_eq!(details["audit_fault"], Value::Null, "the log was whole: {details}");
    let operation = run["operation_id"].as_str().unwrap();
    let fields = [
        Some("21"),
        Some(row.get(3)),
        Some("system"),
        None,
        Some("HotelHub"),
        None,
        None,
        Some("hotel.restore"),
        Some("operation"),
        Some(operation),
        Some(row.get(2)),
        None,
    ];
    let before: Vec<u8> = row.get(0);
    assert_eq!(hotelhub_core::audit::chain(&before, &fields), row.get::<_, Vec<u8>>(4));
}

#[tokio::test]
async fn a_past_without_what_was_decided_since_does_not_come_back() {
    let shelf = Shelf::new(Preset::Fast).await;
    let tenant = shelf.hotel.tenant;
    let inside = shelf.two.inside(tenant).await;
    let backup = shelf.back_up().await;
    let since = "UPDATE users SET disabled_at = now(), password_hash = 'of today';
         INSERT INTO schedules (name, property_id, next_fire_at)
           SELECT s, id, now() + interval '1 day'
           FROM properties, unnest(ARRAY['report_day', 'open_business_day']) AS s
           ON CONFLICT DO NOTHING;
         INSERT INTO schedule_fires (name, property_id, fire_at, outcome, fired_at)
           SELECT name, property_id, date_trunc('hour', now()), 'enqueued', now() FROM schedules";
    inside.simple_query(since).await.unwrap();
    drop(inside);

    let asked = "SELECT count(*) FILTER (WHERE disabled_at IS NULL),
           count(*) FILTER (WHERE password_hash <> 'of today') FROM users";
    let wish = json!({ "backup_id": backup, "end": "preview" });
    shelf.done("restore_tenant", wish, "done").await;
    let shown = preview_of(&shelf).await.0.database;
    let shown = shelf.two.superuser("local", &shown.name()).await;
    let row = shown.query_one(asked, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 0), "nobody looks who may not");
    drop(shown);

    shelf.done("restore_tenant", json!({ "end": "swap" }), "done").await;
    let inside = shelf.two.inside(tenant).await;
    let row = inside.query_one(asked, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 0));
    let fired = "SELECT DISTINCT f.name FROM schedule_fires f
         WHERE f.fire_at = date_trunc('hour', f.fired_at) AND f.outcome = 'enqueued' ORDER BY 1";
    let fired: Vec<String> =
        inside.query(fired, &[]).await.unwrap().iter().map(|it| it.get(0)).collect();
    assert_eq!(fired, ["report_day"], "reports are not made twice, the day is opened again");
    drop(inside);
    shelf.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_preview_stands_beside_the_hotel_and_may_take_its_place() {
    let shelf = Shelf::new(Preset::Fast).await;
    let tenant = shelf.hotel.tenant;
    let inside = shelf.two.inside(tenant).await;
    let before = carried(&inside).await;
    let backup = shelf.back_up().await;
    ruin(&inside).await;
    let ruined = carried(&inside).await;

    let wish = json!({ "backup_id": backup, "end": "preview" });
    let run = shelf.done("restore_tenant", wish.clone(), "done").await;
    assert_eq!(run["figures"]["preview_host"], "mandala--preview.hotelhub.localhost");
    let first = preview_of(&shelf).await;
    assert_eq!(carried(&shelf.two.inside(tenant).await).await, ruined, "the hotel works on");
    let route = "SELECT count(*) FROM served_routes r JOIN previews p ON p.id = r.tenant_id
         WHERE r.slug = 'mandala--preview' AND r.access = 'read_only' AND r.preview_of IS NOT NULL
           AND r.domains -> 0 ->> 'hostname' = 'mandala--preview.hotelhub.localhost'";
    assert_eq!(shelf.count(route).await, 1);
    let shown = connect(&shelf.two.login(&first.0)).await.unwrap();
    let row = shown.query_one("SELECT tenant_id, access FROM tenant_identity", &[]).await.unwrap();
    assert_eq!((row.get::<_, Uuid>(0), row.get::<_, &str>(1)), (first.1, "read_only"));
    drop(inside);
    assert_eq!(
        carried(&shelf.two.superuser("local", &first.0.database.name()).await).await,
        before
    );

    // Another one takes its place.
    shelf.done("restore_tenant", wish, "done").await;
    let second = preview_of(&shelf).await;
    assert_ne!(first.0.database, second.0.database);
    shelf.assert_nothing_stray().await;

    let swap = json!({ "end": "swap" });
    let run = shelf.done("restore_tenant", swap.clone(), "done").await;
    assert!(run["figures"]["backup_id"].is_string(), "what was replaced is kept: {run}");
    assert_eq!(carried(&shelf.two.inside(tenant).await).await, before);
    assert_eq!(shelf.two.place(tenant).await.database, second.0.database);
    assert_eq!(shelf.count("SELECT count(*) FROM previews").await, 0);
    let row = shelf.two.inside(tenant).await;
    let row = row.query_one("SELECT tenant_id, access FROM tenant_identity", &[]).await.unwrap();
    assert_eq!((row.get::<_, Uuid>(0), row.get::<_, &str>(1)), (tenant.as_uuid(), "full"));
    connect(&shelf.two.login(&shelf.two.place(tenant).await)).await.unwrap();
    shelf.assert_nothing_stray().await;

    let run = shelf.done("restore_tenant", swap, "undone").await;
    assert_eq!(run["last_error"], "the tenant has no preview");
}

#[tokio::test]
async fn a_preview_goes_when_it_is_told_to_or_its_time_is_over() {
    let shelf = Shelf::new(Preset::Fast).await;
    let backup = shelf.back_up().await;
    let wish = json!({ "backup_id": backup, "end": "preview" });
    for end in ["discard", "wait"] {
        shelf.done("restore_tenant", wish.clone(), "done").await;
        assert_eq!(shelf.count("SELECT count(*) FROM previews").await, 1);
        if end == "discard" {
            shelf.done("restore_tenant", json!({ "end": "discard" }), "done").await;
        } else {
            // Backups that somebody asked for last longer.
            shelf.two.ground.set_clock_ahead(8 * 24);
        }
        let provisioner = shelf.two.ground.start("sweeper").await;
        let sql = "SELECT count(*) FROM databases WHERE state <> 'assigned'";
        platform_tests::waiting::eventually(crate::ground::SOON, "the copy to go", async || {
            let previews = shelf.count("SELECT count(*) FROM previews").await;
            (previews == 0 && shelf.count(sql).await == 0).then_some(())
        })
        .await
        .unwrap();
        crate::ground::stop(provisioner).await;
    }
    shelf.settle().await;
    shelf.two.assert_nothing_stray().await;
}

/// The copy that is shown, and the id that it has for all who serve it.
async fn preview_of(shelf: &Shelf) -> (Place, Uuid) {
    let sql = "SELECT p.id, d.id, d.generation FROM previews p
         JOIN databases d ON d.id = p.database_id AND d.state = 'preview'";
    let row = shelf.two.ground.control.query_one(sql, &[]).await.unwrap();
    let place = shelf.two.place(shelf.hotel.tenant).await;
    let place = Place { database: row.get(1), generation: row.get(2), ..place };
    (place, row.get(0))
}
