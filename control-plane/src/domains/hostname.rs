//! The one written form of a custom domain: a pure function of what somebody typed.

use std::{borrow::Cow, net::Ipv4Addr};

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};

use super::look_alike::{imitates, is_mixed};

/// Names that no public DNS has.
const SPECIAL: &[&str] =
    &["localhost", "local", "internal", "invalid", "onion", "arpa", "test", "example", "alt"];

/// Why a text can be nobody's custom domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostnameFault {
    #[error("type the name alone, e.g. `www.hotelmandala.com`: no scheme, port, path or space")]
    NotAName,
    #[error("is an address; a custom domain is a name, e.g. `www.hotelmandala.com`")]
    Address,
    #[error("claim each name by itself: a name with `*` is none")]
    Wildcard,
    #[error("is no host name: labels have 1 to 63 letters, digits and inner hyphens, 253 in all")]
    Malformed,
    #[error("needs a dot: a single word is no domain, type e.g. `www.hotelmandala.com`")]
    SingleLabel,
    #[error("ends in `.{0}`, which the public DNS does not have; use a name that you registered")]
    Special(&'static str),
    #[error("is a suffix under which anybody registers names; use the name that you registered")]
    PublicSuffix,
    #[error("is one of the platform's own names; each hotel has its own there already")]
    Ours,
    #[error("mixes letters of several scripts in one word, which looks like another name")]
    MixedScript,
    #[error("looks like `{0}`, which it is not; use a name that cannot be mistaken")]
    LookAlike(String),
}

/// The names that are the platform's own, and all below them.
#[derive(Clone, Debug)]
pub(crate) struct OwnHosts(Vec<String>);

impl OwnHosts {
    /// Host names as they stand in addresses.
    pub(crate) fn new<'a>(hosts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(hosts.into_iter().map(str::to_ascii_lowercase).collect())
    }

    fn hold(&self, name: &str) -> bool {
        self.0.iter().any(|own| {
            name.strip_suffix(own.as_str()).is_some_and(|it| it.is_empty() || it.ends_with('.'))
                // Nor what ours stand below.
                || own.strip_suffix(name).is_some_and(|it| it.ends_with('.'))
        })
    }
}

/// The one written form of what was typed: lower case, A-labels, no trailing dot.
///
/// # Errors
/// Says why the text can be nobody's custom domain, and what to type instead.
pub(crate) fn canonical(typed: &str, own: &OwnHosts) -> Result<String, HostnameFault> {
    let typed = typed.trim();
    if typed.contains('*') {
        return Err(HostnameFault::Wildcard);
    }
    let is_bracketed = typed.starts_with('[');
    if is_bracketed || typed.parse::<std::net::IpAddr>().is_ok() {
        return Err(HostnameFault::Address);
    }
    if typed.is_empty() || typed.contains(|it: char| it.is_whitespace() || "/:@?#\\%".contains(it))
    {
        return Err(HostnameFault::NotAName);
    }
    let processed = Uts46::new().to_ascii(
        typed.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Ignore,
    );
    let name = processed.ok().ok_or(HostnameFault::Malformed)?;
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(HostnameFault::Malformed);
    }
    if is_address(name) {
        return Err(HostnameFault::Address);
    }
    let Some((_, top)) = name.rsplit_once('.') else { return Err(HostnameFault::SingleLabel) };
    if let Some(special) = SPECIAL.iter().find(|it| **it == top) {
        return Err(HostnameFault::Special(special));
    }
    if own.hold(name) {
        return Err(HostnameFault::Ours);
    }
    if psl::domain_str(name).is_none() {
        return Err(HostnameFault::PublicSuffix);
    }
    let (shown, _) = Uts46::new().to_unicode(name.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow);
    if shown.split('.').any(is_mixed) {
        return Err(HostnameFault::MixedScript);
    }
    if let Some(other) = imitates(&shown, &own.0) {
        return Err(HostnameFault::LookAlike(other));
    }
    Ok(name.to_owned())
}

