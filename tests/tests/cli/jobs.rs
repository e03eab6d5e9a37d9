//! Jobs of hotels: looked at, tried again, cancelled.

use std::time::Duration;

use platform_tests::{
    fleet::{Fleet, NewJobs},
    platform::{Role, Stage, VENDOR_EMAIL},
    postgres::Preset,
    waiting::eventually,
};

use crate::operator::Operator;

/// Until the ticks of two sweeps, with other tests beside.
const TICKED: Duration = Duration::from_secs(120);

/// The words of each line below the heading.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|it| it.split_whitespace().collect()).collect()
}

#[tokio::test]
async fn a_dead_job_is_found_and_replayed() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let operator = Operator::new();
    let url = platform.setup().control_public_url();
    let login = ["--url", &url, "login", "--email", VENDOR_EMAIL];
    operator.run_with(&login, platform.vendor_password()).await.done();
    let run = async |line: &str| operator.run(&line.split(' ').collect::<Vec<_>>()).await;
    assert_eq!(run("jobs dead").await.done(), "no dead jobs\n");
    assert_eq!(run("jobs stats").await.done(), "no jobs are dead, held or failing\n");
    assert_eq!(run("jobs replay --all --dry-run").await.done(), "no dead jobs are known of\n");

    let fleet = Fleet::open(&platform, 1).await.unwrap();
    let hotel = &fleet.hotels()[0];
    let slug = hotel.host().split('.').next().unwrap();
    let unreadable = NewJobs::of("reservation_confirmation", "mail");
    let ids = hotel.insert_jobs(&unreadable, 2).await.unwrap();
    fleet.wait_until_ended(TICKED).await.unwrap();
    let told = async || {
        let table = run("jobs dead --error PAYLOAD").await.done();
        let found = rows(&table).first().map(|it| it[..4].join(" "));
        found.filter(|it| *it == format!("{slug} reservation_confirmation PAYLOAD 2"))
    };
    eventually(TICKED, "the worker's report", told).await.unwrap();
    assert_eq!(rows(&run("jobs stats").await.done())[0][1..4], ["dead", "2", "1"]);
    let dead = run(&format!("jobs dead --tenant {slug} --kind reservation_confirmation")).await;
    let dead = dead.done();
    assert_eq!(
        rows(&dead)[1][..4],
        [&*ids[0].to_string(), "reservation_confirmation", "dead", "1/5"]
    );
    assert!(dead.contains("PAYLOAD: "), "{dead}");
    let said = run(&format!("jobs replay --tenant {slug} --dry-run")).await.done();
    assert_eq!(said, format!("2 jobs of {slug} would be tried again\n"));
    let said = run("jobs replay --all --dry-run").await.done();
    assert!(said.starts_with("about 2 jobs of 1 hotel would be tried again, as of "), "{said}");

    let mend = "UPDATE jobs SET payload = jsonb_build_object(
                  'property_id', gen_random_uuid(), 'reservation_id', gen_random_uuid())";
    hotel.session().await.unwrap().simple_query(mend).await.unwrap();
    let said = run(&format!("jobs replay --tenant {slug} {}", ids[0])).await.done();
    let wanted = format!("reservation_confirmation {} is tried again; it is waiting now\n", ids[0]);
    assert_eq!(said, wanted);
    let said = run("jobs replay --all --error PAYLOAD --per-minute 60").await.done();
    assert!(said.ends_with("tried again: 1 of 1 dead job\n"), "{said}");
    fleet.wait_until_ended(TICKED).await.unwrap();
    let done = format!("jobs list --tenant {slug} --state done --kind reservation_confirmation");
    let list = run(&done).await.done();
    assert_eq!(rows(&list).len(), 2, "{list}");

    let later = NewJobs { due_in: Duration::from_secs(3600), ..unreadable };
    let later = hotel.insert_jobs(&later, 1).await.unwrap()[0];
    let cancel = format!("jobs cancel --tenant {slug} {later}");
    let said = run(&cancel).await.done();
    assert_eq!(said, format!("reservation_confirmation {later} is cancelled\n"));
    let again = run(&cancel).await.refused(1);
    assert!(again.contains("(JOB_OVER)") && again.contains("next: see how it stands"), "{again}");

    platform.stop_role(Role::TenantServe(0)).await.unwrap();
    let refused = run(&format!("jobs list --tenant {slug}")).await.refused(1);
    assert!(refused.contains("(TENANT_UNREACHABLE)"), "{refused}");
}
