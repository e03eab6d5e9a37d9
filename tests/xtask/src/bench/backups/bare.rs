//! What PostgreSQL's own programs take for the same databases.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use platform_tests::{postgres::Installation, process::Launch};
use tempfile::TempDir;
use tokio::time::Instant;
use url::Url;

use super::super::theatre::Theatre;

/// Longer than a gigabyte takes on a slow disk.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// `pg_dump` and `pg_restore`, and a folder for what they write.
pub(super) struct Bare<'a> {
    theatre: &'a Theatre,
    installation: Installation,
    superuser: Url,
    folder: TempDir,
}

impl<'a> Bare<'a> {
    pub(super) fn new(theatre: &'a Theatre) -> Result<Self> {
        let superuser = theatre.stage.postgres.urls()?.superuser;
        let folder = tempfile::tempdir().context("make a folder for dumps")?;
        Ok(Self { theatre, installation: Installation::find()?, superuser, folder })
    }

    /// Dumps these databases, so many at once; the seconds.
    pub(super) async fn dump(&self, names: &[String], at_once: usize) -> Result<f64> {
        let start = Instant::now();
        let dumps = stream::iter(names).map(async |name| {
            let file = self.file(name);
            let args = ["-Fc", "-f", &file.to_string_lossy(), "-d", self.url(name).as_str()]
                .map(str::to_owned);
            self.launch("pg_dump").args(args).run(DEADLINE).await
        });
        dumps.buffer_unordered(at_once).try_collect::<Vec<_>>().await?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// Restores what was dumped into databases of their own, so many at once; the seconds. They are
    /// dropped again.
    pub(super) async fn restore(&self, names: &[String], at_once: usize) -> Result<f64> {
        let control = self.theatre.control().await?;
        let start = Instant::now();
        let control_ref = &control;
        let restores = stream::iter(names).map(async |name| {
            let copy = copy_of(name);
            let make = format!("CREATE DATABASE {copy} TEMPLATE template0");
            control_ref.simple_query(&make).await.with_context(|| format!("make {copy}"))?;
            let file = self.file(name);
            let args = ["-d", self.url(&copy).as_str(), &file.to_string_lossy()].map(str::to_owned);
            self.launch("pg_restore").args(args).run(DEADLINE).await
        });
        restores.buffer_unordered(at_once).try_collect::<Vec<_>>().await?;
        let seconds = start.elapsed().as_secs_f64();
        for name in names {
            let drop = format!("DROP DATABASE {}", copy_of(name));
            control.simple_query(&drop).await.context("drop a bare copy")?;
        }
        Ok(seconds)
    }

    fn launch(&self, program: &str) -> Launch {
        let log = self.folder.path().join("log");
        Launch::new(program, &self.installation.program(program), &log)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).with_extension("dump")
    }

    fn url(&self, database: &str) -> Url {
        let mut url = self.superuser.clone();
        url.set_path(database);
        url
    }
}

fn copy_of(name: &str) -> String {
    format!("bare_{name}")
}
