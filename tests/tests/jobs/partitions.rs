//! Networks between workers and the broker that swallow bytes, for a while or one way.

use std::time::Duration;

use platform_tests::{
    platform::Role,
    proxy::{Fault, Proxy, Way},
    waiting::eventually,
};
use tokio::time::{Instant, sleep_until};

use crate::{
    END, SOON,
    ground::{Ground, calls, inserts, worker},
    size::size,
};

/// Two heartbeats of ten seconds; the client looks at each half of one, counted from its last word.
const NOTICED: Duration = Duration::from_secs(26);
/// The broker looks every ten seconds, and gives up at the third look that finds nothing new.
const NOTICED_BY_BROKER: Duration = Duration::from_secs(31);
const LOST: &str = "RabbitMQ is lost";
const CONNECTED: &str = "RabbitMQ is connected";

/// A worker whose way to the broker breaks.
struct Victim {
    role: Role,
    proxy: Proxy,
    fault: Fault,
    lasts: Duration,
}

impl Victim {
    async fn new(ground: &mut Ground, number: usize, (fault, lasts): (Fault, u64)) -> Self {
        let (role, proxy) = (worker(number), ground.stage.broker_proxy().await.unwrap());
        let url = ground.stage.amqp_url_through(&proxy).unwrap();
        ground.platform.set_env(Some(role), "AMQP_URL", &url);
        Self { role, proxy, fault, lasts: Duration::from_secs(lasts) }
    }

    /// When it is noticed at the latest, on an idle machine. A worker that still hears its broker has to be
    /// told by it.
    fn noticed(&self) -> Duration {
        match self.fault {
            Fault::BlackHole(Way::ToUpstream) => NOTICED_BY_BROKER,
            _ => NOTICED,
        }
    }

    /// What the worker has said of the connection over which tickets come.
    fn told(&self, ground: &mut Ground) -> Vec<String> {
        let printed = ground.platform.program(self.role).unwrap().printed();
        let of_consuming = printed.lines().filter(|it| it.contains("work consume"));
        of_consuming.map(ToOwned::to_owned).collect()
    }

    /// How often it has said this.
    fn said(&self, ground: &mut Ground, what: &str) -> usize {
        self.told(ground).iter().filter(|it| it.contains(what)).count()
    }
}

fn victims() -> Vec<(Fault, u64)> {
    let mut faults: Vec<_> =
        size().holes.iter().map(|it| (Fault::BlackHole(Way::Both), *it)).collect();
    let longest = size().holes.last().copied().unwrap();
    faults.push((Fault::BlackHole(Way::ToUpstream), longest));
    faults.push((Fault::BlackHole(Way::ToClient), longest));
    faults.push((Fault::HalfClose(Way::ToClient), 5));
    faults.push((Fault::HalfClose(Way::ToUpstream), 5));
    faults
}

#[tokio::test]
async fn a_worker_notices_that_its_broker_is_gone_and_is_back_soon_after_the_network() {
    let mut ground = Ground::with_own_broker(4).await;
    let mut victims_of = Vec::new();
    for (number, fault) in victims().into_iter().enumerate() {
        victims_of.push(Victim::new(&mut ground, number, fault).await);
    }
    // One more than those whose network breaks.
    ground.start_workers(victims_of.len() + 1).await;
    for victim in &victims_of {
        let connected = async || (victim.said(&mut ground, CONNECTED) > 0).then_some(());
        eventually(SOON, "every worker to be connected", connected).await.unwrap();
    }
    ground.fleet.insert_jobs(&calls(), 100).await.unwrap();
    ground.add_jobs(&inserts(400), 200).await;
    let works = async || (ground.done().await >= 40).then_some(());
    eventually(SOON, "work to go on", works).await.unwrap();

    let broken = Instant::now();
    for victim in &mut victims_of {
        victim.proxy.set(victim.fault).await;
    }
    victims_of.sort_by_key(|it| it.lasts);
    for victim in &mut victims_of {
        // How long the network is broken is the fault itself; a busy machine has the rest of that time.
        if victim.lasts >= victim.noticed() {
            let left = (broken + victim.lasts).saturating_duration_since(Instant::now());
            let what = format!("{:?} to be noticed", victim.fault);
            let noticed = async || (victim.said(&mut ground, LOST) > 0).then_some(());
            eventually(left, &what, noticed).await.unwrap();
        }
        sleep_until(broken + victim.lasts).await;
        victim.proxy.set(Fault::None).await;
        let healed = Instant::now();
        let back = eventually(SOON, "the worker to be back", async || {
            let lost = victim.said(&mut ground, LOST);
            (victim.said(&mut ground, CONNECTED) > lost).then_some(())
        });
        back.await.unwrap();
        println!(
            "figure: {:?} for {:?}: back {:.1?} after it",
            victim.fault,
            victim.lasts,
            healed.elapsed()
        );
    }

    // Each consumes again, and what the broker kept of the lost connections is gone.
    ground.wait_for_workers(u32::try_from(victims_of.len() + 1).unwrap()).await;
    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let book = ground.ledger.book();
    assert!(book.repeated_effects().is_empty(), "{:?}", book.repeated_effects());
    assert_eq!(book.taken_by_key().len(), 400);
    let repeated = book.len() - 400;
    println!("figure: {repeated} calls were repeated under their own key");
    ground.platform.stop().await.unwrap();
}
