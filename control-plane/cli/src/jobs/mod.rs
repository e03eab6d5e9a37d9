//! `hotelhub jobs`: see background jobs, have them tried again, cancel them, hold them back.

mod age;
mod heaps;
mod of_hotel;
mod pauses;
mod replay;

use clap::Subcommand;
use uuid::Uuid;

use crate::{Hub, failure::Failure};

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List a hotel's jobs, the newest first
    List(of_hotel::List),
    /// List dead jobs: of one hotel, or, by kind and error, of every hotel
    Dead(heaps::Dead),
    /// Count jobs that are dead, held or failing in all hotels
    Stats,
    /// Have dead jobs tried again
    Replay(replay::Replay),
    /// Cancel a job: at once, or, if it runs, within seconds
    Cancel {
        /// The hotel, a slug or an id
        #[arg(long)]
        tenant: String,
        /// The job's id
        job: Uuid,
    },
    /// Hold jobs back: those to which all that is given applies; what runs is finished
    Pause(pauses::Pause),
    /// Lift a pause
    Resume {
        /// The pause's id
        id: Uuid,
    },
    /// List the pauses that stand
    Pauses,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(it) => of_hotel::list(hub, it).await,
        Command::Dead(it) => heaps::list_dead(hub, it).await,
        Command::Stats => heaps::count(hub).await,
        Command::Replay(it) => replay::replay(hub, it).await,
        Command::Cancel { tenant, job } => of_hotel::cancel(hub, &tenant, job).await,
        Command::Pause(it) => pauses::pause(hub, it).await,
        Command::Resume { id } => pauses::resume(hub, id).await,
        Command::Pauses => pauses::list(hub).await,
    }
}

/// What was typed, as a query.
fn query<const N: usize>(
    typed: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    typed.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A time, to the minute.
fn minute(time: &str) -> String {
    time.chars().take(16).collect()
}

/// So many of a thing, in words.
fn many(count: i64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_typed_is_not_asked_for() {
        let typed = [("state", None), ("kind", Some("a".to_owned()))];
        assert_eq!(query(typed), [("kind", "a".to_owned())]);
        assert_eq!((many(1, "job"), many(0, "job")), ("1 job".to_owned(), "0 jobs".to_owned()));
    }
}
