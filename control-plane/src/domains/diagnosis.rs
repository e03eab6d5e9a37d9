//! What the records of a name mean: a pure function of what DNS said and what it should say.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::dns::{Asked, Observed};

/// What should stand in DNS.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) challenge: &'a str,
    /// The hotel's own name on the platform.
    pub(super) target: &'a str,
    /// The domain below which all hotels have such names.
    pub(super) base_domain: &'a str,
    /// Where we are; `None`: nobody could say, so that no address is known to be another's.
    pub(super) addresses: Option<&'a [IpAddr]>,
    /// As which certificate authorities name themselves.
    pub(super) issuers: &'a [String],
}

/// What a look at DNS found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Findings {
    pub(super) ownership: Ownership,
    pub(super) pointing: Pointing,
    pub(super) issuing: Issuing,
    /// What stands in the challenge's place.
    pub(super) challenges: Vec<String>,
    /// Where the name leads: names, then addresses.
    pub(super) leads_to: Vec<String>,
    /// Where we are, as far as was known.
    pub(super) edges: Vec<IpAddr>,
    /// Why DNS gave no answer.
    pub(super) unanswered: Option<String>,
    /// What a look at the certificate found, if it was not good.
    pub(super) certificate: Option<String>,
}

/// Whether the name is proven to be the tenant's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ownership {
    /// Nobody answered, or nobody has looked.
    #[default]
    Unknown,
    Proven,
    /// There is no TXT record.
    Missing,
    /// There are others.
    Other,
}

/// Where the name points.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pointing {
    /// Nobody answered, or nobody has looked.
    #[default]
    Unknown,
    Here,
    /// It has no records, or does not exist.
    Nowhere,
    Elsewhere,
    /// To another hotel's name on the platform.
    OtherHotel,
    /// To a provider that stands between people and us.
    Cdn(String),
    /// Only its AAAA records, or some of its A records, lead elsewhere.
    Partly(Vec<IpAddr>),
}

/// Whether a certificate authority may issue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Issuing {
    #[default]
    Unknown,
    Allowed,
    /// CAA records name others, or nobody.
    Forbidden(Vec<String>),
}

/// Providers that answer in our stead, by the names or networks that lead to them.
const CDN_NAMES: &[(&str, &str)] = &[
    ("cdn.cloudflare.net", "Cloudflare"),
    ("cloudfront.net", "Amazon CloudFront"),
    ("fastly.net", "Fastly"),
    ("edgekey.net", "Akamai"),
    ("edgesuite.net", "Akamai"),
    ("akamaiedge.net", "Akamai"),
    ("azureedge.net", "Azure CDN"),
    ("b-cdn.net", "Bunny"),
    ("incapdns.net", "Imperva"),
    ("sucuri.net", "Sucuri"),
];
const CLOUDFLARE: &[(u32, u32)] = &[
    (0x6810_0000, 13),
    (0x6818_0000, 14),
    (0xac40_0000, 13),
    (0xa29e_0000, 15),
    (0xbc72_6000, 20),
];

impl Findings {
    /// What `observed` means.
    pub(super) fn of(observed: &Observed, wanted: &Wanted<'_>) -> Self {
        let aliases = observed.aliases.found().cloned().unwrap_or_default();
        let found = [&observed.v4, &observed.v6].into_iter().filter_map(|it| it.found());
        let addresses: Vec<IpAddr> = found.flatten().copied().collect();
        let shown = aliases.iter().cloned().chain(addresses.iter().map(ToString::to_string));
        Self {
            ownership: ownership(observed, wanted),
            pointing: pointing(observed, wanted, &aliases, &addresses),
            issuing: issuing(observed, wanted),
            challenges: observed.challenges.found().cloned().unwrap_or_default(),
            leads_to: shown.collect(),
            edges: wanted.addresses.unwrap_or_default().to_vec(),
            unanswered: unanswered(observed),
            certificate: None,
        }
    }
}

fn ownership(observed: &Observed, wanted: &Wanted<'_>) -> Ownership {
    match &observed.challenges {
        Asked::Found(all) if all.iter().any(|it| it == wanted.challenge) => Ownership::Proven,
        Asked::Found(_) => Ownership::Other,
        Asked::Nothing => Ownership::Missing,
        Asked::Unanswered(_) => Ownership::Unknown,
    }
}

