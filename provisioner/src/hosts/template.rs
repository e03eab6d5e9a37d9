//! The database that new ones are copied from: built new for each version of the schema, never
//! changed in place.
//!
//! It counts from the moment its row in `templates` is written, which is the last thing that
//! happens. One without a row is half built: it is dropped and built anew.

use std::time::Duration;

use hotelhub_core::{sql::Query as _, tasks::Tasks};
use tokio::time::sleep;
use tokio_postgres::{Config as Login, Error, error::SqlState};

use super::DbHost;
use crate::{
    engine::StepError,
    locks::Lock,
    session::{self, Session},
};

/// A copy needs a template without sessions. Ours ends a moment after we have hung up.
const SESSIONS_LIMIT: Duration = Duration::from_secs(10);
const SESSIONS_LOOK: Duration = Duration::from_millis(20);

/// Where a template stands, and the sessions to work on it.
pub(super) struct Place<'a> {
    pub(super) control: &'a Session,
    pub(super) host: &'a DbHost,
    pub(super) login: &'a Login,
    pub(super) session: &'a Session,
    /// The version of the schema that it should have.
    pub(super) schema_version: i32,
}

/// The name of the template with this version of the schema.
fn name_of(version: i32) -> String {
    format!("template_{version}_{}", migrations::tenant_checksum(version))
}

impl Place<'_> {
    /// Builds the template if it is missing; `true` if it was built now.
    pub(super) async fn ensure(&self, tasks: &Tasks) -> Result<bool, StepError> {
        let name = name_of(self.schema_version);
        if self.is_current(&name).await? {
            self.drop_old().await?;
            return Ok(false);
        }
        let lock = Lock::Template.key();
        let locked = self.session.query_one("SELECT pg_try_advisory_lock($1)", &[&lock]).await?;
        if !locked.try_get::<_, bool>(0)? {
            return Ok(false);
        }
        // Another provisioner may have built it between our look and our lock. After a failure
        // the session is closed, and the lock goes with it.
        let built = !self.is_current(&name).await?;
        if built {
            self.build(&name, tasks).await?;
        }
        self.session.query_one("SELECT pg_advisory_unlock($1)", &[&lock]).await?;
        Ok(built)
    }

    /// Whether the template is there, or a newer provisioner has put its own in its place: two
    /// versions that run side by side must not replace each other's for ever.
    async fn is_current(&self, name: &str) -> Result<bool, Error> {
        let current = self
            .control
            .query_opt(
                "SELECT name, schema_version FROM templates WHERE db_host_id = $1 AND is_current",
                &[&self.host.id],
            )
            .await?;
        let Some(row) = current else { return Ok(false) };
        let (current, version): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
        let is_ours = current == name;
        if !is_ours && version <= self.schema_version {
            return Ok(false);
        }
        // A server that was restored or replaced has lost it.
        self.exists(&current).await
    }

    async fn exists(&self, name: &str) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
        self.session.query_one(sql, &[&name]).await?.try_get(0)
    }

    async fn build(&self, name: &str, tasks: &Tasks) -> Result<(), StepError> {
        let began = std::time::Instant::now();
        // First, so that nobody counts on one that is about to be dropped.
        let forget = "DELETE FROM templates WHERE db_host_id = $1 AND name = $2";
        self.control.execute(forget, &[&self.host.id, &name]).await?;
        self.drop_template(name).await?;
        self.session
            .run(&format!(
                "CREATE DATABASE {name} TEMPLATE template0 STRATEGY wal_log OWNER hotel_owner
                   ALLOW_CONNECTIONS false"
            ))
            .await?;
        self.session
            .run(&format!(
                "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
                 ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"
            ))
            .await?;
        self.fill(name, tasks).await?;
        self.session
            .run(&format!("ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"))
            .await?;
        self.record(name).await?;
        tracing::info!(
            db_host = self.host.name,
            template = name,
            ms = began.elapsed().as_millis(),
            "built a template"
        );
        Ok(())
    }

    /// The schema, as the role that owns every tenant's; then a thorough vacuum, so that no copy
    /// has to be frozen on its own later, all in one night. It skips the server's own tables and
    /// would warn of each.
    async fn fill(&self, name: &str, tasks: &Tasks) -> Result<(), StepError> {
        let mut inside = Session::open(&session::owner_login(self.login, name), tasks).await?;
        let client = inside.client_mut();
        migrations::migrate_tenant(client, self.schema_version, session::LOCK_TIMEOUT).await?;
        inside.run("SET client_min_messages = error").await?;
        inside.run("VACUUM (FREEZE, ANALYZE)").await?;
        drop(inside);
        tokio::time::timeout(SESSIONS_LIMIT, self.no_sessions(name))
            .await
            .unwrap_or_else(|_| Err(StepError::NotYet(format!("a session stays in {name}"))))
    }

    async fn no_sessions(&self, name: &str) -> Result<(), StepError> {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
        while self.session.query_one(sql, &[&name]).await?.try_get::<_, i64>(0)? > 0 {
            sleep(SESSIONS_LOOK).await;
        }
        Ok(())
    }

    async fn record(&self, name: &str) -> Result<(), Error> {
        let checksum = migrations::tenant_checksum(self.schema_version);
        self.control
            .execute(
                // The count makes the update come first: two current ones are refused.
                "WITH old AS (
                   UPDATE templates SET is_current = false
                   WHERE db_host_id = $1 AND is_current RETURNING 1
                 )
                 INSERT INTO templates (db_host_id, name, schema_version, checksum, is_current)
                 SELECT $1, $2, $3, $4, count(*) >= 0 FROM old",
                &[&self.host.id, &name, &self.schema_version, &checksum],
            )
            .await
            .map(drop)
    }

    /// Drops templates that were replaced; one that is being copied right now stays for another
    /// while.
    async fn drop_old(&self) -> Result<(), Error> {
        let sql = "SELECT name FROM templates WHERE db_host_id = $1 AND NOT is_current";
        for row in self.control.query(sql, &[&self.host.id]).await? {
            let name: String = row.try_get(0)?;
            match self.drop_template(&name).await {
                Ok(()) => {}
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => continue,
                Err(error) => return Err(error),
            }
            let forget = "DELETE FROM templates WHERE db_host_id = $1 AND name = $2";
            self.control.execute(forget, &[&self.host.id, &name]).await?;
        }
        Ok(())
    }

    async fn drop_template(&self, name: &str) -> Result<(), Error> {
        if !self.exists(name).await? {
            return Ok(());
        }
        self.session.run(&format!("ALTER DATABASE {name} WITH IS_TEMPLATE false")).await?;
        self.session.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }
}
