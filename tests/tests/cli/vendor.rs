//! Commands whose endpoints every version of the control plane has.

use platform_tests::{client::Signup, platform::VENDOR_EMAIL, tampering::tamper};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    time::timeout,
};

use crate::{
    ground::{Ground, SOON},
    operator::Operator,
};

#[tokio::test]
async fn hotels_are_listed_page_by_page_and_shown() {
    let ground = Ground::logged_in().await;
    let mut ids = Vec::new();
    for slug in ["mandala", "surya", "candi"] {
        let mut signup = Signup::of(slug);
        signup.rooms = 7;
        ids.push(ground.control.sign_up(&signup).await.unwrap().tenant_id);
    }

    let said = ground.operator.run(&["tenant", "list", "--limit", "2"]).await;
    assert_eq!(said.err, "2 of 3 shown; --all shows the rest\n");
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let heading = "SLUG   STATUS  PROVISIONING  ACCESS  PLAN    ROOMS  SERVER  COMPANY";
    assert!(lines[0].starts_with(heading), "{}", lines[0]);
    let candi = "candi  trial   pending       full    growth  7              Hotel candi";
    assert!(lines[1].starts_with(candi), "{}", lines[1]);
    let sorted = ["tenant", "list", "--sort", "company", "--plan", "growth", "--json"];
    let sorted = ground.operator.run(&sorted).await.json();
    assert_eq!((&sorted[0]["slug"], &sorted[2]["slug"]), (&json!("candi"), &json!("surya")));
    let attention = ground.operator.run(&["attention"]).await.done();
    assert!(attention.contains("create_tenant  surya"), "{attention}");

    let all = ["tenant", "list", "--all", "--limit", "1", "--json"];
    let all = ground.operator.run(&all).await.json();
    let slugs: Vec<_> = all.as_array().unwrap().iter().map(|it| it["slug"].clone()).collect();
    assert_eq!(slugs, [json!("candi"), json!("surya"), json!("mandala")]);
    let found = ["tenant", "list", "--q", "sury", "--status", "trial", "--json"];
    assert_eq!(ground.operator.run(&found).await.json()[0]["slug"], "surya");
    let odd = ground.operator.run(&["tenant", "list", "--status", "odd"]).await.refused(1);
    assert!(odd.contains("(VALIDATION_FAILED)\n  status: "), "{odd}");

    let shown = ground.operator.run(&["tenant", "show", &ids[0]]).await.done();
    for line in ["tenant        mandala", "host          mandala.hotelhub.localhost"] {
        assert!(shown.contains(line), "{shown}");
    }
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let said = ground.operator.run(&["tenant", "show", nobody]).await.refused(1);
    assert!(said.contains("(NOT_FOUND)") && said.contains("next: look what is there"), "{said}");
}

#[tokio::test]
async fn what_the_control_plane_says_is_english_and_the_hotel_has_its_own_language() {
    let ground = Ground::logged_in().await;
    let create = async |more: &str| {
        let line = format!(
            "tenant create --company Surya --owner-name Made --owner-email made@surya.example \
             --owner-phone +628123456789 --plan growth --rooms 20 --cycle monthly --region ID-BA \
             --no-wait {more}"
        );
        ground.operator.run(&line.split_whitespace().collect::<Vec<_>>()).await
    };
    create("--slug surya").await.done();
    let taken = create("--slug surya").await.refused(1);
    assert!(taken.contains("refused: This address is taken."), "{taken}");
    let odd = create("--slug su").await.refused(1);
    assert!(odd.contains("(SLUG_INVALID)\n  slug: Use 3\u{2013}30 lower-case letters"), "{odd}");

    create("--slug candi --language en").await.done();
    for (slug, language) in [("surya", "id"), ("candi", "en")] {
        let shown = ground.operator.run(&["tenant", "show", slug, "--json"]).await.json();
        assert_eq!(shown["language"], language, "{slug}");
    }
}

