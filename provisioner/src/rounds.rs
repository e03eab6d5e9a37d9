//! Rounds: what a provisioner looks at again and again, by a session on the control database that is
//! kept for as long as nothing fails.

use std::{convert::Infallible, future::Future};

use hotelhub_core::{errors::Chain, tasks::Tasks};
use tokio_postgres::{Config as Login, Error};

use crate::{config::Config, session::Session};

/// Somebody who makes rounds.
pub(crate) trait Rounds: Send + 'static {
    /// What is not done while rounds fail, for the log.
    const FAILURE: &'static str;
    /// Why one failed.
    type Error: std::error::Error + From<Error> + Send;

    /// One round. It is dropped where it stands when the program stops.
    fn look(&mut self, control: &Session) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Ends when the next one is due.
    fn rest(&mut self) -> impl Future<Output = ()> + Send;
}

/// Makes rounds until the program stops.
pub(crate) fn spawn_rounds<R: Rounds>(name: &'static str, it: R, config: &Config, tasks: &Tasks) {
    let rounds = make_rounds(it, config.control.clone(), tasks.clone());
    tasks.spawn_endless(name, rounds);
}

/// After a round that failed the session is another one: the locks it held went with it.
async fn make_rounds<R: Rounds>(mut it: R, login: Login, tasks: Tasks) {
    loop {
        let Err(error) = by_one_session(&mut it, &login, &tasks).await;
        tracing::warn!(error = %Chain(&error), "{}", R::FAILURE);
        it.rest().await;
    }
}

async fn by_one_session<R: Rounds>(
    it: &mut R,
    login: &Login,
    tasks: &Tasks,
) -> Result<Infallible, R::Error> {
    let control = Session::open(login, tasks).await?;
    loop {
        it.look(&control).await?;
        it.rest().await;
    }
}