fn pointing(
    observed: &Observed,
    wanted: &Wanted<'_>,
    aliases: &[String],
    addresses: &[IpAddr],
) -> Pointing {
    if aliases.iter().any(|it| it == wanted.target) {
        return Pointing::Here;
    }
    let is_hotel =
        |it: &String| it.strip_suffix(wanted.base_domain).is_some_and(|rest| rest.ends_with('.'));
    if aliases.iter().any(is_hotel) {
        return Pointing::OtherHotel;
    }
    let is_below = |name: &str, of: &str| {
        name.strip_suffix(of).is_some_and(|it| it.is_empty() || it.ends_with('.'))
    };
    let by_name =
        aliases.iter().find_map(|alias| CDN_NAMES.iter().find(|(name, _)| is_below(alias, name)));
    if let Some((_, name)) = by_name {
        return Pointing::Cdn((*name).to_owned());
    }
    let is_unsure =
        [&observed.v4, &observed.v6].iter().any(|it| matches!(it, Asked::Unanswered(_)))
            || matches!(observed.aliases, Asked::Unanswered(_))
            || observed.cut.is_some();
    let ours = wanted.addresses.unwrap_or_default();
    let (here, there): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|it| ours.contains(it));
    match (here.is_empty(), there.is_empty()) {
        _ if there.iter().any(is_cloudflares) => Pointing::Cdn("Cloudflare".to_owned()),
        (_, false) if wanted.addresses.is_none() => Pointing::Unknown,
        (false, false) => Pointing::Partly(there),
        _ if is_unsure => Pointing::Unknown,
        (false, true) => Pointing::Here,
        (true, false) => Pointing::Elsewhere,
        (true, true) if aliases.is_empty() => Pointing::Nowhere,
        (true, true) => Pointing::Elsewhere,
    }
}

fn is_cloudflares(address: &IpAddr) -> bool {
    let IpAddr::V4(address) = address else { return false };
    let number = u32::from(*address);
    CLOUDFLARE.iter().any(|(network, bits)| number >> (32 - bits) == network >> (32 - bits))
}

fn issuing(observed: &Observed, wanted: &Wanted<'_>) -> Issuing {
    match &observed.caa {
        Asked::Unanswered(_) => Issuing::Unknown,
        Asked::Nothing => Issuing::Allowed,
        Asked::Found(records) => {
            let issuer = |value: &str| {
                let name = value.split(';').next().unwrap_or_default();
                name.trim().trim_end_matches('.').to_ascii_lowercase()
            };
            let named: Vec<String> =
                records.iter().filter(|it| it.tag == "issue").map(|it| issuer(&it.value)).collect();
            let is_ours = |it: &String| wanted.issuers.contains(it);
            if named.is_empty() || named.iter().any(is_ours) {
                Issuing::Allowed
            } else {
                Issuing::Forbidden(named.into_iter().filter(|it| !it.is_empty()).collect())
            }
        }
    }
}