#[tokio::test]
async fn a_database_server_is_added_with_its_secret_outside_the_arguments() {
    let mut ground = Ground::logged_in().await;
    let admin = ground.postgres().provisioner.to_string();
    let add = |name: &'static str, way: &'static [&'static str]| {
        let args = ["db-host", "add", "--name", name, "--address", "127.0.0.1", "--port", "5433"];
        [&args[..], &["--max-databases", "500", "--max-connections", "150"], way].concat()
    };

    let said = ground.operator.run(&add("jakarta-1", &[])).await.refused(2);
    assert!(said.contains("HOTELHUB_ADMIN_URL"), "{said}");
    let stdin = add("jakarta-1", &["--admin-url-stdin"]);
    let said = ground.operator.run_with(&stdin, "mysql://root:hunter2@x\n").await.refused(2);
    assert!(!said.contains("hunter2"), "{said}");
    let said = ground.operator.run_with(&stdin, &admin).await.done();
    let wanted = "jakarta-1 is added; examine it: `hotelhub db-host doctor jakarta-1`\n";
    assert_eq!(said, wanted);
    ground.operator.set("HOTELHUB_ADMIN_URL", &admin);
    let again = ground.operator.run(&add("jakarta-1", &[])).await.refused(1);
    assert!(again.contains("(DB_HOST_NAME_TAKEN)\n  name: is taken"), "{again}");
    ground.operator.run(&add("jakarta-2", &[])).await.done();

    let table = ground.operator.run(&["db-host", "list"]).await.done();
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("NAME       ADDRESS         STATE"), "{table}");
    assert!(lines[1].starts_with("jakarta-1  127.0.0.1:5433  active"), "{table}");
    assert_eq!(lines.len(), 3);
    let list = ground.operator.run(&["db-host", "list", "--json"]).await.json();
    assert_eq!((&list[0]["max_databases"], &list[1]["name"]), (&json!(500), &json!("jakarta-2")));
    let sql = "SELECT count(*) FROM db_hosts WHERE sealed_admin_url NOT LIKE '%hotelhub_prov%'";
    assert_eq!(ground.database().await.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 2);
}

#[tokio::test]
async fn a_server_is_empty_only_when_its_old_copies_are_gone() {
    let mut ground = Ground::logged_in().await;
    ground.operator.set("HOTELHUB_ADMIN_URL", ground.postgres().provisioner.as_str());
    let add = ["db-host", "add", "--name", "jakarta-1", "--address", "127.0.0.1"];
    ground.operator.run(&[&add[..], &["--max-connections", "150"]].concat()).await.done();
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let database = ground.database().await;
    let moved = "INSERT INTO databases \
                   (id, tenant_id, db_host_id, generation, schema_version, state) \
                 SELECT gen_random_uuid(), t.id, h.id, 1, 5, 'retired' FROM tenants t, db_hosts h";
    database.execute(moved, &[]).await.unwrap();

    let drain = ["db-host", "drain", "jakarta-1"];
    let mut child = ground.operator.command(&drain).spawn().unwrap();
    let mut news = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = timeout(SOON, news.next_line()).await.unwrap().unwrap();
    assert_eq!(first.unwrap(), "  0 databases left, 1 old copies to be dropped");
    let list = ground.operator.run(&["db-host", "list"]).await.done();
    let heading = "STATE     DATABASES  WARM  LEAVING  CONNECTIONS";
    assert!(list.contains(heading) && list.contains("draining  0/1000     0     1  "), "{list}");

    database.execute("DELETE FROM databases", &[]).await.unwrap();
    let ended = timeout(SOON, child.wait_with_output()).await.unwrap().unwrap();
    assert!(ended.status.success());
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), "jakarta-1 is empty\n");

    let nothing = ground.operator.run(&["db-host", "change", "jakarta-1"]).await.refused(2);
    assert!(nothing.contains("say what is to be different"), "{nothing}");
    let elsewhere = ["db-host", "change", "jakarta-1", "--address", "10.0.0.9", "--port", "5433"];
    let said = ground.operator.run(&elsewhere).await.done();
    assert!(said.contains("10.0.0.9:5433"), "{said}");
    ground.operator.run(&["db-host", "uncordon", "jakarta-1"]).await.done();
    let remove = ["db-host", "remove", "jakarta-1"];
    let refused = ground.operator.run(&remove).await.refused(1);
    assert!(refused.contains("(DB_HOST_ACTIVE)"), "{refused}");
    ground.operator.run(&["db-host", "cordon", "jakarta-1"]).await.done();
    assert_eq!(ground.operator.run(&remove).await.done(), "jakarta-1 is removed\n");
    assert!(ground.operator.run(&remove).await.refused(1).contains("(NOT_FOUND)"));
}

