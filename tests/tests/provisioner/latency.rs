//! What the saga costs beside the copy of the database itself.

use std::time::Instant;

use platform_tests::postgres::{Preset, connect};
use tokio_postgres::Client;

use crate::{
    gates::template_name,
    ground::{Asked, Ground, stop},
};

const ROUNDS: usize = 15;

#[tokio::test]
async fn a_signup_takes_little_more_than_the_copy_of_its_database() {
    let ground = Ground::new(Preset::Durable).await;
    let provisioner = ground.start("provisioner").await;
    let template = template_name(&ground).await;
    let warm = ground.ask("warm").await;
    ground.wait_until(warm, "ready").await;
    let admin = connect(&ground.tenants_urls().provisioner).await.unwrap();

    let (mut copies, mut signups) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        copies.push(time_of_copy(&ground, &admin, &template, number).await);
        let asked = ground.ask(&format!("hotel-{number}")).await;
        ground.wait_until(asked, "ready").await;
        signups.push(time_of(&ground, asked).await);
    }
    stop(provisioner).await;

    let (copy, signup) = (quartile(&mut copies), quartile(&mut signups));
    let steps = median_steps(&ground).await;
    let report = format!("copy {copy:.1} ms, signup {signup:.1} ms; {steps}");
    // Far above what it takes on a quiet machine: this catches a wait, not a slow disk or a busy
    // machine, which the copies are made on as well.
    assert!(signup < copy * 2.0 + 150.0, "{report}");
    show(&report);
}

#[tokio::test]
async fn a_warm_signup_takes_a_fraction_of_the_copy_of_its_database() {
    let ground = Ground::new(Preset::Durable).await;
    let launch = ground.launch_pooled("provisioner", (4, 4));
    let provisioner = ground.started(&launch).await;
    let template = template_name(&ground).await;
    let admin = connect(&ground.tenants_urls().provisioner).await.unwrap();
    let (mut copies, mut signups) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        // One by one, with nothing being made meanwhile.
        ground.wait_for_pool(4).await;
        copies.push(time_of_copy(&ground, &admin, &template, number).await);
        let asked = ground.ask(&format!("hotel-{number}")).await;
        ground.wait_until(asked, "ready").await;
        signups.push(time_of(&ground, asked).await);
    }
    stop(provisioner).await;

    let (copy, signup) = (quartile(&mut copies), quartile(&mut signups));
    let steps = median_steps(&ground).await;
    let report = format!("copy {copy:.1} ms, warm signup {signup:.1} ms; {steps}");
    // As above: far more than on a quiet machine, and less than anything that waits.
    assert!(signup < copy + 150.0, "{report}");
    assert!(!steps.contains("create_database"), "{report}");
    show(&report);
}

/// What a copy of the template costs right now, and the first session in it, by hand.
async fn time_of_copy(ground: &Ground, admin: &Client, template: &str, number: usize) -> f64 {
    let mut inside = ground.tenants_urls().provisioner;
    inside.set_path(&format!("/raw_{number}"));
    let copy = format!(
        "CREATE DATABASE raw_{number} TEMPLATE {template} STRATEGY wal_log OWNER hotel_owner"
    );
    let began = Instant::now();
    admin.simple_query(&copy).await.unwrap();
    connect(&inside).await.unwrap().simple_query("SELECT FROM tenant_identity").await.unwrap();
    began.elapsed().as_secs_f64() * 1_000.0
}

/// From the commit of the signup to the commit of the route, on the server's clock.
async fn time_of(ground: &Ground, asked: Asked) -> f64 {
    let sql = "SELECT extract(epoch FROM t.ready_at - o.requested_at)::float8 * 1000
         FROM tenants t JOIN operations o ON o.tenant_id = t.id WHERE t.id = $1";
    ground.control.query_one(sql, &[&asked.tenant]).await.unwrap().get(0)
}

/// The median of each step in milliseconds, in the order of the steps.
async fn median_steps(ground: &Ground) -> String {
    let sql = "SELECT name, percentile_cont(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM finished_at - started_at) * 1000)::float8
         FROM operation_steps WHERE state = 'done' GROUP BY name, position ORDER BY position";
    let rows = ground.control.query(sql, &[]).await.unwrap();
    let steps =
        rows.iter().map(|it| format!("{} {:.1}", it.get::<_, &str>(0), it.get::<_, f64>(1)));
    steps.collect::<Vec<_>>().join(", ")
}

#[expect(clippy::print_stdout, reason = "the figures are for `--nocapture`")]
fn show(report: &str) {
    println!("{report}");
}

/// What a quarter of them stays below: a wait is in each, a busy machine in some.
fn quartile(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 4]
}
