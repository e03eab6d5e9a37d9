//! The audit log: what is in it, that it is one chain however many write at once, and that nobody
//! changes it unseen.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};
use hotelhub_core::audit::{chain, written};
use platform_tests::{
    client::{Answer, PageVisitor, Site},
    platform::{PANEL_HOST, VENDOR_EMAIL},
    tampering::{keep, put_back, tamper, touches},
    waiting::eventually,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    domain_ground::Domains,
    ground::{Ground, SOON, Vendor},
    panel::person,
};

/// More than a core can do at a time, fewer than wait for a connection in vain.
const AT_ONCE: usize = 12;

async fn entries(vendor: &Site, query: &str) -> Vec<Value> {
    let listed = vendor.get(&format!("/api/v1/audit?limit=200&{query}")).await.unwrap();
    listed.expect_status(200).unwrap().data().unwrap().as_array().unwrap().clone()
}

async fn verified(vendor: &Site, query: &str) -> Value {
    let path = format!("/api/v1/audit/verify?{query}");
    vendor.get(&path).await.unwrap().expect_status(200).unwrap().data().unwrap()
}

fn fault(found: &Value) -> (i64, &str) {
    (found["fault"]["seq"].as_i64().unwrap(), found["fault"]["kind"].as_str().unwrap())
}

/// Writes so many more rows into the log, as the control plane would.
pub(crate) async fn lengthen(ground: &Ground, rows: i64) {
    let head = "SELECT seq, hash FROM audit_head";
    let head = ground.database.query_one(head, &[]).await.unwrap();
    let (last, mut hash): (i64, Vec<u8>) = (head.get(0), head.get(1));
    let (at, mut seqs, mut hashes) = (DateTime::<Utc>::UNIX_EPOCH, Vec::new(), Vec::new());
    let written_at = written(at);
    for seq in last + 1..=last + rows {
        let number = seq.to_string();
        let (who, what) = ([Some("system"), None, Some("test"), None, None], Some("test.row"));
        let front = [Some(&*number), Some(&*written_at)];
        let back = [what, None, None, None, Some("{}"), None];
        hash = chain(&hash, &[&front[..], &who, &back].concat());
        seqs.push(seq);
        hashes.push(hash.clone());
    }
    let sql = "WITH more AS (INSERT INTO audit_log (seq, at, actor_kind, actor_name, action, \
                 details, hash) \
                 SELECT it.seq, $3::timestamptz, 'system', 'test', 'test.row', '{}', it.hash \
                 FROM unnest($1::bigint[], $2::bytea[]) AS it (seq, hash) RETURNING seq, hash) \
               UPDATE audit_head SET seq = newest.seq, hash = newest.hash \
               FROM (SELECT seq, hash FROM more ORDER BY seq DESC LIMIT 1) AS newest";
    ground.database.execute(sql, &[&seqs, &hashes, &at]).await.unwrap();
}

#[tokio::test]
async fn what_is_done_stands_in_the_log_with_who_did_it_and_what_was_refused_does_not() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let tenant = ground.open_hotel("surya").await;
    let suspend = json!({ "reason": "invoice 2026-114 is unpaid" });
    let path = "/api/v1/tenants/surya/suspend";
    vendor.post(path, &suspend).await.unwrap().expect_status(200).unwrap();
    vendor.post(path, &suspend).await.unwrap().expect_status(409).unwrap();
    let wrong = json!({ "email": "mallory@example.com", "password": "wrong" });
    ground.site().post("/api/v1/auth/login", &wrong).await.unwrap().expect_status(401).unwrap();

    let of_tenant = entries(&vendor, "tenant=surya").await;
    assert_eq!(of_tenant.len(), 1, "{of_tenant:?}");
    let entry = &of_tenant[0];
    assert_eq!(entry["action"], "tenant.suspend");
    assert_eq!(entry["actor_name"], VENDOR_EMAIL);
    assert_eq!(
        (&entry["client_address"], &entry["tenant_id"]),
        (&json!("127.0.0.1"), &json!(tenant))
    );
    assert_eq!(entry["details"]["reason"], "invoice 2026-114 is unpaid");
    assert_eq!(entry["details"]["before"], json!({ "status": "trial", "access": "full" }));
    assert_eq!(entry["details"]["after"]["access"], "essential");

    let failed = entries(&vendor, "action=vendor_user.log_in_failed").await;
    assert_eq!(failed[0]["actor_name"], "mallory@example.com");
    assert!(!failed[0].to_string().contains("wrong"), "no password is kept");
    let of_me = entries(&vendor, &format!("actor={VENDOR_EMAIL}&action=vendor_user")).await;
    assert_eq!(of_me[0]["action"], "vendor_user.log_in");
    let none = entries(&vendor, "until=2020-01-01T00:00:00Z").await;
    assert!(none.is_empty());
    for odd in ["since=yesterday", "tenant=nobody", "cursor=x", "limit=0"] {
        let refused = vendor.get(&format!("/api/v1/audit?{odd}")).await.unwrap();
        assert_eq!(
            (refused.status.as_u16(), &*refused.error_code()),
            (422, "VALIDATION_FAILED"),
            "{odd}"
        );
    }
    assert_eq!(verified(&vendor, "").await["is_whole"], true);
}

