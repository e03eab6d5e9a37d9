//! Long work: asked for by the vendor's people, told of as the provisioner records it.

use platform_tests::client::{Answer, Site};
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::Ground;

async fn move_to(vendor: &Site, tenant: &str, body: &Value) -> Answer {
    vendor.post(&format!("/api/v1/tenants/{tenant}/move"), body).await.unwrap()
}

#[tokio::test]
async fn a_move_is_asked_for_and_told_of() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let tenant = ground.open_hotel("mandala").await;
    ground.add_host("two").await;

    let asked = move_to(&vendor, "mandala", &json!({ "db_host": "two" })).await;
    let asked = asked.expect_status(202).unwrap().data().unwrap();

    assert_eq!((&asked["kind"], &asked["state"]), (&json!("move_tenant"), &json!("pending")));
    assert_eq!((&asked["tenant_id"], &asked["steps"]), (&json!(tenant), &json!([])));
    assert!(asked["requested_by"].is_string());
    let wish = "SELECT count(*) FROM operations o, db_hosts h WHERE h.name = 'two' \
                AND o.wish = jsonb_build_object('db_host_id', h.id)";
    assert_eq!(ground.count(wish).await, 1);

    // The provisioner takes it, and stumbles.
    let id = asked["id"].as_str().unwrap();
    let run = "INSERT INTO operation_runs (operation_id, state, facts, figures, failures, retry_at, \
                 last_error) \
               VALUES ($1::text::uuid, 'forward', '{}', '{\"copied_rows\": 7}', 1, now(), 'no room')";
    ground.database.execute(run, &[&id]).await.unwrap();
    let steps = "INSERT INTO operation_steps \
                   (operation_id, position, name, state, started_at, finished_at) VALUES \
                 ($1::text::uuid, 1, 'copy', 'running', now(), NULL), \
                 ($1::text::uuid, 0, 'place', 'done', now(), now() + interval '12.9 ms')";
    ground.database.execute(steps, &[&id]).await.unwrap();
    let show = async || {
        let answer = vendor.get(&format!("/api/v1/operations/{id}")).await.unwrap();
        answer.expect_status(200).unwrap().data().unwrap()
    };
    let running = show().await;
    assert_eq!((&running["state"], &running["last_error"]), (&json!("running"), &json!("no room")));
    assert_eq!(
        (&running["figures"]["copied_rows"], &running["finished_at"]),
        (&json!(7), &json!(null))
    );
    assert!(running["retry_at"].is_string());
    assert_eq!(
        running["steps"],
        json!([{ "name": "place", "state": "done", "ms": 12 },
               { "name": "copy", "state": "running", "ms": null }])
    );
    for (recorded, told) in [("undoing", "undoing"), ("undone", "undone"), ("done", "done")] {
        let sql = "UPDATE operation_runs SET state = $1, finished_at = now()";
        ground.database.execute(sql, &[&recorded]).await.unwrap();
        assert_eq!(show().await["state"], told);
    }
    let tenant = vendor.get("/api/v1/tenants/mandala").await.unwrap().data().unwrap();
    assert_eq!(tenant["operation"]["id"], id);
}

#[tokio::test]
async fn one_thing_at_a_time_happens_to_a_tenant() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let tenant = ground.open_hotel("mandala").await;
    let body = json!({});
    let (one, two) =
        tokio::join!(move_to(&vendor, "mandala", &body), move_to(&vendor, &tenant, &body));
    let (won, lost) = if one.status == 202 { (one, two) } else { (two, one) };
    let open = won.expect_status(202).unwrap().data().unwrap();

    assert_eq!((lost.status.as_u16(), &*lost.error_code()), (409, "OPERATION_IN_PROGRESS"));
    let details = &lost.json().unwrap()["error"]["details"];
    assert_eq!(details["operation"], json!([open["id"]]));
    // Its access can change meanwhile.
    let suspend = vendor.post("/api/v1/tenants/mandala/suspend", &json!({ "reason": "x" })).await;
    assert_eq!(suspend.unwrap().status, 200);

    ground.settle(&tenant, "undone").await;
    assert_eq!(move_to(&vendor, "mandala", &json!({})).await.status, 202);
}

#[tokio::test]
async fn a_move_goes_only_where_there_may_be_room() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.open_hotel("mandala").await;
    ground.sign_up("pending").await;
    ground.add_host("two").await;
    vendor.post("/api/v1/db-hosts/two/cordon", &json!({})).await.unwrap();
    for (tenant, body, status, code) in [
        ("mandala", json!({ "db_host": "two" }), 409, "DB_HOST_NOT_ACTIVE"),
        ("mandala", json!({ "db_host": "three" }), 422, "VALIDATION_FAILED"),
        ("mandala", json!({ "db_host": "one" }), 422, "VALIDATION_FAILED"),
        ("mandala", json!({ "to": "one" }), 400, "MALFORMED_REQUEST"),
        ("pending", json!({}), 409, "TRANSITION_REFUSED"),
        ("nobody", json!({}), 404, "NOT_FOUND"),
    ] {
        let answer = move_to(&vendor, tenant, &body).await;
        let got = (answer.status.as_u16(), answer.error_code());
        assert_eq!(got, (status, code.to_owned()), "{tenant} {body}: {}", answer.body);
    }
    let open = "SELECT count(*) FROM operations WHERE kind = 'move_tenant'";
    assert_eq!(ground.count(open).await, 0);
    // Without a body: to wherever there is most room.
    let request = vendor.request(Method::POST, "/api/v1/tenants/mandala/move");
    assert_eq!(Answer::of(request).await.unwrap().status, 202);
    let anywhere = format!("{open} AND wish = '{{\"db_host_id\": null}}'");
    assert_eq!(ground.count(&anywhere).await, 1);
}

