//! The host name that a request was sent to: one pure function.
//!
//! Only `Host` and, for HTTP/2 or an absolute request target, the authority are believed. Headers
//! that a proxy or a client may add (`X-Forwarded-Host`, `Forwarded`) are not even parameters.

use std::fmt;

/// A host name in its one written form: lower case, without port or trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hostname(String);

/// Why a request's host is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// There is no host at all.
    #[error("the request names no host")]
    Missing,
    /// There are several, or the authority says something else.
    #[error("the request names more than one host")]
    Ambiguous,
    /// It is no host name.
    #[error("the request's host is not a host name")]
    Malformed,
}

impl Hostname {
    /// Reads a host name with an optional port.
    ///
    /// # Errors
    /// Refuses everything that is not ASCII letters, digits, dots and hyphens in labels of 1 to 63
    /// and 253 in all, and addresses.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let name = match text.split_once(':') {
            Some((name, port)) => {
                let digits = !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit());
                if !digits || port.parse::<u16>().is_err() {
                    return Err(HostError::Malformed);
                }
                name
            }
            None => text,
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let well_formed = name.len() <= 253
            && name.split('.').all(is_label)
            && !name.rsplit('.').next().is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()));
        if well_formed { Ok(Self(name.to_ascii_lowercase())) } else { Err(HostError::Malformed) }
    }

    /// The host name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A numeric last label is an address, not a name: `127.0.0.1`, and its short forms.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

/// The host that a request was sent to.
///
/// `headers` are all `Host` headers, `authority` is that of the request target, if it has one.
///
/// # Errors
/// Refuses a request with no host, with several, or with one that is no host name.
pub fn requested_host<'a>(
    headers: impl IntoIterator<Item = &'a [u8]>,
    authority: Option<&str>,
) -> Result<Hostname, HostError> {
    let mut headers = headers.into_iter();
    let header = headers.next();
    if headers.next().is_some() {
        return Err(HostError::Ambiguous);
    }
    let header = header
        .map(|it| std::str::from_utf8(it).map_or(Err(HostError::Malformed), Hostname::parse))
        .transpose()?;
    let authority = authority.map(Hostname::parse).transpose()?;
    match (header, authority) {
        (Some(one), Some(other)) if one != other => Err(HostError::Ambiguous),
        (Some(host), _) | (None, Some(host)) => Ok(host),
        (None, None) => Err(HostError::Missing),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(headers: &[&str], authority: Option<&str>) -> Result<String, HostError> {
        requested_host(headers.iter().map(|it| it.as_bytes()), authority).map(|it| it.0)
    }

    #[test]
    fn one_name_has_one_written_form() {
        for written in [
            "mandala.hotelhub.id",
            "MANDALA.HotelHub.ID",
            "mandala.hotelhub.id.",
            "mandala.hotelhub.id:8443",
        ] {
            assert_eq!(host(&[written], None), Ok("mandala.hotelhub.id".to_owned()));
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        for bad in [
            "",
            ".",
            "a..b",
            "-a.b",
            "a-.b",
            "beta@alpha",
            "alpha/../",
            "alpha .test",
            "alpha_b.test",
            "a.b:",
            "a.b:x",
            "a.b:99999",
            "127.0.0.1",
            "1.2",
            "[::1]",
            "ａlpha.test",
            "a.b..",
        ] {
            assert_eq!(host(&[bad], None), Err(HostError::Malformed), "{bad}");
        }
        assert_eq!(host(&[&format!("{}.id", "a".repeat(64))], None), Err(HostError::Malformed));
    }

    #[test]
    fn two_names_are_refused_even_if_they_agree() {
        assert_eq!(host(&["a.id", "b.id"], None), Err(HostError::Ambiguous));
        assert_eq!(host(&["a.id", "a.id"], None), Err(HostError::Ambiguous));
        assert_eq!(host(&["a.id"], Some("b.id")), Err(HostError::Ambiguous));
        assert_eq!(host(&["a.id"], Some("A.id:80")), Ok("a.id".to_owned()));
        assert_eq!(host(&[], Some("a.id")), Ok("a.id".to_owned()));
        assert_eq!(host(&[], None), Err(HostError::Missing));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_clean_name_or_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Hostname(name)) = requested_host([bytes.as_slice()], None) {
                prop_assert!(name.len() <= 253);
                prop_assert!(name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'.' || it == b'-'));
                prop_assert!(!name.ends_with('.') && !name.starts_with('.') && !name.contains(".."));
            }
        }

        #[test]
        fn reading_is_stable(name in "[a-zA-Z0-9.:-]{1,80}") {
            if let Ok(once) = Hostname::parse(&name) {
                prop_assert_eq!(Hostname::parse(once.as_str()), Ok(once));
            }
        }

        #[test]
        fn case_port_and_one_dot_never_change_the_name(name in "[a-z]{1,8}(\\.[a-z]{2,8}){1,3}", port in 1_u16..) {
            let plain = Hostname::parse(&name);
            prop_assert!(plain.is_ok());
            prop_assert_eq!(&Hostname::parse(&name.to_uppercase()), &plain);
            prop_assert_eq!(&Hostname::parse(&format!("{name}.:{port}")), &plain);
        }
    }
}