#[tokio::test]
async fn what_is_done_with_domains_stands_in_the_log_however_it_was_done() {
    let it = Domains::new().await;
    it.ground.open_hotel("surya").await;
    let name = "www.hotelsurya.com";
    let own = Domains::target("surya");
    it.open("surya", name).await;
    it.act("surya", name, "primary").await.expect_status(200).unwrap();
    it.release("surya", name).await.expect_status(200).unwrap();
    assert_eq!(it.release("surya", &own).await.status, 409, "nothing was done");
    let email = "support@hotelhub.localhost";
    let password = it.ground.make_vendor(email, Vendor::Support.as_str()).await;
    let panel = it.ground.site().on_host(PANEL_HOST);
    let visitor = PageVisitor::log_in(&panel, "/panel/login", email, &password).await.unwrap();
    let path = "/panel/tenants/surya/domains";
    for (form, fields) in [
        (path.to_owned(), &[("hostname", name)][..]),
        (format!("{path}/{name}/verify"), &[]),
        (format!("{path}/{name}/primary"), &[]),
        (format!("{path}/{name}/release"), &[]),
        // A second click changes nothing.
        (format!("{path}/{name}/release"), &[]),
    ] {
        visitor.send(&form, fields).await.unwrap();
    }

    let mut found = entries(&it.vendor, "tenant=surya&action=domain").await;
    found.reverse();
    let words: Vec<(&str, &str)> = found
        .iter()
        .map(|it| (it["actor_name"].as_str().unwrap(), it["action"].as_str().unwrap()))
        .collect();
    let done = ["domain.claim", "domain.verify", "domain.make_primary", "domain.release"];
    let by = |who| done.map(|action| (who, action));
    assert_eq!(words, [by(VENDOR_EMAIL), by(email)].concat());
    assert!(found.iter().all(|it| it["details"]["hostname"] == name), "{found:?}");
    assert!(found.iter().all(|it| it["subject_kind"] == "domain"), "{found:?}");
    assert_eq!(found[1]["details"]["after"], "live");
    assert_eq!(found[2]["details"]["before"], own);
    assert_eq!(found[3]["details"]["was_primary"], true);
    assert!(!found.iter().any(|it| it.to_string().contains("challenge")));
    assert_eq!(verified(&it.vendor, "").await["is_whole"], true);
}

#[tokio::test]
async fn pages_of_the_log_follow_each_other() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    for name in ["a", "b", "c"] {
        ground.add_host(name).await;
        let path = format!("/api/v1/db-hosts/{name}/cordon");
        vendor.post(&path, &json!({})).await.unwrap().expect_status(200).unwrap();
    }
    let first = vendor.get("/api/v1/audit?action=db_host&limit=2").await.unwrap().json().unwrap();
    let cursor = first["meta"]["next_cursor"].as_str().unwrap();
    let path = format!("/api/v1/audit?action=db_host&limit=2&cursor={cursor}");
    let last = vendor.get(&path).await.unwrap().json().unwrap();
    let names = |page: &Value| {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|it| it["details"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&first), names(&last)),
        (vec!["c".to_owned(), "b".to_owned()], vec!["a".to_owned()])
    );
    assert!(last["meta"]["next_cursor"].is_null());
}

