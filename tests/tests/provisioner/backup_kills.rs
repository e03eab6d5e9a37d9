//! kill -9 at every step of backups, restores and deletions: what was to be made is there in the end,
//! nothing half-made serves, and nothing is left behind.

use platform_tests::postgres::Preset;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    gates::Gate,
    ground::Asked,
    shelf::{Shelf, carried},
    two_hosts::fingerprint,
};

/// A moment at which a provisioner is about to write to the control database.
type Moment = (&'static str, &'static str, String);

fn at_step(step: &str, state: &str) -> Moment {
    let condition = format!("NEW.name = '{step}' AND NEW.state = '{state}'");
    ("operation_steps", "INSERT OR UPDATE", condition)
}

/// Asks for something, kills whoever is about to write at that moment, and lets another one finish.
async fn kill_and_finish(
    shelf: &Shelf,
    (kind, wish, state): (&str, Value, &str),
    (table, event, condition): &Moment,
    is_lost: bool,
) -> Asked {
    let gate = Gate::close(&shelf.two.ground, table, event, condition).await;
    let asked = shelf.two.ask(shelf.hotel.tenant, kind, wish).await;
    let mut program = shelf.two.ground.start("killed").await;
    gate.wait_for_arrival().await;
    program.kill().await.unwrap();
    if is_lost {
        gate.wait_for_retreat().await;
    }
    gate.open().await;
    shelf.two.finish(asked, state).await;
    asked
}

#[tokio::test]
async fn a_kill_in_a_backup_leaves_one_backup_or_none() {
    let shelf = Shelf::new(Preset::Durable).await;
    let moments = [
        (at_step("find", "running"), true),
        (at_step("back_up", "running"), true),
        (at_step("back_up", "done"), true),
        (("backups", "INSERT", "NEW.state = 'making'".to_owned()), false),
        (("backups", "UPDATE", "NEW.state = 'kept'".to_owned()), true),
        (("backups", "UPDATE", "NEW.state = 'kept'".to_owned()), false),
    ];
    for (made, (moment, is_lost)) in (1..).zip(&moments) {
        kill_and_finish(&shelf, ("backup_tenant", json!({}), "done"), moment, *is_lost).await;
        assert_eq!(shelf.count("SELECT count(*) FROM backups").await, made, "{moment:?}");
        shelf.assert_nothing_stray().await;
    }
}

#[tokio::test]
async fn a_kill_in_a_restore_leaves_the_hotel_on_one_whole_copy() {
    let shelf = Shelf::new(Preset::Durable).await;
    let tenant = shelf.hotel.tenant;
    let backup = shelf.back_up().await;
    let before = carried(&shelf.two.inside(tenant).await).await;
    let swap = json!({ "backup_id": backup, "end": "swap" });
    let moments = [
        (at_step("place", "running"), true),
        (at_step("load", "running"), true),
        (at_step("load", "done"), true),
        (at_step("switch", "running"), false),
        (at_step("back_up_old", "running"), true),
        (at_step("clean_up", "running"), false),
        (at_step("clean_up", "done"), true),
        (("databases", "INSERT", "NEW.state = 'claimed'".to_owned()), false),
        (("databases", "UPDATE", "NEW.state = 'assigned'".to_owned()), true),
        (("databases", "UPDATE", "NEW.state = 'assigned'".to_owned()), false),
        (("databases", "DELETE", "OLD.state = 'retired'".to_owned()), true),
        (("backups", "UPDATE", "NEW.state = 'kept'".to_owned()), false),
    ];
    for (moment, is_lost) in &moments {
        let generation = shelf.two.place(tenant).await.generation;
        let ruin = "UPDATE guests SET full_name = 'nobody'";
        shelf.two.inside(tenant).await.simple_query(ruin).await.unwrap();
        let wanted = ("restore_tenant", swap.clone(), "done");
        kill_and_finish(&shelf, wanted, moment, *is_lost).await;
        assert_eq!(shelf.two.place(tenant).await.generation, generation + 1, "{moment:?}");
        let after = carried(&shelf.two.inside(tenant).await).await;
        assert_eq!(after, before, "{moment:?}");
        shelf.assert_nothing_stray().await;
    }
}

#[tokio::test]
async fn a_kill_around_a_preview_shows_one_or_none() {
    let shelf = Shelf::new(Preset::Durable).await;
    let tenant = shelf.hotel.tenant;
    let backup = shelf.back_up().await;
    let show = json!({ "backup_id": backup, "end": "preview" });
    for moment in [
        at_step("show_preview", "running"),
        at_step("show_preview", "done"),
        ("previews", "INSERT", "true".to_owned()),
    ] {
        let is_lost = moment.0 == "previews";
        let wanted = ("restore_tenant", show.clone(), "done");
        kill_and_finish(&shelf, wanted, &moment, is_lost).await;
        assert_eq!(shelf.count("SELECT count(*) FROM previews").await, 1, "{moment:?}");
        shelf.assert_nothing_stray().await;
    }
    for moment in [
        at_step("switch", "running"),
        ("databases", "UPDATE", "NEW.state = 'assigned'".to_owned()),
        at_step("switch", "done"),
    ] {
        shelf.done("restore_tenant", show.clone(), "done").await;
        let generation = shelf.two.place(tenant).await.generation;
        let wanted = ("restore_tenant", json!({ "end": "swap" }), "done");
        kill_and_finish(&shelf, wanted, &moment, true).await;
        assert_eq!(shelf.two.place(tenant).await.generation, generation + 1, "{moment:?}");
        assert_eq!(shelf.count("SELECT count(*) FROM previews").await, 0, "{moment:?}");
        shelf.assert_nothing_stray().await;
    }
}

