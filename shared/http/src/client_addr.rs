//! The address of the client: that of the socket, unless a trusted proxy says more.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::{HttpRequest, web::Data};
use hotelhub_core::config::Reader;
use ipnet::IpNet;

/// What stands for an address that cannot be read: that of no client.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Addresses and ranges of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressList(Vec<IpNet>);

/// A text that is no list of addresses and ranges.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has `{0}`: not an address or range")]
pub struct InvalidAddress(String);

impl AddressList {
    /// Whether the address is one of them, however it is written. One that could not be read is in no
    /// list, not even in that of all addresses.
    #[must_use]
    pub fn contains(&self, addr: IpAddr) -> bool {
        let addr = addr.to_canonical();
        addr != NOBODY && self.0.iter().any(|it| it.contains(&addr))
    }

    /// Whether some address is in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let meet = |one: &IpNet| other.0.iter().any(|it| it.contains(one) || one.contains(it));
        self.0.iter().any(meet)
    }
}

impl std::str::FromStr for AddressList {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let read = |entry: &str| {
            let address = || entry.parse::<IpAddr>().map(|it| IpNet::from(it.to_canonical()));
            let net = entry.parse::<IpNet>().or_else(|_| address());
            net.map_err(|_neither| InvalidAddress(entry.to_owned()))
        };
        text.split(',').map(str::trim).map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for AddressList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts: Vec<_> = self.0.iter().map(IpNet::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

/// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(AddressList);

impl TrustedProxies {
    /// Reads `TRUSTED_PROXIES`: addresses and ranges, joined with commas.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let list: Option<AddressList> = reader.optional("TRUSTED_PROXIES")?;
        Some(Self(list.unwrap_or_default()))
    }

    /// These and no others.
    #[cfg(test)]
    pub(crate) const fn of(list: AddressList) -> Self {
        Self(list)
    }

    /// Whether the address is one of them.
    pub(crate) fn trusts(&self, addr: IpAddr) -> bool {
        self.0.contains(addr)
    }

    /// The last address in the chain that no trusted proxy vouches for. Addresses are compared as
    /// what they are: a socket for both protocols writes IPv4 as IPv6. Whom a proxy speaks for in a way
    /// that cannot be read is nobody, and not the proxy.
    fn client(&self, socket: IpAddr, forwarded_for: &str) -> IpAddr {
        let mut client = socket.to_canonical();
        for hop in forwarded_for.rsplit(',') {
            if !self.trusts(client) {
                break;
            }
            client = read_hop(hop.trim()).unwrap_or(NOBODY);
        }
        client
    }
}

/// An address, some proxies say with a port: `198.51.100.7`, `198.51.100.7:4711`, `2001:db8::7`,
/// `[2001:db8::7]` or `[2001:db8::7]:4711`.
fn read_hop(hop: &str) -> Option<IpAddr> {
    let inside = hop.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(hop);
    let address = inside.parse::<IpAddr>().ok();
    let address = address.or_else(|| hop.parse::<SocketAddr>().ok().map(|it| it.ip()));
    address.map(|it| it.to_canonical())
}

/// The address of the client of `req`.
#[must_use]
pub fn client_addr(req: &HttpRequest) -> IpAddr {
    let socket = req.peer_addr().map_or(NOBODY, |it| it.ip());
    let Some(proxies) = req.app_data::<Data<TrustedProxies>>() else {
        return socket.to_canonical();
    };
    // A proxy may add a line of its own below those that the client sent: all of them are one list.
    // What is no text stays in it as a hop that is no address.
    let lines = req.headers().get_all("x-forwarded-for").map(|it| it.to_str().unwrap_or("?"));
    let lines: Vec<&str> = lines.collect();
    // A proxy that speaks for nobody speaks for itself.
    if lines.is_empty() { socket.to_canonical() } else { proxies.client(socket, &lines.join(",")) }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

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
        let edge = TrustedProxies("10.0.0.0/8".parse().unwrap());
        let client = edge.client(addr("10.0.0.1"), "6.6.6.6, 198.51.100.7, 10.0.0.2");
        assert_eq!(client, addr("198.51.100.7"));
    }

