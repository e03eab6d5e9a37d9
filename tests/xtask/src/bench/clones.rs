//! What a signup cannot do without: PostgreSQL copying the template, with nothing around it.

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use platform_tests::postgres::{PostgresUrls, connect};
use tokio::time::Instant;
use tokio_postgres::Client;

use super::samples::Samples;

/// Copies of the template that hotels are made from, made by the login that makes hotels. They go
/// with the server.
pub(super) struct Clones {
    sessions: Vec<Client>,
    template: String,
    made: usize,
}

impl Clones {
    /// Finds the template and connects so often.
    pub(super) async fn open(urls: &PostgresUrls, sessions: usize) -> Result<Self> {
        let control = connect(&urls.control).await.context("look into the control database")?;
        let sql = "SELECT name FROM templates WHERE is_current";
        let template = control.query_one(sql, &[]).await.context("find the template")?.get(0);
        let connecting = (0..sessions).map(|_| connect(&urls.provisioner));
        let sessions = try_join_all(connecting).await.context("connect as the provisioner")?;
        Ok(Self { sessions, template, made: 0 })
    }

    /// Makes one copy and takes the time.
    pub(super) async fn one(&mut self, times: &mut Samples) -> Result<()> {
        self.at_once(1, times).await
    }

    /// Makes one copy on each session, all at once, and takes the time of each.
    pub(super) async fn on_all(&mut self, times: &mut Samples) -> Result<()> {
        self.at_once(self.sessions.len(), times).await
    }

    async fn at_once(&mut self, count: usize, times: &mut Samples) -> Result<()> {
        let begun = self.made;
        self.made += count;
        let template = &self.template;
        let making =
            self.sessions.iter().take(count).zip(begun..).map(async |(session, number)| {
                // As the provisioner does it.
                let sql = format!(
                    "CREATE DATABASE bench_clone_{number} TEMPLATE {template} STRATEGY wal_log \
                 OWNER hotel_owner ALLOW_CONNECTIONS false"
                );
                let start = Instant::now();
                session.simple_query(&sql).await.context("copy the template")?;
                anyhow::Ok(start.elapsed())
            });
        for time in try_join_all(making).await? {
            times.add(time);
        }
        Ok(())
    }
}
