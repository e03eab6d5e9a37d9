//! The settings of both subcommands.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use hotelhub_bundle::{Limits, read_temp_folder};
use hotelhub_core::{
    clock::Clock,
    config::{ConfigFaults, Env, Reader},
    keys::Keyring,
    telemetry::TelemetryConfig,
};
use hotelhub_jobs::address::read_optional_amqp_url;
use hotelhub_storage::StorageConfig;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Config as Login;

use crate::{certificates::AcmeConfig, session};

/// Two at once keep both the disk and the processor of a database server busy; more only make
/// each other slower.
const CREATE_CONCURRENCY: usize = 2;
/// A copy is as fast as the disks and the network between the servers; two share them.
const MOVE_CONCURRENCY: usize = 1;
/// A quiet day's signups find a copy ready, and so do those of a busy five minutes.
const WARM_POOL: (u32, u32) = (4, 64);
/// Two hours after midnight in Jakarta.
const BACKUP_HOUR: u32 = 19;
/// A backup is mostly one processor's work, here and on the database server.
const BACKUP_CONCURRENCY: usize = 2;
const SHUTDOWN_GRACE_SECONDS: u64 = 25;

/// What `run` needs.
#[derive(Debug)]
pub struct Config {
    /// `LOG_FILTER`, `METRICS_LISTEN`.
    pub telemetry: TelemetryConfig,
    /// `CONTROL_DATABASE_URL`.
    pub control: Login,
    /// `SEALING_KEYS`: opens the admin addresses of the database servers.
    pub sealing_keys: Keyring,
    /// `DB_HOST_KEYS`: makes the login passwords of tenant databases.
    pub db_host_keys: Keyring,
    /// `AMQP_URL`. Unset: no ticks are sent.
    pub amqp_url: Option<SecretString>,
    /// `CREATE_CONCURRENCY`: how many operations are worked on at once.
    pub concurrency: NonZeroUsize,
    /// `MOVE_CONCURRENCY`: how many tenants are moved at once.
    pub move_concurrency: NonZeroUsize,
    /// `WARM_POOL_MIN` and `WARM_POOL_MAX`: how many databases wait for a signup, on all servers
    /// together. Both 0: none.
    pub warm_pool: (u32, u32),
    /// `TENANT_SCHEMA_VERSION`: the newest schema version that is made or migrated to.
    pub schema_version: i32,
    /// `STORAGE_URL`: where backups are kept. Unset: there are none.
    pub storage: Option<StorageConfig>,
    /// `BUNDLE_MAX_GIB`: how much a bundle that somebody brings may hold.
    pub bundle_limits: Limits,
    /// `TEMP_FOLDER`: where bundles lie while they are made and read. Unset: as the system does.
    pub temp_folder: Option<PathBuf>,
    /// `BACKUP_HOUR`: the hour of the UTC day at which the night's backups begin.
    pub backup_hour: u32,
    /// `BACKUP_CONCURRENCY`: how many tenants are backed up at once.
    pub backup_concurrency: NonZeroUsize,
    /// `CLOCK_FILE` moves it.
    pub clock: Clock,
    /// `SHUTDOWN_GRACE_SECONDS`: how long the steps at work may take to finish.
    pub grace: Duration,
    /// How certificates for custom domains are ordered; unset: an edge does that.
    pub acme: Option<AcmeConfig>,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// Names everything that is wrong with them.
    pub fn read(env: &impl Env) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(env);
        let telemetry = TelemetryConfig::read(&mut reader);
        let control = control_login(&mut reader);
        let sealing_keys = reader.keys("SEALING_KEYS");
        let db_host_keys = reader.keys("DB_HOST_KEYS");
        let amqp_url = read_optional_amqp_url(&mut reader);
        let usual = NonZeroUsize::new(CREATE_CONCURRENCY).unwrap_or(NonZeroUsize::MIN);
        let concurrency = reader.or("CREATE_CONCURRENCY", usual);
        let usual = NonZeroUsize::new(MOVE_CONCURRENCY).unwrap_or(NonZeroUsize::MIN);
        let move_concurrency = reader.or("MOVE_CONCURRENCY", usual);
        let warm_pool = warm_pool(&mut reader);
        let schema_version = schema_version(&mut reader);
        let storage = StorageConfig::read(&mut reader);
        let bundle_limits = Limits::read(&mut reader);
        let temp_folder = read_temp_folder(&mut reader);
        let backup_hour = backup_hour(&mut reader);
        let usual = NonZeroUsize::new(BACKUP_CONCURRENCY).unwrap_or(NonZeroUsize::MIN);
        let backup_concurrency = reader.or("BACKUP_CONCURRENCY", usual);
        let clock_file = reader.optional::<PathBuf>("CLOCK_FILE");
        let grace = reader.seconds("SHUTDOWN_GRACE_SECONDS", SHUTDOWN_GRACE_SECONDS);
        let acme = AcmeConfig::read(&mut reader);
        let config = (|| {
            Some(Self {
                telemetry: telemetry?,
                control: control?,
                sealing_keys: sealing_keys?,
                db_host_keys: db_host_keys?,
                amqp_url: amqp_url?,
                concurrency: concurrency?,
                move_concurrency: move_concurrency?,
                warm_pool: warm_pool?,
                schema_version: schema_version?,
                storage: storage?,
                bundle_limits: bundle_limits?,
                temp_folder: temp_folder?,
                backup_hour: backup_hour?,
                backup_concurrency: backup_concurrency?,
                clock: clock_file?.map_or_else(Clock::system, Clock::moved_by_file),
                grace: grace?,
                acme: acme?,
            })
        })();
        reader.finish(config)
    }
}

