//! Reading the environment: every fault is found, named and reported at once.

use std::{fmt, net::SocketAddr, str::FromStr, time::Duration};

use secrecy::SecretString;

use crate::keys::Keyring;

/// Where settings come from: the process's environment, or a map in a test.
pub trait Env {
    /// The value of `name`, if it is set and not empty.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|it| !it.is_empty())
    }
}

impl Env for std::collections::BTreeMap<&str, &str> {
    fn get(&self, name: &str) -> Option<String> {
        std::collections::BTreeMap::get(self, name)
            .map(|it| (*it).to_owned())
            .filter(|it| !it.is_empty())
    }
}

/// All that is wrong with the environment, a line each.
#[derive(Debug, thiserror::Error)]
pub struct ConfigFaults(Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} fault(s):", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

/// Reads settings and collects what is wrong with them.
///
/// Each read gives `None` when it noted a fault; [`Reader::finish`] turns the whole into a result.
pub struct Reader<'a> {
    env: &'a dyn Env,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader over `env`.
    pub fn new(env: &'a dyn Env) -> Self {
        Self { env, faults: Vec::new() }
    }

    /// A setting that must be there.
    pub fn required<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Option<T> {
        match self.env.get(name) {
            Some(text) => self.parsed(name, &text),
            None => self.fault(name, "is not set"),
        }
    }

    /// A setting that may be left out.
    pub fn optional<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Option<Option<T>> {
        match self.env.get(name) {
            Some(text) => self.parsed(name, &text).map(Some),
            None => Some(None),
        }
    }

    /// A setting with a value that suits most.
    pub fn or<T: FromStr<Err: fmt::Display>>(&mut self, name: &str, usual: T) -> Option<T> {
        self.optional(name).map(|it| it.unwrap_or(usual))
    }

    /// A secret: must be there, has no default, is never shown.
    pub fn secret(&mut self, name: &str) -> Option<SecretString> {
        match self.env.get(name) {
            Some(text) => Some(SecretString::from(text)),
            None => self.fault(name, "is not set; secrets have no default"),
        }
    }

    /// An address that may hold a password, so that a fault says which `form` it needs and does not
    /// repeat it.
    pub fn address(
        &mut self,
        name: &str,
        form: &str,
        fits: impl FnOnce(&str) -> bool,
    ) -> Option<SecretString> {
        match self.env.get(name) {
            Some(text) if fits(&text) => Some(SecretString::from(text)),
            Some(_) => self.fault(name, format_args!("needs the form `{form}`")),
            None => self.fault(name, "is not set; secrets have no default"),
        }
    }

    /// As [`Reader::address`], for one that may be left out.
    pub fn optional_address(
        &mut self,
        name: &str,
        form: &str,
        fits: impl FnOnce(&str) -> bool,
    ) -> Option<Option<SecretString>> {
        match self.env.get(name) {
            Some(_) => self.address(name, form, fits).map(Some),
            None => Some(None),
        }
    }

    /// Keys, as `id:base64` pairs joined with commas; the first one is used for new work.
    pub fn keys(&mut self, name: &str) -> Option<Keyring> {
        match self.env.get(name) {
            // The text is a secret, so a fault must not repeat it.
            Some(text) => match text.parse() {
                Ok(keys) => Some(keys),
                Err(error) => self.fault(name, error),
            },
            None => self.fault(name, "is not set; secrets have no default"),
        }
    }

    /// A length of time in whole seconds.
    pub fn seconds(&mut self, name: &str, usual: u64) -> Option<Duration> {
        self.or(name, usual).map(Duration::from_secs)
    }

    /// An address to listen on.
    pub fn listen(&mut self, name: &str, usual: ([u8; 4], u16)) -> Option<SocketAddr> {
        self.or(name, SocketAddr::from(usual))
    }

    /// Notes that `name` is wrong.
    pub fn fault<T>(&mut self, name: &str, why: impl fmt::Display) -> Option<T> {
        self.faults.push(format!("{name} {why}"));
        None
    }

    /// The configuration, or everything that is wrong with it.
    ///
    /// # Errors
    /// Lists every fault that was noted.
    pub fn finish<T>(self, config: Option<T>) -> Result<T, ConfigFaults> {
        match config {
            Some(config) if self.faults.is_empty() => Ok(config),
            _ => Err(ConfigFaults(self.faults)),
        }
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => self.fault(name, format_args!("is `{text}`: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let env = BTreeMap::from([("LISTEN", "nowhere"), ("KEYS", "k1:short")]);
        let mut reader = Reader::new(&env);

        let listen = reader.listen("LISTEN", ([127, 0, 0, 1], 80));
        let keys = reader.keys("KEYS");
        let secret = reader.secret("TOKEN");
        let faults = reader.finish(listen.zip(keys).zip(secret)).unwrap_err().to_string();

        for name in ["LISTEN is `nowhere`", "KEYS ", "TOKEN is not set"] {
            assert!(faults.contains(name), "{faults}");
        }
        assert!(!faults.contains("short"), "a secret was repeated: {faults}");
    }

    #[test]
    fn a_setting_left_out_has_its_usual_value() {
        let env = BTreeMap::new();
        let mut reader = Reader::new(&env);
        let wait = reader.seconds("WAIT_SECONDS", 5);
        assert_eq!(reader.finish(wait).unwrap(), Duration::from_secs(5));
    }
}
