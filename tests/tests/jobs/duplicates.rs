//! Tickets that come more than once, in any order, and long after their time.

use hotelhub_core::ids::{JobId, TenantId};
use hotelhub_jobs::{rows::Due, ticket::Ticket};
use platform_tests::waiting::eventually;
use rand::{RngExt as _, seq::SliceRandom as _};

use crate::{
    END, SOON,
    ground::{Ground, ask, inserts, worker},
};

const JOBS: usize = 100;
/// Of each hotel, dead and replayed before the first ticket arrives.
const REPLAYED: usize = 20;

fn ticket(tenant: TenantId, job: JobId, epoch: i32) -> Ticket {
    let (kind, class) = ("test_insert".to_owned(), "default".to_owned());
    Ticket::job(tenant, &Due { id: job, kind, class, epoch, trace: None })
}

#[tokio::test]
async fn a_job_whose_tickets_come_often_and_late_has_its_effect_once() {
    let mut ground = Ground::new(2).await;
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for hotel in ground.hotels() {
        let jobs = hotel.insert_jobs(&inserts(5), JOBS).await.unwrap();
        let replay = "UPDATE jobs SET epoch = 2 WHERE id = $1";
        for (number, job) in jobs.into_iter().enumerate() {
            let old = ticket(hotel.tenant(), job, 1);
            let is_replayed = number < REPLAYED;
            if is_replayed {
                hotel.session().await.unwrap().execute(replay, &[&job]).await.unwrap();
                late.push(old.clone());
            }
            let current = if is_replayed { ticket(hotel.tenant(), job, 2) } else { old };
            for _ in 0..rand::rng().random_range(1..=5) {
                early.push(current.clone());
            }
            late.push(current);
        }
    }
    early.shuffle(&mut rand::rng());
    late.shuffle(&mut rand::rng());
    let told_in_vain = early.len() + late.len() - 2 * JOBS;

    // Those of before the replay come first of all as well.
    ground.publish(&late[..REPLAYED]).await;
    ground.start_workers(2).await;
    ground.publish(&early).await;
    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.publish(&late[REPLAYED..]).await;

    let counted = async || {
        let mut sum = 0.0;
        for number in 0..2 {
            let name = "job_duplicates_total";
            sum += ground.platform.figure(worker(number), name).await.unwrap();
        }
        (sum >= told_in_vain as f64).then_some(())
    };
    eventually(SOON, &format!("{told_in_vain} duplicates to be counted"), counted).await.unwrap();
    ground.fleet.check().await.unwrap();
    for hotel in ground.hotels() {
        let odd = "SELECT id FROM jobs WHERE state <> 'done' OR attempt <> 1 OR crash_count <> 0";
        assert!(ask(hotel, odd).await.is_empty());
    }
    ground.platform.stop().await.unwrap();
}