#[tokio::test]
async fn a_kill_in_an_import_leaves_no_upload() {
    let shelf = Shelf::new(Preset::Durable).await;
    let backup = shelf.back_up().await;
    let whole = std::fs::read(shelf.object_of(backup)).unwrap();
    // One that is refused, so that everything is taken back.
    let torn = whole[..whole.len() - 100].to_vec();
    for (bundle, state, moment) in [
        (&whole, "done", at_step("load", "running")),
        (&whole, "done", at_step("clean_up", "done")),
        (&torn, "undone", at_step("load", "undone")),
        (&torn, "undone", at_step("place", "undoing")),
        (&torn, "undone", ("operation_runs", "UPDATE", "NEW.state = 'undone'".to_owned())),
    ] {
        let wish = shelf.bring(bundle, "swap");
        kill_and_finish(&shelf, ("restore_tenant", wish, state), &moment, true).await;
        shelf.assert_nothing_stray().await;
    }
}

#[tokio::test]
async fn a_deletion_keeps_a_last_backup_and_proof_of_the_rest() {
    let shelf = Shelf::new(Preset::Durable).await;
    let (tenant, control) = (shelf.hotel.tenant, &shelf.two.ground.control);
    let sums = fingerprint(&shelf.two.inside(tenant).await).await;
    let earlier = shelf.back_up().await;
    let place = shelf.two.place(tenant).await;
    let files = shelf.two.ground.storage().join(format!("tenants/{tenant}/files"));
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("passport.jpg"), b"jpg").unwrap();
    let keys = shelf.two.ground.storage().join("certificates/www.hotelmandala.com");
    std::fs::create_dir_all(&keys).unwrap();
    std::fs::write(keys.join("1.json"), b"{}").unwrap();
    let domain = "WITH domain AS (
           INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status,
             created_at, kind, challenge)
           VALUES (gen_random_uuid(), $1, 'www.hotelmandala.com', false, true, 'active', now(),
             'custom', 'token')
           RETURNING hostname
         )
         INSERT INTO certificates (hostname, object, updated_at)
         SELECT hostname, 'certificates/www.hotelmandala.com/1.json', now() FROM domain";
    control.execute(domain, &[&tenant]).await.unwrap();
    let churn = "UPDATE tenants SET status = 'churned', access = 'stopped' WHERE id = $1";
    control.execute(churn, &[&tenant]).await.unwrap();

    shelf.done("delete_tenant", json!({}), "done").await;

    let row = control
        .query_one("SELECT to_jsonb(d) FROM deletions d WHERE tenant_id = $1", &[&tenant])
        .await
        .unwrap();
    let proof: Value = row.get(0);
    // Among others there may be the copy of a drill, which goes when it is over.
    let destroyed = proof["destroyed"].as_array().unwrap();
    let has = |key: &str, name: &str| destroyed.iter().any(|it| it[key] == name);
    assert!(has("database", &place.database.name()), "{proof}");
    assert!(has("backup", &earlier.to_string()), "{proof}");
    assert!(has("object", &format!("tenants/{tenant}/files/passport.jpg")), "{proof}");
    assert!(has("object", "certificates/www.hotelmandala.com/1.json"), "{proof}");
    assert_eq!(shelf.count("SELECT count(*) FROM certificates").await, 0);
    assert!(proof["deleted_at"].is_string() && proof["slug"] == "mandala", "{proof}");
    let last: Uuid = proof["final_backup"].as_str().unwrap().parse().unwrap();
    assert_eq!(shelf.objects(), [shelf.object_of(last)], "only the last backup is left");
    let manifest = shelf.open(last).manifest().clone();
    assert_eq!(manifest.files.len(), 1);
    for table in manifest.tables {
        assert_eq!(i64::try_from(table.rows).unwrap(), sums[&table.name].0, "{}", table.name);
    }
    // Its time is over as well.
    shelf.two.ground.set_clock_ahead(31 * 24);
    shelf.assert_nothing_stray().await;
    let gone = "SELECT count(*) FROM deletions WHERE final_backup_gone_at IS NOT NULL
         AND destroyed @> '[{\"kind\": \"final\"}]'";
    let provisioner = shelf.two.ground.start("expiry").await;
    let expired = async || (shelf.count(gone).await == 1).then_some(());
    platform_tests::waiting::eventually(crate::ground::SOON, "the last backup to go", expired)
        .await
        .unwrap();
    crate::ground::stop(provisioner).await;
    assert!(shelf.objects().is_empty());
}
