//! Every statement about backups on the control database.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use hotelhub_bundle::TenantEntry;
use hotelhub_core::{
    ids::{BackupId, DatabaseId, OperationId, TenantId},
    sql::Query as _,
};
use tokio_postgres::{Error, Row};

use super::{files_of_copy, new_object_of, upload_of};
use crate::{contents::dump::Dumped, session::Session};

/// Why a backup is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of this night.
    Nightly(NaiveDate),
    /// Somebody asked.
    Manual(OperationId),
    /// What a restore replaced.
    BeforeRestore(OperationId),
    /// Of a tenant that is deleted.
    Final(OperationId),
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Nightly(_) => "nightly",
            Self::Manual(_) => "manual",
            Self::BeforeRestore(_) => "before_restore",
            Self::Final(_) => "final",
        }
    }

    const fn night(self) -> Option<NaiveDate> {
        match self {
            Self::Nightly(night) => Some(night),
            _ => None,
        }
    }

    const fn operation(self) -> Option<OperationId> {
        match self {
            Self::Nightly(_) => None,
            Self::Manual(id) | Self::BeforeRestore(id) | Self::Final(id) => Some(id),
        }
    }
}

/// A backup that is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) tenant: TenantId,
    pub(crate) kind: Kind,
    /// The copy that it is to show.
    pub(crate) database: DatabaseId,
    /// `None`: as long as the rule of nightly ones says.
    pub(crate) keep_until: Option<DateTime<Utc>>,
}

/// A backup on record.
#[derive(Clone, Debug)]
pub(crate) struct Backup {
    pub(crate) id: BackupId,
    pub(crate) tenant: TenantId,
    /// What the last try to make it writes, or wrote.
    pub(crate) object: String,
    /// Of the bundle, once that is whole.
    pub(crate) sha256: Option<String>,
}

/// An object that a backup on record has, or may have.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) id: BackupId,
    pub(super) object: String,
    /// It must be there.
    pub(super) is_kept: bool,
}

impl Backup {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            tenant: row.try_get("tenant_id")?,
            object: row.try_get("object_name")?,
            sha256: row.try_get("sha256")?,
        })
    }
}

