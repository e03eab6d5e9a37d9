//! A copy of all routes, signed with the feed's token: on the disk of a replica, and in object
//! storage. A copy from elsewhere, or half a copy, is not believed.
//!
//! The first line is the signature of all that follows: a [`RoutePage`] as JSON.

use secrecy::SecretString;

use crate::{
    keys::{equal_secrets, signature},
    routes::RoutePage,
};

/// The name of the copy in object storage.
pub const OBJECT: &str = "routes.json";

/// Why a copy is not believed.
#[derive(Debug, thiserror::Error)]
pub enum RouteCopyError {
    /// It is torn, or was signed by somebody else.
    #[error("the copy of the routes has a wrong signature; delete it")]
    Forged,
    /// It was signed by us, and has another form: another version wrote it.
    #[error("read the copy of the routes")]
    Form(#[from] serde_json::Error),
}

/// A page as a copy.
#[must_use]
pub fn seal(token: &SecretString, page: &[u8]) -> Vec<u8> {
    let mut copy = signature(token, page).into_bytes();
    copy.reserve_exact(page.len() + 1);
    copy.push(b'\n');
    copy.extend_from_slice(page);
    copy
}

/// The page of a copy.
///
/// # Errors
/// Refuses a copy that [`seal`] did not make with this token.
pub fn open(token: &SecretString, copy: &[u8]) -> Result<RoutePage, RouteCopyError> {
    let line = copy.iter().position(|it| *it == b'\n').ok_or(RouteCopyError::Forged)?;
    let (signed, rest) = copy.split_at_checked(line).ok_or(RouteCopyError::Forged)?;
    let page = rest.get(1..).unwrap_or_default();
    let signed = std::str::from_utf8(signed).unwrap_or_default();
    if !equal_secrets(signed, &signature(token, page)) {
        return Err(RouteCopyError::Forged);
    }
    Ok(serde_json::from_slice(page)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[u8] = br#"{"epoch":"01970000-0000-7000-8000-000000000001","version":7,
        "snapshot":true,"routes":[],"gone":[]}"#;

    #[test]
    fn only_a_whole_copy_of_our_own_is_believed() {
        let token = SecretString::from("ours");
        let copy = seal(&token, PAGE);

        assert_eq!(open(&token, &copy).unwrap().position.version, 7);
        assert!(matches!(open(&SecretString::from("theirs"), &copy), Err(RouteCopyError::Forged)));
        for torn in [&copy[..copy.len() - 1], &copy[..20], b"", b"\n", &copy[1..]] {
            assert!(matches!(open(&token, torn), Err(RouteCopyError::Forged)));
        }
    }
}