#[tokio::test]
async fn a_control_plane_that_stops_is_not_reachable() {
    let mut ground = Ground::logged_in().await;
    ground.serving.kill().await.unwrap();
    let said = ground.operator.run(&["db-host", "list"]).await.refused(3);
    assert!(said.contains("does not answer"), "{said}");
    // Nobody knows whether the hotel was made when no answer comes: its password has been shown.
    let create = "tenant create --slug surya --company Surya --owner-name Made --plan growth \
                  --owner-email made@surya.example --owner-phone +628123456789 --rooms 20 \
                  --cycle monthly --region ID-BA";
    let said = ground.operator.run(&create.split_whitespace().collect::<Vec<_>>()).await;
    assert!(said.out.starts_with("password that made@surya.example will have: "), "{said:?}");
    assert!(said.refused(3).contains("does not answer"));
}

#[tokio::test]
async fn jobs_are_paused_listed_and_resumed() {
    let ground = Ground::logged_in().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    assert_eq!(ground.operator.run(&["jobs", "pauses"]).await.done(), "nothing is paused\n");

    let mails = ["jobs", "pause", "--class", "mail", "--reason", "the relay is down", "--json"];
    let made = ground.operator.run(&mails).await.json();
    let id = made["id"].as_str().unwrap();
    let again = ground.operator.run(&mails[..6]).await.refused(1);
    assert!(again.contains("(JOBS_ALREADY_PAUSED)") && again.contains(id), "{again}");
    assert!(again.contains("next: see what is paused: `hotelhub jobs pauses`"), "{again}");
    let one = ["jobs", "pause", "--tenant", "mandala", "--kind", "push_rates", "--reason", "odd"];
    let said = ground.operator.run(&one).await.done();
    let wanted = "push_rates jobs of mandala are paused; let them go on: `hotelhub jobs resume ";
    assert!(said.starts_with(wanted), "{said}");

    let table = ground.operator.run(&["jobs", "pauses"]).await.done();
    let lines: Vec<Vec<&str>> = table.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["ID", "HOTEL", "CLASS", "KIND", "SINCE", "REASON"]);
    assert_eq!((&lines[1][1..4], lines[1][5]), (&["mandala", "every", "push_rates"][..], "odd"));
    assert_eq!((lines[2][0], &lines[2][1..4]), (id, &["every", "mail", "every"][..]));

    let resumed = ground.operator.run(&["jobs", "resume", id]).await.done();
    assert_eq!(resumed, "the pause of mail jobs of every hotel is lifted\n");
    assert!(ground.operator.run(&["jobs", "resume", id]).await.refused(1).contains("(NOT_FOUND)"));
    let left = ground.operator.run(&["jobs", "pauses", "--json"]).await.json();
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn people_get_a_login_are_looked_after_and_shut_out() {
    let ground = Ground::logged_in().await;
    let run = async |line: &str| ground.operator.run(&line.split(' ').collect::<Vec<_>>()).await;
    let said = run("user create --email ayu@vendor.example --name Ayu --role support").await.done();
    let (heading, password) = said.trim_end().split_once('\n').unwrap();
    assert!(heading.starts_with("ayu@vendor.example logs in with this password once"), "{said}");
    let taken = run("user create --email ayu@vendor.example --name Ayu --role support").await;
    assert!(taken.refused(1).contains("(EMAIL_TAKEN)"));
    let odd = run("user create --email budi@vendor.example --name Budi --role owner").await;
    assert!(odd.refused(1).contains("(VALIDATION_FAILED)\n  role: "));

    let mut ayu = Operator::new();
    let login = ["--url", &ground.url, "login", "--email", "ayu@vendor.example"];
    ayu.run_with(&login, password).await.done();
    let fresh = "kopi-tubruk-di-teras-villa";
    let said = ayu.run_with(&["user", "change-password"], &format!("{password}\n{fresh}\n")).await;
    assert_eq!(said.done(), "the password is changed; other sessions have ended\n");
    assert!(ayu.run(&["user", "list"]).await.refused(1).contains("(FORBIDDEN)"));

    let list = run("user list --state active --role support").await.done();
    let row: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..5], ["ayu@vendor.example", "Ayu", "support", "active", "off"]);
    assert_eq!(run("user list --q budi").await.done(), "nobody\n");
    let said = run("user role ayu@vendor.example finance").await.done();
    assert_eq!(said, "ayu@vendor.example is finance, active, from everywhere\n");
    let said =
        run("user addresses ayu@vendor.example --allow 203.0.113.0/24,10.0.0.7").await.done();
    assert!(said.ends_with("from 203.0.113.0/24,10.0.0.7/32\n"), "{said}");
    let kept_out = ayu.run(&["tenant", "list"]).await.refused(1);
    assert!(kept_out.contains("(ADDRESS_NOT_ALLOWED)"), "{kept_out}");
    run("user addresses ayu@vendor.example --everywhere").await.done();
    assert_eq!(ayu.run(&["tenant", "list"]).await.done(), "no hotels\n");
    let said = run("user disable ayu@vendor.example").await.done();
    assert_eq!(said, "ayu@vendor.example is finance, disabled, from everywhere\n");
    assert!(ayu.run(&["tenant", "list"]).await.refused(1).contains("(UNAUTHENTICATED)"));
    run("user enable ayu@vendor.example").await.done();
    run("user reset-totp ayu@vendor.example").await.done();
    let said = run("user reset-password ayu@vendor.example").await.done();
    assert!(said.starts_with("ayu@vendor.example logs in"), "{said}");
    let shown = run("user show ayu@vendor.example").await.done();
    assert!(shown.contains("state") && shown.contains("invited"), "{shown}");
    ayu.set("HOTELHUB_PASSWORD", fresh);
    assert!(ayu.run(&login).await.refused(1).contains("(INVALID_CREDENTIALS)"));
    let last = run(&format!("user disable {VENDOR_EMAIL}")).await.refused(1);
    assert!(last.contains("(LAST_SUPER_ADMIN)"), "{last}");
    assert!(run("user show nobody").await.refused(1).contains("(NOT_FOUND)"));
}

