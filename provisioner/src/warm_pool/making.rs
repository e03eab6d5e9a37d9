//! Makes copies for the pool.

use hotelhub_core::{
    errors::{Chain, LogAndDrop as _},
    ids::DatabaseId,
};
use tokio_postgres::Error;

use super::{WarmPool, limited, store};
use crate::{
    copies,
    engine::StepError,
    hosts::{self, DbHost},
    session::Session,
};

/// Makers of one server and one look; the store sees to it that all provisioners together have no
/// more.
const MAKERS: usize = 2;
/// What one maker makes before everything is looked at again.
const MOST_IN_A_ROW: usize = 8;

impl WarmPool {
    /// Makes copies on this server until it has its share.
    pub(super) async fn fill(
        &self,
        control: &Session,
        host: DbHost,
        share: u32,
    ) -> Result<(), Error> {
        let makers = [(); MAKERS].map(|()| self.make_some(control, &host, share));
        futures_util::future::try_join_all(makers).await.map(drop)
    }

    async fn make_some(&self, control: &Session, host: &DbHost, share: u32) -> Result<(), Error> {
        for _ in 0..MOST_IN_A_ROW {
            // Held before the row is written: a row whose lock is free is a dead maker's. Killed
            // here, nothing has happened.
            let id = DatabaseId::generate();
            store::hold(control, id).await?;
            let Some(template) = store::insert_making(control, id, host.id, share).await? else {
                return store::release(control, id).await;
            };
            // From here on the row is on disk: killed anywhere below, it says `making`, the lock is
            // free, and whoever sees that discards what there is.
            let made = self.make(host, id, &template).await;
            match &made {
                // All that makes a copy warm is on disk. Killed before this line, a whole copy is
                // discarded; killed after it, nothing is missing.
                Ok(_) => store::mark_warm(control, id).await?,
                Err(_) => store::give_up(control, id).await?,
            }
            store::release(control, id).await?;
            match made {
                Ok(inside) => {
                    metrics::counter!("warm_pool_made_total").increment(1);
                    if self.kept.has_room(host.id) {
                        // One that fails is of no use; the copy itself is whole.
                        self.kept.keep(host.id, id, inside).await.log_and_drop("it is only faster");
                    }
                }
                Err(error) => {
                    metrics::counter!("warm_pool_failures_total").increment(1);
                    let error = Chain(&error);
                    tracing::warn!(db_host = host.name, %error, "a copy for the pool failed");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Makes database and login role and lets the role in; gives a session inside. The one with the
    /// server goes if anything fails, and with it the copy's lock there, once the server has ended
    /// its statement.
    async fn make(
        &self,
        host: &DbHost,
        id: DatabaseId,
        template: &str,
    ) -> Result<Session, StepError> {
        let verifier = copies::begin_verifier(&self.db_host_keys, host, id)?;
        let server = self.session_with(host).await?;
        copies::lock(&server, id).await?;
        copies::create_database(&server, id, template).await?;
        let verifier = verifier
            .await
            .map_err(|error| StepError::NotYet(format!("make the verifier: {error}")))?;
        // One transaction, whose commit is waited for: it comes after the copy, so all is on disk.
        let open = copies::open_database(id);
        let (create, grant) = (copies::create_role(id, &verifier), copies::grant_access(id));
        server.run(&format!("{open} {create} {grant}")).await?;
        // The first session in a database builds what all later ones find ready.
        let inside = self.enter(host, id).await?;
        copies::unlock(&server, id).await?;
        self.put_back(host.id, server);
        Ok(inside)
    }

    /// Opens a session inside a few of the copies that this process did not make itself, and closes
    /// those inside copies that were handed out or given up.
    pub(super) async fn look_inside(&self, control: &Session) -> Result<(), Error> {
        let warm = store::list_warm(control).await?;
        let ids: Vec<DatabaseId> = warm.iter().map(|(id, _)| *id).collect();
        self.kept.retain(&ids);
        let kept = self.kept.ids();
        for (id, host) in warm {
            if kept.contains(&id) || !self.kept.has_room(host) {
                continue;
            }
            let Some(host) = hosts::find_usable(control, host).await? else { continue };
            limited(&host, "enter", self.keep(&host, id)).await?;
        }
        Ok(())
    }

    async fn keep(&self, host: &DbHost, id: DatabaseId) -> Result<(), Error> {
        match self.enter(host, id).await {
            Ok(inside) => {
                self.kept.keep(host.id, id, inside).await.log_and_drop("it is only faster");
            }
            // Handed out and dropped meanwhile, or its server is away.
            Err(error) => {
                tracing::debug!(db_host = host.name, error = %Chain(&error), "not entered");
            }
        }
        Ok(())
    }

    async fn enter(&self, host: &DbHost, id: DatabaseId) -> Result<Session, StepError> {
        let login = copies::owner_login(&self.admin_login(host)?, id);
        Ok(Session::open(&login, &self.tasks).await?)
    }
}
