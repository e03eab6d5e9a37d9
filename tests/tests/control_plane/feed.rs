//! The route feed: who may read it, that nothing is missed, and how fast news travels.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use hotelhub_core::{ids::TenantId, life::Provisioning, routes::RoutePage};
use platform_tests::client::{Answer, Signup, Site};
use reqwest::Method;
use tokio::time::Instant;

use crate::ground::{FEED_TOKEN, Ground, SOON};

const WRITERS: usize = 8;
const EACH: usize = 25;
/// A poll that hears of nothing ends this late.
const LONG_POLL_SECONDS: u32 = 10;

/// Counts the looks of polls: each asks once which server this is, after it has seen what it sees.
const COUNT_LOOKS: &str = "
    CREATE SEQUENCE looks;
    CREATE OR REPLACE FUNCTION route_server() RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
      IF current_query() LIKE 'WITH changed AS%' THEN PERFORM nextval('looks'); END IF;
      RETURN 'this one';
    END $$";
const LOOKS: &str = "SELECT coalesce(pg_sequence_last_value('looks'), 0)";

/// Asks for what changed since a page, without waiting.
pub(crate) async fn ask(site: &Site, since: Option<&RoutePage>) -> RoutePage {
    let request = site.request(Method::GET, &path(since, 0)).bearer_auth(FEED_TOKEN);
    let answer = Answer::of(request).await.unwrap().expect_status(200).unwrap();
    serde_json::from_str(&answer.body).unwrap()
}

/// Asks for what changed since a page, and waits for a change.
pub(crate) async fn ask_and_wait(site: &Site, since: &RoutePage, seconds: u32) -> Result<Answer> {
    let request = site.request(Method::GET, &path(Some(since), seconds)).bearer_auth(FEED_TOKEN);
    Answer::of(request).await
}

fn path(since: Option<&RoutePage>, seconds: u32) -> String {
    let since =
        since.map(|it| format!("&epoch={}&since={}", it.position.epoch, it.position.version));
    format!("/upcall/v1/routes?wait_seconds={seconds}{}", since.unwrap_or_default())
}

/// Waits for the look of a poll that was begun after so many looks: from then on only the push, or the
/// end of its time, tells it of a change.
async fn wait_for_look(ground: &Ground, looks: i64) {
    let more = format!("SELECT least(count, 1) FROM ({LOOKS} - {looks} AS count) AS looks");
    ground.wait_for_count(&more, 1).await;
}

fn page(answer: &Answer) -> RoutePage {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn only_a_replica_reads_the_feed() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    for site in [ground.site().clone(), ground.site().with_token("wrong"), vendor] {
        let answer = site.get("/upcall/v1/routes").await.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.error_code()), (401, "UNAUTHENTICATED"));
    }
}

#[tokio::test]
async fn a_reader_gets_everything_first_and_then_what_changed() {
    let ground = Ground::new().await;
    let mandala = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let first = ask(ground.site(), None).await;
    assert!(first.snapshot && first.gone.is_empty());
    assert_eq!(first.routes[0].domains[0].hostname, "mandala.hotelhub.localhost");
    assert_eq!(first.routes[0].provisioning, Provisioning::Pending);

    let nothing = ask(ground.site(), Some(&first)).await;
    assert!(!nothing.snapshot && nothing.routes.is_empty() && nothing.gone.is_empty());

    ground.control.sign_up(&Signup::of("surya")).await.unwrap();
    for state in ["provisioning", "failed"] {
        let sql = "SELECT move_provisioning($1::text::uuid, $2)";
        ground.database.query_one(sql, &[&mandala.tenant_id, &state]).await.unwrap();
    }
    let news = ask(ground.site(), Some(&first)).await;
    assert_eq!(news.routes.iter().map(|it| it.slug.as_str()).collect::<Vec<_>>(), ["surya"]);
    assert_eq!(news.gone, [mandala.tenant_id.parse::<TenantId>().unwrap()]);

    let mut future = news.clone();
    future.position.version += 1_000;
    assert!(ask(ground.site(), Some(&future)).await.snapshot, "a position of the future");
    ground
        .database
        .execute("UPDATE route_position SET epoch = gen_random_uuid()", &[])
        .await
        .unwrap();
    assert!(ask(ground.site(), Some(&news)).await.snapshot, "a restored control database");
}

#[tokio::test]
async fn a_reader_that_is_behind_what_is_kept_gets_everything() {
    let ground = Ground::new().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let old = ask(ground.site(), None).await;
    ground.control.sign_up(&Signup::of("surya")).await.unwrap();
    // As if a hundred thousand changes had followed.
    let skip = "UPDATE route_position SET version = version + 100000";
    ground.database.execute(skip, &[]).await.unwrap();
    let current = ask(ground.site(), None).await;
    ground.database.execute("UPDATE tenants SET company_name = 'Baru'", &[]).await.unwrap();
    let _worker = ground.work();

    let kept = "SELECT count(*) FROM route_changes";
    ground.wait_for_count(kept, 2).await;

    let everything = ask(ground.site(), Some(&old)).await;
    assert!(everything.snapshot);
    assert_eq!(everything.routes.len(), 2);
    let news = ask(ground.site(), Some(&current)).await;
    assert!(!news.snapshot, "what it lacks is kept");
    assert_eq!(news.routes.len(), 2);
}

