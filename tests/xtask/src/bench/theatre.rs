//! The platform that is measured: real servers that wait for their disk, and no rate limits.

use anyhow::{Context as _, Result};
use platform_tests::{
    platform::{Platform, Stage},
    postgres::{Preset, connect},
};
use url::Url;
use uuid::Uuid;

use crate::say;

/// Servers, and the platform on them. The platform goes first when this is dropped.
pub(super) struct Theatre {
    pub(super) platform: Platform,
    pub(super) stage: Stage,
}

impl Theatre {
    /// Starts it all on free ports, with one replica of `tenant-api serve`, on the machine's own
    /// clock: one that tests can move costs a look at a file for each request.
    pub(super) async fn open() -> Result<Self> {
        let servers = Stage::with_own_broker(Preset::Durable);
        let stage = say::during("PostgreSQL and RabbitMQ", servers).await?;
        let platform = Platform::builder(stage.setup(1)?).without_rate_limits().start();
        let platform = say::during("migrating and starting the programs", platform).await?;
        Ok(Self { platform, stage })
    }

    /// The name of the only hotel's database, and the superuser's way into it.
    pub(super) async fn only_database(&self) -> Result<(String, Url)> {
        let urls = self.stage.postgres.urls()?;
        let control = connect(&urls.control).await.context("look into the control database")?;
        let row = control.query_one("SELECT id FROM databases", &[]).await;
        let id: Uuid = row.context("find the only hotel's database")?.get(0);
        let name = format!("tenant_{}", id.simple());
        let mut url = urls.superuser;
        url.set_path(&name);
        Ok((name, url))
    }

    /// Stops the platform and fails if a part of it did not last until now; the servers go with
    /// their data, whatever was put there.
    pub(super) async fn close(self) -> Result<()> {
        let Self { mut platform, stage } = self;
        let ended = platform.ended();
        let stopped = say::during("stopping", platform.stop()).await;
        drop(stage);
        anyhow::ensure!(ended.is_empty(), "{}", ended.join("\n"));
        stopped
    }
}
