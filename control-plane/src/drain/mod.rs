//! Empties database hosts that are draining: the tenants there are moved away, a few at a time.
//!
//! A reconciler: it remembers nothing, and compares the hosts with the operations that are open.
//! Killed at any point, its successor just looks again. A tenant whose move was undone rests for a
//! while that grows with each undone move, so that a move that cannot work is no busy loop and
//! holds up nobody else. One whose schema no other active host makes is not asked to move until one
//! does. A host stays `draining` when it is empty, until somebody says otherwise.

mod store;

use std::time::Duration;

use hotelhub_core::{errors::Chain, tasks::Tasks};
use tokio::time::timeout;

use crate::wakes::Wakes;

/// Moves that are open at a time for each host: enough that one always copies while another one
/// ends, few enough that the server has time for its hotels.
const AT_A_TIME: i64 = 2;
/// A move that ends wakes nobody, so a drain that is under way is looked at this often.
const LOOK_WHILE_DRAINING: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(10);
const PASS: Duration = Duration::from_secs(10);

/// A pass failed; the next one looks again.
#[derive(Debug, thiserror::Error)]
enum DrainError {
    #[error("connect to drain database hosts")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("drain database hosts")]
    Database(#[from] tokio_postgres::Error),
}

/// What asks for the moves.
pub(crate) struct Drain {
    pub(crate) pool: deadpool_postgres::Pool,
    /// Changes of database hosts.
    pub(crate) wakes: Wakes,
}

impl Drain {
    /// Looks until the program stops.
    pub(crate) async fn run(mut self, tasks: Tasks) {
        loop {
            self.wakes.catch_up();
            let next_look = match timeout(PASS, self.pass()).await {
                Ok(Ok(0)) => LOOK_EVERY,
                Ok(Ok(_)) => LOOK_WHILE_DRAINING,
                Ok(Err(error)) => {
                    tracing::warn!(error = %Chain(&error), "a look at draining hosts failed");
                    LOOK_EVERY
                }
                Err(_elapsed) => {
                    tracing::warn!("a look at draining hosts took too long");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = self.wakes.heard() => {}
                () = tokio::time::sleep(next_look) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// Asks for the moves that are missing; says how many hosts are draining.
    async fn pass(&self) -> Result<usize, DrainError> {
        let mut client = self.pool.get().await?;
        let hosts = store::list_draining(&**client).await?;
        for host in &hosts {
            let tx = client.transaction().await?;
            // Two processes that look at once would each ask for the moves that are missing.
            if !store::hold_draining(&*tx, *host).await? {
                continue;
            }
            let open = store::count_open_moves(&*tx, *host).await?;
            for tenant in store::list_movable(&*tx, *host, AT_A_TIME - open).await? {
                if let Some(operation) = store::insert_move(&*tx, tenant).await? {
                    tracing::info!(
                        db_host.id = %host, tenant.id = %tenant, operation.id = %operation,
                        "asked for a move away from a draining host"
                    );
                }
            }
            tx.commit().await?;
        }
        Ok(hosts.len())
    }
}