    #[test]
    fn a_hop_may_say_its_port() {
        let edge = TrustedProxies("10.0.0.0/8".parse().unwrap());
        for (hops, client) in [
            ("198.51.100.7:4711", "198.51.100.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[::ffff:198.51.100.7]:4711", "198.51.100.7"),
            ("198.51.100.7:4711, 10.0.0.2:80", "198.51.100.7"),
        ] {
            assert_eq!(edge.client(addr("10.0.0.1"), hops), addr(client), "{hops}");
        }
    }

    #[test]
    fn a_hop_that_cannot_be_read_is_nobody_and_in_no_list() {
        let edge = TrustedProxies("10.0.0.0/8".parse().unwrap());
        let inside: AddressList = "10.0.0.0/8".parse().unwrap();
        let everywhere: AddressList = "0.0.0.0/0,::/0".parse().unwrap();
        for hops in ["garbage", "?", "6.6.6.6, unknown", "6.6.6.6,", "_hidden:80", "[10.0.0.9"] {
            let client = edge.client(addr("10.0.0.1"), hops);
            assert_eq!(client, NOBODY, "{hops}");
            assert!(!inside.contains(client) && !everywhere.contains(client), "{hops}");
        }
        // Whom nobody trusts says nothing, readable or not.
        assert_eq!(edge.client(addr("203.0.113.9"), "garbage"), addr("203.0.113.9"));
    }

    #[test]
    fn every_line_of_the_header_counts_and_the_proxys_is_the_last() {
        let edge = TrustedProxies("10.0.0.0/8".parse().unwrap());
        let req = TestRequest::get()
            .peer_addr("10.0.0.1:4000".parse().unwrap())
            .append_header(("x-forwarded-for", "6.6.6.6"))
            .append_header(("x-forwarded-for", "198.51.100.7"))
            .app_data(Data::new(edge));
        assert_eq!(client_addr(&req.to_http_request()), addr("198.51.100.7"));
    }

    #[test]
    fn a_proxy_that_speaks_for_nobody_speaks_for_itself() {
        let from_edge = || {
            let edge = TrustedProxies("10.0.0.0/8".parse().unwrap());
            TestRequest::get().peer_addr("10.0.0.1:4000".parse().unwrap()).app_data(Data::new(edge))
        };
        assert_eq!(client_addr(&from_edge().to_http_request()), addr("10.0.0.1"));
        let blank = from_edge().append_header(("x-forwarded-for", ""));
        assert_eq!(client_addr(&blank.to_http_request()), NOBODY);
    }

    #[test]
    fn an_ipv4_address_that_is_written_as_ipv6_is_the_same_address() {
        let edge = TrustedProxies("10.0.0.0/8".parse().unwrap());
        let client = edge.client(addr("::ffff:10.0.0.1"), "198.51.100.7, ::ffff:10.0.0.2");
        assert_eq!(client, addr("198.51.100.7"));
        let client = edge.client(addr("10.0.0.1"), "::ffff:198.51.100.7");
        assert_eq!(client, addr("198.51.100.7"));
    }

    #[test]
    fn a_list_holds_addresses_and_ranges_and_nothing_else() {
        let list: AddressList = "10.0.0.0/8, 203.0.113.9,2001:db8::/32".parse().unwrap();
        for inside in ["10.9.9.9", "::ffff:203.0.113.9", "2001:db8::7"] {
            assert!(list.contains(addr(inside)), "{inside}");
        }
        assert!(
            !list.contains(addr("203.0.113.10")) && !AddressList::default().contains(addr("::1"))
        );
        assert_eq!(list.to_string(), "10.0.0.0/8,203.0.113.9/32,2001:db8::/32");
        assert!(
            "10.0.0.0/33".parse::<AddressList>().is_err() && "".parse::<AddressList>().is_err()
        );
    }
}
