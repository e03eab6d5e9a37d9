//! A platform that serves TLS itself, with a DNS server and a certificate authority of the test's own.

use std::{path::PathBuf, time::Duration};

use chrono::TimeDelta;
use hotelhub_core::clock::Clock;
use platform_tests::{
    acme::Pebble,
    certificates::Authority,
    client::{Answer, Signup, Site, TlsVisitor},
    dns::DnsServer,
    platform::{BASE_DOMAIN, HOTEL_DEADLINE, Platform, Role, Stage},
    ports,
    postgres::{Preset, connect},
    secrets,
    waiting::eventually,
};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_postgres::Client;

/// How long an order, its way into the store and from there to a replica may take.
pub(crate) const SOON: Duration = Duration::from_secs(180);

/// An address of the platform where nothing listens.
pub(crate) const DEAD_EDGE: &str = "127.0.0.9";

/// The surroundings of one test.
pub(crate) struct Secure {
    pub(crate) platform: Platform,
    pub(crate) dns: DnsServer,
    /// Trusts the certificate authority.
    pub(crate) visitor: TlsVisitor,
    /// Trusts the certificate of the platform's own names.
    pub(crate) platform_visitor: TlsVisitor,
    pub(crate) control: Client,
    pub(crate) vendor: Site,
    clock: PathBuf,
    _pebble: Pebble,
    folder: TempDir,
    _stage: Stage,
}

impl Secure {
    /// With one hotel, `mandala`.
    pub(crate) async fn new(more: &[(&str, &str)]) -> Self {
        let stage = Stage::new(Preset::Fast).await.unwrap();
        let dns = DnsServer::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (tls_port, setup) = (ports::free().unwrap(), stage.setup(1).unwrap());
        let http_port = setup.tenant_ports[0];
        let pebble = Pebble::start(&dns, http_port).await.unwrap();
        let authority = Authority::new(folder.path()).unwrap();
        let later = Clock::system().now() + TimeDelta::days(90);
        let own = authority.issue_pem(&[&format!("*.{BASE_DOMAIN}")], later).unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("platform.pem"), own.0).unwrap();
        std::fs::write(file("platform.key"), own.1).unwrap();
        let shown = |path: PathBuf| path.display().to_string();
        let clock = file("clock");
        let tls = format!("127.0.0.1:{tls_port}");
        let mut builder = Platform::builder(setup).without_rate_limits();
        for (name, value) in [
            ("STORAGE_URL", format!("file://{}", file("store").display())),
            ("CERTIFICATE_KEYS", secrets::keys()),
            ("DNS_SERVERS", dns.address()),
            ("EDGE_ADDRESSES", format!("127.0.0.1,{DEAD_EDGE}")),
            ("TLS_PROBE_ADDRESS", tls.clone()),
            ("TLS_PROBE_ROOTS", shown(pebble.root().to_owned())),
            ("TENANT_PUBLIC_URL", "https://{host}".to_owned()),
        ] {
            builder = builder.env(name, &value);
        }
        for (name, value) in [
            ("TLS_LISTEN", tls),
            ("TLS_CERTIFICATE_FILE", shown(file("platform.pem"))),
            ("TLS_KEY_FILE", shown(file("platform.key"))),
        ] {
            builder = builder.env_of(Role::TenantServe(0), name, &value);
        }
        for (name, value) in [
            ("ACME_DIRECTORY_URL", pebble.directory().to_owned()),
            ("ACME_CONTACT", "ops@hotelhub.id".to_owned()),
            ("ACME_ROOTS", shown(pebble.address_root().to_owned())),
            ("CLOCK_FILE", shown(clock.clone())),
        ] {
            builder = builder.env_of(Role::Provisioner, name, &value);
        }
        for (name, value) in more {
            builder = builder.env_of(Role::Provisioner, name, value);
        }
        let platform = builder.start().await.unwrap();
        let control = platform.control().unwrap();
        let taken = control.sign_up(&Signup::of("mandala")).await.unwrap();
        control.wait_ready(&taken.tenant_id, HOTEL_DEADLINE).await.unwrap();
        let vendor = platform.vendor().await.unwrap().site().clone();
        let root = folder.path().join("root.pem");
        let visitor = TlsVisitor::new(tls_port, pebble.root()).unwrap();
        let platform_visitor = TlsVisitor::new(tls_port, &root).unwrap();
        let mut url = stage.postgres.urls().unwrap().superuser;
        url.set_path("/hotelhub_control");
        let control = connect(&url).await.unwrap();
        Self {
            platform,
            dns,
            visitor,
            platform_visitor,
            control,
            vendor,
            clock,
            _pebble: pebble,
            folder,
            _stage: stage,
        }
    }

    /// The folder of the store of certificates.
    pub(crate) fn certificates(&self) -> PathBuf {
        self.folder.path().join("store/certificates")
    }

    /// The provisioner's clock is so many minutes ahead from now on.
    pub(crate) fn move_clock(&self, minutes: i64) {
        std::fs::write(&self.clock, (minutes * 60).to_string()).unwrap();
    }

    /// What a page on the plain port answers, asked through an edge that sets these headers.
    pub(crate) async fn plain(&self, host: &str, headers: &[(&str, &str)]) -> Answer {
        self.plain_at(host, "/login", headers).await
    }

    /// The same of another address.
    pub(crate) async fn plain_at(
        &self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let port = self.platform.setup().tenant_ports[0];
        let request = http.get(format!("http://127.0.0.1:{port}{path}")).header("Host", host);
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        Answer::of(request).await.unwrap()
    }

    /// What the replica finds when it looks at itself.
    pub(crate) async fn checks(&self) -> Value {
        let found = self.plain_at("localhost", "/readyz", &[]).await.json().unwrap();
        found["checks"].clone()
    }

    /// Claims a name and sets all that DNS needs.
    pub(crate) async fn claim(&self, hostname: &str) {
        self.claim_at(hostname, "127.0.0.1").await;
    }

    /// Claims a name that leads to this address.
    pub(crate) async fn claim_at(&self, hostname: &str, address: &str) {
        let body = json!({ "hostname": hostname });
        let made = self.vendor.post("/api/v1/tenants/mandala/domains", &body).await.unwrap();
        let made = made.expect_status(201).unwrap().data().unwrap();
        let token = made["records"][0]["value"].as_str().unwrap();
        let zone = self.dns.zone();
        zone.set_txt(&format!("_hotelhub-challenge.{hostname}"), &[token]);
        zone.set_addresses(hostname, &[address.parse().unwrap()]);
    }

    pub(crate) async fn act(&self, hostname: &str, action: &str) -> Value {
        let path = format!("/api/v1/tenants/mandala/domains/{hostname}/{action}");
        let answer = self.vendor.post(&path, &json!({})).await.unwrap();
        answer.expect_status(200).unwrap().data().unwrap()
    }

    /// Waits until a look finds this state.
    pub(crate) async fn wait_for_state(&self, hostname: &str, state: &str) -> Value {
        let found = async || {
            let looked = self.act(hostname, "verify").await;
            (looked["state"] == state).then_some(looked)
        };
        eventually(SOON, state, found).await.unwrap()
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.control.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Waits until a query counts so many rows.
    pub(crate) async fn wait_for_count(&self, sql: &str, wanted: i64) {
        let counted = async || (self.count(sql).await == wanted).then_some(());
        eventually(SOON, sql, counted).await.unwrap();
    }
}
