//! What a request or a job does when its hotel's data moves to another database meanwhile.
//!
//! A move pauses writers for a moment, publishes the new place, and lets nobody into the old one.
//! Whoever meets that waits for the route and does its work once more at the new place: a write
//! only where the error means that nothing of it was done.

use std::{error::Error, time::Duration};

use hotelhub_core::routes::Placement;
use hotelhub_http::error::ApiResult;
use hotelhub_tenancy::db::{ConnectTenantError, TenantConnection};
use tokio_postgres::error::SqlState;

use crate::{
    access::READ_ONLY,
    site::{Site, cannot_connect},
};

/// How long a write waits for the end of a move's pause.
const PAUSE: Duration = Duration::from_secs(3);
/// How long a route may be on its way here after the old place has closed: milliseconds, unless the
/// control plane or this replica is busy.
const ARRIVAL: Duration = Duration::from_secs(3);

impl Site {
    /// A connection to the hotel's data, at its new place if it has just moved.
    pub(crate) async fn connect(&self) -> ApiResult<TenantConnection> {
        let error = match self.db.connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let site = match error {
            ConnectTenantError::Moved => self.once_elsewhere(ARRIVAL).await,
            // The route has changed: it may be somewhere else, or only be stopped.
            ConnectTenantError::Closed => self.again()?,
            _ => None,
        };
        match site {
            Some(site) => site.db.connect().await.map_err(cannot_connect),
            None => Err(cannot_connect(error)),
        }
    }

    /// Reads, and reads once more if the session was ended in the middle of it, as the old place
    /// does with those who are still there.
    pub(crate) async fn reading<T>(
        &self,
        work: impl AsyncFn(&Self) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let worked = work(self).await;
        if worked.as_ref().err().is_some_and(|error| is_of_an_ended_session(error)) {
            // A new connection finds out where the data is now.
            if let Some(site) = self.again()? {
                return work(&site).await;
            }
        }
        worked
    }

    /// Writes, and writes at the new place what a move's pause refused: that error means that
    /// nothing was done.
    pub(crate) async fn writing<T>(
        &self,
        work: impl AsyncFn(&Self) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let worked = work(self).await;
        if worked.as_ref().is_err_and(|error| error.code() == READ_ONLY)
            && let Some(site) = self.once_elsewhere(PAUSE).await
        {
            return work(&site).await;
        }
        worked
    }

    /// The hotel at its next place, if there is one before `patience` is over.
    async fn once_elsewhere(&self, patience: Duration) -> Option<Self> {
        let here = self.route.placement.clone();
        let is_elsewhere = |it: &Option<Placement>| it.is_some() && *it != here;
        metrics::counter!("tenant_moves_awaited_total").increment(1);
        let routes = &self.app.routes;
        let wanted =
            routes.wait_for(self.route.tenant_id, patience, |it| is_elsewhere(&it.placement));
        let route = wanted.await?;
        if is_elsewhere(&route.placement) { self.at(route).ok() } else { None }
    }

    /// The hotel by its route as it is now.
    fn again(&self) -> ApiResult<Option<Self>> {
        self.app.routes.of(self.route.tenant_id).map(|route| self.at(route)).transpose()
    }
}

/// Whether `error` comes of a move: nothing was written, and trying again elsewhere may help.
pub(crate) fn is_of_a_move(error: &(dyn Error + 'static)) -> bool {
    let paused = database_error(error)
        .and_then(|it| it.code())
        .is_some_and(|it| *it == SqlState::READ_ONLY_SQL_TRANSACTION);
    let turned_away = causes(error).any(|it| {
        matches!(it.downcast_ref(), Some(ConnectTenantError::Moved | ConnectTenantError::Closed))
    });
    paused || turned_away
}

fn is_of_an_ended_session(error: &(dyn Error + 'static)) -> bool {
    database_error(error)
        .is_some_and(|it| it.is_closed() || it.code() == Some(&SqlState::ADMIN_SHUTDOWN))
}

fn database_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a tokio_postgres::Error> {
    causes(error).find_map(|it| it.downcast_ref())
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&it: &&'a (dyn Error + 'static)| it.source())
}
