//! Takes over certificates that are new, while handshakes go on.
//!
//! What cannot be taken over never ends what is shown: a certificate stays until a better one opens, or
//! until its name is not in the index any more.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Result;
use futures_util::{StreamExt as _, stream};
use hotelhub_core::errors::Chain;
use hotelhub_storage::{
    Stamp,
    certificates::{CertificateError, CertificateStore},
};
use rustls::sign::CertifiedKey;
use secrecy::ExposeSecret as _;
use tokio::time::sleep;

use super::{
    files::TlsFiles,
    progress::{Found, Progress},
    shown::{Certificates, Shown, certified},
};

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Certificates that are fetched at a time: a bucket takes tens of milliseconds for each.
const AT_ONCE: usize = 16;
/// So many that were fetched are shown at once; who has many waits for none but these.
const TOGETHER: usize = 128;

/// Watches the store and the files.
#[derive(Debug)]
pub(super) struct Watch {
    shown: Arc<Shown>,
    store: Option<CertificateStore>,
    files: Option<TlsFiles>,
    /// Of the index that was taken over.
    seen: Option<Stamp>,
    /// What was taken over, by its object.
    known: HashMap<String, Arc<CertifiedKey>>,
    /// Objects that could not be taken over: that is said once.
    faulty: HashSet<String>,
    written_at: [Option<SystemTime>; 2],
    progress: Progress,
}

/// What a look at the store takes over.
#[derive(Debug, Default)]
struct Taken {
    by_name: HashMap<String, Arc<CertifiedKey>>,
    /// By its object.
    known: HashMap<String, Arc<CertifiedKey>>,
    faulty: HashSet<String>,
    /// Names that show what they did before.
    kept: u32,
}

impl Taken {
    fn take(&mut self, name: String, object: String, certified: &Arc<CertifiedKey>) {
        self.known.insert(object, Arc::clone(certified));
        self.by_name.insert(name, Arc::clone(certified));
    }
}

impl Watch {
    /// Shows what the files hold from now on.
    ///
    /// # Errors
    /// Fails if they hold no certificate.
    pub(super) fn new(
        shown: Arc<Shown>,
        store: Option<CertificateStore>,
        files: Option<TlsFiles>,
    ) -> Result<Self> {
        let written_at = files.as_ref().map_or([None; 2], TlsFiles::written_at);
        let platform = files.as_ref().map(TlsFiles::load).transpose()?;
        shown.replace(Certificates { platform, ..Certificates::default() });
        Ok(Self {
            shown,
            store,
            files,
            seen: None,
            known: HashMap::new(),
            faulty: HashSet::new(),
            written_at,
            progress: Progress::new(),
        })
    }

