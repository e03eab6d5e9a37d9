//! The names of entries: few are allowed, and none leads anywhere.

/// Where the manifest is.
pub(crate) const MANIFEST: &str = "manifest.json";
/// For whoever opens the file.
pub(crate) const README: &str = "README.txt";

/// More than any storage's names, each byte of which takes three when it is encoded.
const LONGEST: usize = 4096;

/// The entry of a table.
pub(crate) fn of_table(table: &str) -> String {
    format!("data/{table}.csv")
}

/// The entry of a file.
pub(crate) fn of_file(name: &str) -> String {
    format!("files/{name}")
}

/// Whether this can be the name of a table: what our schemas have, and no more.
pub(crate) fn is_table(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|it| it.is_ascii_lowercase())
        && letters.all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_')
        && name.len() <= 63
}

/// Whether this can be the name of a file's entry: a relative path of plain parts.
pub(crate) fn is_file(name: &str) -> bool {
    name.len() <= LONGEST && is_kept(name) && !name.chars().any(is_odd)
}

/// Whether a storage can keep a file of this name: a relative path.
pub(crate) fn is_kept(name: &str) -> bool {
    let is_part = |part: &str| {
        !matches!(part, "" | "." | "..") && !part.chars().any(|it| it.is_ascii_control())
    };
    name.split('/').all(is_part)
}

/// What leads elsewhere on some system, or is no letter.
fn is_odd(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\\' | ':')
}

/// The name of the entry of a file that is kept under `name`: odd letters are `%` and the hexadecimal
/// digits of their bytes, and so is `%` itself. No two names are encoded alike.
pub(crate) fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for letter in name.chars() {
        if is_odd(letter) || letter == '%' {
            let bytes = letter.to_string().into_bytes();
            encoded.extend(bytes.iter().map(|byte| format!("%{byte:02X}")));
        } else {
            encoded.push(letter);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for bad in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "C:\\x", "a\\b", "a\0b", "."]
        {
            assert!(!is_file(bad), "{bad:?}");
        }
        for good in ["logo.png", "invoices/2026/11/faktur 7.pdf", "..a", "naïve.txt"] {
            assert!(is_file(good), "{good:?}");
        }
        for bad in ["", "Guests", "a-b", "1a", "a.b", "pg_catalog.x", "a/b"] {
            assert!(!is_table(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_name_that_is_kept_has_an_entry_of_its_own() {
        assert_eq!(encoded("faktur 7.pdf"), "faktur 7.pdf");
        assert_eq!(encoded("a:b\\c%3A.png"), "a%3Ab%5Cc%253A.png");
        assert_eq!(encoded("a\u{85}"), "a%C2%85");
        let longest = format!("{}.png", ":".repeat(1_000));
        assert!(is_kept(&longest) && is_file(&encoded(&longest)));
        for bad in ["", "a//b", "a/../b", "a\nb"] {
            assert!(!is_kept(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_allowed(name in "\\PC{0,40}") {
            prop_assert!(!is_kept(&name) || is_file(&encoded(&name)));
        }

        #[test]
        fn a_file_stays_below_its_folder(name in "\\PC{0,40}") {
            if is_file(&name) {
                let folder = std::path::Path::new("/files");
                let parts = folder.join(&name);
                let normal = parts.components().skip(2);
                prop_assert!(parts.starts_with(folder));
                prop_assert!(normal.into_iter().all(|it| matches!(it, std::path::Component::Normal(_))));
            }
        }
    }
}
