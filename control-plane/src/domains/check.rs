//! One look at a domain: DNS and TLS are asked first, then one transaction writes what it means.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use hotelhub_core::{clock::Clock, ids::DomainId};
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};

use super::{
    Domain,
    diagnosis::{Findings, Pointing, Wanted},
    dns::{Asked, Dns},
    model::{Row, State},
    probe::Probe,
    settings::DomainsConfig,
    state::{Certificate, Look, judge},
    store,
};
use crate::config::Addresses;

const HTTPS: u16 = 443;

/// Looks at domains. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Checker {
    clock: Clock,
    dns: Dns,
    probe: Probe,
    config: Arc<DomainsConfig>,
    base_domain: String,
    over_tls: bool,
}

/// What a look found; written by [`Checker::write`].
#[derive(Debug)]
pub(crate) struct Seen {
    row: Row,
    findings: Findings,
    certificate: Certificate,
}

impl Seen {
    /// How the domain stood before the look.
    pub(super) fn state(&self) -> State {
        self.row.standing.state
    }
}

impl Checker {
    /// A checker with a resolver of its own.
    ///
    /// # Errors
    /// Fails if the settings are of no use.
    pub(crate) fn new(config: DomainsConfig, addresses: &Addresses, clock: Clock) -> Result<Self> {
        Ok(Self {
            clock,
            dns: Dns::new(&config).context("prepare to ask DNS (DNS_SERVERS)")?,
            probe: Probe::new(config.probe_roots.as_deref())?,
            config: Arc::new(config),
            base_domain: addresses.base_domain.clone(),
            over_tls: addresses.over_tls(),
        })
    }

    /// The settings that it looks by.
    pub(super) fn config(&self) -> &DomainsConfig {
        &self.config
    }

    /// How a domain stood when it was last looked at; `None` if it was released.
    ///
    /// # Errors
    /// Fails if the database does.
    pub(crate) async fn find(
        &self,
        db: &DatabaseConnection,
        id: DomainId,
    ) -> Result<Option<Domain>, DbErr> {
        let found = store::find(db, id).await?.filter(|it| it.released_at.is_none());
        Ok(found.map(|it| Domain::of(it, &self.config)))
    }

    /// Looks at a domain and writes what it means; how it stands, or `None` if it was released.
    pub(super) async fn check(
        &self,
        db: &DatabaseConnection,
        id: DomainId,
    ) -> Result<Option<Row>, DbErr> {
        let Some(row) = store::begin_look(db, id).await? else { return Ok(None) };
        let seen = self.look(row).await;
        let tx = db.begin().await?;
        let written = self.write(&tx, seen).await?;
        tx.commit().await?;
        Ok(written)
    }

    /// Asks DNS and, of a name that leads here, the certificate. Holds nothing meanwhile.
    pub(super) async fn look(&self, row: Row) -> Seen {
        let target = row.target.clone().unwrap_or_default();
        let edges = async {
            match self.config.edge_addresses.as_slice() {
                [] => self.dns.addresses(&target).await,
                configured => Asked::Found(configured.to_vec()),
            }
        };
        let (observed, edges) = tokio::join!(self.dns.observe(&row.hostname), edges);
        let mut findings = Findings::of(
            &observed,
            &Wanted {
                challenge: row.challenge.as_deref().unwrap_or_default(),
                target: &target,
                base_domain: &self.base_domain,
                addresses: edges.found().map(Vec::as_slice),
                issuers: &self.config.caa_issuers,
            },
        );
        if findings.pointing == Pointing::Unknown && findings.unanswered.is_none() {
            findings.unanswered = match &edges {
                Asked::Unanswered(why) => Some(format!("{target}: {why}")),
                Asked::Nothing => Some(format!("{target} has no addresses (EDGE_ADDRESSES)")),
                Asked::Found(_) => None,
            };
        }
        if edges.found().is_none() {
            // What the owner was told to set stays while nobody says otherwise.
            findings.edges.clone_from(&row.findings.edges);
        }
        // An edge asks us back: before the name is verified the answer would be no.
        let is_here = row.standing.is_verified && findings.pointing == Pointing::Here;
        let edges = edges.found().map_or(&[][..], Vec::as_slice);
        let (certificate, finding) = match self.probe_address(edges) {
            Some(address) if self.over_tls && is_here => {
                self.probe.look(&row.hostname, address).await
            }
            _ => (Certificate::NotAsked, None),
        };
        findings.certificate = finding;
        Seen { row, findings, certificate }
    }

    /// Where people are shown certificates: where we are, never where a stranger's DNS leads.
    fn probe_address(&self, edges: &[IpAddr]) -> Option<SocketAddr> {
        let edge = || edges.first().map(|it| SocketAddr::new(*it, HTTPS));
        self.config.probe_address.or_else(edge)
    }

    /// Writes what a look found, unless one that was begun later wrote. Gives how the domain stands in
    /// any case; `None` if it was released.
    pub(super) async fn write(
        &self,
        tx: &DatabaseTransaction,
        seen: Seen,
    ) -> Result<Option<Row>, DbErr> {
        let Seen { row: begun, findings, certificate } = seen;
        let now = self.clock.now();
        store::hold_name(tx, &begun.hostname).await?;
        // Another look may have written since this one was begun.
        let found = store::find(tx, begun.id).await?.filter(|it| it.released_at.is_none());
        let Some(before) = found else { return Ok(None) };
        let blocked = store::find_block(tx, begun.tenant, &begun.hostname, now).await?;
        let look = Look {
            now,
            claimed_at: begun.created_at,
            findings: &findings,
            blocked,
            over_tls: self.over_tls,
            certificate,
            is_held: before.orders.is_held,
        };
        let standing = judge(&before.standing, &look);
        let row = Row { standing, findings, ..begun };
        let written = store::write_look(tx, &row, now).await?;
        let told = |it: &Row| (it.standing.state, it.standing.next_action);
        if written && told(&before) != told(&row) {
            tracing::info!(
                domain.id = %row.id, domain = %row.hostname, tenant.id = %row.tenant,
                state = %row.standing.state, next_action = %row.standing.next_action,
                "a domain stands otherwise than before"
            );
        }
        let now_there = store::find(tx, row.id).await?;
        Ok(now_there.filter(|it| it.released_at.is_none()))
    }
}
