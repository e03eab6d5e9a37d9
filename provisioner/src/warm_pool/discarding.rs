//! Drops the copies that nobody is to have.

use hotelhub_core::{errors::Chain, ids::DatabaseId};
use tokio_postgres::Error;

use super::{WarmPool, store};
use crate::{copies, engine::StepError, hosts::DbHost, session::Session};

impl WarmPool {
    /// Drops these copies of one server, one by one: each is a burden to its disk.
    pub(super) async fn discard(
        &self,
        control: &Session,
        host: DbHost,
        ids: Vec<DatabaseId>,
    ) -> Result<(), Error> {
        for id in ids {
            if let Err(error) = self.drop_copy(&host, id).await {
                // It stays on record as one to be discarded.
                let error = Chain(&error);
                tracing::warn!(db_host = host.name, %error, "a copy could not be discarded");
                return Ok(());
            }
            // Killed before this line, a copy of which nothing is left is dropped once more.
            store::delete_discarded(control, id).await?;
            metrics::counter!("warm_pool_discarded_total").increment(1);
        }
        Ok(())
    }

    /// Drops database and role, under the copy's lock on its server: a dead maker's statement has
    /// ended then, and another provisioner that discards the same copy takes its turn.
    async fn drop_copy(&self, host: &DbHost, id: DatabaseId) -> Result<(), StepError> {
        let server = self.session_with(host).await?;
        copies::lock(&server, id).await?;
        copies::drop_all(&server, id).await?;
        copies::unlock(&server, id).await?;
        self.put_back(host.id, server);
        Ok(())
    }
}
