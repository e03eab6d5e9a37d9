//! The store of certificates: written by the provisioner, read by every replica that serves TLS.
//!
//! Each certificate is an object of its own that is never changed; an index says which one counts for
//! each name. Keys are sealed for the very object that they stand in. What a certificate authority asks
//! for while it looks whose name it is stands beside them for a moment. What nobody names any more is
//! swept: a private key is kept for as long as it is of use, and no longer.

use std::{
    collections::{BTreeMap, HashSet},
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use hotelhub_core::keys::{Keyring, UnsealError, random_token};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::{Listed, Put, Stamp, Storage, StorageError};

const FOLDER: &str = "certificates";
const CHALLENGES: &str = "certificates/challenges";
const INDEX: &str = "certificates/index.json";
/// Long enough that nobody guesses one, short enough to be one.
const TOKEN: std::ops::RangeInclusive<usize> = 16..=128;

/// Why a certificate could not be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The storage failed.
    #[error("reach the store of certificates")]
    Storage(#[from] StorageError),
    /// A key does not open.
    #[error("open the key of a certificate (CERTIFICATE_KEYS)")]
    Sealed(#[from] UnsealError),
    /// An object is not what it should be.
    #[error("read an object of the store of certificates")]
    Form(#[from] serde_json::Error),
    /// Somebody else wrote the index since it was read.
    #[error("somebody else writes the index of certificates")]
    Overtaken,
    /// The index names an object that is not there.
    #[error("a certificate of the index is not there")]
    Missing,
}

/// A certificate, and what it is proven with.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The chain in PEM, the name's own certificate first.
    pub chain_pem: String,
    /// Its private key in PEM.
    pub key_pem: SecretString,
}

/// Which certificates count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// By name.
    pub certificates: BTreeMap<String, Entry>,
}

/// The certificate that counts for one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The object that holds it.
    pub object: String,
    /// When it ends.
    pub not_after: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    chain_pem: String,
    sealed_key: String,
}

/// The store.
#[derive(Clone, Debug)]
pub struct CertificateStore {
    storage: Storage,
    keys: Keyring,
}

impl CertificateStore {
    /// The store in this storage, whose keys are sealed so.
    #[must_use]
    pub fn new(storage: Storage, keys: Keyring) -> Self {
        Self { storage, keys }
    }

    /// Keeps a certificate under a new name, which is given.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn keep(&self, hostname: &str, issued: &Issued) -> Result<String, CertificateError> {
        let object = format!("{}/{}.json", folder_of(hostname), random_token().expose_secret());
        let sealed_key = self.keys.seal(&place(&object), &issued.key_pem)?;
        let kept = Kept { chain_pem: issued.chain_pem.clone(), sealed_key };
        match self.storage.put(&object, serde_json::to_vec(&kept)?, None).await? {
            Put::Written(_) => Ok(object),
            Put::Overtaken => Err(CertificateError::Overtaken),
        }
    }

    /// A certificate that was kept.
    ///
    /// # Errors
    /// Fails if the storage does, or if the key does not open.
    pub async fn get(&self, object: &str) -> Result<Issued, CertificateError> {
        let found = self.storage.get(object).await?.ok_or(CertificateError::Missing)?;
        let kept: Kept = serde_json::from_slice(&found.bytes)?;
        let key_pem = self.keys.unseal(&place(object), &kept.sealed_key)?;
        Ok(Issued { chain_pem: kept.chain_pem, key_pem })
    }

    /// Which writing of the index is there; `None`: there is none yet.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn stamp(&self) -> Result<Option<Stamp>, CertificateError> {
        Ok(self.storage.stamp(INDEX).await?)
    }

    /// The index; empty before it was first written.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn index(&self) -> Result<(Index, Option<Stamp>), CertificateError> {
        match self.storage.get(INDEX).await? {
            Some(found) => Ok((serde_json::from_slice(&found.bytes)?, Some(found.stamp))),
            None => Ok((Index::default(), None)),
        }
    }

    /// Writes the index over the one that was `seen`.
    ///
    /// # Errors
    /// Fails if the storage does, or if somebody else has written it since.
    pub async fn write_index(
        &self,
        index: &Index,
        seen: Option<&Stamp>,
    ) -> Result<(), CertificateError> {
        match self.storage.put(INDEX, serde_json::to_vec(index)?, seen).await? {
            Put::Written(_) => Ok(()),
            Put::Overtaken => Err(CertificateError::Overtaken),
        }
    }

    /// Answers a certificate authority that will ask for `token`.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn answer(&self, token: &str, answer: &str) -> Result<(), CertificateError> {
        let Some(name) = challenge(token) else { return Err(CertificateError::Missing) };
        let seen = self.storage.stamp(&name).await?;
        self.storage.put(&name, answer.as_bytes().to_vec(), seen.as_ref()).await?;
        Ok(())
    }

    /// What a certificate authority that asks for `token` is answered.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn find_answer(&self, token: &str) -> Result<Option<String>, CertificateError> {
        let Some(name) = challenge(token) else { return Ok(None) };
        let found = self.storage.get(&name).await?;
        Ok(found.and_then(|it| String::from_utf8(it.bytes).ok()))
    }

    /// Forgets an answer.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn forget_answer(&self, token: &str) -> Result<(), CertificateError> {
        match challenge(token) {
            Some(name) => Ok(self.storage.delete(&name).await?),
            None => Ok(()),
        }
    }

    /// Deletes the certificates that are not among the `named`, of each name that has had nothing new
    /// since `before`, and answers of that time; how many. Whoever reads an index that has just been
    /// replaced still finds what it names.
    ///
    /// # Errors
    /// Fails if the storage does.
    pub async fn sweep(
        &self,
        named: &HashSet<String>,
        before: SystemTime,
    ) -> Result<usize, CertificateError> {
        let useless = useless(self.storage.list(FOLDER).await?, named, before);
        for object in &useless {
            self.storage.delete(object).await?;
        }
        Ok(useless.len())
    }
}