#[tokio::test]
async fn one_changed_row_in_the_chain_is_detected_and_so_is_every_other_touch() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.add_host("one").await;
    for action in ["cordon", "uncordon", "cordon", "uncordon"] {
        let path = format!("/api/v1/db-hosts/one/{action}");
        vendor.post(&path, &json!({})).await.unwrap().expect_status(200).unwrap();
    }
    let head = verified(&vendor, "").await;
    let (last, hash) =
        (head["through_seq"].as_i64().unwrap(), head["through_hash"].as_str().unwrap());
    let anchor = format!("anchor_seq={last}&anchor_hash={hash}");
    assert_eq!(verified(&vendor, &anchor).await["is_whole"], true);
    for sql in [
        "UPDATE audit_log SET actor_name = 'x'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "DELETE FROM audit_head",
    ] {
        ground.database.simple_query(sql).await.unwrap_err();
    }
    let session = &ground.database;
    keep(session).await.unwrap();
    for touch in touches(session, 3).await.unwrap() {
        tamper(session, &touch.sql).await.unwrap();
        let found = verified(&vendor, "").await;
        assert_eq!(found["is_whole"], false, "{touch:?}");
        assert_eq!(fault(&found), (touch.seq, touch.kind), "{touch:?}");
        put_back(session).await.unwrap();
    }
    assert_eq!(verified(&vendor, &anchor).await["is_whole"], true);
    let swap = "UPDATE audit_log a SET action = b.action, hash = b.hash, details = b.details \
                FROM kept_log b WHERE (a.seq, b.seq) IN ((3, 4), (4, 3))";
    tamper(session, swap).await.unwrap();
    assert_eq!(fault(&verified(&vendor, "").await), (3, "altered"), "two rows changed places");
    put_back(session).await.unwrap();
    let era = "(SELECT at::text || ' BC' FROM audit_log WHERE seq = 3)::timestamptz";
    for at in ["'infinity'", "'-infinity'", "'290000-01-01 00:00Z'", era] {
        tamper(session, &format!("UPDATE audit_log SET at = {at} WHERE seq = 3")).await.unwrap();
        assert_eq!(fault(&verified(&vendor, "").await), (3, "altered"), "{at}");
        assert!(entries(&vendor, "").await.iter().any(|it| it["seq"] == 3), "{at} is still listed");
        put_back(session).await.unwrap();
    }

    tamper(session, &format!("DELETE FROM audit_log WHERE seq = {last}")).await.unwrap();
    // Whoever cuts the head to fit as well is found out by what was noted elsewhere, and only so.
    let cut = "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1)";
    ground.database.simple_query(cut).await.unwrap();
    assert_eq!(verified(&vendor, "").await["is_whole"], true);
    assert_eq!(fault(&verified(&vendor, &anchor).await), (last, "truncated"));
    let path = "/api/v1/db-hosts/one/cordon";
    vendor.post(path, &json!({})).await.unwrap().expect_status(200).unwrap();
    assert_eq!(verified(&vendor, "").await["is_whole"], true, "written anew from there on");
    assert_eq!(fault(&verified(&vendor, &anchor).await), (last, "rewritten"));
}

/// Sends a body, once however often it is sent: who is told that there is too much at once comes again.
async fn insist((site, path): (&Site, &str), turn: usize, body: &Value) -> Answer {
    let key = format!("turn-{turn}");
    let answered = async || {
        let request = site.request(Method::POST, path).header("Idempotency-Key", &key).json(body);
        Some(Answer::of(request).await.unwrap()).filter(|it| it.status != 503)
    };
    eventually(SOON, path, answered).await.unwrap()
}

