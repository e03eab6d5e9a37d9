//! What DNS says of a name. No answer is not the answer “there is nothing”.

use std::{future::Future, net::IpAddr, time::Duration};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{RData, RecordType},
};
use hotelhub_core::errors::Chain;
use tokio::time::{Instant, error::Elapsed, timeout, timeout_at};

use super::settings::DomainsConfig;

/// Below every name that is claimed; the challenge stands there in a TXT record.
pub(super) const CHALLENGE: &str = "_hotelhub-challenge";

/// One question, asked anew if no answer comes.
const TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
/// All questions of one kind about one name: whose servers are slow keeps nobody else waiting.
const PATIENCE: Duration = Duration::from_secs(8);
/// CNAMEs that are followed.
const HOPS: usize = 8;
/// More are nobody's honest records.
const MOST: usize = 32;

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked<T> {
    /// There are records.
    Found(T),
    /// The answer is that there are none.
    Nothing,
    /// Nobody gave an answer, and why.
    Unanswered(String),
}

impl<T> Asked<T> {
    pub(super) fn found(&self) -> Option<&T> {
        match self {
            Self::Found(it) => Some(it),
            Self::Nothing | Self::Unanswered(_) => None,
        }
    }
}

/// One CAA record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caa {
    pub(super) tag: String,
    /// As it is written: `letsencrypt.org; accounturi=…`.
    pub(super) value: String,
}

/// All that DNS says of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Observed {
    /// The TXT records with the challenge.
    pub(super) challenges: Asked<Vec<String>>,
    /// The names that CNAMEs lead to, in order.
    pub(super) aliases: Asked<Vec<String>>,
    /// Why those could not be followed to their end.
    pub(super) cut: Option<String>,
    pub(super) v4: Asked<Vec<IpAddr>>,
    pub(super) v6: Asked<Vec<IpAddr>>,
    /// The CAA records that hold for it, its own or those of a name above it.
    pub(super) caa: Asked<Vec<Caa>>,
}

/// Asks DNS. Cheap to clone.
#[derive(Clone)]
pub(super) struct Dns(TokioResolver);

impl Dns {
    /// Asks the servers of the settings, or those of the system.
    ///
    /// # Errors
    /// Fails if the system's servers cannot be found out.
    pub(super) fn new(config: &DomainsConfig) -> Result<Self, NetError> {
        let mut builder = if config.dns_servers.is_empty() {
            Resolver::builder_tokio()?
        } else {
            let servers = config.dns_servers.iter().map(|address| {
                let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
                connections.iter_mut().for_each(|it| it.port = address.port());
                NameServerConfig::new(address.ip(), true, connections)
            });
            let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = TIMEOUT;
        options.attempts = ATTEMPTS;
        options.ndots = 0;
        // Somebody has just changed a record and wants to know.
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self(builder.build()?))
    }

    /// All that is said of `host` now.
    pub(super) async fn observe(&self, host: &str) -> Observed {
        let challenge = format!("{CHALLENGE}.{host}");
        let (challenges, (aliases, cut), v4, v6, caa) = tokio::join!(
            in_time(self.ask(&challenge, RecordType::TXT, text)),
            self.aliases(host),
            in_time(self.ask(host, RecordType::A, address)),
            in_time(self.ask(host, RecordType::AAAA, address)),
            in_time(self.caa(host)),
        );
        Observed { challenges, aliases, cut, v4, v6, caa }
    }

    /// Where a name points. Half an answer is none: nobody can say what is missing.
    pub(super) async fn addresses(&self, host: &str) -> Asked<Vec<IpAddr>> {
        let (v4, v6) = tokio::join!(
            in_time(self.ask(host, RecordType::A, address)),
            in_time(self.ask(host, RecordType::AAAA, address))
        );
        match (v4, v6) {
            (Asked::Unanswered(why), _) | (_, Asked::Unanswered(why)) => Asked::Unanswered(why),
            (Asked::Nothing, Asked::Nothing) => Asked::Nothing,
            (v4, v6) => {
                let found = [v4, v6].into_iter().filter_map(|it| it.found().cloned());
                Asked::Found(found.flatten().collect())
            }
        }
    }

    /// The names that CNAMEs lead to, as far as somebody answered in time; and why no further.
    async fn aliases(&self, host: &str) -> (Asked<Vec<String>>, Option<String>) {
        let mut aliases: Vec<String> = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while aliases.len() < HOPS {
            let name = aliases.last().map_or(host, |it| it.as_str());
            let asked = timeout_at(deadline, self.ask(name, RecordType::CNAME, alias)).await;
            match asked.unwrap_or_else(too_late) {
                Asked::Found(next) => match next.into_iter().next() {
                    Some(next) if !aliases.contains(&next) => aliases.push(next),
                    _ => break,
                },
                Asked::Nothing => break,
                Asked::Unanswered(why) if aliases.is_empty() => {
                    return (Asked::Unanswered(why), None);
                }
                Asked::Unanswered(why) => return (Asked::Found(aliases), Some(why)),
            }
        }
        (if aliases.is_empty() { Asked::Nothing } else { Asked::Found(aliases) }, None)
    }

    /// The records of the nearest name that has any: so certificate authorities read them.
    async fn caa(&self, host: &str) -> Asked<Vec<Caa>> {
        let mut name = host;
        loop {
            match self.ask(name, RecordType::CAA, caa).await {
                Asked::Nothing => {}
                answered => return answered,
            }
            match name.split_once('.') {
                Some((_, above)) if above.contains('.') => name = above,
                _ => return Asked::Nothing,
            }
        }
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: fn(&RData) -> Option<T>,
    ) -> Asked<Vec<T>> {
        // The dot at the end keeps the system's search list out.
        match self.0.lookup(format!("{name}."), kind).await {
            Ok(found) => {
                let records = found.answers().iter().filter_map(|it| read(&it.data));
                let records: Vec<T> = records.take(MOST).collect();
                if records.is_empty() { Asked::Nothing } else { Asked::Found(records) }
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(_))) => Asked::Nothing,
            Err(error) => Asked::Unanswered(Chain(&error).to_string()),
        }
    }
}

async fn in_time<T>(asked: impl Future<Output = Asked<T>>) -> Asked<T> {
    timeout(PATIENCE, asked).await.unwrap_or_else(too_late)
}

fn too_late<T>(_: Elapsed) -> Asked<T> {
    Asked::Unanswered(format!("no answer within {} s", PATIENCE.as_secs()))
}

fn text(data: &RData) -> Option<String> {
    let RData::TXT(txt) = data else { return None };
    let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|it| it.iter().copied()).collect();
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn alias(data: &RData) -> Option<String> {
    let RData::CNAME(it) = data else { return None };
    Some(it.0.to_ascii().trim_end_matches('.').to_ascii_lowercase())
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(it) => Some(it.0.into()),
        RData::AAAA(it) => Some(it.0.into()),
        _ => None,
    }
}

fn caa(data: &RData) -> Option<Caa> {
    let RData::CAA(it) = data else { return None };
    let value = String::from_utf8_lossy(&it.value).trim().to_owned();
    Some(Caa { tag: it.tag.to_ascii_lowercase(), value })
}
