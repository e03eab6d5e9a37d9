//! A hotel ends: nothing of it is left, its name is let go, and no kill leaves it in between.

use platform_tests::{
    postgres::{Preset, connect},
    waiting::eventually,
};
use serde_json::{Value, json};

use crate::{
    gates::Gate,
    ground::{Asked, Ground, SOON, stop},
    shelf::Shelf,
    two_hosts::TwoHosts,
};

#[tokio::test]
async fn only_a_hotel_that_has_churned_is_deleted() {
    let two = TwoHosts::new(Preset::Fast).await;
    let hotel = two.hotel("mandala").await;
    let provisioner = two.ground.start("deleter").await;

    let early = two.ask(hotel.tenant, "delete_tenant", json!({})).await;
    two.wait_until(early, "undone").await;
    let login = two.login(&two.place(hotel.tenant).await);
    let guest = connect(&login).await.unwrap();
    guest.query("SELECT 1 FROM users", &[]).await.unwrap();

    churn(&two.ground, hotel).await;
    let deleted = two.ask(hotel.tenant, "delete_tenant", json!({})).await;
    two.wait_until(deleted, "done").await;

    assert!(guest.query("SELECT 1", &[]).await.is_err(), "its session is ended");
    assert!(connect(&login).await.is_err());
    assert_gone(&two, hotel).await;
    // Nothing here is in the way of another hotel of the name; when one may be asked for is the
    // control plane's to say.
    let again = two.ground.ask("mandala").await;
    two.ground.wait_until(again, "ready").await;
    stop(provisioner).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_kill_in_a_deletion_leaves_nothing_half_deleted() {
    let two = TwoHosts::new(Preset::Durable).await;
    let steps = [
        "find",
        "withdraw_route",
        "end_sessions",
        "back_up",
        "drop_database",
        "destroy_backups",
        "await_other_copies",
        "forget",
    ];
    let mut moments: Vec<(&str, &str, String)> = steps
        .map(|it| {
            let condition = format!("NEW.name = '{it}' AND NEW.state = 'running'");
            ("operation_steps", "INSERT OR UPDATE", condition)
        })
        .to_vec();
    moments.push(("tenants", "UPDATE", "NEW.provisioning = 'deleting'".to_owned()));
    moments.push(("tenants", "UPDATE", "NEW.provisioning = 'deleted'".to_owned()));
    moments.push(("backups", "UPDATE", "NEW.state = 'kept'".to_owned()));
    moments.push((
        "operation_steps",
        "UPDATE",
        "NEW.name = 'forget' AND NEW.state = 'done'".into(),
    ));

    for is_lost in [true, false] {
        for (table, event, condition) in &moments {
            let hotel = two.hotel("mandala").await;
            churn(&two.ground, hotel).await;
            let gate = match *table {
                "tenants" => Gate::close(&two.ground, "tenants", event, condition).await,
                "backups" => Gate::close(&two.ground, "backups", event, condition).await,
                _ => Gate::close(&two.ground, "operation_steps", event, condition).await,
            };
            let deleted = two.ask(hotel.tenant, "delete_tenant", json!({})).await;
            let mut program = two.ground.start("killed").await;
            gate.wait_for_arrival().await;
            program.kill().await.unwrap();
            if is_lost {
                gate.wait_for_retreat().await;
            }
            gate.open().await;
            two.finish(deleted, "done").await;
            assert_gone(&two, hotel).await;
            two.assert_nothing_stray().await;
        }
    }
}

#[tokio::test]
async fn a_kill_in_the_destruction_of_what_is_stored_leaves_only_the_last_backup() {
    let mut shelf = Shelf::new(Preset::Durable).await;
    let moments = [
        ("previews", "DELETE", "true"),
        ("backups", "UPDATE", "NEW.state = 'expiring'"),
        ("backups", "DELETE", "true"),
        ("deletions", "UPDATE", "NEW.destroyed::text LIKE '%/files/%'"),
        ("operation_steps", "UPDATE", "NEW.name = 'destroy_backups' AND NEW.state = 'done'"),
        ("operation_steps", "UPDATE", "NEW.name = 'await_other_copies' AND NEW.state = 'done'"),
    ];
    for (number, (table, event, condition)) in (1..).zip(moments) {
        if number > 1 {
            shelf.hotel = shelf.two.hotel("mandala").await;
        }
        let hotel = shelf.hotel;
        let backup = shelf.back_up().await;
        let wish = json!({ "backup_id": backup, "end": "preview" });
        shelf.done("restore_tenant", wish, "done").await;
        let folder = shelf.two.ground.storage().join(format!("tenants/{}", hotel.tenant));
        for name in ["files/passport.jpg", "files/rooms/101.png", "imports/bundle.zip"] {
            let file = folder.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, b"of a guest").unwrap();
        }
        churn(&shelf.two.ground, hotel).await;

        let gate = Gate::close(&shelf.two.ground, table, event, condition).await;
        let deleted = shelf.two.ask(hotel.tenant, "delete_tenant", json!({})).await;
        let mut program = shelf.two.ground.start("killed").await;
        gate.wait_for_arrival().await;
        program.kill().await.unwrap();
        gate.wait_for_retreat().await;
        gate.open().await;
        shelf.two.finish(deleted, "done").await;

        assert_gone(&shelf.two, hotel).await;
        let last = "SELECT object_name FROM backups WHERE tenant_id = $1";
        let last = shelf.two.ground.control.query_one(last, &[&hotel.tenant]).await.unwrap();
        let last = shelf.two.ground.storage().join(last.get::<_, String>(0));
        let left: Vec<_> =
            shelf.objects().into_iter().filter(|it| it.starts_with(&folder)).collect();
        assert_eq!(left, [last], "{table} {condition}");
        // All hotels' that went before have theirs as well.
        assert_eq!(shelf.objects().len(), number, "{table} {condition}");
        shelf.assert_nothing_stray().await;
    }
}