/// Puts a backup on record, with the object of this try, before anything of it exists; one that an
/// earlier try made is found instead. With it the object of an earlier try that did not come to its end.
pub(super) async fn begin(
    control: &Session,
    wanted: &Wanted,
) -> Result<(Backup, Option<String>), Error> {
    let (kind, night, operation) =
        (wanted.kind.as_str(), wanted.kind.night(), wanted.kind.operation());
    let insert = "INSERT INTO backups
           (id, tenant_id, kind, night, state, operation_id, database_id, keep_until, object_name)
         VALUES ($1, $2, $3, $4, 'making', $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    let id = BackupId::generate();
    let (tenant, database, until) = (wanted.tenant, wanted.database, wanted.keep_until);
    let object = new_object_of(tenant, id);
    control
        .execute(insert, &[&id, &tenant, &kind, &night, &operation, &database, &until, &object])
        .await?;
    let find = "SELECT id, tenant_id, object_name, sha256 FROM backups
         WHERE tenant_id = $1 AND kind = $2 AND state <> 'expiring'
           AND night IS NOT DISTINCT FROM $3 AND operation_id IS NOT DISTINCT FROM $4";
    let row = control.query_one(find, &[&tenant, &kind, &night, &operation]).await?;
    let found = Backup::from_row(&row)?;
    if found.object == object || found.sha256.is_some() {
        return Ok((found, None));
    }
    let object = new_object_of(tenant, found.id);
    let again = "UPDATE backups SET object_name = $2 WHERE id = $1 AND state = 'making'";
    control.execute(again, &[&found.id, &object]).await?;
    let former = found.object.clone();
    Ok((Backup { object, ..found }, Some(former)))
}

/// Sets these locks apart from those of operations and copies. In the control database.
const TENANT_LOCKS: i64 = 0x0b0b_0b0b_0b0b_0b0b;

fn tenant_lock(tenant: TenantId) -> i64 {
    // The low half of the id is random; its high half is mostly the time.
    let (_, low) = tenant.as_uuid().as_u64_pair();
    low.cast_signed() ^ TENANT_LOCKS
}

/// Takes the tenant's backups for this session, unless somebody is at them: whoever makes one of the
/// night, and whoever destroys what was begun.
pub(crate) async fn try_lock(control: &Session, tenant: TenantId) -> Result<bool, Error> {
    let sql = "SELECT pg_try_advisory_lock($1)";
    control.query_one(sql, &[&tenant_lock(tenant)]).await?.try_get(0)
}

/// Lets go of the tenant's backups.
pub(crate) async fn unlock(control: &Session, tenant: TenantId) -> Result<(), Error> {
    let sql = "SELECT pg_advisory_unlock($1)";
    control.query_one(sql, &[&tenant_lock(tenant)]).await.map(drop)
}

/// Calls a backup whole; `false` if it, or this try to make it, was given up meanwhile.
pub(super) async fn keep(
    control: &Session,
    backup: &Backup,
    database: DatabaseId,
    dumped: &Dumped,
) -> Result<bool, Error> {
    let rows = i64::try_from(dumped.manifest.rows()).unwrap_or(i64::MAX);
    let bytes = i64::try_from(dumped.bytes).unwrap_or(i64::MAX);
    let sql = "UPDATE backups SET state = 'kept', schema_version = $2, taken_at = $3, rows = $4,
           bytes = $5, sha256 = $6, database_id = $7
         WHERE id = $1 AND state = 'making' AND object_name = $8";
    let manifest = &dumped.manifest;
    control
        .execute(
            sql,
            &[
                &backup.id,
                &manifest.schema_version,
                &manifest.taken_at,
                &rows,
                &bytes,
                &dumped.sha256,
                &database,
                &backup.object,
            ],
        )
        .await
        .map(|changed| changed > 0)
}

/// The backup that an operation asked for, once it is made.
pub(crate) async fn find_made(
    control: &Session,
    tenant: TenantId,
    kind: Kind,
) -> Result<Option<BackupId>, Error> {
    let sql = "SELECT id FROM backups
         WHERE tenant_id = $1 AND kind = $2 AND operation_id = $3 AND state = 'kept'";
    let row = control.query_opt(sql, &[&tenant, &kind.as_str(), &kind.operation()]).await?;
    row.map(|it| it.try_get(0)).transpose()
}

/// A backup that can be restored.
pub(crate) async fn find_kept(control: &Session, id: BackupId) -> Result<Option<Backup>, Error> {
    let sql =
        "SELECT id, tenant_id, object_name, sha256 FROM backups WHERE id = $1 AND state = 'kept'";
    control.query_opt(sql, &[&id]).await?.as_ref().map(Backup::from_row).transpose()
}

/// The last backup of a tenant that an operation deletes, if it is whole.
pub(crate) async fn find_final(
    control: &Session,
    operation: OperationId,
) -> Result<Option<BackupId>, Error> {
    let sql = "SELECT id FROM backups
         WHERE operation_id = $1 AND kind = 'final' AND state = 'kept'";
    control.query_opt(sql, &[&operation]).await?.map(|it| it.try_get(0)).transpose()
}

/// Keeps the newest backup of a tenant whose database is gone as the last one of the operation that
/// deletes it, and says `why` in the proof; `None` if there is none.
pub(crate) async fn keep_newest_as_final(
    control: &Session,
    (tenant, operation): (TenantId, OperationId),
    keep_until: Option<DateTime<Utc>>,
    why: &str,
) -> Result<Option<BackupId>, Error> {
    // What was begun of it can never be whole.
    let give_up = "UPDATE backups SET state = 'expiring', operation_id = NULL
         WHERE operation_id = $1 AND kind = 'final' AND state = 'making'";
    control.execute(give_up, &[&operation]).await?;
    // One that is about to expire is held by whoever expires it.
    let keep = "WITH newest AS (
           SELECT id FROM backups WHERE tenant_id = $1 AND state = 'kept'
           ORDER BY taken_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED
         ), kept AS (
           UPDATE backups b SET kind = 'final', night = NULL, operation_id = $2, keep_until = $3
           FROM newest n WHERE b.id = n.id RETURNING b.id, b.taken_at
         ), proof AS (
           UPDATE deletions d SET destroyed = d.destroyed || jsonb_build_array(jsonb_build_object(
             'last_backup', $4::text, 'kept', k.id, 'taken_at', k.taken_at))
           FROM kept k WHERE d.tenant_id = $1
         )
         SELECT id FROM kept";
    let row = control.query_opt(keep, &[&tenant, &operation, &keep_until, &why]).await?;
    row.map(|it| it.try_get(0)).transpose()
}