#[tokio::test]
async fn many_who_write_at_once_write_one_chain_and_hold_up_nobody() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let password = ground.make_vendor("ayu@hotelhub.localhost", "support").await;
    for name in ["one", "two", "three"] {
        ground.add_host(name).await;
    }
    let work = (0..60).map(|turn| {
        let (vendor, site, password) = (&vendor, ground.site(), &password);
        async move {
            let host = format!("/api/v1/db-hosts/{}", ["one", "two", "three"][turn % 3]);
            let (site, path, body, status) = match turn % 4 {
                0 => {
                    let body = json!({ "email": "ayu@hotelhub.localhost", "password": password });
                    (site, "/api/v1/auth/login".to_owned(), body, 200)
                }
                1 => (vendor, format!("{host}/cordon"), json!({}), 200),
                2 => (vendor, format!("{host}/uncordon"), json!({}), 200),
                _ => {
                    let body = json!({ "kind": format!("kind_{turn}"), "reason": "x" });
                    (vendor, "/api/v1/job-pauses".to_owned(), body, 201)
                }
            };
            insist((site, &path), turn, &body).await.expect_status(status).unwrap();
        }
    });
    stream::iter(work).for_each_concurrent(AT_ONCE, |it| it).await;

    let found = verified(&vendor, "").await;
    assert_eq!(found["is_whole"], true, "{found}");
    let all = entries(&vendor, "").await;
    let numbers: HashSet<_> = all.iter().map(|it| it["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers.len(), all.len());
    assert_eq!(all.iter().filter(|it| it["action"] == "job_pause.create").count(), 15);
    assert_eq!(all.iter().filter(|it| it["subject_kind"] == "db_host").count(), 30);
}

#[tokio::test]
async fn the_panel_shows_the_log_and_where_its_chain_is_broken() {
    let ground = Ground::new().await;
    let tenant = ground.open_hotel("surya").await;
    let vendor = ground.vendor().await;
    let suspend = json!({ "reason": "<b>unpaid</b>" });
    vendor
        .post("/api/v1/tenants/surya/suspend", &suspend)
        .await
        .unwrap()
        .expect_status(200)
        .unwrap();
    let email = "read_only@hotelhub.localhost";
    let password = ground.make_vendor(email, Vendor::ReadOnly.as_str()).await;
    let panel = ground.site().on_host(PANEL_HOST);
    let reader = PageVisitor::log_in(&panel, "/panel/login", email, &password).await.unwrap();

    let page = reader.open("/panel/audit?tenant=surya&verify=yes").await.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("tenant.suspend") && page.body.contains(&tenant), "{}", page.body);
    assert!(!page.body.contains("<b>unpaid") && page.body.contains("Rantai utuh"), "{}", page.body);
    assert!(!page.body.contains("vendor_user.log_in"), "another hotel's, or nobody's");
    let touch = "UPDATE audit_log SET actor_name = 'x' WHERE seq = 2";
    tamper(&ground.database, touch).await.unwrap();
    let page = reader.open("/panel/audit?verify=yes").await.unwrap();
    assert!(page.body.contains("Rantai rusak mulai baris: 2 (diubah)"), "{}", page.body);
    let odd = reader.open("/panel/audit?tenant=nobody").await.unwrap();
    assert_eq!(odd.status, 422);
}

#[tokio::test]
async fn the_panel_looks_along_the_chain_a_piece_at_a_time_and_beside_an_anchor() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let reader = person(&ground, Vendor::ReadOnly).await;
    lengthen(&ground, 10_050).await;
    let head = "SELECT seq, encode(hash, 'hex') FROM audit_head";
    let head = ground.database.query_one(head, &[]).await.unwrap();
    let (end, hash): (i64, String) = (head.get(0), head.get(1));
    let look = async |query: &str| {
        let path = format!("/panel/audit?lang=en&verify=yes&{query}");
        reader.open(&path).await.unwrap()
    };

    let first = look("tenant=surya").await.expect_status(200).unwrap();
    let told = format!("The chain is whole up to row 10000 of {end}: ");
    assert!(first.body.contains(&told), "{}", first.body);
    let on = "href=\"/panel/audit?tenant=surya&#38;verify=yes&#38;after=10000\"";
    assert!(first.body.contains(on), "{}", first.body);
    assert!(first.body.contains("name=\"tenant\" value=\"surya\">"), "the filter is kept");
    let last = look("after=10000").await.expect_status(200).unwrap();
    let told = format!("The chain is whole up to row {end} of {end}: {hash}");
    assert!(last.body.contains(&told) && !last.body.contains("Go on from"), "{}", last.body);

    let anchored = look(&format!("anchor_seq={end}&anchor_hash={hash}")).await;
    let on = format!("after=10000&#38;anchor_seq={end}&#38;anchor_hash={hash}\"");
    assert!(anchored.body.contains(&on), "{}", anchored.body);
    let other = look(&format!("anchor_seq={end}&anchor_hash={}", "0".repeat(64))).await;
    let told = format!("The chain is broken from row: {end} (rewritten)");
    assert!(other.body.contains(&told), "{}", other.body);
    let beyond = look(&format!("anchor_seq={}&anchor_hash={hash}", end + 1)).await;
    assert!(beyond.body.contains("(cut off)"), "{}", beyond.body);
    for odd in ["anchor_seq=5", "anchor_hash=ab", "anchor_seq=x&anchor_hash=ab", "after=-1"] {
        let refused = look(odd).await.expect_status(422).unwrap();
        assert!(refused.body.contains("role=\"alert\""), "{odd}: {}", refused.body);
    }
}
