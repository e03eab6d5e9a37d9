//! The names of entries: few are allowed, and none leads anywhere.

/// Where the manifest is.
pub(crate) const MANIFEST: &str = "manifest.json";
/// For whoever opens the file.
pub(crate) const README: &str = "README.txt";

const LONGEST: usize = 512;

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

/// Whether this can be the name of a hotel's file: a relative path of plain parts.
pub(crate) fn is_file(name: &str) -> bool {
    let is_part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.chars().any(|it| it.is_control() || matches!(it, '\\' | ':'))
    };
    name.len() <= LONGEST && name.split('/').all(is_part)
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

    proptest! {
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
