//! The settings of custom domains.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use hotelhub_core::config::Reader;

/// Whose certificates edges get if nobody says otherwise.
const ISSUER: &str = "letsencrypt.org";

/// How custom domains are looked at.
#[derive(Clone, Debug)]
pub(crate) struct DomainsConfig {
    /// `DNS_SERVERS`: whom DNS is asked of; empty: the system's.
    pub(crate) dns_servers: Vec<SocketAddr>,
    /// `EDGE_ADDRESSES`: where names without a CNAME point; empty: where the hotel's own name does.
    pub(crate) edge_addresses: Vec<IpAddr>,
    /// `CAA_ISSUERS`: as which certificate authorities name themselves in CAA records.
    pub(crate) caa_issuers: Vec<String>,
    /// `TLS_PROBE_ADDRESS`: where certificates are looked at; if unset, at the first edge address, never
    /// where a stranger's DNS leads.
    pub(crate) probe_address: Option<SocketAddr>,
    /// `TLS_PROBE_ROOTS`: a file with more certificate authorities that are trusted there.
    pub(crate) probe_roots: Option<PathBuf>,
}

/// Several, joined with commas.
struct List<T>(Vec<T>);

impl<T: FromStr> FromStr for List<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// A server with or without its port.
struct DnsServer(SocketAddr);

impl FromStr for DnsServer {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.parse().map(|it| SocketAddr::new(it, 53));
        text.parse().or(plain).map(Self)
    }
}

impl DomainsConfig {
    /// Reads the settings.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let servers = reader.or("DNS_SERVERS", List::<DnsServer>(Vec::new()));
        let edges = reader.or("EDGE_ADDRESSES", List::<IpAddr>(Vec::new()));
        let issuers = reader.or("CAA_ISSUERS", List(vec![ISSUER.to_owned()]));
        let probe_address: Option<Option<SocketAddr>> = reader.optional("TLS_PROBE_ADDRESS");
        let probe_roots: Option<Option<PathBuf>> = reader.optional("TLS_PROBE_ROOTS");
        Some(Self {
            dns_servers: servers?.0.into_iter().map(|it| it.0).collect(),
            edge_addresses: edges?.0,
            caa_issuers: issuers?.0,
            probe_address: probe_address?,
            probe_roots: probe_roots?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn servers_and_addresses_are_lists_and_a_wrong_one_is_named() {
        let read = |env: &BTreeMap<&str, &str>| {
            let mut reader = Reader::new(env);
            let config = DomainsConfig::read(&mut reader);
            reader.finish(config).map_err(|it| it.to_string())
        };
        let config = read(&BTreeMap::from([
            ("DNS_SERVERS", "127.0.0.1:5353, 9.9.9.9"),
            ("EDGE_ADDRESSES", "203.0.113.7,2001:db8::7"),
        ]))
        .unwrap();
        let servers: Vec<String> = config.dns_servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["127.0.0.1:5353", "9.9.9.9:53"]);
        assert_eq!((config.edge_addresses.len(), &*config.caa_issuers[0]), (2, ISSUER));
        let faults = read(&BTreeMap::from([("DNS_SERVERS", "dns.example")])).unwrap_err();
        assert!(faults.contains("DNS_SERVERS"), "{faults}");
    }
}
