//! What a hotel's owner is told of a custom domain: that it fails and that it works again, once each.

use chrono::TimeDelta;
use hotelhub_core::clock::Clock;
use platform_tests::{
    certificates::{Authority, Edge},
    mail::{CaughtMail, Fault},
    process::Program,
};
use serde_json::{Value, json};

use crate::{
    domain_ground::{Domains, said},
    ground::SOON,
};

const NAME: &str = "www.hotelmandala.com";
const ASKED: &str = "SELECT count(*) FROM jobs WHERE kind = 'domain_mail'";
const DONE: &str = "SELECT count(*) FROM jobs WHERE kind = 'domain_mail' AND state = 'done'";

async fn mail(it: &Domains, subject: &str) -> CaughtMail {
    let wanted = |mail: &CaughtMail| mail.subject.contains(subject);
    it.ground.mail.wait_for(SOON, subject, wanted).await.unwrap()
}

/// Starts `work` when the domain was just looked at, so that it is not due for it.
fn work(it: &Domains, more: &[(&str, &str)]) -> Program {
    let settings = it.settings();
    let mut settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, it)| (*name, &**it)).collect();
    settings.extend(more);
    it.ground.work_with(&settings)
}

/// The failures that owners were not told of.
async fn untold(it: &Domains) -> Value {
    let found = it.vendor.get("/api/v1/attention").await.unwrap().data().unwrap();
    found["untold_failures"].clone()
}

async fn state(it: &Domains) -> String {
    said(&it.verify("mandala", NAME).await).0
}

#[tokio::test]
async fn an_owner_is_told_once_that_a_domain_fails_and_once_that_it_works_again() {
    let mut it = Domains::new().await;
    it.ground.open_hotel("mandala").await;
    let token = it.open("mandala", NAME).await;
    let _work = work(&it, &[]);

    it.zone().forget(NAME);
    assert_eq!(state(&it).await, "stuck");
    let lost = mail(&it, "Domain www.hotelmandala.com tidak berfungsi").await;
    assert_eq!(lost.to, ["owner@mandala.example"]);
    let record = "CNAME  www.hotelmandala.com  mandala.hotelhub.localhost";
    assert!(lost.text.contains(record) && lost.text.contains("WIB"), "{}", lost.text);
    assert!(lost.text.contains("mandala.hotelhub.localhost"), "{}", lost.text);
    it.ground.wait_for_count(DONE, 1).await;
    assert_eq!(state(&it).await, "stuck");

    it.set_dns("mandala", NAME, &token);
    assert_eq!(state(&it).await, "live");
    mail(&it, "Domain www.hotelmandala.com berfungsi lagi").await;
    it.ground.wait_for_count(DONE, 2).await;

    // It comes and goes: of that nobody is told before a day is over.
    for _ in 0..3 {
        it.zone().forget(NAME);
        assert_eq!(state(&it).await, "stuck");
        it.set_dns("mandala", NAME, &token);
        assert_eq!(state(&it).await, "live");
    }
    it.zone().forget(&format!("_hotelhub-challenge.{NAME}"));
    assert_eq!(state(&it).await, "stuck");
    it.move_clock(25).await;
    it.ground.wait_for_count(DONE, 3).await;
    assert_eq!(it.ground.count(ASKED).await, 3);
    let mails = it.ground.mail.store().list();
    let last = mails.iter().rfind(|it| it.subject.contains("tidak berfungsi")).unwrap();
    assert!(last.text.contains(&format!("TXT  _hotelhub-challenge.{NAME}  {token}")), "{last:?}");
}

