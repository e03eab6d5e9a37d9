//! The rooms of the vendor's panel, as a browser without scripts sees them, and the API behind them.

use std::fmt::Write as _;

use platform_tests::client::{PageVisitor, Site, hidden};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    ground::{Ground, Vendor},
    panel::{heap, open, person, report},
};

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

async fn data(site: &Site, path: &str) -> Value {
    site.get(path).await.unwrap().expect_status(200).unwrap().data().unwrap()
}

async fn slugs(site: &Site, query: &str) -> Vec<String> {
    let rows = data(site, &format!("/api/v1/tenants?{query}")).await;
    let rows = rows.as_array().unwrap();
    rows.iter().map(|it| it["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tenants_are_found_by_what_belongs_to_them_and_paged_in_every_order() {
    let ground = Ground::new().await;
    for slug in ["surya", "candi", "melati"] {
        ground.open_hotel(slug).await;
    }
    ground.open_hotel_on("two", "tirta").await;
    let own = "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, \
                 created_at) \
               SELECT gen_random_uuid(), id, 'www.beachresort.example', false, true, 'active', now() \
               FROM tenants WHERE slug = 'candi'";
    ground.database.execute(own, &[]).await.unwrap();
    let change = "UPDATE tenants SET trial_ends_at = now() + interval '1 hour', access = 'grace', \
                    company_name = 'Aneka' WHERE slug = 'melati'";
    ground.database.execute(change, &[]).await.unwrap();
    let site = ground.vendor().await;

    assert_eq!(slugs(&site, "q=beachRESORT").await, ["candi"], "by a host name of its own");
    assert_eq!(slugs(&site, "q=surya.hotelhub.localhost").await, ["surya"]);
    assert!(slugs(&site, "q=localhost").await.is_empty(), "what all share means nobody");
    assert_eq!(slugs(&site, "db_host=two").await, ["tirta"]);
    assert_eq!(slugs(&site, "access=grace&plan=growth").await, ["melati"]);
    assert!(slugs(&site, "plan=pro").await.is_empty());
    assert_eq!(slugs(&site, "sort=company&limit=1").await, ["melati"]);
    assert_eq!(slugs(&site, "sort=trial_end&limit=1&status=trial").await, ["melati"]);
    for sort in ["newest", "oldest", "slug", "company", "trial_end"] {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/tenants?limit=1&sort={sort}&cursor={cursor}");
            let path = path.trim_end_matches("&cursor=");
            let page = site.get(path).await.unwrap().expect_status(200).unwrap().json().unwrap();
            assert_eq!(page["meta"]["total"], 4, "{sort}");
            all.push(page["data"][0]["slug"].as_str().unwrap().to_owned());
            let Some(next) = page["meta"]["next_cursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        let whole = slugs(&site, &format!("sort={sort}")).await;
        assert_eq!(all, whole, "{sort}");
        assert_eq!(all.len(), 4, "{sort}");
        let other = if sort == "slug" { "newest" } else { "slug" };
        let odd = format!("/api/v1/tenants?sort={other}&cursor={cursor}");
        assert_eq!(site.get(&odd).await.unwrap().status, 422, "a place is one of its own order");
    }
    for odd in ["sort=odd", "access=odd", "plan=odd", "db_host=odd"] {
        assert_eq!(site.get(&format!("/api/v1/tenants?{odd}")).await.unwrap().status, 422, "{odd}");
    }

    let visitor = person(&ground, Vendor::ReadOnly).await;
    let page = open(&visitor, "/panel/tenants?q=beach&lang=en").await;
    assert!(page.body.contains(">1 hotel<") && page.body.contains(">candi<"), "{}", page.body);
    assert!(!page.body.contains("/panel/tenants/new"), "who may only look makes no hotel");
    let offers = open(&visitor, "/panel/tenants/suggestions?q=su").await;
    assert!(offers.body.contains("href=\"/panel/tenants/surya\""), "{}", offers.body);
    let odd = visitor.open("/panel/tenants?status=odd&lang=en").await.unwrap();
    assert!(odd.status == 422 && odd.body.contains("VALIDATION_FAILED"), "{}", odd.body);
}

#[tokio::test]
async fn a_hotel_that_is_made_twice_is_made_once_and_followed() {
    let ground = Ground::new().await;
    let visitor = person(&ground, Vendor::Support).await;
    let form = open(&visitor, "/panel/tenants/new?lang=en").await;
    let key = hidden(&form, "/panel/tenants/new", "request_key");
    let fields = [
        ("request_key", &*key),
        ("company_name", "Hotel Surya"),
        ("slug", "surya"),
        ("region", "ID-BA"),
        ("rooms", "20"),
        ("owner_name", "Made Surya"),
        ("owner_email", "made@surya.example"),
        ("owner_phone", "+628123456789"),
        ("password", "correct horse battery"),
        ("plan", "growth"),
        ("billing_cycle", "monthly"),
        ("language", "id"),
    ];
    let odd = [fields[0], ("language", "de")];
    let odd = visitor.send("/panel/tenants/new?lang=en", &odd).await.unwrap();
    assert_eq!(odd.status, 400, "{}", odd.body);
    let refused = visitor.send("/panel/tenants/new?lang=en", &fields[..3]).await.unwrap();
    assert!(refused.status == 422 && refused.body.contains("id=\"faults\""), "{}", refused.body);
    let send = async || visitor.send("/panel/tenants/new?lang=en", &fields).await.unwrap();
    let (one, two) = tokio::join!(send(), send());
    let place = one.expect_status(303).unwrap().header("location").to_owned();
    assert_eq!(two.expect_status(303).unwrap().header("location"), place, "two clicks, one hotel");
    assert!(place.starts_with("/panel/operations/"), "{place}");
    let of_hotel = "SELECT count(*) FROM tenants WHERE language = 'id'";
    assert_eq!(ground.count(of_hotel).await, 1, "the hotel's language is not the page's");

    let page = open(&visitor, &format!("{place}?lang=en")).await;
    assert!(page.body.contains("Waiting for a provisioner to take it"), "{}", page.body);
    assert!(page.body.contains(&format!("data-events=\"{place}/events\"")));
    assert!(page.body.contains("http-equiv=\"refresh\""), "it goes on without scripts too");
    let id = ground.database.query_one("SELECT id::text FROM tenants", &[]).await.unwrap();
    let id: String = id.get(0);
    ground.call_ready(&id).await;
    ground.settle(&id, "done").await;
    let told = open(&visitor, &format!("{place}/events")).await;
    assert!(told.body.contains("event: step\ndata: "), "{}", told.body);
    assert!(told.body.contains("event: done\n"), "{}", told.body);
    let page = open(&visitor, &format!("{place}?lang=en")).await;
    assert!(page.body.contains("The hotel is ready") && page.body.contains("//surya."));

    let site = ground.vendor().await;
    let events = format!("/api/v1{}/events", place.trim_start_matches("/panel"));
    let told = site.get(&events).await.unwrap().expect_status(200).unwrap();
    assert!(told.body.contains("\"slug\":\"surya\"") && told.body.contains("event: done"));
    let list = data(&site, "/api/v1/operations?tenant=surya&state=done").await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(data(&site, "/api/v1/operations?state=open").await, json!([]));
}

/// Sends a form of the panel with the key that its page has.
async fn act(visitor: &PageVisitor, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let page = open(visitor, &format!("{path}?lang=en")).await;
    let (_, key) = page.body.split_once("name=\"form_key\" value=\"").unwrap();
    let key = key.split('"').next().unwrap();
    let fields = [fields, &[("form_key", key)]].concat();
    let sent = visitor.send(path, &fields).await.unwrap();
    let again = visitor.send(path, &fields).await.unwrap();
    if sent.status == 303 {
        assert_eq!(again.header("location"), sent.header("location"), "a second click: {path}");
    }
    (sent.status.as_u16(), format!("{}{}", sent.header("location"), sent.body))
}

#[tokio::test]
async fn what_is_done_to_a_hotel_is_asked_about_first_and_done_once() {
    let ground = Ground::new().await;
    let id = ground.open_hotel("surya").await;
    report(&ground, &id, json!([heap("push", "dead", 3)])).await;
    let step = "INSERT INTO operation_steps
                  (operation_id, position, name, state, started_at, finished_at)
                SELECT id, 0, 'create_database', 'done', now() - interval '1.5 s', now()
                FROM operations";
    ground.database.execute(step, &[]).await.unwrap();
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    let site = ground.vendor().await;
    let page = open(&visitor, "/panel/tenants/surya?lang=en").await;
    for words in ["Suspend…", "Make a customer…", "Move…", "End the contract…", ">3</a>"]
        .into_iter()
        .chain(["Making the database</span><span class=\"time\">1.5 s<", "All operations of"])
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("/actions/delete"), "only what is possible is offered");
    let details = data(&site, "/api/v1/tenants/surya").await;
    assert_eq!(details["subscription"]["status"], "trialing");
    assert_eq!(details["hosts"][0]["hostname"], "surya.hotelhub.localhost");
    let of = |name: &str| {
        let actions = details["actions"].as_array().unwrap();
        actions.iter().find(|it| it["name"] == name).unwrap()["is_possible"].clone()
    };
    assert_eq!(
        (of("suspend"), of("resume"), of("delete")),
        (json!(true), json!(false), json!(false))
    );

    let actions = "/panel/tenants/surya/actions";
    let nothing = visitor.send(&format!("{actions}/suspend"), &[("reason", " ")]).await.unwrap();
    assert!(nothing.status == 422 && nothing.body.contains("reason"), "{}", nothing.body);
    let reason = [("reason", "<i>unpaid"), ("access", "stopped")];
    let (status, place) = act(&visitor, &format!("{actions}/suspend"), &reason).await;
    assert_eq!((status, &*place), (303, &*format!("/panel/tenants/{id}?done=suspend")));
    let page = open(&visitor, &format!("{place}&lang=en")).await;
    assert!(page.body.contains("The hotel is suspended.") && !page.body.contains("<i>unpaid"));
    assert!(page.body.contains("<code>tenant.suspend</code>"), "{}", page.body);
    assert!(page.body.contains(&format!("href=\"/panel/audit?tenant={id}\"")), "{}", page.body);
    assert_eq!(data(&site, "/api/v1/tenants/surya").await["access"], "stopped");
    let refused = visitor.send(&format!("{actions}/activate?lang=en"), &[]).await.unwrap();
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("where the hotel stands does not allow it"), "{}", refused.body);
    assert_eq!(act(&visitor, &format!("{actions}/resume"), &[]).await.0, 303);
    let backups = open(&visitor, "/panel/tenants/surya/backups").await;
    let to_the_id = format!("action=\"/panel/tenants/{id}/backups\"");
    assert!(backups.body.contains(&to_the_id), "{}", backups.body);
    let grace = [("access", "grace"), ("reason", "late")];
    assert_eq!(act(&visitor, &format!("{actions}/access"), &grace).await.0, 303);
    assert_eq!(act(&visitor, &format!("{actions}/activate"), &[]).await.0, 303);

    let (status, place) = act(&visitor, &format!("{actions}/move"), &[("db_host", "")]).await;
    assert!(status == 303 && place.starts_with("/panel/operations/"), "{place}");
    let busy = visitor.send(&format!("{actions}/move?lang=en"), &[]).await.unwrap();
    assert!(busy.status == 409 && busy.body.contains("OPERATION_IN_PROGRESS"), "{}", busy.body);
    ground.settle(&id, "undone").await;
    let page = open(&visitor, &format!("{place}?lang=en")).await;
    assert!(page.body.contains("The hotel stays on the host that it was on."), "{}", page.body);

    assert_eq!(act(&visitor, &format!("{actions}/churn"), &[("reason", "gone")]).await.0, 303);
    let unsure = visitor.send(&format!("{actions}/delete"), &[("confirm", "suria")]).await.unwrap();
    assert!(unsure.status == 422 && unsure.body.contains("confirm-error"), "{}", unsure.body);
    let delete = format!("{actions}/delete?lang=en");
    let early = visitor.send(&delete, &[("confirm", "surya")]).await.unwrap();
    assert!(early.status == 409 && early.body.contains("RETENTION_NOT_OVER"), "{}", early.body);
    let asked = [("confirm", "surya"), ("reason", "the hotel asks for it")];
    assert_eq!(act(&visitor, &format!("{actions}/delete"), &asked).await.0, 303);
    let asked = "SELECT count(*) FROM operations WHERE kind = 'delete_tenant'";
    assert_eq!(ground.count(asked).await, 1);
    assert_eq!(visitor.open(&format!("{actions}/odd")).await.unwrap().status, 404);
}

#[tokio::test]
async fn a_deletion_keeps_a_last_backup_unless_none_is_wanted() {
    let ground = Ground::new().await;
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    for (slug, without, is_kept) in [("surya", "", true), ("candi", "yes", false)] {
        let id = ground.open_hotel(slug).await;
        let actions = format!("/panel/tenants/{slug}/actions");
        let churned = act(&visitor, &format!("{actions}/churn"), &[("reason", "gone")]).await;
        assert_eq!(churned.0, 303, "{}", churned.1);
        let delete = format!("{actions}/delete");
        let page = open(&visitor, &format!("{delete}?lang=en")).await;
        let to_the_id = format!("action=\"/panel/tenants/{id}/actions/delete\"");
        assert!(page.body.contains(&to_the_id), "the slug may be another hotel's: {}", page.body);
        for words in ["A last backup is kept for 30 days", "another hotel for 30 days"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        let unsure = [("confirm", "odd"), ("without_final_backup", without)];
        let unsure = visitor.send(&delete, &unsure).await.unwrap().expect_status(422).unwrap();
        assert_eq!(unsure.body.contains("value=\"yes\" checked"), !is_kept, "{}", unsure.body);

        let reason = ("reason", "the hotel asks for it");
        let asked = [("confirm", slug), reason, ("without_final_backup", without)];
        let (status, place) = act(&visitor, &delete, &asked).await;
        assert_eq!(status, 303, "{place}");
        let wish = "SELECT (wish ->> 'final_backup')::boolean FROM operations
                    WHERE kind = 'delete_tenant' AND tenant_id = $1::text::uuid";
        let wish = ground.database.query_one(wish, &[&id]).await.unwrap();
        assert_eq!(wish.get::<_, bool>(0), is_kept, "{slug}");
    }
}

#[tokio::test]
async fn a_host_gets_another_address_and_goes_once_it_is_empty() {
    let ground = Ground::new().await;
    let id = ground.open_hotel("surya").await;
    let site = ground.vendor().await;
    let patch = async |body: Value| site.patch("/api/v1/db-hosts/one", &body).await.unwrap();
    let version = "SELECT version FROM route_position";
    let before = ground.count(version).await;
    let body = json!({ "address": "10.1.1.1", "port": 5433, "max_databases": 7 });
    let changed = patch(body).await.expect_status(200).unwrap().data().unwrap();
    assert_eq!((&changed["address"], &changed["port"]), (&json!("10.1.1.1"), &json!(5433)));
    assert_eq!((&changed["max_databases"], &changed["name"]), (&json!(7), &json!("one")));
    assert_eq!(ground.count(version).await, before + 1, "its hotel's route has changed");
    let told =
        "SELECT count(*) FROM route_changes WHERE tenant_id = $1::text::uuid AND version > $2";
    let told = ground.database.query_one(told, &[&id, &before]).await.unwrap();
    assert_eq!(told.get::<_, i64>(0), 1);
    patch(json!({ "max_connections": 9 })).await.expect_status(200).unwrap();
    assert_eq!(ground.count(version).await, before + 1, "routes do not show that");
    for odd in [json!({ "port": 0 }), json!({ "address": "a b" }), json!({ "admin_url": "x" })] {
        assert_eq!(patch(odd).await.status, 422);
    }
    ground.add_host("two").await;
    assert_eq!(patch(json!({ "name": "two" })).await.error_code(), "DB_HOST_NAME_TAKEN");
    let sealed = "SELECT count(*) FROM db_hosts WHERE sealed_admin_url LIKE '%hunter2%' OR \
                  sealed_admin_url = 'sealed'";
    let admin = json!({ "admin_url": "postgres://a:hunter2@10.1.1.1/postgres" });
    let shown = patch(admin).await.expect_status(200).unwrap();
    assert!(!shown.body.contains("hunter2"));
    assert_eq!(ground.count(sealed).await, 1, "that of the other one");

    let remove = async |name: &str| site.delete(&format!("/api/v1/db-hosts/{name}")).await.unwrap();
    assert_eq!(remove("one").await.error_code(), "DB_HOST_ACTIVE");
    for name in ["one", "two"] {
        let drain = format!("/api/v1/db-hosts/{name}/drain");
        site.post(&drain, &json!({})).await.unwrap().expect_status(200).unwrap();
    }
    assert_eq!(remove("one").await.error_code(), "DB_HOST_IN_USE");
    let known = "INSERT INTO db_host_reports (db_host_id, is_reachable) \
                 SELECT id, true FROM db_hosts WHERE name = 'two'";
    ground.database.execute(known, &[]).await.unwrap();
    remove("two").await.expect_status(200).unwrap();
    assert_eq!(remove("two").await.status, 404);
    assert_eq!(ground.count("SELECT count(*) FROM db_hosts").await, 1);
}

#[tokio::test]
async fn what_needs_somebody_is_said_at_home_and_by_the_api() {
    let ground = Ground::new().await;
    let visitor = person(&ground, Vendor::Finance).await;
    let calm = open(&visitor, "/panel?lang=en").await;
    assert!(calm.body.contains("All is well."), "{}", calm.body);
    let id = ground.open_hotel("surya").await;
    report(&ground, &id, json!([heap("push", "dead", 3)])).await;
    ground.sign_up("candi").await;
    let change = "UPDATE tenants SET trial_ends_at = now() + interval '1 day' WHERE slug = 'surya'; \
                  UPDATE db_hosts SET max_databases = 1; \
                  INSERT INTO db_host_reports SELECT id, false, '<b>timed out' FROM db_hosts";
    ground.database.simple_query(change).await.unwrap();
    // Backups, drills and domains as the provisioner and the looks at DNS would leave them.
    let change = "UPDATE tenants SET ready_at = now() - interval '27 hours' WHERE slug = 'surya'; \
                  INSERT INTO backup_turns (tenant_id, due_at, failures, last_error, failing_since) \
                    SELECT id, now(), 3, 'storage is full', now() FROM tenants WHERE slug = 'surya'; \
                  INSERT INTO restore_drills (id, tenant_id, backup_id, state, started_at) \
                    SELECT gen_random_uuid(), id, gen_random_uuid(), state, now() - age \
                    FROM tenants, (VALUES ('passed', interval '9 days'), ('failed', '8 days'), \
                      ('broken_off', '1 day')) AS drill (state, age) WHERE slug = 'surya'; \
                  INSERT INTO domains (id, tenant_id, hostname, kind, is_primary, is_verified, \
                      ssl_status, state, challenge, created_at, told, untold_since) \
                    SELECT gen_random_uuid(), id, 'www.surya.example', 'custom', false, true, \
                      'active', 'stuck', 'x', now(), 'failed', now() - interval '2 hours' \
                    FROM tenants WHERE slug = 'surya'";
    ground.database.simple_query(change).await.unwrap();

    let page = open(&visitor, "/panel?lang=en").await;
    for words in [
        "Background jobs that failed: 3",
        "Hotels whose backup is overdue: 1",
        "Hotels whose backup fails: 1",
        "Hotels whose last restore drill failed: 1",
        "/panel/backups/drills?state=failed",
        "Custom domains that are stuck: 1",
        "The owner was not told that the domain www.surya.example does not work",
        "The letter was not taken: owner@surya.example.",
        "Make a hotel: candi",
        "Host one is not reachable",
        "surya · ",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("<b>timed out"));
    let found = data(&ground.vendor().await, "/api/v1/attention").await;
    assert_eq!(
        (&found["dead_jobs"], &found["open_operations"][0]["slug"]),
        (&json!(3), &json!("candi"))
    );
    for count in ["overdue_backups", "failing_backups", "failed_drills", "stuck_domains"] {
        assert_eq!(found[count], 1, "{count}: {found}");
    }
    let host = &found["db_hosts"][0];
    assert_eq!((&host["is_full"], &host["is_away"]), (&json!(true), &json!(true)));
    assert_eq!(found["ending_trials"][0]["slug"], "surya");
    assert_eq!(found["tenants"][0], json!({ "status": "trial", "count": 2 }));
}

#[tokio::test]
async fn what_is_wrong_with_a_domain_is_said_beside_it_in_the_language_of_the_page() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    let path = "/panel/tenants/surya/domains";
    for (language, said) in [
        ("id", "Di bawah nama ini siapa pun dapat mendaftarkan nama."),
        ("en", "Anybody registers names below this one."),
    ] {
        let sent = visitor.send(&format!("{path}?lang={language}"), &[("hostname", "co.id")]).await;
        let refused = sent.unwrap();
        assert_eq!(refused.status, 422);
        let beside = format!("<p class=\"error\" id=\"hostname-error\">{said}");
        assert!(refused.body.contains(&beside), "{}", refused.body);
        assert!(refused.body.contains("value=\"co.id\""), "what was typed stays");
        assert!(!refused.body.contains("is a suffix under which"), "not said twice");
    }
}

#[tokio::test]
async fn a_run_is_begun_followed_and_steered() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    let odd = [("workers", "many")];
    let refused = visitor.send("/panel/fleet/new?lang=en", &odd).await.unwrap();
    assert!(refused.status == 422 && refused.body.contains("workers"), "{}", refused.body);
    let (status, place) = act(&visitor, "/panel/fleet/new", &[("canaries", "surya, surya")]).await;
    assert!(status == 303 && place.starts_with("/panel/fleet/"), "{place}");
    let second = visitor.send("/panel/fleet/new?lang=en", &[]).await.unwrap();
    assert!(second.status == 409 && second.body.contains("another fleet migration is not over"));
    let id = place.rsplit('/').next().unwrap();
    let run = "INSERT INTO fleet_runs (fleet_migration_id, state, schema_version, ring, halt_reason) \
               VALUES ($1::text::uuid, 'halted', 6, 0, 'a canary failed')";
    ground.database.execute(run, &[&id]).await.unwrap();
    let failed = "INSERT INTO fleet_run_tenants (fleet_migration_id, tenant_id, ring, state, \
                    attempts, sqlstate, error) \
                  SELECT $1::text::uuid, id, 0, 'quarantined', 1, '42703', '<b>no column' FROM tenants";
    ground.database.execute(failed, &[&id]).await.unwrap();
    let page = open(&visitor, &format!("{place}?lang=en")).await;
    for words in ["a canary failed", "42703", "Canaries", "0 of 1 done", "1 in quarantine"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("<b>no column"));
    let list = open(&visitor, &format!("{place}/tenants?state=quarantined&lang=en")).await;
    assert!(list.body.contains("42703"), "{}", list.body);
    assert_eq!(visitor.open(&format!("{place}/tenants?state=odd")).await.unwrap().status, 422);

    for (action, fields) in
        [("set-aside", vec![("tenant", "surya")]), ("resume", vec![]), ("cancel", vec![])]
    {
        let sent = visitor.send(&format!("{place}/{action}"), &fields).await.unwrap();
        assert_eq!(sent.status, 303, "{action}: {}", sent.body);
    }
    let over = visitor.send(&format!("{place}/cancel?lang=en"), &[]).await.unwrap();
    assert!(over.status == 409 && over.body.contains("TRANSITION_REFUSED"), "{}", over.body);
    let looker = person(&ground, Vendor::ReadOnly).await;
    let page = open(&looker, &place).await;
    assert!(!page.body.contains("/cancel\""), "who may only look is shown no way to steer");
}

