//! Two hundred signups while provisioners are killed two hundred times, at random moments.

use std::time::Duration;

use platform_tests::{postgres::Preset, process::Program, waiting::eventually};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    gates::template_name,
    ground::{Ground, SOON, stop},
    killing::assert_every_hotel_is_whole,
};

const ROUNDS: usize = 200;
/// Of so many signups one can never succeed.
const UNLUCKY: usize = 10;
const POOL: (u32, u32) = (3, 6);
/// For all that the storm has left to do. Those that can never succeed fail first, and are tried again
/// when nobody else waits.
const AFTERMATH: Duration = Duration::from_secs(15 * 60);

#[tokio::test]
async fn two_hundred_signups_survive_two_hundred_kills() {
    let seed = rand::random::<u64>();
    show(&format!("the storm's seed is {seed}"));
    let mut random = StdRng::seed_from_u64(seed);
    let ground = Ground::new(Preset::Fast).await;
    let first = ground.started(&ground.launch_pooled("first", POOL)).await;
    template_name(&ground).await;
    // The storm itself may leave nobody the time to make a warm one.
    ground.wait_for_pool(POOL.0.into()).await;
    let mut programs = vec![first, start(&ground)];

    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let asked = ground.ask(&format!("hotel-{round}")).await;
        let is_lucky = round % UNLUCKY != 0;
        if !is_lucky {
            let sql = "UPDATE tenants SET region = 'ID-XX' WHERE id = $1";
            ground.control.execute(sql, &[&asked.tenant]).await.unwrap();
        }
        all.push((asked, is_lucky));
        // Nothing is waited for: this is the random moment of the kill.
        let moment = Duration::from_millis(random.random_range(20..400));
        tokio::time::sleep(moment).await;
        let victim = random.random_range(0..programs.len());
        programs[victim].kill().await.unwrap();
        programs[victim] = start(&ground);
    }

    let open = "SELECT count(*) FROM operations WHERE settled_at IS NULL";
    let calm = eventually(AFTERMATH, "every operation to be closed", async || {
        (count(&ground, open).await == 0).then_some(())
    });
    if let Err(late) = calm.await {
        panic!("{late:#}: {} are open; seed {seed}", count(&ground, open).await);
    }
    for (asked, is_lucky) in &all {
        // One that was read before its region was spoilt has been made.
        ground.wait_until_settled(*asked, seed).await;
        if *is_lucky {
            ground.wait_until(*asked, "ready").await;
        }
    }
    wait_for_full_pool(&ground).await;
    for program in programs {
        stop(program).await;
    }
    ground.assert_nothing_stray().await;
    assert_every_hotel_is_whole(&ground).await;
    let row = ground
        .control
        .query_one(
            "SELECT count(*) FILTER (WHERE t.provisioning = 'ready'),
               count(*) FILTER (WHERE t.provisioning = 'failed'),
               (SELECT count(*) FROM databases WHERE state = 'assigned'),
               (SELECT count(DISTINCT tenant_id) FROM databases WHERE state = 'assigned'),
               (SELECT count(*) FROM operation_steps
                WHERE name = 'create_database' AND state = 'skipped')
             FROM tenants t",
            &[],
        )
        .await
        .unwrap();
    let count = |at: usize| row.get::<_, i64>(at);
    assert_eq!(count(0) + count(1), i64::try_from(ROUNDS).unwrap(), "seed {seed}");
    assert_eq!((count(2), count(3)), (count(0), count(0)), "one each; seed {seed}");
    assert!(count(4) > 0, "some found a warm database; seed {seed}");
    show(&format!("{} ready, {} failed, {} warm", count(0), count(1), count(4)));
}

/// Waits until the pool has as many as it should by now, and is not about to make another one: what it
/// should have follows the signups of the last five minutes, in which the storm may have been over.
async fn wait_for_full_pool(ground: &Ground) {
    let (least, most) = POOL;
    let sql = format!(
        "SELECT (count(*) FILTER (WHERE state = 'warm') >= (
             SELECT least(greatest(count(*), {least}), {most}) FROM operations
             WHERE requested_at > clock_timestamp() - interval '5 minutes')
           AND count(*) FILTER (WHERE state NOT IN ('warm', 'assigned')) = 0)::int::bigint
         FROM databases"
    );
    eventually(SOON, "the pool to be full", async || {
        (count(ground, &sql).await == 1).then_some(())
    })
    .await
    .unwrap();
}

async fn count(ground: &Ground, sql: &str) -> i64 {
    ground.control.query_one(sql, &[]).await.unwrap().get(0)
}

/// Starts a provisioner and does not wait for it: it may be killed before it is there.
fn start(ground: &Ground) -> Program {
    ground.launch_pooled("storm", POOL).start().unwrap()
}

#[expect(clippy::print_stdout, reason = "the seed repeats a failure; it is shown with one")]
fn show(line: &str) {
    println!("{line}");
}
