//! Starts the bare server on a hotel's database, with the rights and settings of the hotel's login.

use std::{net::Ipv4Addr, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use platform_tests::{
    client::Site,
    ports,
    postgres::connect,
    process::{Launch, Program},
    secrets,
};

use crate::bench::{bare::Settings, theatre::Theatre};

const DEADLINE: Duration = Duration::from_secs(15);

/// The bare server, for the only hotel there is and its only session. Killed when dropped.
pub(super) struct Reference {
    site: Site,
    _process: Program,
}

impl Reference {
    /// Starts it; its settings and its log stand in `folder`.
    pub(super) async fn start(theatre: &Theatre, folder: &Path) -> Result<Self> {
        let port = ports::free()?;
        let settings = settings(theatre, port).await?;
        let file = folder.join("bare.json");
        secrets::write_private(&file, &serde_json::to_string(&settings)?)?;
        let xtask = std::env::current_exe().context("find our own executable")?;
        let launch = Launch::new("bare-server", &xtask, &folder.join("bare.log")).args([
            "bare-server".into(),
            "--settings".into(),
            file,
        ]);
        let mut process = launch.start()?;
        let site = Site::new(port, "localhost")?;
        process
            .wait_until(DEADLINE, "the bare server to answer", async || site.get("/").await.ok())
            .await?;
        Ok(Self { site, _process: process })
    }

    /// Where it answers.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }
}

async fn settings(theatre: &Theatre, port: u16) -> Result<Settings> {
    let (name, database) = theatre.only_database().await?;
    let hotel = connect(&database).await.context("look into the hotel's database")?;
    let sql = "SELECT id FROM sessions";
    let session = hotel.query_one(sql, &[]).await.context("find the owner's session")?.get(0);
    // The hotel's own password is the product's secret. The superuser takes on its login's role
    // instead, with all that was set for it: a time limit on statements costs a timer on each.
    let sql = "SELECT unnest(setconfig) FROM pg_db_role_setting \
               WHERE setrole = $1::text::regrole AND setdatabase = 0";
    let set = hotel.query(sql, &[&name]).await.context("read the settings of the hotel's login")?;
    let set = set.iter().map(|row| format!(" -c {}", row.get::<_, &str>(0)));
    Ok(Settings {
        listen: (Ipv4Addr::LOCALHOST, port).into(),
        database: database.to_string(),
        options: format!("-c role={name}{}", set.collect::<String>()),
        session,
    })
}