#[tokio::test]
async fn a_deletion_goes_on_for_ever_once_the_route_is_gone() {
    let mut two = TwoHosts::new(Preset::Durable).await;
    let hotel = two.hotel("mandala").await;
    churn(&two.ground, hotel).await;
    let provisioner = two.ground.start("deleter").await;
    // Not even a superuser's session in it makes it turn back.
    let place = two.place(hotel.tenant).await;
    let inside = two.superuser(&place.host, &place.database.name()).await;

    let deleted = two.ask(hotel.tenant, "delete_tenant", json!({})).await;
    two.wait_for_error(deleted, "must be a superuser").await;
    let sql = "SELECT attempts FROM operation_steps
         WHERE operation_id = $1 AND name = 'drop_database'";
    eventually(SOON, "a fourth try", async || {
        let row = two.ground.control.query_one(sql, &[&deleted.operation]).await.unwrap();
        (row.get::<_, i32>(0) > 3).then_some(())
    })
    .await
    .unwrap();
    // The session ends with the server.
    two.ground.tenants_server.as_mut().unwrap().stop_immediately().await.unwrap();
    drop(inside);
    two.wait_for_error(deleted, "connect to `local`").await;
    two.ground.tenants_server.as_mut().unwrap().start().await.unwrap();

    two.wait_until(deleted, "done").await;
    stop(provisioner).await;
    assert_gone(&two, hotel).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn no_copy_outlives_the_proof_that_all_are_gone() {
    let shelf = Shelf::new(Preset::Fast).await;
    let (two, hotel) = (&shelf.two, shelf.hotel);
    let backup = shelf.back_up().await;
    let wish = json!({ "backup_id": backup, "end": "preview" });
    shelf.done("restore_tenant", wish, "done").await;
    let shown = "SELECT 'tenant_' || replace(database_id::text, '-', '') FROM previews";
    let shown: String = two.ground.control.query_one(shown, &[]).await.unwrap().get(0);
    // Nobody can drop it as long as a superuser looks at it.
    let inside = two.superuser("local", &shown).await;
    let upload = two.ground.storage().join(format!("tenants/{}/imports/part.zip#1", hotel.tenant));
    std::fs::create_dir_all(upload.parent().unwrap()).unwrap();
    std::fs::write(&upload, b"half").unwrap();

    churn(&two.ground, hotel).await;
    let provisioner = two.ground.start("deleter").await;
    let deleted = two.ask(hotel.tenant, "delete_tenant", json!({})).await;
    two.wait_for_error(deleted, "1 other copies of the data are still to be dropped").await;
    let routes = "SELECT count(*) FROM served_routes WHERE preview_of IS NOT NULL";
    assert_eq!(shelf.count(routes).await, 0, "nobody is led there");
    assert_eq!(shelf.count("SELECT count(*) FROM deletions WHERE deleted_at IS NULL").await, 1);
    drop(inside);
    two.wait_until(deleted, "done").await;
    stop(provisioner).await;

    let proof = "SELECT destroyed FROM deletions WHERE deleted_at IS NOT NULL";
    let proof: Value = two.ground.control.query_one(proof, &[]).await.unwrap().get(0);
    let of_preview = |it: &&Value| it["database"] == json!(shown);
    let noted = proof.as_array().unwrap().iter().filter(of_preview).count();
    assert_eq!(noted, 1, "{proof}");
    assert!(!upload.exists());
    assert_gone(two, hotel).await;
    two.assert_nothing_stray().await;
}

#[tokio::test]
async fn a_hotel_whose_database_is_lost_leaves_its_newest_backup() {
    let shelf = Shelf::new(Preset::Fast).await;
    let (two, hotel) = (&shelf.two, shelf.hotel);
    shelf.back_up().await;
    let newest = shelf.back_up().await;
    lose_database(two, hotel).await;
    churn(&two.ground, hotel).await;
    shelf.done("delete_tenant", json!({}), "done").await;

    let sql = "SELECT to_jsonb(d), d.final_backup_until > now() + interval '29 days'
         FROM deletions d WHERE tenant_id = $1";
    let row = two.ground.control.query_one(sql, &[&hotel.tenant]).await.unwrap();
    let proof: Value = row.get(0);
    assert_eq!(proof["final_backup"], json!(newest), "{proof}");
    assert!(row.get::<_, bool>(1), "{proof}");
    assert!(said_of_last(&proof).starts_with("the database was gone: the newest"), "{proof}");
    assert_eq!(shelf.objects(), [shelf.object_of(newest)]);
    shelf.open(newest);
    let kept = "SELECT count(*) FROM backups WHERE kind = 'final' AND state = 'kept'
         AND keep_until > now() + interval '29 days'";
    assert_eq!(shelf.count(kept).await, 1);
    assert_gone(two, hotel).await;

    // One that was never backed up goes all the same, and the proof says so.
    let other = two.hotel("surya").await;
    lose_database(two, other).await;
    churn(&two.ground, other).await;
    let deleted = two.ask(other.tenant, "delete_tenant", json!({})).await;
    two.finish(deleted, "done").await;
    let row = two.ground.control.query_one(sql, &[&other.tenant]).await.unwrap();
    let proof: Value = row.get(0);
    assert!(said_of_last(&proof).starts_with("none: the database was gone"), "{proof}");
    assert_eq!(
        (&proof["final_backup"], &proof["final_backup_until"]),
        (&Value::Null, &Value::Null)
    );
    shelf.assert_nothing_stray().await;
}

/// What a proof says of the last backup.
fn said_of_last(proof: &Value) -> &str {
    let destroyed = proof["destroyed"].as_array().unwrap();
    destroyed.iter().find_map(|it| it["last_backup"].as_str()).unwrap()
}

async fn lose_database(two: &TwoHosts, hotel: Asked) {
    let place = two.place(hotel.tenant).await;
    let drop = format!("DROP DATABASE {} WITH (FORCE)", place.database.name());
    two.superuser(&place.host, "postgres").await.simple_query(&drop).await.unwrap();
}

async fn churn(ground: &Ground, hotel: Asked) {
    let sql = "UPDATE tenants SET status = 'churned', access = 'stopped' WHERE id = $1";
    ground.control.execute(sql, &[&hotel.tenant]).await.unwrap();
}

async fn assert_gone(two: &TwoHosts, hotel: Asked) {
    let sql = "SELECT provisioning, EXISTS (SELECT FROM databases WHERE tenant_id = $1),
           EXISTS (SELECT FROM domains WHERE tenant_id = $1 AND released_at IS NULL),
           EXISTS (SELECT FROM routes WHERE tenant_id = $1)
         FROM tenants WHERE id = $1";
    let row = two.ground.control.query_one(sql, &[&hotel.tenant]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "deleted");
    assert!(!row.get::<_, bool>(1), "its placement");
    assert!(!row.get::<_, bool>(2), "its host name");
    assert!(!row.get::<_, bool>(3), "its route");
    let kept = "SELECT slug, company_name, owner_name || owner_email || owner_phone
         FROM tenants WHERE id = $1";
    let kept = two.ground.control.query_one(kept, &[&hotel.tenant]).await.unwrap();
    assert!(!kept.get::<_, &str>(0).is_empty() && !kept.get::<_, &str>(1).is_empty());
    assert_eq!(kept.get::<_, &str>(2), "", "its owner");
}