/// What a bundle says of the tenant.
pub(crate) async fn tenant_entry(
    control: &Session,
    tenant: TenantId,
) -> Result<TenantEntry, Error> {
    let sql = "SELECT slug, company_name, language FROM tenants WHERE id = $1";
    let row = control.query_one(sql, &[&tenant]).await?;
    Ok(TenantEntry {
        id: tenant,
        slug: row.try_get(0)?,
        company_name: row.try_get(1)?,
        language: row.try_get(2)?,
    })
}

/// Gives up the backups of an operation, and of which nothing may be left.
pub(crate) async fn expire_of_operation(
    control: &Session,
    operation: OperationId,
) -> Result<(), Error> {
    let sql = "UPDATE backups SET state = 'expiring' WHERE operation_id = $1";
    control.execute(sql, &[&operation]).await.map(drop)
}

/// Gives up all backups of a tenant but one; what is to be deleted.
pub(crate) async fn expire_all_but(
    control: &Session,
    tenant: TenantId,
    kept: Option<BackupId>,
) -> Result<Vec<Backup>, Error> {
    let sql = "UPDATE backups SET state = 'expiring'
         WHERE tenant_id = $1 AND id IS DISTINCT FROM $2 RETURNING id, tenant_id, object_name, sha256";
    let rows = control.query(sql, &[&tenant, &kept]).await?;
    rows.iter().map(Backup::from_row).collect()
}

/// The nights of a tenant that are kept.
pub(super) async fn list_nights(
    control: &Session,
    tenant: TenantId,
) -> Result<Vec<NaiveDate>, Error> {
    let sql = "SELECT night FROM backups
         WHERE tenant_id = $1 AND kind = 'nightly' AND state = 'kept'";
    control.query(sql, &[&tenant]).await?.iter().map(|it| it.try_get(0)).collect()
}

/// Gives up the nightly backups of a tenant that are none of these nights'.
pub(super) async fn expire_other_nights(
    control: &Session,
    tenant: TenantId,
    kept: &[NaiveDate],
) -> Result<u64, Error> {
    let sql = "UPDATE backups SET state = 'expiring'
         WHERE tenant_id = $1 AND kind = 'nightly' AND state = 'kept' AND night <> ALL ($2)";
    control.execute(sql, &[&tenant, &kept]).await
}

/// Gives up what nobody wants any longer: backups whose time is over, and what dead makers began.
pub(super) async fn expire_old(control: &Session, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = "UPDATE backups SET state = 'expiring' WHERE state = 'kept' AND keep_until <= $1";
    control.execute(sql, &[&now]).await?;
    let begun = "SELECT id, tenant_id FROM backups b
         WHERE state = 'making' AND created_at < clock_timestamp() - interval '1 day'
           AND NOT EXISTS (SELECT FROM operations o
                           WHERE o.id = b.operation_id AND o.settled_at IS NULL)";
    for row in control.query(begun, &[]).await? {
        let (id, tenant): (BackupId, TenantId) = (row.try_get(0)?, row.try_get(1)?);
        if try_lock(control, tenant).await? {
            let sql = "UPDATE backups SET state = 'expiring' WHERE id = $1 AND state = 'making'";
            control.execute(sql, &[&id]).await?;
            unlock(control, tenant).await?;
        }
    }
    Ok(())
}

/// What is to be deleted, at most `limit`.
pub(super) async fn list_expiring(control: &Session, limit: i64) -> Result<Vec<Backup>, Error> {
    let sql =
        "SELECT id, tenant_id, object_name, sha256 FROM backups WHERE state = 'expiring' LIMIT $1";
    control.query(sql, &[&limit]).await?.iter().map(Backup::from_row).collect()
}

