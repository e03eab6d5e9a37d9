//! Walks at random through the protocol of claims on a real database: tickets lost and repeated,
//! claimed alone, together and by two at once, workers that die, leases that end, hotels that are
//! stopped, cancellations, replays. Whatever the way, a job has one holder at most, and only the
//! holder's effect counts.

mod walk;

use platform_tests::postgres::connect;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};

use self::walk::Walk;
use crate::{hotel::hotel, size::size};

/// One step. A number chooses among whatever there is.
#[derive(Clone, Debug)]
enum Step {
    /// A request commits a job.
    Enqueue,
    /// Tickets are published; whether their publisher lives to mark the rows.
    Relay { marks: bool },
    /// Tickets are brought to a worker that claims them together; whether the broker will bring them
    /// again, and whether suspects run alone there.
    Deliver { tickets: Vec<usize>, again: bool, alone: bool },
    /// A ticket and its copy come to two workers at the same moment.
    Race { ticket: usize },
    /// A ticket is lost.
    Lose { ticket: usize },
    /// A worker ends a try, in the transaction of its effect.
    Finish { claim: usize, end: End },
    /// A worker dies in the middle; whether that is known before its lease ends.
    Crash { claim: usize, seen: bool },
    /// A lease ends, whoever holds it.
    Expire { job: usize },
    /// What waits for its time is due.
    Wake,
    /// A person has a job done again that is dead, cancelled, or waits for its next try.
    Replay { job: usize },
    /// A person cancels a job that is not over.
    Cancel { job: usize },
    /// The hotel is stopped, or may work again.
    Access { full: bool },
}

#[derive(Clone, Copy, Debug)]
enum End {
    Done,
    Retry,
    HandedBack,
    Dead,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![
        4 => Just(End::Done), 2 => Just(End::Retry), 1 => Just(End::HandedBack), 1 => Just(End::Dead)
    ];
    let number = any::<usize>;
    let step = prop_oneof![
        2 => Just(Step::Enqueue),
        3 => any::<bool>().prop_map(|marks| Step::Relay { marks }),
        6 => (vec(number(), 1..5), any::<bool>(), any::<bool>())
            .prop_map(|(tickets, again, alone)| Step::Deliver { tickets, again, alone }),
        2 => number().prop_map(|ticket| Step::Race { ticket }),
        1 => number().prop_map(|ticket| Step::Lose { ticket }),
        4 => (number(), end).prop_map(|(claim, end)| Step::Finish { claim, end }),
        1 => (number(), any::<bool>()).prop_map(|(claim, seen)| Step::Crash { claim, seen }),
        2 => number().prop_map(|job| Step::Expire { job }),
        1 => Just(Step::Wake),
        1 => number().prop_map(|job| Step::Replay { job }),
        1 => number().prop_map(|job| Step::Cancel { job }),
        1 => any::<bool>().prop_map(|full| Step::Access { full }),
    ];
    vec(step, 10..60)
}

#[test]
fn on_every_way_through_the_protocol_a_job_has_one_holder_and_one_effect() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_server, db, other) = runtime.block_on(async {
        let (server, db) = hotel().await;
        db.execute("CREATE TABLE effects (job uuid NOT NULL)", &[]).await.unwrap();
        let other = connect(&server.urls().unwrap().superuser).await.unwrap();
        (server, db, other)
    });
    let db = tokio::sync::Mutex::new(db);
    let mut runner = TestRunner::new(Config {
        cases: size().walks,
        failure_persistence: None,
        ..Config::default()
    });
    let walked = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let mut db = db.lock().await;
            let mut walk = Walk::begin(&mut db, &other).await;
            for step in steps {
                walk.take(step).await;
            }
            walk.bring_home().await;
        });
        Ok(())
    });
    walked.unwrap();
}
