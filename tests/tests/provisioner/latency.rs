//! What the saga costs beside the copy of the database itself.

use std::time::Instant;

use platform_tests::postgres::{Preset, connect};

use crate::{
    gates::template_name,
    ground::{Ground, stop},
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
        let began = Instant::now();
        let copy = format!(
            "CREATE DATABASE raw_{number} TEMPLATE {template} STRATEGY wal_log OWNER hotel_owner"
        );
        admin.simple_query(&copy).await.unwrap();
        copies.push(began.elapsed().as_secs_f64() * 1_000.0);

        let asked = ground.ask(&format!("hotel-{number}")).await;
        ground.wait_until(asked, "ready").await;
        // From the commit of the signup to the commit of the route, on the server's clock.
        let sql = "SELECT extract(epoch FROM t.ready_at - o.requested_at)::float8 * 1000
             FROM tenants t JOIN operations o ON o.tenant_id = t.id WHERE t.id = $1";
        let row = ground.control.query_one(sql, &[&asked.tenant]).await.unwrap();
        signups.push(row.get::<_, f64>(0));
    }
    stop(provisioner).await;

    let (copy, signup) = (median(&mut copies), median(&mut signups));
    let steps = ground
        .control
        .query(
            "SELECT name, percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM finished_at - started_at) * 1000)::float8
             FROM operation_steps WHERE state = 'done' GROUP BY name, position ORDER BY position",
            &[],
        )
        .await
        .unwrap();
    let steps: Vec<String> = steps
        .iter()
        .map(|it| format!("{} {:.1}", it.get::<_, &str>(0), it.get::<_, f64>(1)))
        .collect();
    let report = format!("copy {copy:.1} ms, signup {signup:.1} ms; {}", steps.join(", "));
    // Far above what it takes on a quiet machine: this catches a wait, not a slow disk.
    assert!(signup < copy * 2.0 + 150.0, "{report}");
    show(&report);
}

#[expect(clippy::print_stdout, reason = "the figures are for `--nocapture`")]
fn show(report: &str) {
    println!("{report}");
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