#[tokio::test]
async fn a_waiting_reader_hears_of_a_change_at_once() {
    let ground = Ground::new().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    ground.database.simple_query(COUNT_LOOKS).await.unwrap();
    let mut known = ask(ground.site(), None).await;
    let mut delays = Vec::new();
    for round in 0..20 {
        let looks = ground.count(LOOKS).await;
        let change = async {
            wait_for_look(&ground, looks).await;
            let sql = "UPDATE tenants SET company_name = $1";
            ground.database.execute(sql, &[&format!("Hotel {round}")]).await.unwrap();
            Instant::now()
        };
        let (changed, heard) = tokio::join!(change, async {
            let answer = ask_and_wait(ground.site(), &known, LONG_POLL_SECONDS).await.unwrap();
            (page(&answer), Instant::now())
        });
        let (news, at) = heard;
        assert_eq!(news.routes[0].company_name, format!("Hotel {round}"));
        delays.push(at.saturating_duration_since(changed));
        known = news;
    }
    delays.sort_unstable();
    // Milliseconds in truth; a busy machine gets more, and one may find it at a standstill, but no
    // poll waits for its end.
    let end = Duration::from_secs(LONG_POLL_SECONDS.into());
    assert!(delays[delays.len() / 2] < end / 10, "{delays:?}");
    assert!(delays[delays.len() - 2] < end / 2, "{delays:?}");
}

#[tokio::test]
async fn a_wait_without_news_ends_on_its_own() {
    let ground = Ground::new().await;
    let known = ask(ground.site(), None).await;
    let started = Instant::now();
    let answer = ask_and_wait(ground.site(), &known, 1).await.unwrap();
    assert!(page(&answer).routes.is_empty());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_reader_misses_nothing_of_many_writers() {
    let ground = Ground::new().await;
    let mut known = ask(ground.site(), None).await;
    let writers = start_writers(&ground).await;
    let reader = async {
        let mut seen = BTreeSet::new();
        let end = Instant::now() + SOON;
        while seen.len() < WRITERS * EACH && Instant::now() < end {
            let news = page(&ask_and_wait(ground.site(), &known, 2).await.unwrap());
            assert!(!news.snapshot && news.position.version >= known.position.version);
            seen.extend(news.routes.iter().map(|it| it.tenant_id));
            known = news;
        }
        seen
    };
    let (written, seen) = tokio::join!(writers, reader);
    assert_eq!(written.len(), WRITERS * EACH);
    assert_eq!(seen, written, "a reader that follows the feed lost some");
}

/// Writers on sessions of their own; each transaction takes another while.
async fn start_writers(ground: &Ground) -> impl Future<Output = BTreeSet<TenantId>> {
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let mut session = ground.another_session().await;
        tasks.spawn(async move {
            let mut written = Vec::new();
            for number in 0..EACH {
                let tenant = TenantId::generate();
                let tx = session.transaction().await.unwrap();
                let slug = format!("hotel-{writer}-{number}");
                let insert = "INSERT INTO tenants (id, slug, company_name, owner_name, owner_email,
                       owner_phone, language, region, status, plan_id, rooms, created_at)
                     SELECT $1, $2, $2, 'Sari', 'sari@example.com', '+62811', 'id', 'ID-BA',
                       'trial', id, 10, now() FROM plans WHERE slug = 'starter'";
                tx.execute(insert, &[&tenant, &slug]).await.unwrap();
                let while_open = f64::from(u8::try_from((writer + number) % 5).unwrap()) / 500.0;
                tx.query("SELECT pg_sleep($1)", &[&while_open]).await.unwrap();
                tx.commit().await.unwrap();
                written.push(tenant);
            }
            written
        });
    }
    async move { tasks.join_all().await.into_iter().flatten().collect() }
}

#[tokio::test]
async fn a_change_that_nobody_heard_of_is_seen_when_the_wait_ends() {
    let ground = Ground::new().await;
    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    ground.database.simple_query(COUNT_LOOKS).await.unwrap();
    let known = ask(ground.site(), None).await;
    let listens = "SELECT count(*) FROM pg_stat_activity
         WHERE application_name = 'control-plane listen' AND query LIKE 'LISTEN%'";
    ground.wait_for_count(listens, 1).await;
    let deafen = "ALTER DATABASE hotelhub_control CONNECTION LIMIT 0";
    ground.database.simple_query(deafen).await.unwrap();
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE application_name = 'control-plane listen'";
    assert_eq!(ground.count(ended).await, 1);

    let looks = ground.count(LOOKS).await;
    let waiting = ask_and_wait(ground.site(), &known, LONG_POLL_SECONDS);
    let change = async {
        wait_for_look(&ground, looks).await;
        let rename = "UPDATE tenants SET company_name = 'Unheard'";
        ground.database.execute(rename, &[]).await.unwrap();
    };
    let (answer, ()) = tokio::join!(waiting, change);

    assert_eq!(page(&answer.unwrap()).routes[0].company_name, "Unheard");
}