    /// How far it has come, from now on.
    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Watches for as long as the program runs.
    pub(super) async fn run(mut self) {
        loop {
            self.look_at_files();
            self.look().await;
            sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self) {
        let found = match self.look_at_store().await {
            Ok(()) if self.faulty.is_empty() => Found::All,
            Ok(()) => Found::AllBut(self.faulty.len()),
            Err(error) => {
                count_fault("index");
                tracing::warn!(error = %Chain(&error), "certificates stay as they are");
                Found::Nothing
            }
        };
        self.progress.note(found);
    }

    fn look_at_files(&mut self) {
        let Some(files) = &self.files else { return };
        let written_at = files.written_at();
        if written_at == self.written_at {
            return;
        }
        match files.load() {
            Ok(platform) => {
                let current = Certificates::clone(&self.shown.current());
                self.shown.replace(Certificates { platform: Some(platform), ..current });
                self.written_at = written_at;
                tracing::info!("took over the certificate of the platform's names");
            }
            // Two files are not written at once: the next look finds both.
            Err(error) => {
                count_fault("files");
                tracing::warn!(
                    error = %Chain(error.as_ref()),
                    "the certificate of the platform's names stays as it is"
                );
            }
        }
    }

    async fn look_at_store(&mut self) -> Result<(), CertificateError> {
        let Some(store) = self.store.clone() else { return Ok(()) };
        let stamp = store.stamp().await?;
        if stamp.is_none() || stamp == self.seen {
            return Ok(());
        }
        let (index, stamp) = store.index().await?;
        let (mut taken, mut missing) = (Taken::default(), Vec::new());
        for (name, entry) in index.certificates {
            match self.known.get(&entry.object) {
                Some(certified) => taken.take(name, entry.object, certified),
                None => missing.push((name, entry.object)),
            }
        }
        let store = &store;
        let fetches = missing.into_iter().map(|(name, object)| async move {
            let certified = load(store, &object).await;
            (name, object, certified)
        });
        let mut fetched = stream::iter(fetches).buffer_unordered(AT_ONCE).chunks(TOGETHER);
        while let Some(some) = fetched.next().await {
            let mut fresh = Vec::new();
            for (name, object, certified) in some {
                match certified {
                    Ok(certified) => {
                        fresh.push((name.clone(), Arc::clone(&certified)));
                        taken.take(name, object, &certified);
                    }
                    Err(error) => self.keep(&mut taken, (name, object), &error),
                }
            }
            self.shown.add(fresh);
        }
        metrics::gauge!("tls_certificates_outdated").set(taken.kept);
        let Taken { by_name, known, faulty, kept } = taken;
        if faulty.is_empty() || faulty != self.faulty {
            tracing::info!(certificates = by_name.len(), kept, "took over certificates");
        }
        let platform = self.shown.current().platform.clone();
        self.shown.replace(Certificates { by_name, platform });
        self.known = known;
        // What could not be had is looked for again.
        self.seen = stamp.filter(|_| faulty.is_empty());
        self.faulty = faulty;
        Ok(())
    }

    /// Keeps what is shown for a name whose new certificate cannot be taken over.
    fn keep(&self, taken: &mut Taken, (name, object): (String, String), error: &anyhow::Error) {
        let current = self.shown.current();
        let before = current.by_name.get(&name);
        if !self.faulty.contains(&object) {
            let (error, is_shown) = (Chain(error.as_ref()), before.is_some());
            tracing::error!(
                domain = %name, %object, %error, is_shown,
                "a certificate cannot be taken over; the one before stays, if there is one"
            );
        }
        count_fault("object");
        if let Some(before) = before {
            taken.by_name.insert(name, Arc::clone(before));
            taken.kept += 1;
        }
        taken.faulty.insert(object);
    }
}

/// One certificate; one that cannot be had keeps no other from being shown.
async fn load(store: &CertificateStore, object: &str) -> Result<Arc<CertifiedKey>> {
    let issued = store.get(object).await?;
    certified(&issued.chain_pem, issued.key_pem.expose_secret())
}

fn count_fault(part: &'static str) {
    metrics::counter!("tls_certificate_faults_total", "part" => part).increment(1);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use chrono::{DateTime, Utc};
    use hotelhub_storage::{
        Storage, StorageConfig,
        certificates::{Entry, Index, Issued},
    };
    use hotelhub_tenancy::routes::Routes;
    use rustls::pki_types::CertificateDer;

    use super::*;

    const NAME: &str = "www.hotelmandala.com";
    const OURS: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHERS: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn issue() -> Issued {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
        let key_pem = made.signing_key.serialize_pem().into();
        Issued { chain_pem: made.cert.pem(), key_pem }
    }

    /// The certificate alone.
    fn leaf(issued: &Issued) -> CertificateDer<'static> {
        certified(&issued.chain_pem, issued.key_pem.expose_secret()).unwrap().cert[0].clone()
    }

    async fn name(store: &CertificateStore, object: Option<String>) {
        let entry =
            |object| (NAME.to_owned(), Entry { object, not_after: DateTime::<Utc>::MAX_UTC });
        let index = Index { certificates: object.map(entry).into_iter().collect() };
        let (_, seen) = store.index().await.unwrap();
        store.write_index(&index, seen.as_ref()).await.unwrap();
    }

