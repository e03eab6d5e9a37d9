//! Backups: every tenant's once a night, and whenever an operation wants one.
//!
//! A backup is a bundle in object storage, under `tenants/<tenant>/backups/`. What holds:
//!
//! - **A row comes before its object and goes after it.** So whoever dies in between leaves a row
//!   that is taken up again or expires. A backup without a row was made by a platform whose control
//!   database has since been lost or restored: [`Expiry`] reports it, leaves it for 30 days from when it
//!   first saw it so, and for good if nothing is known of its tenant.
//! - **No two tries to make a backup write the same object**: whoever was given up and goes on writes
//!   what nobody reads, and [`Expiry`] deletes it after a day.
//! - **A backup is `kept` only once its object is whole** and its size and SHA-256 are on record.
//! - **One nightly backup a night**: of two who would make it one waits, and finds it made.
//! - **What a restore replaced is dropped only once a backup has it**, however long its server is away:
//!   until then it is `unsaved`, and [`Rescue`] waits for it.
//! - **A tenant whose backup fails holds up nobody**: it has its own turn, later each time, and
//!   `backups_overdue` says how many there are.
//! - **Another folder in the place of the storage is no empty storage** ([`place`]): nothing in it is
//!   called lost, gone or deleted.
//! - **A backup that nobody ever restored is none**: [`Drills`] restores one after the other, asks
//!   whether a hotel could work with it, and drops the copy.

mod drill;
mod expiry;
mod invariants;
mod night;
mod nightly;
mod overdue;
pub(crate) mod place;
mod rescue;
mod retention;
pub(crate) mod store;
mod strays;
mod take;

use hotelhub_core::ids::{BackupId, DatabaseId, TenantId};
use hotelhub_storage::Storage;
use uuid::Uuid;

pub use self::{drill::Drills, expiry::Expiry, nightly::Nightly, overdue::Overdue, rescue::Rescue};
pub(crate) use self::{
    store::{Kind, Wanted},
    take::{fetch, fetch_object, take},
};
use crate::engine::StepError;

/// How long a backup is kept that somebody asked for, or that was made before a restore, in days.
pub(crate) const KEPT_DAYS: i64 = 30;

/// Of a UUID as text.
const UUID_LENGTH: usize = 36;

/// The folders of all tenants.
const TENANTS: &str = "tenants";
/// In a tenant's folder: its backups.
const BACKUPS: &str = "backups";
/// In a tenant's folder: bundles that were brought.
const IMPORTS: &str = "imports";
/// In a tenant's folder: files of copies that do not serve yet.
const COPIES: &str = "copies";

/// The folder of all that a tenant has in object storage.
pub(crate) fn folder_of(tenant: TenantId) -> String {
    format!("{TENANTS}/{tenant}")
}

/// The folder of the files that a hotel keeps.
pub(crate) fn files_of(tenant: TenantId) -> String {
    format!("{}/files", folder_of(tenant))
}

/// The folder of the files that came with a copy, until it serves.
pub(crate) fn files_of_copy(tenant: TenantId, copy: DatabaseId) -> String {
    format!("{}/{COPIES}/{copy}", folder_of(tenant))
}

/// The object of a bundle that was brought to be imported.
pub(crate) fn upload_of(tenant: TenantId, upload: BackupId) -> String {
    format!("{}/{IMPORTS}/{upload}.zip", folder_of(tenant))
}

/// The storage, where an operation cannot do without.
pub(crate) fn required(storage: Option<&Storage>) -> Result<&Storage, StepError> {
    let unset = || StepError::Never("STORAGE_URL of the provisioner is not set".to_owned());
    storage.ok_or_else(unset)
}

/// The object of a new try to make a backup. Who tried before, and may be at it still, writes another
/// one.
fn new_object_of(tenant: TenantId, backup: BackupId) -> String {
    format!("{}/{BACKUPS}/{backup}-{}.zip", folder_of(tenant), Uuid::new_v4().simple())
}

/// The backup that an object in such a folder is, or was to be.
fn backup_of(object: &str) -> Option<BackupId> {
    let (_, file) = object.rsplit_once('/')?;
    file.get(..UUID_LENGTH)?.parse().ok()
}
