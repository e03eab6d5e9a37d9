//! Random passwords and keys, and files that only their owner may read.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, Result};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// A random password that needs no escaping in a URL.
#[must_use]
pub fn password() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}

/// A list of keys with one random key of 32 bytes, in the form of the `…_KEYS` settings.
#[must_use]
pub fn keys() -> String {
    format!("k1:{}", STANDARD.encode(rand::random::<[u8; 32]>()))
}

/// A short random name: eight hexadecimal digits.
#[must_use]
pub fn tag() -> String {
    format!("{:08x}", rand::random::<u32>())
}

/// Writes `text` to a file that only its owner may read.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn write_private(file: &Path, text: &str) -> Result<()> {
    let mut open = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("create {}", file.display()))?;
    // A file that was there before keeps its mode when it is opened.
    open.set_permissions(fs::Permissions::from_mode(0o600))?;
    open.write_all(text.as_bytes()).with_context(|| format!("write {}", file.display()))
}

/// The value kept in `file`, or a new one from `make`, kept from now on.
///
/// # Errors
/// Fails if the file is damaged or cannot be written.
pub fn load_or_create<T: serde::Serialize + serde::de::DeserializeOwned>(
    file: &Path,
    make: impl FnOnce() -> T,
) -> Result<T> {
    if let Ok(text) = fs::read_to_string(file) {
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: run `cargo xtask reset`", file.display()));
    }
    let value = make();
    write_private(file, &serde_json::to_string_pretty(&value)?)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_understood_by_the_programs() {
        let keys: hotelhub_core::keys::Keyring = keys().parse().unwrap();
        assert_eq!(keys.current_id(), "k1");
    }

    #[test]
    fn a_private_file_is_private_even_if_it_was_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "old").unwrap();

        write_private(&file, "new").unwrap();

        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