#[tokio::test]
async fn an_owner_whose_mail_no_server_took_is_seen_and_asked_for_again_the_next_day() {
    let mut it = Domains::new().await;
    it.ground.open_hotel("mandala").await;
    let token = it.open("mandala", NAME).await;
    let welcomed = "INSERT INTO welcome_mails (tenant_id) SELECT id FROM tenants";
    it.ground.database.execute(welcomed, &[]).await.unwrap();
    it.ground.mail.set_fault(Fault::Reject).await;
    let _work = work(&it, &[]);
    it.zone().forget(NAME);
    assert_eq!(state(&it).await, "stuck");
    let refused = "SELECT count(*) FROM jobs WHERE kind = 'domain_mail' AND state = 'dead' \
                   AND last_error_code = 'SMTP_REFUSED'";
    it.ground.wait_for_count(refused, 1).await;
    assert_eq!(untold(&it).await, json!([]), "it may be on its way");

    it.move_clock(2).await;
    let seen = untold(&it).await;
    assert_eq!((seen.as_array().unwrap().len(), &seen[0]["hostname"]), (1, &json!(NAME)), "{seen}");
    assert_eq!(seen[0]["owner_email"], "owner@mandala.example");
    it.set_dns("mandala", NAME, &token);
    assert_eq!(state(&it).await, "live");
    assert_eq!(untold(&it).await, json!([]), "it works");
    it.zone().forget(NAME);
    assert_eq!(state(&it).await, "stuck");

    it.ground.mail.set_fault(Fault::None).await;
    it.move_clock(25).await;
    mail(&it, "Domain www.hotelmandala.com tidak berfungsi").await;
    it.ground.wait_for_count(DONE, 1).await;
    assert_eq!(untold(&it).await, json!([]));
    it.set_dns("mandala", NAME, &token);
    assert_eq!(state(&it).await, "live");
    mail(&it, "Domain www.hotelmandala.com berfungsi lagi").await;
    assert_eq!(it.ground.count(ASKED).await, 3, "nobody hears that a failure is over before of it");
}

#[tokio::test]
async fn a_mail_that_is_overtaken_by_events_is_not_sent() {
    let it = Domains::new().await;
    it.ground.open_hotel("mandala").await;
    it.open("mandala", NAME).await;
    // Asked for while it failed, and not sent before it worked again.
    let sql = "INSERT INTO jobs (id, kind, class, max_attempts, payload) \
               SELECT gen_random_uuid(), 'domain_mail', 'default', 5, \
                 jsonb_build_object('domain_id', id, 'news', 'failed') \
               FROM domains WHERE kind = 'custom'";
    it.ground.database.execute(sql, &[]).await.unwrap();
    let _work = work(&it, &[]);

    it.ground.wait_for_count(DONE, 1).await;

    let skipped = format!("{DONE} AND result ->> 'skipped' LIKE '%by now'");
    assert_eq!(it.ground.count(&skipped).await, 1);
    let mails = it.ground.mail.store().list();
    assert!(mails.iter().all(|it| !it.subject.contains(NAME)), "{mails:?}");
}

#[tokio::test]
async fn an_owner_is_told_of_a_certificate_that_is_over_in_the_hotels_language() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path()).unwrap();
    let edge = Edge::start().await.unwrap();
    let root = authority.root_file().display().to_string();
    let probe = edge.address();
    let over_tls = [
        ("TENANT_PUBLIC_URL", "https://{host}"),
        ("TLS_PROBE_ADDRESS", &*probe),
        ("TLS_PROBE_ROOTS", &*root),
    ];
    let it = Domains::with(&over_tls).await;
    let tenant = it.ground.open_hotel("mandala").await;
    let sql = "UPDATE tenants SET language = 'en' WHERE id = $1::text::uuid";
    it.ground.database.execute(sql, &[&tenant]).await.unwrap();
    let now = Clock::system().now();
    edge.show(&authority, &[NAME], now + TimeDelta::days(60)).unwrap();
    let token = it.claim("mandala", NAME).await;
    it.set_dns("mandala", NAME, &token);
    it.verify("mandala", NAME).await;
    assert_eq!(state(&it).await, "live");
    let _work = work(&it, &over_tls);

    edge.show(&authority, &[NAME], now - TimeDelta::days(2)).unwrap();
    assert_eq!(state(&it).await, "stuck");
    let insecure = mail(&it, "The domain www.hotelmandala.com has no certificate").await;
    assert!(insecure.text.contains("There is nothing for you to do."), "{}", insecure.text);
    assert!(insecure.text.contains("https://mandala.hotelhub.localhost"), "{}", insecure.text);
    edge.show(&authority, &[NAME], now + TimeDelta::days(60)).unwrap();
    assert_eq!(state(&it).await, "live");
    mail(&it, "The domain www.hotelmandala.com works again").await;
}
