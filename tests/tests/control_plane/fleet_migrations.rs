//! Fleet migrations: asked for here; how far they are is read from what the provisioner records.

use platform_tests::client::{Answer, Site};
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::Ground;

const PATH: &str = "/api/v1/fleet-migrations";

async fn ask(vendor: &Site, body: &Value) -> Answer {
    vendor.post(PATH, body).await.unwrap()
}

async fn start(vendor: &Site) -> String {
    let asked = ask(vendor, &json!({})).await.expect_status(201).unwrap().data().unwrap();
    asked["id"].as_str().unwrap().to_owned()
}

async fn show(vendor: &Site, id: &str) -> Value {
    vendor.get(&format!("{PATH}/{id}")).await.unwrap().expect_status(200).unwrap().data().unwrap()
}

async fn act(vendor: &Site, id: &str, action: &str, body: &Value) -> Answer {
    vendor.post(&format!("{PATH}/{id}/{action}"), body).await.unwrap()
}

impl Ground {
    async fn write_run(&self, id: &str, state: &str) {
        let sql = "INSERT INTO fleet_runs (fleet_migration_id, state, schema_version, ring) \
                   VALUES ($1::text::uuid, $2, 6, 1) \
                   ON CONFLICT (fleet_migration_id) DO UPDATE SET state = $2";
        self.database.execute(sql, &[&id, &state]).await.unwrap();
    }

    async fn write_tenant(&self, id: &str, (slug, ring): (&str, i32), state: &str) {
        let sql = "INSERT INTO fleet_run_tenants \
                     (fleet_migration_id, tenant_id, ring, state, attempts, sqlstate, error, ms) \
                   SELECT $1::text::uuid, id, $3, $4, 1, \
                     CASE $4 WHEN 'quarantined' THEN '42703' END, \
                     CASE $4 WHEN 'quarantined' THEN 'no such column' END, \
                     CASE $4 WHEN 'done' THEN 31 END FROM tenants WHERE slug = $2";
        assert_eq!(self.database.execute(sql, &[&id, &slug, &ring, &state]).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_run_is_asked_for_once_at_a_time_and_told_of_ring_by_ring() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let mandala = ground.open_hotel("mandala").await;
    for slug in ["surya", "tirta", "ubud"] {
        ground.open_hotel(slug).await;
    }
    let body = json!({
        "schema_version": 6, "canaries": ["mandala", mandala], "workers": 8, "max_failures": 0,
    });
    let create = async || {
        let request = vendor.request(Method::POST, PATH).json(&body);
        Answer::of(request.header("Idempotency-Key", "f-1")).await.unwrap()
    };
    let asked = create().await.expect_status(201).unwrap().data().unwrap();
    let id = asked["id"].as_str().unwrap();
    assert_eq!((&asked["state"], &asked["schema_version"]), (&json!("pending"), &json!(6)));
    assert_eq!((&asked["canaries"], &asked["rings"]), (&json!([mandala]), &json!([])));
    assert_eq!(create().await.data().unwrap(), asked);
    let second = ask(&vendor, &json!({})).await;
    let got = (second.status.as_u16(), second.error_code());
    assert_eq!(got, (409, "FLEET_MIGRATION_IN_PROGRESS".to_owned()));
    assert_eq!(second.json().unwrap()["error"]["details"]["fleet_migration"], json!([id]));

    ground.write_run(id, "running").await;
    ground.write_tenant(id, ("mandala", 0), "done").await;
    ground.write_tenant(id, ("surya", 1), "quarantined").await;
    ground.write_tenant(id, ("tirta", 1), "pending").await;
    ground.write_tenant(id, ("ubud", 1), "gone").await;

    let told = show(&vendor, id).await;
    assert_eq!((&told["state"], &told["ring"]), (&json!("running"), &json!(1)));
    assert_eq!(
        told["rings"],
        json!([
            { "ring": 0, "total": 1, "done": 1, "quarantined": 0, "pending": 0 },
            { "ring": 1, "total": 2, "done": 0, "quarantined": 1, "pending": 1 },
        ])
    );
    let tenants = async |query: &str| {
        let answer = vendor.get(&format!("{PATH}/{id}/tenants{query}")).await.unwrap();
        answer.expect_status(200).unwrap().json().unwrap()
    };
    let poisoned = &tenants("?state=quarantined").await["data"];
    assert_eq!(poisoned.as_array().unwrap().len(), 1);
    assert_eq!((&poisoned[0]["slug"], &poisoned[0]["ring"]), (&json!("surya"), &json!(1)));
    assert_eq!(
        (&poisoned[0]["sqlstate"], &poisoned[0]["error"]),
        (&json!("42703"), &json!("no such column"))
    );
    let first = tenants("?limit=3").await;
    assert_eq!(
        (&first["data"][0]["slug"], &first["data"][0]["ms"]),
        (&json!("mandala"), &json!(31))
    );
    let cursor = first["meta"]["next_cursor"].as_str().unwrap();
    let last = tenants(&format!("?limit=3&cursor={cursor}")).await;
    assert_eq!(
        (last["data"].as_array().unwrap().len(), &last["meta"]["next_cursor"]),
        (1, &json!(null))
    );

    ground.write_run(id, "done").await;
    let other = start(&vendor).await;
    let all = vendor.get(&format!("{PATH}?limit=1")).await.unwrap().json().unwrap();
    assert_eq!(all["data"][0]["id"], json!(other));
    let cursor = all["meta"]["next_cursor"].as_str().unwrap();
    let next = vendor.get(&format!("{PATH}?cursor={cursor}")).await.unwrap().json().unwrap();
    assert_eq!((&next["data"][0]["id"], &next["data"][0]["state"]), (&json!(id), &json!("done")));
}

#[tokio::test]
async fn each_state_allows_its_actions_and_refuses_all_others() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let mandala = ground.open_hotel("mandala").await;
    let aside = json!({ "tenant": "mandala" });
    let mut table = String::new();
    for state in ["pending", "preparing", "running", "halted", "done", "cancelled"] {
        for (action, body) in
            [("resume", &json!({})), ("set-aside", &aside), ("cancel", &json!({}))]
        {
            let id = start(&vendor).await;
            if state != "pending" {
                ground.write_run(&id, state).await;
            }
            let answer = act(&vendor, &id, action, body).await;
            let code = answer.error_code();
            table += format!("{state:9} {action:9} {} {code}", answer.status.as_u16()).trim();
            table += "\n";
            for over in ["DELETE FROM fleet_runs", "DELETE FROM fleet_migrations"] {
                ground.database.execute(over, &[]).await.unwrap();
            }
        }
    }
    insta::assert_snapshot!("fleet_migration_actions", table);

    let id = start(&vendor).await;
    ground.write_run(&id, "halted").await;
    for _ in 0..2 {
        let told = act(&vendor, &id, "set-aside", &aside).await.data().unwrap();
        assert_eq!(told["set_aside"], json!([mandala]), "once, however often it is said");
    }
    act(&vendor, &id, "resume", &json!({})).await.expect_status(200).unwrap();
    assert_eq!(ground.count("SELECT resumes::bigint FROM fleet_migrations").await, 1);
    let cancelled = act(&vendor, &id, "cancel", &json!({})).await.data().unwrap();
    assert!(cancelled["cancelled_at"].is_string());
    assert_eq!(cancelled["state"], "halted", "until the provisioner has followed");
    assert_eq!(act(&vendor, &id, "cancel", &json!({})).await.error_code(), "TRANSITION_REFUSED");
    let early = ask(&vendor, &json!({})).await;
    assert_eq!(early.error_code(), "FLEET_MIGRATION_IN_PROGRESS");
}

#[tokio::test]
async fn one_that_was_cancelled_before_it_began_is_over() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let id = start(&vendor).await;

