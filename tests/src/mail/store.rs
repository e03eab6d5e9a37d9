//! The messages that arrived: one `.eml` file each, so that they outlive the server.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result};

use super::CaughtMail;

/// A folder of messages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MailStore {
    folder: Arc<PathBuf>,
    mails: Arc<Mutex<Vec<CaughtMail>>>,
}

impl MailStore {
    /// Opens the messages kept in `folder`.
    ///
    /// # Errors
    /// Fails if the folder cannot be made or a message in it not be read.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        let store = Self { folder: Arc::new(folder.to_owned()), mails: Arc::default() };
        let mut number = 1;
        while let Ok(raw) = fs::read(store.file(number)) {
            store.lock().push(CaughtMail::parse(number, &raw));
            number += 1;
        }
        Ok(store)
    }

    /// All messages, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<CaughtMail> {
        self.lock().clone()
    }

    /// The message with this number.
    #[must_use]
    pub fn find(&self, number: u32) -> Option<CaughtMail> {
        self.lock().iter().find(|it| it.number == number).cloned()
    }

    /// The message with this number as it came over the wire.
    ///
    /// # Errors
    /// Fails if there is no such message.
    pub fn raw(&self, number: u32) -> Result<Vec<u8>> {
        fs::read(self.file(number)).with_context(|| format!("no message {number}"))
    }

    /// Keeps a message: on disk before anybody can see it.
    pub(super) fn keep(&self, raw: &[u8]) -> Result<()> {
        let mut mails = self.lock();
        let number = u32::try_from(mails.len())? + 1;
        fs::write(self.file(number), raw).context("keep a message")?;
        mails.push(CaughtMail::parse(number, raw));
        Ok(())
    }

    fn file(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}.eml"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<CaughtMail>> {
        // A list that was being pushed to is a whole list still.
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
