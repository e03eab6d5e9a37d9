//! What the environment says, and where the session is kept.

use std::path::PathBuf;

use hotelhub_core::config::{Env, Reader};
use secrecy::SecretString;
use url::Url;

use crate::failure::Failure;

/// The form of an address that makes databases and roles.
const ADMIN_FORM: &str = "postgres://role:password@host:port/postgres";

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The control plane's address.
    pub(crate) url: Option<Url>,
    /// A token instead of a session, for machines.
    pub(crate) token: Option<SecretString>,
    /// Of a login that nobody types.
    pub(crate) password: Option<SecretString>,
    /// The code of its second factor.
    pub(crate) totp: Option<SecretString>,
    /// How to log in at a database server.
    pub(crate) admin_url: Option<SecretString>,
    /// Where the session is kept; none without a home.
    pub(crate) session_file: Option<PathBuf>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Names every setting that is wrong.
    pub(crate) fn read(env: &dyn Env) -> Result<Self, Failure> {
        let mut reader = Reader::new(env);
        let url = reader.optional::<Url>("HOTELHUB_URL");
        let token = reader.optional::<SecretText>("HOTELHUB_TOKEN");
        let password = reader.optional::<SecretText>("HOTELHUB_PASSWORD");
        let totp = reader.optional::<SecretText>("HOTELHUB_TOTP");
        let admin_url =
            reader.optional_address("HOTELHUB_ADMIN_URL", ADMIN_FORM, is_postgres_address);
        let settings = || {
            Some(Self {
                url: url?,
                token: token?.map(|it| it.0),
                password: password?.map(|it| it.0),
                totp: totp?.map(|it| it.0),
                admin_url: admin_url?,
                session_file: session_file(env),
            })
        };
        let settings = settings();
        reader.finish(settings).map_err(|it| Failure::Usage(it.to_string()))
    }
}

/// Whether this is the address of a PostgreSQL server, with a host in it.
pub(crate) fn is_postgres_address(text: &str) -> bool {
    text.parse::<tokio_postgres::Config>().is_ok_and(|it| !it.get_hosts().is_empty())
}

/// A secret of any form.
struct SecretText(SecretString);

impl std::str::FromStr for SecretText {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(SecretString::from(text)))
    }
}

fn session_file(env: &dyn Env) -> Option<PathBuf> {
    let own = env.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    let folder = own.or_else(|| env.get("HOME").map(|it| PathBuf::from(it).join(".config")))?;
    Some(folder.join("hotelhub").join("session.json"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_session_stands_in_the_folder_for_settings() {
        let file = |pairs: &[(&'static str, &'static str)]| {
            session_file(&pairs.iter().copied().collect::<BTreeMap<_, _>>())
        };
        let home = ("HOME", "/home/ayu");
        assert_eq!(file(&[home]), Some("/home/ayu/.config/hotelhub/session.json".into()));
        let own = ("XDG_CONFIG_HOME", "/etc/ayu");
        assert_eq!(file(&[home, own]), Some("/etc/ayu/hotelhub/session.json".into()));
        assert_eq!(file(&[]), None);
    }

    #[test]
    fn a_wrong_setting_is_named_and_a_secret_not_repeated() {
        let env = BTreeMap::from([("HOTELHUB_URL", "here"), ("HOTELHUB_ADMIN_URL", "hunter2")]);
        let Err(Failure::Usage(said)) = Settings::read(&env) else { panic!("accepted") };
        assert!(said.contains("HOTELHUB_URL") && said.contains("HOTELHUB_ADMIN_URL"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