fn unanswered(observed: &Observed) -> Option<String> {
    fn why<T>(asked: &Asked<T>) -> Option<&String> {
        match asked {
            Asked::Unanswered(why) => Some(why),
            Asked::Found(_) | Asked::Nothing => None,
        }
    }
    let Observed { challenges, aliases, cut, v4, v6, caa } = observed;
    why(challenges)
        .or_else(|| why(aliases))
        .or(cut.as_ref())
        .or_else(|| why(v4))
        .or_else(|| why(v6))
        .or_else(|| why(caa))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::{super::dns::Caa, *};

    const TARGET: &str = "mandala.hotelhub.id";

    fn nothing() -> Observed {
        Observed {
            challenges: Asked::Nothing,
            aliases: Asked::Nothing,
            cut: None,
            v4: Asked::Nothing,
            v6: Asked::Nothing,
            caa: Asked::Nothing,
        }
    }

    fn find(observed: &Observed) -> Findings {
        let edge: Vec<IpAddr> = ["203.0.113.7", "2001:db8::7"].map(|it| it.parse().unwrap()).into();
        find_beside(observed, Some(&edge))
    }

    fn find_beside(observed: &Observed, addresses: Option<&[IpAddr]>) -> Findings {
        let issuers = ["letsencrypt.org".to_owned()];
        let wanted = Wanted {
            challenge: "token",
            target: TARGET,
            base_domain: "hotelhub.id",
            addresses,
            issuers: &issuers,
        };
        Findings::of(observed, &wanted)
    }

    fn alias(to: &[&str]) -> Asked<Vec<String>> {
        Asked::Found(to.iter().map(|it| (*it).to_owned()).collect())
    }

    fn at(addresses: &[&str]) -> Asked<Vec<IpAddr>> {
        Asked::Found(addresses.iter().map(|it| it.parse().unwrap()).collect())
    }

    fn late<T>() -> Asked<T> {
        Asked::Unanswered("request timed out".to_owned())
    }

    #[test]
    fn the_token_of_this_claim_proves_it_and_no_other_does() {
        let said = |texts: &[&str]| find(&Observed { challenges: alias(texts), ..nothing() });
        assert_eq!(said(&["v=spf1", "token"]).ownership, Ownership::Proven);
        assert_eq!(said(&["tokens", "TOKEN"]).ownership, Ownership::Other);
        assert_eq!(find(&nothing()).ownership, Ownership::Missing);
        let silent = find(&Observed { challenges: late(), ..nothing() });
        assert_eq!(silent.ownership, Ownership::Unknown);
        assert_eq!(silent.unanswered.as_deref(), Some("request timed out"));
    }

    #[test]
    fn where_a_name_points_is_told_apart() {
        let chained = alias(&["www.example.com", TARGET]);
        let partly = Pointing::Partly(vec!["2001:db8::9".parse().unwrap()]);
        let cloudflare = || Pointing::Cdn("Cloudflare".to_owned());
        for (aliases, v4, v6, pointing) in [
            (alias(&[TARGET]), Asked::Nothing, Asked::Nothing, Pointing::Here),
            (chained, at(&["198.51.100.1"]), Asked::Nothing, Pointing::Here),
            (Asked::Nothing, at(&["203.0.113.7"]), Asked::Nothing, Pointing::Here),
            (Asked::Nothing, at(&["203.0.113.7"]), at(&["2001:db8::7"]), Pointing::Here),
            (Asked::Nothing, at(&["203.0.113.7"]), at(&["2001:db8::9"]), partly),
            (Asked::Nothing, Asked::Nothing, Asked::Nothing, Pointing::Nowhere),
            (Asked::Nothing, at(&["198.51.100.1"]), Asked::Nothing, Pointing::Elsewhere),
            (alias(&["surya.hotelhub.id"]), Asked::Nothing, Asked::Nothing, Pointing::OtherHotel),
            (Asked::Nothing, at(&["104.16.9.9"]), Asked::Nothing, cloudflare()),
            (alias(&["x.cdn.cloudflare.net"]), Asked::Nothing, Asked::Nothing, cloudflare()),
            (alias(&["gone.example.com"]), Asked::Nothing, Asked::Nothing, Pointing::Elsewhere),
            (late(), late(), late(), Pointing::Unknown),
            (Asked::Nothing, at(&["203.0.113.7"]), late(), Pointing::Unknown),
            (alias(&[TARGET]), late(), late(), Pointing::Here),
        ] {
            let observed = Observed { aliases, v4, v6, ..nothing() };
            assert_eq!(find(&observed).pointing, pointing, "{observed:?}");
        }
    }

    #[test]
    fn nobody_leads_elsewhere_while_we_do_not_know_where_we_are() {
        let lost = |observed: &Observed| find_beside(observed, None).pointing;
        let elsewhere = Observed { v4: at(&["198.51.100.1"]), ..nothing() };
        assert_eq!(find(&elsewhere).pointing, Pointing::Elsewhere);
        assert_eq!(lost(&elsewhere), Pointing::Unknown);
        assert_eq!(lost(&Observed { aliases: alias(&[TARGET]), ..nothing() }), Pointing::Here);
        assert_eq!(lost(&nothing()), Pointing::Nowhere, "it has no records at all");
        let proxied = Observed { v4: at(&["104.16.9.9"]), ..nothing() };
        assert_eq!(lost(&proxied), Pointing::Cdn("Cloudflare".to_owned()));
    }

    #[test]
    fn names_that_could_not_be_followed_to_their_end_lead_nowhere_for_sure() {
        let cut = Some("request timed out".to_owned());
        let chained = alias(&["www.example.com"]);
        let halfway = Observed { aliases: chained, cut, v4: at(&["198.51.100.1"]), ..nothing() };
        let found = find(&halfway);
        assert_eq!(found.pointing, Pointing::Unknown);
        assert_eq!(found.unanswered.as_deref(), Some("request timed out"));
        let there = Observed { aliases: alias(&[TARGET]), ..halfway };
        assert_eq!(find(&there).pointing, Pointing::Here);
    }

    #[test]
    fn who_may_issue_is_read_as_authorities_read_it() {
        let said = |records: &[(&str, &str)]| {
            let caa = records
                .iter()
                .map(|(tag, value)| Caa { tag: (*tag).to_owned(), value: (*value).to_owned() });
            find(&Observed { caa: Asked::Found(caa.collect()), ..nothing() }).issuing
        };
        assert_eq!(
            said(&[("issue", "letsencrypt.org; validationmethods=http-01")]),
            Issuing::Allowed
        );
        assert_eq!(said(&[("iodef", "mailto:a@b.c")]), Issuing::Allowed, "no word on who issues");
        assert_eq!(said(&[("issuewild", ";")]), Issuing::Allowed);
        assert_eq!(said(&[("issue", ";")]), Issuing::Forbidden(vec![]));
        let other = Issuing::Forbidden(vec!["digicert.com".to_owned()]);
        assert_eq!(said(&[("issue", "digicert.com")]), other);
        assert_eq!(find(&nothing()).issuing, Issuing::Allowed);
    }
}
