//! How long a request may work on its hotel's database.

use std::time::Duration;

use hotelhub_http::error::{ApiError, ApiResult};
use hotelhub_tenancy::db::TenantConnection;
use tokio::time::timeout;

use crate::site::Site;

/// How long a request may work on the database before it is given up.
const DEADLINE: Duration = Duration::from_secs(10);

impl Site {
    /// Works on a connection to the hotel's data. One whose work took too long, or failed by no doing
    /// of whoever asks, is closed rather than given back: nobody knows what it is still at.
    pub(crate) async fn within_deadline<T>(
        &self,
        work: impl AsyncFnOnce(&mut TenantConnection) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let mut connection = self.connect().await?;
        let worked = timeout(DEADLINE, work(&mut connection)).await;
        let worked = worked.unwrap_or_else(|_elapsed| Err(too_slow()));
        if !worked.as_ref().is_err_and(|it| it.status().is_server_error()) {
            connection.release();
        }
        worked
    }
}

fn too_slow() -> ApiError {
    ApiError::unavailable("DEADLINE_EXCEEDED", "this took too long; try again", 2)
}
