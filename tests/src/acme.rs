//! A private certificate authority that speaks ACME: Debian's `pebble`, which trusts nobody's word and
//! asks a test's own DNS server.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use chrono::TimeDelta;
use hotelhub_core::clock::Clock;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    certificates::Authority,
    dns::DnsServer,
    ports,
    process::{Launch, Program},
    temporary,
};

const PROGRAM: &str = "/usr/bin/pebble";
const START_DEADLINE: Duration = Duration::from_secs(120);

/// A running authority.
#[derive(Debug)]
pub struct Pebble {
    _program: Program,
    directory: String,
    /// What its own address is trusted by.
    address_root: PathBuf,
    /// What its certificates are trusted by.
    root: PathBuf,
    _folder: TempDir,
}

impl Pebble {
    /// Starts one that finds names by `dns` and looks at their port `http_port`.
    ///
    /// # Errors
    /// Fails if it is not installed or does not start.
    pub async fn start(dns: &DnsServer, http_port: u16) -> Result<Self> {
        if !Path::new(PROGRAM).exists() {
            bail!("{PROGRAM} is missing: install the package `pebble`");
        }
        let folder = temporary::folder(Path::new("/tmp")).await?;
        let own = Authority::new(folder.path())?;
        let (chain, key) =
            own.issue_pem(&["127.0.0.1"], Clock::system().now() + TimeDelta::days(90))?;
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("own.pem"), chain).context("write a certificate")?;
        std::fs::write(file("own.key"), key).context("write a key")?;
        let (port, management) = (ports::free()?, ports::free()?);
        let settings = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": file("own.pem"),
            "privateKey": file("own.key"),
            "httpPort": http_port,
            "tlsPort": 1,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        } });
        let settings_file = file("pebble.json");
        std::fs::write(&settings_file, settings.to_string()).context("write the settings")?;
        let log = file("pebble.log");
        let mut program = Launch::new("pebble", Path::new(PROGRAM), &log)
            .args(["-dnsserver", &*dns.address(), "-strict", "-config"])
            .args([settings_file])
            .env("PEBBLE_VA_NOSLEEP", "1")
            // Whoever comes after a test that was killed finds it there and stops it.
            .register(&file("pids"))
            .start()?;
        let pem = std::fs::read(own.root_file()).context("read the root certificate")?;
        let trusted = reqwest::Certificate::from_pem(&pem).context("trust it")?;
        let http = reqwest::Client::builder().tls_certs_only([trusted]).build()?;
        let address = format!("https://127.0.0.1:{management}/roots/0");
        let ready = async || {
            let answer = http.get(&address).send().await.ok()?;
            answer.error_for_status().ok()?.text().await.ok()
        };
        let issuing =
            program.wait_until(START_DEADLINE, "the certificate authority", ready).await?;
        let root = file("issuing.pem");
        std::fs::write(&root, issuing).context("write its root")?;
        Ok(Self {
            _program: program,
            directory: format!("https://127.0.0.1:{port}/dir"),
            address_root: own.root_file().to_owned(),
            root,
            _folder: folder,
        })
    }

    /// What `ACME_DIRECTORY_URL` is set to.
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// What `ACME_ROOTS` is set to.
    #[must_use]
    pub fn address_root(&self) -> &Path {
        &self.address_root
    }

    /// The file with the root of its certificates.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}