#[tokio::test]
async fn each_role_may_do_in_the_rooms_what_it_may_at_the_api() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let mut people = Vec::new();
    for role in Vendor::ALL {
        people.push(person(&ground, role).await);
    }
    let mut routes = Vec::new();
    let places = ["", "/tenants", "/tenants/new", "/operations", "/fleet", "/fleet/new", "/hosts"];
    for place in places {
        routes.push((Method::GET, format!("/panel{place}")));
    }
    routes.push((Method::GET, "/panel/tenants/surya".to_owned()));
    let last = ["move", "churn", "delete", "hold-deletion", "release-deletion"];
    for action in ["suspend", "resume", "activate", "access"].into_iter().chain(last) {
        for method in [Method::GET, Method::POST] {
            routes.push((method, format!("/panel/tenants/{NOBODY}/actions/{action}")));
        }
    }
    routes.push((Method::POST, "/panel/tenants/new".to_owned()));
    routes.push((Method::GET, format!("/panel/operations/{NOBODY}")));
    for action in ["resume", "cancel", "set-aside"] {
        routes.push((Method::POST, format!("/panel/fleet/{NOBODY}/{action}")));
    }
    routes.push((Method::GET, format!("/panel/hosts/{NOBODY}")));
    for action in ["cordon", "uncordon", "drain", "edit", "remove"] {
        routes.push((Method::POST, format!("/panel/hosts/{NOBODY}/{action}")));
    }
    let roles = Vendor::ALL.map(|it| format!("{:12}", it.as_str())).concat();
    let mut table = format!("{:58}{}\n", "", roles.trim_end());
    for (method, path) in routes {
        let mut row = String::new();
        for visitor in &people {
            let answer = match method {
                Method::GET => visitor.open(&path).await.unwrap(),
                _ => visitor.send(&path, &[]).await.unwrap(),
            };
            let may = match answer.status.as_u16() {
                403 => "-",
                200 | 303 | 404 | 422 => "yes",
                _ => panic!("{method} {path}: {} {}", answer.status, answer.body),
            };
            write!(row, "{may:12}").unwrap();
        }
        let name = format!("{:7}{}", method.as_str(), path.replace(NOBODY, "{id}"));
        writeln!(table, "{name:58}{}", row.trim_end()).unwrap();
    }
    insta::assert_snapshot!("panel_room_roles", table);
}