/// Forgets a backup whose object is gone, and notes it in the proof of its tenant's deletion, if that
/// was asked for.
pub(crate) async fn forget(
    control: &Session,
    id: BackupId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "WITH gone AS (
           DELETE FROM backups WHERE id = $1 AND state = 'expiring'
           RETURNING id, tenant_id, kind, taken_at, sha256
         )
         UPDATE deletions d SET
           final_backup_gone_at = CASE d.final_backup WHEN g.id THEN $2 ELSE d.final_backup_gone_at END,
           destroyed = d.destroyed || jsonb_build_array(jsonb_build_object('backup', g.id,
             'kind', g.kind, 'taken_at', g.taken_at, 'sha256', g.sha256, 'at', $2::timestamptz))
         FROM gone g WHERE d.tenant_id = g.tenant_id";
    control.execute(sql, &[&id, &now]).await.map(drop)
}

/// All backups that have an object, or may have one.
pub(super) async fn list_objects(control: &Session) -> Result<Vec<Recorded>, Error> {
    let sql = "SELECT id, object_name, state = 'kept' FROM backups";
    let rows = control.query(sql, &[]).await?;
    let read = |it: &Row| {
        Ok(Recorded { id: it.try_get(0)?, object: it.try_get(1)?, is_kept: it.try_get(2)? })
    };
    rows.iter().map(read).collect()
}

/// All tenants that there are or were.
pub(super) async fn list_tenants(control: &Session) -> Result<HashSet<TenantId>, Error> {
    let rows = control.query("SELECT id FROM tenants", &[]).await?;
    rows.iter().map(|it| it.try_get(0)).collect()
}

/// Remembers that these objects, and no others, belong to no backup on record, and since when; those
/// of which it has been known since `before`.
pub(super) async fn note_strays(
    control: &Session,
    objects: &[&str],
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<HashSet<String>, Error> {
    let forget = "DELETE FROM stray_backups WHERE object_name <> ALL ($1)";
    control.execute(forget, &[&objects]).await?;
    let remember = "INSERT INTO stray_backups (object_name, first_seen)
         SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING";
    control.execute(remember, &[&objects, &now]).await?;
    let since = "SELECT object_name FROM stray_backups WHERE first_seen <= $1";
    let rows = control.query(since, &[&before]).await?;
    rows.iter().map(|it| it.try_get(0)).collect()
}

/// How many tenants have tried in vain, or have no backup of `late` or after though they were there.
pub(super) async fn count_overdue(control: &Session, late: DateTime<Utc>) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM tenants t LEFT JOIN backup_turns u ON u.tenant_id = t.id
         WHERE t.provisioning = 'ready' AND (u.failures > 0
           OR (coalesce(t.ready_at, t.created_at) <= $1 AND NOT EXISTS (
             SELECT FROM backups b
             WHERE b.tenant_id = t.id AND b.state = 'kept' AND b.taken_at > $1)))";
    control.query_one(sql, &[&late]).await?.try_get(0)
}

/// The objects of bundles that were brought for operations that are not settled.
pub(super) async fn list_wanted_uploads(control: &Session) -> Result<HashSet<String>, Error> {
    let sql = "SELECT tenant_id, (wish ->> 'upload_id')::uuid FROM operations
         WHERE settled_at IS NULL AND wish ->> 'upload_id' IS NOT NULL";
    let rows = control.query(sql, &[]).await?;
    rows.iter().map(|it| Ok(upload_of(it.try_get(0)?, it.try_get(1)?))).collect()
}

/// The folders of files that came with copies which do not serve yet, or have just begun to.
pub(super) async fn list_copies_with_files(control: &Session) -> Result<HashSet<String>, Error> {
    let sql = "SELECT tenant_id, id FROM databases
         WHERE tenant_id IS NOT NULL AND state IN ('claimed', 'preview', 'assigned')";
    let rows = control.query(sql, &[]).await?;
    rows.iter().map(|it| Ok(files_of_copy(it.try_get(0)?, it.try_get(1)?))).collect()
}
