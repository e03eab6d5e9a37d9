//! Where objects are kept, as the settings say it.

use std::path::PathBuf;

use hotelhub_core::config::Reader;
use secrecy::SecretString;
use url::Url;

/// What most storages that are not Amazon's take for a region.
const USUAL_REGION: &str = "us-east-1";

/// Where objects are kept: `STORAGE_URL`.
#[derive(Clone, Debug)]
pub enum StorageConfig {
    /// `file:///folder`.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    Bucket(Bucket),
}

/// A bucket, and who we are there.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of our objects begin with; may be empty.
    pub prefix: String,
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ENDPOINT_URL`: of a storage that is not Amazon's.
    pub endpoint: Option<Url>,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: SecretString,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<SecretString>,
}

impl StorageConfig {
    /// Reads where objects are kept; `Some(None)`: nowhere.
    pub fn read(reader: &mut Reader<'_>) -> Option<Option<Self>> {
        let url: Option<Url> = reader.optional("STORAGE_URL")?;
        let Some(url) = url else { return Some(None) };
        let read = match url.scheme() {
            "file" => url.to_file_path().ok().map(Self::Folder),
            "s3" => return Some(Some(Self::Bucket(Bucket::read(&url, reader)?))),
            _ => None,
        };
        match read {
            Some(folder) => Some(Some(folder)),
            None => reader.fault("STORAGE_URL", "needs `file:///folder` or `s3://bucket/prefix`"),
        }
    }
}

impl Bucket {
    fn read(url: &Url, reader: &mut Reader<'_>) -> Option<Self> {
        let name = match url.host_str().filter(|_| url.username().is_empty()) {
            Some(name) => Some(name.to_owned()),
            None => reader.fault("STORAGE_URL", "needs `s3://bucket/prefix`"),
        };
        let region = reader.or("AWS_REGION", USUAL_REGION.to_owned());
        let endpoint: Option<Option<Url>> = reader.optional("AWS_ENDPOINT_URL");
        let access_key_id = reader.secret("AWS_ACCESS_KEY_ID");
        let secret_access_key = reader.secret("AWS_SECRET_ACCESS_KEY");
        let session_token = reader.optional_address("AWS_SESSION_TOKEN", "a token", |_| true);
        Some(Self {
            name: name?,
            prefix: url.path().trim_matches('/').to_owned(),
            region: region?,
            endpoint: endpoint?,
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token: session_token?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(env: &BTreeMap<&str, &str>) -> Result<Option<StorageConfig>, String> {
        let mut reader = Reader::new(env);
        let config = StorageConfig::read(&mut reader);
        reader.finish(config).map_err(|it| it.to_string())
    }

    #[test]
    fn a_storage_is_a_folder_or_a_bucket_or_none() {
        assert!(read(&BTreeMap::new()).unwrap().is_none());
        let folder = read(&BTreeMap::from([("STORAGE_URL", "file:///var/hotelhub")])).unwrap();
        assert!(
            matches!(folder, Some(StorageConfig::Folder(it)) if it.as_os_str() == "/var/hotelhub")
        );
        let bucket = read(&BTreeMap::from([
            ("STORAGE_URL", "s3://hotels/platform/one/"),
            ("AWS_ACCESS_KEY_ID", "who"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"),
        ]));
        let Some(StorageConfig::Bucket(bucket)) = bucket.unwrap() else { panic!("no bucket") };
        assert_eq!((&*bucket.name, &*bucket.prefix), ("hotels", "platform/one"));
        assert_eq!(bucket.region, USUAL_REGION);
    }

    #[test]
    fn a_bucket_without_its_keys_names_them_both() {
        let faults = read(&BTreeMap::from([("STORAGE_URL", "s3://hotels")])).unwrap_err();
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert!(faults.contains(name), "{faults}");
        }
        let faults = read(&BTreeMap::from([("STORAGE_URL", "ftp://hotels")])).unwrap_err();
        assert!(faults.contains("STORAGE_URL"), "{faults}");
    }
}
