//! The session of a person's login, kept in a file that only its owner may read.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::failure::Failure;

/// What stands for a login.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Session {
    /// The control plane that gave it. Its tokens go nowhere else.
    pub(crate) url: Url,
    /// Who logged in.
    pub(crate) email: String,
    /// Sent with each request.
    #[serde(serialize_with = "exposed")]
    pub(crate) access_token: SecretString,
    /// Good for one exchange.
    #[serde(serialize_with = "exposed")]
    pub(crate) refresh_token: SecretString,
}

fn exposed<S: Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose_secret())
}

/// The file of the session.
#[derive(Clone, Debug)]
pub(crate) struct SessionFile(pub(crate) PathBuf);

/// Held while tokens are exchanged: a refresh token that is used twice ends the session, so two
/// commands that run at once must take turns.
#[derive(Debug)]
pub(crate) struct Turn {
    _locked: fs::File,
}

impl SessionFile {
    /// The session, if somebody is logged in.
    ///
    /// # Errors
    /// Fails if the file cannot be read or understood.
    pub(crate) fn load(&self) -> Result<Option<Session>, Failure> {
        let text = match fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failure("read", &error)),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| self.failure("understand", &error))
    }

    /// Keeps the session. The file changes in one instant, so that no reader sees half of it.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(crate) fn save(&self, session: &Session) -> Result<(), Failure> {
        self.make_folder()?;
        let fresh = self.0.with_extension(format!("{}.new", std::process::id()));
        let write = || {
            let text = serde_json::to_string_pretty(session)?;
            let mut open = private();
            let mut file = open.truncate(true).open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &self.0)
        };
        write().map_err(|error| self.failure("write", &error))
    }

    /// Forgets the session.
    ///
    /// # Errors
    /// Fails if the file is there and stays.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.failure("delete", &error))
            }
            _ => Ok(()),
        }
    }

    /// Waits until no other command exchanges tokens.
    ///
    /// # Errors
    /// Fails if the lock file cannot be made.
    pub(crate) fn take_turn(&self) -> Result<Turn, Failure> {
        self.make_folder()?;
        let lock = || {
            let file = private().open(self.0.with_extension("lock"))?;
            file.lock()?;
            Ok(Turn { _locked: file })
        };
        lock().map_err(|error: std::io::Error| self.failure("lock", &error))
    }

    fn make_folder(&self) -> Result<(), Failure> {
        let Some(folder) = self.0.parent() else { return Ok(()) };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| self.failure("make the folder of", &error))
    }

    fn failure(&self, verb: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
        Failure::local(&format!("{verb} {}", self.0.display()), error)
    }
}

fn private() -> fs::OpenOptions {
    let mut open = fs::OpenOptions::new();
    open.write(true).create(true).mode(0o600);
    open
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_session_is_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = SessionFile(folder.path().join("hotelhub/session.json"));
        assert!(file.load().unwrap().is_none());

        let session = Session {
            url: "http://control.localhost:8000".parse().unwrap(),
            email: "ayu@example.com".to_owned(),
            access_token: "a".into(),
            refresh_token: "r".into(),
        };
        file.save(&session).unwrap();

        let kept = file.load().unwrap().unwrap();
        assert_eq!((kept.email, kept.refresh_token.expose_secret()), (session.email, "r"));
        assert_eq!(fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
        drop(file.take_turn().unwrap());
        file.remove().unwrap();
        file.remove().unwrap();
        assert!(file.load().unwrap().is_none());
    }
}
