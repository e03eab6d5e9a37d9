//! Sessions that this process keeps inside a few warm copies, as the owner of what is in there.
//!
//! Connecting to a database takes longer than all that a signup writes into it. A session of a copy
//! that another process has handed out is closed with the next look at the pool.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hotelhub_core::ids::{DatabaseId, DbHostId};
use tokio_postgres::Error;

use crate::{create_tenant::HAND_OUT, session::Session};

/// Sessions on one server. A burst that is larger connects.
const MOST: usize = 4;

/// The sessions.
#[derive(Debug, Default)]
pub struct Kept {
    sessions: Mutex<HashMap<DatabaseId, (DbHostId, Session)>>,
}

impl Kept {
    /// The copies that a session is kept in.
    pub(crate) fn ids(&self) -> Vec<DatabaseId> {
        self.sessions().keys().copied().collect()
    }

    /// Takes the session inside a copy, if there is one and it is in order.
    pub(crate) fn take(&self, id: DatabaseId) -> Option<Session> {
        self.sessions().remove(&id).map(|(_, session)| session).filter(|it| !it.is_lost())
    }

    /// Whether one more would be kept on this server.
    pub(super) fn has_room(&self, host: DbHostId) -> bool {
        self.sessions().values().filter(|(it, _)| *it == host).count() < MOST
    }

    /// Makes a session ready for a signup, and keeps it.
    pub(super) async fn keep(
        &self,
        host: DbHostId,
        id: DatabaseId,
        session: Session,
    ) -> Result<(), Error> {
        for sql in HAND_OUT {
            session.prepare(sql).await?;
        }
        self.sessions().insert(id, (host, session));
        Ok(())
    }

    /// Closes all but those inside copies that are still warm.
    pub(super) fn retain(&self, warm: &[DatabaseId]) {
        self.sessions().retain(|id, (_, session)| warm.contains(id) && !session.is_lost());
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<DatabaseId, (DbHostId, Session)>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