#[tokio::test]
async fn the_audit_log_is_listed_and_a_touch_of_it_is_found() {
    let ground = Ground::logged_in().await;
    let run = async |line: &str| ground.operator.run(&line.split(' ').collect::<Vec<_>>()).await;
    run("user create --email ayu@vendor.example --name Ayu --role support").await.done();

    let list = run("audit list --action vendor_user.create").await.done();
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("SEQ") && lines[0].ends_with("DETAILS"), "{list}");
    assert!(lines[1].contains(VENDOR_EMAIL) && lines[1].contains("ayu@vendor.example"), "{list}");
    let none = run("audit list --until 2020-01-01T00:00:00Z").await.done();
    assert_eq!(none, "nothing was done that matches\n");
    let whole = run("audit verify").await.done();
    assert!(whole.starts_with("the log is whole up to row "), "{whole}");
    let (first, walked) = whole.trim_end().split_once('\n').unwrap();
    assert_eq!(walked, "`control-plane work` has not checked it by itself yet");
    let anchor = first.rsplit(' ').next().unwrap();
    assert_eq!(run(&format!("audit verify --anchor {anchor}")).await.done(), whole);
    let odd = run("audit verify --anchor x").await.refused(2);
    assert!(odd.contains("number:hash"), "{odd}");

    let touch = "UPDATE audit_log SET client_address = '::1' WHERE seq = 2";
    tamper(&ground.database().await, touch).await.unwrap();
    let found = run("audit verify").await.refused(1);
    assert!(found.contains("row 2 is altered"), "{found}");
    // As `work` leaves it.
    let seen = "UPDATE audit_walk SET ended_at = now(), through_seq = 1, broken_since = now(), \
                  broken_seq = 2, broken_kind = 'altered', broken_why = 'it is another one'";
    ground.database().await.execute(seen, &[]).await.unwrap();
    let needs = run("attention").await.done();
    assert!(needs.contains("row 2") && needs.contains(": it is another one"), "{needs}");
    assert!(needs.contains("hotelhub audit verify"), "{needs}");
}