    fn shown(watch: &Watch) -> Option<CertificateDer<'static>> {
        watch.shown.current().by_name.get(NAME).map(|it| it.cert[0].clone())
    }

    #[tokio::test]
    async fn a_certificate_stays_until_a_better_one_opens() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(&StorageConfig::Folder(folder.path().to_owned())).unwrap();
        let store = CertificateStore::new(storage.clone(), OURS.parse().unwrap());
        let all = Arc::new(Shown::new(Routes::default(), "hotelhub.id"));
        let mut watch = Watch::new(all, Some(store.clone()), None).unwrap();
        let first = issue();
        name(&store, Some(store.keep(NAME, &first).await.unwrap())).await;
        watch.look_at_store().await.unwrap();
        assert_eq!(shown(&watch), Some(leaf(&first)));

        // Sealed with a key that we do not have; not there; no certificate at all.
        let stranger = CertificateStore::new(storage, OTHERS.parse().unwrap());
        let (sealed, chain_pem) = (issue(), "no certificate".to_owned());
        let odd = Issued { chain_pem, ..issue() };
        for object in [
            stranger.keep(NAME, &sealed).await.unwrap(),
            "certificates/gone.json".to_owned(),
            store.keep(NAME, &odd).await.unwrap(),
        ] {
            name(&store, Some(object.clone())).await;
            for _ in 0..2 {
                watch.look_at_store().await.unwrap();
                assert_eq!(shown(&watch), Some(leaf(&first)), "{object}");
                assert!(watch.faulty.contains(&object) && watch.seen.is_none());
            }
        }

        let renewed = issue();
        name(&store, Some(store.keep(NAME, &renewed).await.unwrap())).await;
        watch.look_at_store().await.unwrap();
        assert_eq!(shown(&watch), Some(leaf(&renewed)));
        assert!(watch.faulty.is_empty() && watch.seen.is_some());
        name(&store, None).await;
        watch.look_at_store().await.unwrap();
        assert_eq!(shown(&watch), None, "whose name is gone is shown no more");
    }

    #[tokio::test]
    async fn one_look_takes_over_more_than_are_fetched_at_once_and_says_what_is_missing() {
        const MANY: usize = TOGETHER + AT_ONCE;
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(&StorageConfig::Folder(folder.path().to_owned())).unwrap();
        let store = CertificateStore::new(storage, OURS.parse().unwrap());
        let all = Arc::new(Shown::new(Routes::default(), "hotelhub.id"));
        let mut watch = Watch::new(Arc::clone(&all), Some(store.clone()), None).unwrap();
        let progress = watch.progress();
        assert_eq!((progress.is_ready(), progress.said()), (false, ("loading", 0)));
        let (issued, mut index) = (issue(), Index::default());
        for number in 0..MANY {
            let object = store.keep(&format!("h{number}"), &issued).await.unwrap();
            let entry = Entry { object, not_after: DateTime::<Utc>::MAX_UTC };
            index.certificates.insert(format!("h{number}"), entry);
        }
        let gone = Entry {
            object: "certificates/gone.json".to_owned(),
            not_after: DateTime::<Utc>::MAX_UTC,
        };
        index.certificates.insert("gone".to_owned(), gone);
        store.write_index(&index, None).await.unwrap();

        watch.look().await;
        assert_eq!(all.current().by_name.len(), MANY);
        assert_eq!((progress.is_ready(), progress.said()), (true, ("incomplete", 1)));
        index.certificates.remove("gone");
        let (_, seen) = store.index().await.unwrap();
        store.write_index(&index, seen.as_ref()).await.unwrap();
        watch.look().await;
        assert_eq!(progress.said(), ("ok", 0));
        fs::write(folder.path().join("certificates/index.json"), "no index").unwrap();
        watch.look().await;
        assert_eq!((progress.is_ready(), progress.said()), (true, ("unavailable", 0)));
        assert_eq!(all.current().by_name.len(), MANY, "what is shown stays");
    }

    #[test]
    fn the_platforms_certificate_stays_while_its_files_are_of_no_use() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("own.pem"), folder.path().join("own.key"));
        let first = issue();
        fs::write(&certificate, &first.chain_pem).unwrap();
        fs::write(&key, first.key_pem.expose_secret()).unwrap();
        let files = TlsFiles { certificate: certificate.clone(), key: key.clone() };
        let all = Arc::new(Shown::new(Routes::default(), "hotelhub.id"));
        let mut watch = Watch::new(Arc::clone(&all), None, Some(files)).unwrap();
        let platform = || all.current().platform.as_ref().map(|it| it.cert[0].clone());

        let renewed = issue();
        fs::write(&certificate, &renewed.chain_pem).unwrap();
        // The look is not to depend on how finely the machine tells times of writing apart.
        watch.written_at = [None; 2];
        watch.look_at_files();
        assert_eq!(platform(), Some(leaf(&first)), "the key is still the old one");
        fs::write(&key, renewed.key_pem.expose_secret()).unwrap();
        watch.look_at_files();
        assert_eq!(platform(), Some(leaf(&renewed)));
    }
}
