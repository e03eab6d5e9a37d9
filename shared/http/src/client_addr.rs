//! The address of the client: that of the socket, unless a trusted proxy says more.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::{HttpRequest, web::Data};
use hotelhub_core::config::Reader;
use ipnet::IpNet;

/// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads `TRUSTED_PROXIES`: addresses and ranges, joined with commas.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let text: Option<String> = reader.optional("TRUSTED_PROXIES")?;
        let mut nets = Vec::new();
        for entry in text.iter().flat_map(|it| it.split(',')).map(str::trim) {
            match entry.parse::<IpNet>().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from)) {
                Ok(net) => nets.push(net),
                Err(_neither) => {
                    return reader.fault(
                        "TRUSTED_PROXIES",
                        format!("has `{entry}`: not an address or range"),
                    );
                }
            }
        }
        Some(Self(nets))
    }

    fn trusts(&self, addr: IpAddr) -> bool {
        self.0.iter().any(|it| it.contains(&addr))
    }

    /// The last address in the chain that no trusted proxy vouches for.
    fn client(&self, socket: IpAddr, forwarded_for: &str) -> IpAddr {
        let mut client = socket;
        for hop in forwarded_for.rsplit(',') {
            if !self.trusts(client) {
                break;
            }
            match hop.trim().parse() {
                Ok(addr) => client = addr,
                Err(_not_an_address) => break,
            }
        }
        client
    }
}

/// The address of the client of `req`.
#[must_use]
pub fn client_addr(req: &HttpRequest) -> IpAddr {
    let socket = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |it| it.ip());
    let forwarded =
        req.headers().get("x-forwarded-for").and_then(|it| it.to_str().ok()).unwrap_or("");
    req.app_data::<Data<TrustedProxies>>().map_or(socket, |it| it.client(socket, forwarded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_header_from_an_untrusted_socket_says_nothing() {
        let nobody = TrustedProxies::default();
        assert_eq!(nobody.client(addr("203.0.113.9"), "1.2.3.4"), addr("203.0.113.9"));
    }

    #[test]
    fn the_last_untrusted_hop_is_the_client() {
        let edge = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap()]);
        let client = edge.client(addr("10.0.0.1"), "6.6.6.6, 198.51.100.7, 10.0.0.2");
        assert_eq!(client, addr("198.51.100.7"));
        assert_eq!(edge.client(addr("10.0.0.1"), "garbage"), addr("10.0.0.1"));
    }
}