    let cancelled = act(&vendor, &id, "cancel", &json!({})).await.data().unwrap();

    assert_eq!(cancelled["state"], "cancelled");
    start(&vendor).await;
}

#[tokio::test]
async fn a_faulty_run_is_refused_with_all_that_is_wrong() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.sign_up("pending").await;
    let names = json!({ "canaries": ["pending", "nobody"] });
    let refused = ask(&vendor, &names).await;
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (422, "VALIDATION_FAILED"));
    assert_eq!(
        refused.json().unwrap()["error"]["details"]["canaries"],
        json!(["`pending` is `pending`, not `ready`", "there is no tenant `nobody`"])
    );
    let numbers = json!({ "schema_version": 0, "workers": 33, "max_failures": -1 });
    let refused = ask(&vendor, &numbers).await;
    let details = &refused.json().unwrap()["error"]["details"];
    assert_eq!(details.as_object().unwrap().len(), 3, "{details}");
    assert_eq!(ground.count("SELECT count(*) FROM fleet_migrations").await, 0);
    let id = start(&vendor).await;
    let nobody = act(&vendor, &id, "set-aside", &json!({ "tenant": "nobody" })).await;
    assert_eq!((nobody.status.as_u16(), &*nobody.error_code()), (422, "VALIDATION_FAILED"));
    let odd = vendor.get(&format!("{PATH}/{id}/tenants?state=odd")).await.unwrap();
    assert_eq!(odd.status, 422);
    for path in ["", "/tenants"] {
        let unknown = format!("{PATH}/01890a5d-ac96-774b-bcce-b302099a8057{path}");
        assert_eq!(vendor.get(&unknown).await.unwrap().status, 404);
    }
}

#[tokio::test]
async fn of_two_who_start_at_once_one_wins() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let body = json!({});
    let (a, b, c, d) = tokio::join!(
        ask(&vendor, &body),
        ask(&vendor, &body),
        ask(&vendor, &body),
        ask(&vendor, &body)
    );
    let mut answers: Vec<u16> = [a, b, c, d].iter().map(|it| it.status.as_u16()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409]);
}