/// What `migrate` needs.
#[derive(Debug)]
pub struct MigrateConfig {
    /// `LOG_FILTER`.
    pub telemetry: TelemetryConfig,
    /// `CONTROL_DATABASE_URL`.
    pub control: Login,
}

impl MigrateConfig {
    /// Reads the settings.
    ///
    /// # Errors
    /// Names everything that is wrong with them.
    pub fn read(env: &impl Env) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(env);
        let telemetry = TelemetryConfig::read(&mut reader);
        let control = control_login(&mut reader);
        let config = telemetry.zip(control).map(|(telemetry, control)| Self {
            // It ends by itself; a second program on the metrics port would be in the way.
            telemetry: TelemetryConfig { metrics_listen: None, ..telemetry },
            control,
        });
        reader.finish(config)
    }
}

fn warm_pool(reader: &mut Reader<'_>) -> Option<(u32, u32)> {
    let (least, most) = WARM_POOL;
    let most = reader.or("WARM_POOL_MAX", most)?;
    let least = reader.or("WARM_POOL_MIN", least.min(most))?;
    if least > most {
        return reader.fault("WARM_POOL_MIN", "is greater than WARM_POOL_MAX");
    }
    Some((least, most))
}

fn backup_hour(reader: &mut Reader<'_>) -> Option<u32> {
    let hour = reader.or("BACKUP_HOUR", BACKUP_HOUR)?;
    if hour < 24 {
        return Some(hour);
    }
    reader.fault("BACKUP_HOUR", "is not between 0 and 23")
}

fn control_login(reader: &mut Reader<'_>) -> Option<Login> {
    let url: SecretString = reader.secret("CONTROL_DATABASE_URL")?;
    match session::login(url.expose_secret()) {
        Some(login) => Some(login),
        // The address holds a password, so the fault does not repeat it.
        None => reader.fault("CONTROL_DATABASE_URL", "is not an address of a PostgreSQL database"),
    }
}

/// The newest version that this program knows, unless it is told to stop before.
fn schema_version(reader: &mut Reader<'_>) -> Option<i32> {
    let head = migrations::tenant_head();
    let version = reader.or("TENANT_SCHEMA_VERSION", head)?;
    if (1..=head).contains(&version) {
        return Some(version);
    }
    reader.fault("TENANT_SCHEMA_VERSION", format!("is not between 1 and {head}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_fault_is_named_at_once_and_no_secret_is_repeated() {
        let env = BTreeMap::from([
            ("CONTROL_DATABASE_URL", "postgres://control:hunter2@nowhere:port/control"),
            ("SEALING_KEYS", "k1:short"),
            ("CREATE_CONCURRENCY", "0"),
            ("MOVE_CONCURRENCY", "many"),
            ("WARM_POOL_MIN", "5"),
            ("WARM_POOL_MAX", "4"),
            ("TENANT_SCHEMA_VERSION", "999"),
            ("STORAGE_URL", "ftp://backups"),
            ("BACKUP_HOUR", "24"),
            ("AMQP_URL", "http://guest:hunter2@rabbit.example"),
            ("LOG_FILTER", "=,=x"),
        ]);

        let faults = Config::read(&env).unwrap_err().to_string();

        for name in env.keys().chain(&["DB_HOST_KEYS"]) {
            assert!(faults.contains(name), "{name} in: {faults}");
        }
        assert!(!faults.contains("hunter2"), "{faults}");
    }
}