/// The written form of a name that may be a hotel's, as it stands in a handshake; `None`: it can be
/// nobody's, whatever is in the table.
pub(super) fn possible(asked: &str, own: &OwnHosts, base_domain: &str) -> Option<String> {
    let name = asked.to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let below = name.strip_suffix(base_domain).and_then(|it| it.strip_suffix('.'));
    let is_possible = match below {
        Some(label) => is_label(label),
        None => canonical(name, own).is_ok_and(|it| it == name),
    };
    is_possible.then(|| name.to_owned())
}

/// The pattern that finds the names with this part. A label in another script is found whole: a part of
/// one is written otherwise. What a person types is no pattern.
pub(super) fn pattern(typed: &str) -> String {
    let typed = typed.trim();
    let written = Uts46::new().to_ascii(
        typed.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        DnsLength::Ignore,
    );
    let written = written.map_or_else(|_of_no_name| typed.to_lowercase(), Cow::into_owned);
    let escaped = written.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

/// A name as people of its language read it.
pub(crate) fn shown(name: &str) -> String {
    let (shown, _) = Uts46::new().to_unicode(name.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow);
    shown.into_owned()
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}

/// Browsers read a name that ends in a number as an address: `0x7f.1`, `2130706433`.
fn is_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").is_some_and(|it| it.bytes().all(|b| b.is_ascii_hexdigit()));
    hex || last.bytes().all(|it| it.is_ascii_digit()) || name.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(typed: &str) -> Result<String, HostnameFault> {
        let own = ["hotelhub.id", "control.hotelhub-vendor.com", "panel.vendor.net"];
        canonical(typed, &OwnHosts::new(own))
    }

    #[test]
    fn one_name_has_one_written_form() {
        for typed in [
            "www.hotelmandala.com",
            "WWW.HotelMandala.COM",
            " www.hotelmandala.com. ",
            "ｗｗｗ．ｈｏｔｅｌｍａｎｄａｌａ．ｃｏｍ",
            "www。hotelmandala。com",
        ] {
            assert_eq!(read(typed).as_deref(), Ok("www.hotelmandala.com"), "{typed}");
        }
        for (typed, name) in [
            ("hôtel-ubud.fr", "xn--htel-ubud-z3a.fr"),
            ("旅館.jp", "xn--dj1au95b.jp"),
            ("xn--dj1au95b.jp", "xn--dj1au95b.jp"),
            ("кута.рф", "xn--80atyd.xn--p1ai"),
            ("гостиница-бали.рф", "xn----8sbaadeybkhcnqe2a8d.xn--p1ai"),
        ] {
            let got = read(typed).unwrap();
            assert!(got.starts_with("xn--") || got == name, "{typed}: {got}");
            assert_eq!(read(&got), Ok(got.clone()), "{typed}");
        }
    }

    #[test]
    fn what_can_be_nobodys_domain_is_refused_with_the_reason() {
        use HostnameFault as F;
        let long = format!("{}.com", "a".repeat(64));
        let longer = format!("{}com", "abcdefg.".repeat(32));
        for (typed, fault) in [
            ("", F::NotAName),
            ("https://hotelmandala.com", F::NotAName),
            ("hotelmandala.com:443", F::NotAName),
            ("hotelmandala.com/book", F::NotAName),
            ("me@hotelmandala.com", F::NotAName),
            ("hotel mandala.com", F::NotAName),
            ("*.hotelmandala.com", F::Wildcard),
            ("203.0.113.7", F::Address),
            ("[2001:db8::1]", F::Address),
            ("2001:db8::1", F::Address),
            ("1.2", F::Address),
            ("a.0x7f", F::Address),
            ("hotelmandala", F::SingleLabel),
            ("a..com", F::Malformed),
            ("-a.com", F::Malformed),
            ("a-.com", F::Malformed),
            ("a_b.com", F::Malformed),
            ("_hotelhub-challenge.a.com", F::Malformed),
            ("a.com..", F::Malformed),
            ("xn--a.com", F::Malformed),
            (&*long, F::Malformed),
            (&*longer, F::Malformed),
            ("router.local", F::Special("local")),
            ("a.localhost", F::Special("localhost")),
            ("1.0.0.127.in-addr.arpa", F::Special("arpa")),
            ("com", F::SingleLabel),
            ("co.id", F::PublicSuffix),
            ("github.io", F::PublicSuffix),
            ("hotelhub.id", F::Ours),
            ("MANDALA.hotelhub.id.", F::Ours),
            ("a.b.hotelhub.id", F::Ours),
            ("control.hotelhub-vendor.com", F::Ours),
            ("hotelhub-vendor.com", F::Ours),
            ("x.panel.vendor.net", F::Ours),
        ] {
            assert_eq!(read(typed), Err(fault), "{typed}");
        }
        assert!(read("nothotelhub.id").is_ok(), "ends like ours, and is another");
    }

    #[test]
    fn what_is_asked_for_in_a_handshake_is_a_hotels_name_or_a_custom_domain_as_it_is_written() {
        let own = OwnHosts::new(["hotelhub.id", "control.hotelhub-vendor.com"]);
        let of = |asked: &str| possible(asked, &own, "hotelhub.id");
        for (asked, name) in [
            ("mandala.hotelhub.id", "mandala.hotelhub.id"),
            ("mandala--preview.hotelhub.id", "mandala--preview.hotelhub.id"),
            ("WWW.HotelMandala.com.", "www.hotelmandala.com"),
            ("xn--dj1au95b.jp", "xn--dj1au95b.jp"),
        ] {
            assert_eq!(of(asked).as_deref(), Some(name), "{asked}");
        }
        for asked in [
            "",
            ".",
            "hotelhub.id",
            "a.b.hotelhub.id",
            ".hotelhub.id",
            "control.hotelhub-vendor.com",
            "旅館.jp",
            " www.hotelmandala.com",
            "localhost",
            "203.0.113.7",
            "*.hotelmandala.com",
            "a_b.com",
            "xn--a.com",
            "www.hotelmandala.com:443",
        ] {
            assert_eq!(of(asked), None, "{asked}");
        }
    }

    #[test]
    fn a_part_of_a_name_is_found_as_people_type_it() {
        for (typed, found) in [
            (" Mandala ", "%mandala%"),
            ("旅館", "%xn--zfvv75i%"),
            ("旅館。jp", "%xn--zfvv75i.jp%"),
            (".jp", "%.jp%"),
            ("zfvv", "%zfvv%"),
            ("50%_\\", r"%50\%\_\\%"),
            ("", "%%"),
        ] {
            assert_eq!(pattern(typed), found, "{typed}");
        }
    }

    #[test]
    fn look_alikes_are_refused() {
        for typed in ["hotelm\u{430}ndala.com", "hot\u{435}lhub.com"] {
            assert_eq!(read(typed), Err(HostnameFault::MixedScript), "{typed}");
        }
        for typed in
            ["h0telhub.id", "www.hotelhüb.id", "hotel-hub.id", "аррӏе.com", "xn--80ak6aa92e.com"]
        {
            let refused = read(typed);
            assert!(matches!(refused, Err(HostnameFault::LookAlike(_))), "{typed}: {refused:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_clean_name_or_a_refusal(typed in "\\PC{0,80}") {
            if let Ok(name) = read(&typed) {
                prop_assert!(name.len() <= 253 && name.contains('.'));
                prop_assert!(name.split('.').all(is_label));
                prop_assert!(name != "hotelhub.id" && !name.ends_with(".hotelhub.id"));
            }
        }

        #[test]
        fn the_written_form_is_its_own(typed in "[a-zA-Zà-ÿа-я0-9.-]{1,40}\\.(com|id|рф)\\.?") {
            if let Ok(once) = read(&typed) {
                prop_assert_eq!(read(&once), Ok(once));
            }
        }

        #[test]
        fn case_and_one_dot_never_change_the_name(name in "[a-z]{3,10}(\\.[a-z]{3,8}){0,2}\\.com") {
            let plain = read(&name);
            prop_assert_eq!(&read(&name.to_uppercase()), &plain);
            prop_assert_eq!(&read(&format!("{name}.")), &plain);
        }

        #[test]
        fn nothing_below_the_platforms_own_name_passes(label in "[a-zA-Z0-9ａ-ｚ]{1,20}", dot in "[.．。]") {
            let refused = read(&format!("{label}{dot}hotelhub{dot}id"));
            prop_assert!(refused.is_err(), "{:?}", refused);
        }
    }
}
