//! Why a ticket could not be worked on now. It comes again.

use std::sync::Arc;

use hotelhub_tenancy::db::ConnectTenantError;

use crate::relay::RelayError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Setback {
    #[error("connect to the hotel's database")]
    Connect(#[from] ConnectTenantError),
    #[error("read or write the job")]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error("the database did not answer in time")]
    Slow(#[from] tokio::time::error::Elapsed),
    /// What stopped others of the same batch as well.
    #[error(transparent)]
    Together(Arc<Self>),
    #[error("whoever wrote for several jobs at once was given up")]
    GivenUp,
}

/// The same for each of so many that stopped together.
pub(super) fn together<T>(setback: Setback, count: usize) -> Vec<Result<T, Arc<Setback>>> {
    let setback = Arc::new(setback);
    std::iter::repeat_with(|| Err(Arc::clone(&setback))).take(count).collect()
}

impl Setback {
    /// No connection to the hotel's database was free, or could be made: nothing was written.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Self::Connect(error) => {
                matches!(error, ConnectTenantError::Busy | ConnectTenantError::Unreachable(_))
            }
            Self::Together(setback) => setback.is_busy(),
            _ => false,
        }
    }
}
