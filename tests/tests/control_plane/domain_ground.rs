//! A control plane that asks a DNS server of the test's own, and a clock that the test moves.

use std::path::PathBuf;

use hotelhub_core::routes::{RouteDomain, RoutePage};
use platform_tests::{
    client::{Answer, Site},
    clock::move_clock,
    dns::{DnsServer, Zone},
    platform::VENDOR_EMAIL,
    waiting::eventually,
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ground::{FEED_TOKEN, Ground, SOON};

/// Where names without a CNAME point.
pub(crate) const EDGE: &str = "203.0.113.7";

/// The surroundings of one test of domains.
pub(crate) struct Domains {
    pub(crate) ground: Ground,
    pub(crate) dns: DnsServer,
    pub(crate) vendor: Site,
    password: String,
    clock: PathBuf,
    _folder: TempDir,
}

impl Domains {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With these settings of `serve` besides.
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let dns = DnsServer::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = folder.path().join("clock");
        let (address, file) = (dns.address(), clock.display().to_string());
        let mut settings =
            vec![("DNS_SERVERS", &*address), ("EDGE_ADDRESSES", EDGE), ("CLOCK_FILE", &*file)];
        settings.extend(more);
        let ground = Ground::with(&settings).await;
        let password = ground.make_vendor(VENDOR_EMAIL, "super_admin").await;
        let vendor = ground.site().log_in(VENDOR_EMAIL, &password).await.unwrap();
        Self { ground, dns, vendor, password, clock, _folder: folder }
    }

    /// What DNS says.
    pub(crate) fn zone(&self) -> &Zone {
        self.dns.zone()
    }

    /// The settings of `work` that go with those of `serve`.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DNS_SERVERS", self.dns.address()),
            ("EDGE_ADDRESSES", EDGE.to_owned()),
            ("CLOCK_FILE", self.clock.display().to_string()),
        ]
    }

    /// The clock of all programs is so many hours ahead from now on. Who was logged in logs in again.
    pub(crate) async fn move_clock(&mut self, hours: i64) {
        move_clock(&self.clock, hours * 3_600).unwrap();
        self.vendor = self.ground.site().log_in(VENDOR_EMAIL, &self.password).await.unwrap();
    }

    /// The platform's name of a hotel.
    pub(crate) fn target(slug: &str) -> String {
        format!("{slug}.hotelhub.localhost")
    }

    pub(crate) async fn ask_claim(&self, slug: &str, hostname: &str) -> Answer {
        let body = json!({ "hostname": hostname });
        self.vendor.post(&format!("/api/v1/tenants/{slug}/domains"), &body).await.unwrap()
    }

    /// Claims a name; the TXT record that proves it.
    pub(crate) async fn claim(&self, slug: &str, hostname: &str) -> String {
        let made = self.ask_claim(slug, hostname).await.expect_status(201).unwrap().data().unwrap();
        let record = &made["records"][0];
        assert_eq!((&record["type"], &record["purpose"]), (&json!("TXT"), &json!("ownership")));
        assert_eq!(record["name"], format!("_hotelhub-challenge.{}", text(&made["hostname"])));
        text(&record["value"]).to_owned()
    }

    /// The custom domains that a hotel holds or claims, the newest first.
    pub(crate) async fn claimed(&self, slug: &str) -> Vec<String> {
        let path = format!("/api/v1/domains?kind=custom&tenant={slug}");
        let listed = self.vendor.get(&path).await.unwrap().data().unwrap();
        let names = listed.as_array().unwrap().iter().map(|it| text(&it["hostname"]).to_owned());
        names.collect()
    }

    /// Sets all that proves a name and leads it to the hotel.
    pub(crate) fn set_dns(&self, slug: &str, hostname: &str, token: &str) {
        self.zone().set_txt(&format!("_hotelhub-challenge.{hostname}"), &[token]);
        self.zone().set_cname(hostname, &Self::target(slug));
    }

    /// A domain that is live.
    pub(crate) async fn open(&self, slug: &str, hostname: &str) -> String {
        let token = self.claim(slug, hostname).await;
        self.set_dns(slug, hostname, &token);
        assert_eq!(said(&self.verify(slug, hostname).await), ("live".into(), "none".into()));
        token
    }

    pub(crate) async fn act(&self, slug: &str, hostname: &str, action: &str) -> Answer {
        let path = format!("/api/v1/tenants/{slug}/domains/{hostname}/{action}");
        self.vendor.post(&path, &json!({})).await.unwrap()
    }

    /// Looks at once.
    pub(crate) async fn verify(&self, slug: &str, hostname: &str) -> Value {
        let answer = self.act(slug, hostname, "verify").await;
        answer.expect_status(200).unwrap().data().unwrap()
    }

    pub(crate) async fn show(&self, slug: &str, hostname: &str) -> Answer {
        self.vendor.get(&format!("/api/v1/tenants/{slug}/domains/{hostname}")).await.unwrap()
    }

    pub(crate) async fn release(&self, slug: &str, hostname: &str) -> Answer {
        self.vendor.delete(&format!("/api/v1/tenants/{slug}/domains/{hostname}")).await.unwrap()
    }

    /// The status of `/tls/allow`.
    pub(crate) async fn allow(&self, name: &str) -> u16 {
        let path = format!("/tls/allow?domain={name}");
        self.ground.site().get(&path).await.unwrap().status.as_u16()
    }

    /// The status of `/tls/allow` for an edge that asks again when it is told that too many ask at once.
    pub(crate) async fn allow_in_the_end(&self, name: &str) -> u16 {
        let asked = async || Some(self.allow(name).await).filter(|status| *status != 503);
        eventually(SOON, "an answer", asked).await.unwrap()
    }

    /// What replicas are told of a hotel's names.
    pub(crate) async fn routed(&self, slug: &str) -> Vec<RouteDomain> {
        let request = self.ground.site().request(Method::GET, "/upcall/v1/routes");
        let answer = Answer::of(request.bearer_auth(FEED_TOKEN)).await.unwrap();
        let page: RoutePage = serde_json::from_str(&answer.body).unwrap();
        let route = page.routes.into_iter().find(|it| it.slug == slug).unwrap();
        route.domains
    }

    /// The version of the routes.
    pub(crate) async fn version(&self) -> i64 {
        self.ground.count("SELECT version FROM route_position").await
    }
}

/// State and next action.
pub(crate) fn said(domain: &Value) -> (String, String) {
    (text(&domain["state"]).to_owned(), text(&domain["next_action"]["code"]).to_owned())
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
