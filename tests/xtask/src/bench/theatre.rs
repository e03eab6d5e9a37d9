//! The platform that is measured: real servers that wait for their disk, and no rate limits.

use anyhow::{Context as _, Result};
use platform_tests::{
    platform::{Platform, Role, Stage},
    postgres::{Preset, connect},
};
use tokio_postgres::Client;
use url::Url;
use uuid::Uuid;

use crate::say;

/// How the platform of one measurement is set up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scene {
    /// More replicas of `tenant-api serve` than the first.
    pub(super) more_replicas: usize,
    /// Lines of `postgresql.conf`.
    pub(super) postgres: &'static str,
    /// Settings of every program.
    pub(super) env: &'static [(&'static str, &'static str)],
    /// Processes that are not started.
    pub(super) without: &'static [Role],
}

/// Servers, and the platform on them. The platform goes first when this is dropped.
pub(super) struct Theatre {
    pub(super) platform: Platform,
    pub(super) stage: Stage,
}

impl Theatre {
    /// Starts it all on free ports, on the machine's own clock: one that tests can move costs a look
    /// at a file for each request.
    pub(super) async fn open(scene: Scene) -> Result<Self> {
        let servers = Box::pin(Stage::with_settings(Preset::Durable, scene.postgres));
        let stage = say::during("PostgreSQL and RabbitMQ", servers).await?;
        let setup = stage.setup(1 + scene.more_replicas)?;
        let mut builder = Platform::builder(setup).without_rate_limits();
        for role in scene.without {
            builder = builder.without(*role);
        }
        for (name, value) in scene.env {
            builder = builder.env(name, value);
        }
        let platform = say::during("migrating and starting the programs", builder.start()).await?;
        Ok(Self { platform, stage })
    }

    /// A session of the superuser on `database`.
    pub(super) async fn superuser(&self, database: &str) -> Result<Client> {
        let mut url = self.stage.postgres.urls()?.superuser;
        url.set_path(database);
        connect(&url).await.with_context(|| format!("connect to {database} as the superuser"))
    }

    /// A session of the superuser on the control database.
    pub(super) async fn control(&self) -> Result<Client> {
        self.superuser("hotelhub_control").await
    }

    /// The name of the only hotel's database, and the superuser's way into it.
    pub(super) async fn only_database(&self) -> Result<(String, Url)> {
        let urls = self.stage.postgres.urls()?;
        let control = connect(&urls.control).await.context("look into the control database")?;
        let row = control.query_one("SELECT id FROM databases WHERE state = 'assigned'", &[]);
        let id: Uuid = row.await.context("find the only hotel's database")?.get(0);
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