#[tokio::test]
async fn only_a_churned_tenant_is_deleted_and_once() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let tenant = ground.open_hotel("mandala").await;
    let delete = async || {
        let request = vendor.request(Method::DELETE, "/api/v1/tenants/mandala");
        let body = json!({ "waive_retention": "the hotel asks for it" });
        Answer::of(request.header("Idempotency-Key", "d-1").json(&body)).await.unwrap()
    };
    let early = delete().await;
    assert_eq!((early.status.as_u16(), &*early.error_code()), (409, "TENANT_NOT_CHURNED"));
    let churn = json!({ "reason": "sold" });
    vendor.post("/api/v1/tenants/mandala/churn", &churn).await.unwrap().expect_status(200).unwrap();

    let kept = vendor.delete("/api/v1/tenants/mandala").await.unwrap();
    assert_eq!((kept.status.as_u16(), &*kept.error_code()), (409, "RETENTION_NOT_OVER"));
    let waiver = json!({ "waive_retention": "  " });
    let request = vendor.request(Method::DELETE, "/api/v1/tenants/mandala").json(&waiver);
    assert_eq!(Answer::of(request).await.unwrap().error_code(), "VALIDATION_FAILED");

    let asked = delete().await.expect_status(202).unwrap();

    assert_eq!(asked.data().unwrap()["kind"], "delete_tenant");
    let again = vendor.request(Method::DELETE, "/api/v1/tenants/mandala");
    let again = again.json(&json!({ "waive_retention": "again" }));
    assert_eq!(Answer::of(again).await.unwrap().error_code(), "OPERATION_IN_PROGRESS");
    ground.move_provisioning(&tenant, &["deleting", "deleted"]).await;
    ground.settle(&tenant, "done").await;
    // The slug is free again in time, and still a repeat gets its answer.
    let later = "UPDATE domains SET released_at = released_at - interval '31 days'";
    ground.database.execute(later, &[]).await.unwrap();
    ground.sign_up("mandala").await;
    assert_eq!(delete().await.json().unwrap(), asked.json().unwrap());
    let gone = vendor.request(Method::DELETE, &format!("/api/v1/tenants/{tenant}"));
    let gone = Answer::of(gone.json(&json!({ "waive_retention": "twice" }))).await.unwrap();
    assert_eq!((gone.status.as_u16(), &*gone.error_code()), (409, "TRANSITION_REFUSED"));
    assert_eq!(
        ground.count("SELECT count(*) FROM operations WHERE kind = 'delete_tenant'").await,
        1
    );
}

#[tokio::test]
async fn operations_are_filtered_and_paged() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let mandala = ground.open_hotel("mandala").await;
    ground.open_hotel("surya").await;
    ground.sign_up("tirta").await;
    move_to(&vendor, "mandala", &json!({})).await.expect_status(202).unwrap();
    let list = async |query: &str| {
        let answer = vendor.get(&format!("/api/v1/operations{query}")).await.unwrap();
        answer.expect_status(200).unwrap().json().unwrap()
    };
    let kinds = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap();
        rows.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect()
    };

    let first = list("?limit=3").await;
    assert_eq!(kinds(&first), ["move_tenant", "create_tenant", "create_tenant"]);
    let cursor = first["meta"]["next_cursor"].as_str().unwrap();
    let last = list(&format!("?limit=3&cursor={cursor}")).await;
    assert_eq!(
        (last["data"].as_array().unwrap().len(), &last["meta"]["next_cursor"]),
        (1, &Value::Null)
    );
    assert_eq!(
        kinds(&list(&format!("?tenant_id={mandala}")).await),
        ["move_tenant", "create_tenant"]
    );
    assert_eq!(kinds(&list("?kind=move_tenant").await), ["move_tenant"]);
    assert_eq!(kinds(&list("?state=done").await).len(), 2);
    assert_eq!(kinds(&list("?state=pending").await).len(), 2);
    assert!(kinds(&list("?state=undone").await).is_empty());
    for bad in ["?kind=odd", "?state=odd", "?tenant_id=mandala", "?limit=0", "?cursor=x"] {
        let answer = vendor.get(&format!("/api/v1/operations{bad}")).await.unwrap();
        assert_eq!(
            (answer.status.as_u16(), &*answer.error_code()),
            (422, "VALIDATION_FAILED"),
            "{bad}"
        );
    }
    for unknown in ["01890a5d-ac96-774b-bcce-b302099a8057", "x"] {
        let answer = vendor.get(&format!("/api/v1/operations/{unknown}")).await.unwrap();
        assert_eq!(answer.status, 404);
    }
}
