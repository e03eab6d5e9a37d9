//! A hotel's name in addresses: what it may be, and what it may not look like. No I/O here.

use std::fmt;

use url::Host;

use super::reserved::is_reserved;

const SHORTEST: usize = 3;
const LONGEST: usize = 30;

/// A slug in its one canonical form: 3 to 30 of `a-z0-9-`, beginning and ending with a letter or
/// digit, without `--`, and not reserved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slug(String);

/// Why a text is no slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlugRefusal {
    /// It breaks the grammar.
    Invalid,
    /// The platform keeps it for itself.
    Reserved,
}

impl Slug {
    /// The slug that a person meant.
    ///
    /// What browsers take for the same host name is the same slug: case, full-width letters and
    /// invisible characters are folded away first, so that none of them gets around what is
    /// reserved.
    pub(crate) fn parse(text: &str) -> Result<Self, SlugRefusal> {
        let canonical = canonical(text.trim()).ok_or(SlugRefusal::Invalid)?;
        if !is_well_formed(&canonical) {
            return Err(SlugRefusal::Invalid);
        }
        if is_reserved(&canonical) {
            return Err(SlugRefusal::Reserved);
        }
        Ok(Self(canonical))
    }

    /// The slug that a company's name suggests, if there is one in it.
    pub(crate) fn suggested_by(name: &str) -> Option<Self> {
        let folded = name.to_lowercase();
        let words = folded.split(|it: char| !it.is_ascii_alphanumeric());
        let joined = words.filter(|it| !it.is_empty()).collect::<Vec<_>>().join("-");
        let cut: String = joined.chars().take(LONGEST).collect();
        Self::parse(cut.trim_end_matches('-')).ok()
    }

    /// Others that are close to this one, the closest first.
    pub(crate) fn alternatives(&self, region: &str) -> Vec<Self> {
        let province = region.strip_prefix("ID-").unwrap_or("id").to_lowercase();
        let own = &self.0;
        let forms = [
            format!("hotel-{own}"),
            format!("{own}-hotel"),
            format!("{own}-{province}"),
            format!("{own}-resort"),
            format!("{own}-inn"),
            format!("{own}-2"),
            format!("{own}-{province}-2"),
            format!("{own}-3"),
        ];
        forms.iter().filter_map(|it| Self::parse(it).ok()).filter(|it| it != self).collect()
    }

    /// The written form.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Plain letters as they are, in lower case; everything else as a browser would read it in the
/// place of a host name.
fn canonical(text: &str) -> Option<String> {
    let is_plain = text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    if is_plain {
        // Digits alone would be read as an IPv4 address below.
        return Some(text.to_ascii_lowercase());
    }
    match Host::parse(text) {
        Ok(Host::Domain(name)) => Some(name),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => None,
    }
}

fn is_well_formed(text: &str) -> bool {
    let is_word = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    let bytes = text.as_bytes();
    (SHORTEST..=LONGEST).contains(&bytes.len())
        && bytes.iter().all(|it| is_word(*it) || *it == b'-')
        && bytes.first().is_some_and(|it| is_word(*it))
        && bytes.last().is_some_and(|it| is_word(*it))
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::signup::reserved::RESERVED;

    fn refused(text: &str) -> SlugRefusal {
        Slug::parse(text).unwrap_err()
    }

    #[test]
    fn a_slug_has_one_form() {
        for text in ["mandala", " Mandala ", "ＭＡＮＤＡＬＡ", "man\u{ad}dala", "ma\u{200b}ndala"]
        {
            assert_eq!(Slug::parse(text).unwrap().as_str(), "mandala", "{text:?}");
        }
        assert_eq!(Slug::parse("123").unwrap().as_str(), "123");
    }

    #[test]
    fn what_breaks_the_grammar_is_refused() {
        for text in [
            "",
            "ab",
            "-abc",
            "abc-",
            "a--b",
            "xn--lpha-43d",
            "a b c",
            "a.b.c",
            "abc.",
            "a_b",
            "kopi/teh",
            "alph\u{430}",
            "ｘｎ－－lpha-43d",
            "１２７",
            "%61dmin%2e",
            "[::1]",
            "abcdefghijabcdefghijabcdefghijk",
        ] {
            assert_eq!(refused(text), SlugRefusal::Invalid, "{text:?}");
        }
    }

    #[test]
    fn a_disguised_word_is_still_reserved() {
        for text in ["admin", "ADMIN", "ａdmin", "ad\u{ad}min", "ad\u{200b}min", "ⓐdmin", "%61dmin"]
        {
            assert_eq!(refused(text), SlugRefusal::Reserved, "{text:?}");
        }
    }

    #[test]
    fn a_company_suggests_its_slug() {
        let suggested = |name| Slug::suggested_by(name).map(|it| it.0);
        assert_eq!(suggested("Hotel Mandala & Spa"), Some("hotel-mandala-spa".to_owned()));
        assert_eq!(suggested("宿"), None);
        let long = suggested("The Very Long Name Of A Hotel By The Sea").unwrap();
        assert!(long.len() <= LONGEST && !long.ends_with('-'), "{long}");
    }

    #[test]
    fn alternatives_are_slugs_too_and_others() {
        let slug = Slug::parse("mandala").unwrap();
        let others = slug.alternatives("ID-BA");
        assert_eq!(others[2].as_str(), "mandala-ba");
        assert!(others.len() >= 3 && !others.contains(&slug));
    }

    /// A letter, as it is or in one of the forms that browsers fold into it.
    fn disguised(letter: char) -> impl Strategy<Value = String> {
        let wide = u32::from(letter) + 0xFEE0;
        let wide =
            char::from_u32(wide).filter(|_| letter.is_ascii_alphanumeric()).unwrap_or(letter);
        prop_oneof![
            Just(letter.to_string()),
            Just(letter.to_ascii_uppercase().to_string()),
            Just(wide.to_string()),
            Just(format!("{letter}\u{ad}")),
            Just(format!("{letter}\u{200b}")),
            Just(format!("%{:02x}", u32::from(letter))),
        ]
    }

    fn disguised_word() -> impl Strategy<Value = String> {
        proptest::sample::select(RESERVED).prop_flat_map(|word| {
            word.chars()
                .map(|it| disguised(it).boxed())
                .collect::<Vec<_>>()
                .prop_map(|it| it.concat())
        })
    }

    proptest! {
        #[test]
        fn what_is_accepted_matches_the_grammar(text in any::<String>()) {
            if let Ok(slug) = Slug::parse(&text) {
                prop_assert!(is_well_formed(slug.as_str()) && !is_reserved(slug.as_str()));
                prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
            }
        }

        #[test]
        fn what_matches_the_grammar_is_accepted(text in "[a-z0-9]([a-z0-9]|-[a-z0-9]){2,14}") {
            let accepted = Slug::parse(&text);
            prop_assert!(accepted == Err(SlugRefusal::Reserved) || accepted.unwrap().0 == text);
        }

        #[test]
        fn no_disguise_gets_past_what_is_reserved(text in disguised_word()) {
            prop_assert!(Slug::parse(&text).is_err(), "{text:?} was accepted");
        }
    }
}