/// The objects that nobody needs any more.
fn useless(listed: Vec<Listed>, named: &HashSet<String>, before: SystemTime) -> Vec<String> {
    let mut folders: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for object in listed {
        let folder = object.name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        // The index stands beside the folders.
        if let Some(folder) = folder.filter(|it| it != FOLDER) {
            folders.entry(folder).or_default().push(object);
        }
    }
    let is_old = |it: &Listed| it.written_at <= before;
    let settled = folders
        .into_iter()
        .filter(|(folder, objects)| folder == CHALLENGES || objects.iter().all(is_old));
    settled
        .flat_map(|(_, objects)| objects)
        .filter(|it| is_old(it) && !named.contains(&it.name))
        .map(|it| it.name)
        .collect()
}

/// The folder with all certificates of a name.
#[must_use]
pub fn folder_of(hostname: &str) -> String {
    format!("{FOLDER}/{hostname}")
}

fn place(object: &str) -> String {
    format!("certificates.key.{object}")
}

/// Where the answer to a token stands; `None` if it can be no token.
fn challenge(token: &str) -> Option<String> {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
    let is_token = TOKEN.contains(&token.len()) && token.bytes().all(is_plain);
    is_token.then(|| format!("{CHALLENGES}/{token}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::StorageConfig;

    const OURS: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHERS: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[tokio::test]
    async fn a_certificate_opens_where_it_was_kept_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(&StorageConfig::Folder(folder.path().to_owned())).unwrap();
        let store = CertificateStore::new(storage.clone(), OURS.parse().unwrap());
        let key_pem = SecretString::from("a private key");
        let issued = Issued { chain_pem: "a chain".to_owned(), key_pem };

        let object = store.keep("a.example.com", &issued).await.unwrap();
        assert_eq!(store.get(&object).await.unwrap().key_pem.expose_secret(), "a private key");
        let raw = storage.get(&object).await.unwrap().unwrap();
        assert!(!String::from_utf8(raw.bytes.clone()).unwrap().contains("a private key"));
        storage.put("certificates/b/1.json", raw.bytes, None).await.unwrap();
        let moved = store.get("certificates/b/1.json").await.unwrap_err();
        assert!(matches!(moved, CertificateError::Sealed(UnsealError::Refused)), "{moved}");
        let stranger = CertificateStore::new(storage, OTHERS.parse().unwrap());
        assert!(stranger.get(&object).await.is_err());

        let (mut index, seen) = store.index().await.unwrap();
        assert_eq!((index.certificates.len(), seen.clone()), (0, None));
        let entry = Entry { object, not_after: DateTime::UNIX_EPOCH };
        index.certificates.insert("a.example.com".to_owned(), entry);
        store.write_index(&index, seen.as_ref()).await.unwrap();
        assert_eq!(store.index().await.unwrap().0, index);
        assert!(store.stamp().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_key_that_nobody_names_is_kept_for_a_while_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(&StorageConfig::Folder(folder.path().to_owned())).unwrap();
        let store = CertificateStore::new(storage, OURS.parse().unwrap());
        let key_pem = SecretString::from("a private key");
        let issued = Issued { chain_pem: "a chain".to_owned(), key_pem };
        let first = store.keep("a.example.com", &issued).await.unwrap();
        let renewed = store.keep("a.example.com", &issued).await.unwrap();
        let gone = store.keep("b.example.com", &issued).await.unwrap();
        store.write_index(&Index::default(), None).await.unwrap();
        store.answer("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ", "token.thumbprint").await.unwrap();
        let at = |name: &str, hours: u64| {
            let time = SystemTime::now() - Duration::from_secs(hours * 3600);
            let file = std::fs::File::options().write(true).open(folder.path().join(name));
            file.unwrap().set_modified(time).unwrap();
        };
        let named = HashSet::from([renewed.clone()]);
        let a_day_ago = || SystemTime::now() - Duration::from_secs(24 * 3600);

        at(&first, 1_000);
        let swept = store.sweep(&named, a_day_ago()).await.unwrap();
        assert_eq!(swept, 0, "the first one was replaced just now");
        at(&renewed, 25);
        at(&gone, 25);
        at("certificates/challenges/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ", 25);
        assert_eq!(store.sweep(&named, a_day_ago()).await.unwrap(), 3);
        assert!(store.get(&renewed).await.is_ok() && store.stamp().await.unwrap().is_some());
        for swept in [&first, &gone] {
            assert!(matches!(store.get(swept).await, Err(CertificateError::Missing)));
        }
    }

    #[tokio::test]
    async fn an_answer_is_there_until_it_is_forgotten_and_no_path_is_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(&StorageConfig::Folder(folder.path().to_owned())).unwrap();
        let store = CertificateStore::new(storage, OURS.parse().unwrap());
        let token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";

        store.answer(token, "token.thumbprint").await.unwrap();
        assert_eq!(store.find_answer(token).await.unwrap().as_deref(), Some("token.thumbprint"));
        store.forget_answer(token).await.unwrap();
        store.forget_answer(token).await.unwrap();
        assert_eq!(store.find_answer(token).await.unwrap(), None);
        for odd in [
            "",
            "../../../../etc/passwd",
            "short",
            "a/b/c/d/e/f/g/h/i/j",
            "%2e%2e%2fetc%2fpasswd00",
        ] {
            assert!(challenge(odd).is_none(), "{odd}");
        }
    }
}
