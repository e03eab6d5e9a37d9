//! Reads and writes tenants and their host names. The only module that knows the tables.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{DomainId, TenantId},
    life::{NAME_RESTS, Status},
};
use hotelhub_http::language::Language;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
    sea_query::LockType,
};

use super::{
    domain_entity, entity,
    model::{HeldHost, LifeChange, NewTenant, Placement, Tenant, TenantRef},
    usage::Usage,
};
use crate::database::{damaged, violates};

/// A tenant could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InsertTenantError {
    /// Somebody else holds the slug, or the host name that comes with it, or had it until lately.
    #[error("the slug is taken")]
    SlugTaken,
    #[error("write the tenant")]
    Database(#[from] DbErr),
}

/// Writes a tenant and its host name on the platform.
pub(crate) async fn insert(
    tx: &DatabaseTransaction,
    tenant: NewTenant,
) -> Result<(), InsertTenantError> {
    let domain = domain_entity::ActiveModel {
        id: Set(DomainId::generate().as_uuid()),
        tenant_id: Set(tenant.id.as_uuid()),
        hostname: Set(tenant.hostname.clone()),
        is_primary: Set(true),
        is_verified: Set(true),
        ssl_status: Set("active".to_owned()),
        released_at: NotSet,
        failing_since: NotSet,
        created_at: Set(tenant.created_at),
    };
    let (slug, now) = (tenant.slug.clone(), tenant.created_at);
    let insert_tenant = entity::Entity::insert(row(tenant)).exec_without_returning(tx);
    insert_tenant.await.map_err(taken_or_failed)?;
    let insert_domain = domain_entity::Entity::insert(domain).exec_without_returning(tx);
    insert_domain.await.map_err(taken_or_failed)?;
    // Whoever held the slug may have been deleted while the index made us wait.
    if list_resting(tx, &[slug], now).await?.is_empty() {
        return Ok(());
    }
    Err(InsertTenantError::SlugTaken)
}

fn taken_or_failed(error: DbErr) -> InsertTenantError {
    let names = ["tenants_slug_held", "domains_hostname_held"];
    if names.iter().any(|it| violates(&error, it)) {
        return InsertTenantError::SlugTaken;
    }
    InsertTenantError::Database(error)
}

fn row(tenant: NewTenant) -> entity::ActiveModel {
    entity::ActiveModel {
        id: Set(tenant.id.as_uuid()),
        slug: Set(tenant.slug),
        company_name: Set(tenant.company_name),
        owner_name: Set(tenant.owner_name),
        owner_email: Set(tenant.owner_email),
        owner_phone: Set(tenant.owner_phone),
        owner_password_hash: Set(Some(tenant.owner_password_hash)),
        language: Set(tenant.language.code().to_owned()),
        region: Set(tenant.region.to_owned()),
        status: Set(Status::Trial.as_str().to_owned()),
        provisioning: NotSet,
        access: NotSet,
        access_reason: NotSet,
        access_changed_at: NotSet,
        churned_at: NotSet,
        plan_id: Set(tenant.plan),
        rooms: Set(tenant.rooms),
        trial_ends_at: Set(Some(tenant.trial_ends_at)),
        created_at: Set(tenant.created_at),
        ready_at: NotSet,
    }
}

/// Finds a tenant.
pub(crate) async fn find(db: &impl ConnectionTrait, id: TenantId) -> Result<Option<Tenant>, DbErr> {
    let row = entity::Entity::find_by_id(id.as_uuid()).one(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// Finds a tenant by its id or slug. A slug means whoever holds it, or held it last.
pub(crate) async fn find_named(
    db: &impl ConnectionTrait,
    name: &TenantRef,
) -> Result<Option<Tenant>, DbErr> {
    let row = named(name).one(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// Finds a tenant by its id or slug, and holds it until the transaction ends.
pub(crate) async fn find_named_for_update(
    tx: &DatabaseTransaction,
    name: &TenantRef,
) -> Result<Option<Tenant>, DbErr> {
    let row = named(name).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.map(Tenant::try_from).transpose()
}

fn named(name: &TenantRef) -> Select<entity::Entity> {
    use entity::Column::{CreatedAt, Provisioning, Slug};

    match name {
        TenantRef::Id(id) => entity::Entity::find_by_id(id.as_uuid()),
        TenantRef::Slug(slug) => entity::Entity::find()
            .filter(Slug.eq(slug))
            .order_by_asc(Provisioning.is_in(["failed", "deleted"]))
            .order_by_desc(CreatedAt)
            .limit(1),
    }
}

/// How many hotels there are in each status, without those that could not be made or are gone.
pub(crate) async fn count_by_status(
    db: &impl ConnectionTrait,
) -> Result<Vec<(Status, i64)>, DbErr> {
    let sql = "SELECT status, count(*) AS count FROM tenants \
               WHERE provisioning NOT IN ('failed', 'deleted') GROUP BY status";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let read = |row: &sea_orm::QueryResult| {
        let status: String = row.try_get("", "status")?;
        Ok((status.parse().map_err(damaged)?, row.try_get("", "count")?))
    };
    rows.iter().map(read).collect()
}

/// Writes where a tenant stands from now on: one statement, so one change of its route.
pub(crate) async fn update_life(
    tx: &DatabaseTransaction,
    id: TenantId,
    change: LifeChange<'_>,
) -> Result<Tenant, DbErr> {
    let row = entity::ActiveModel {
        id: Set(id.as_uuid()),
        status: Set(change.status.as_str().to_owned()),
        access: Set(change.access.as_str().to_owned()),
        access_reason: Set(change.reason.to_owned()),
        access_changed_at: Set(Some(change.at)),
        churned_at: Set(change.churned_at),
        ..Default::default()
    };
    entity::Entity::update(row).exec(tx).await?.try_into()
}

/// Where the data of a tenant lies, once it is published.
pub(crate) async fn find_placement(
    db: &impl ConnectionTrait,
    id: TenantId,
) -> Result<Option<Placement>, DbErr> {
    let sql = "SELECT h.name AS db_host, h.id AS db_host_id, d.id AS database_id, d.generation, \
               d.schema_version FROM databases d JOIN db_hosts h ON h.id = d.db_host_id \
               WHERE d.tenant_id = $1 AND d.state = 'assigned'";
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.as_uuid().into()]);
    Placement::find_by_statement(asked).one(db).await
}

/// How much of the platform a tenant uses.
pub(super) async fn find_usage(db: &impl ConnectionTrait, id: TenantId) -> Result<Usage, DbErr> {
    let sql = "SELECT u.measured_at, u.database_bytes, u.file_bytes, u.users, u.rooms, \
                 b.backups, b.backup_bytes \
               FROM (SELECT count(*) AS backups, coalesce(sum(bytes), 0)::bigint AS backup_bytes \
                     FROM backups WHERE tenant_id = $1 AND state = 'kept') b \
               LEFT JOIN tenant_usage u ON u.tenant_id = $1";
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.as_uuid().into()]);
    let found = Usage::find_by_statement(asked).one(db).await?;
    found.ok_or_else(|| damaged("a count has no row"))
}

/// The host names that a tenant holds, the one that links use first.
pub(super) async fn list_hosts(
    db: &impl ConnectionTrait,
    id: TenantId,
) -> Result<Vec<HeldHost>, DbErr> {
    let sql = "SELECT hostname, is_primary, is_verified, ssl_status FROM domains \
               WHERE tenant_id = $1 AND released_at IS NULL \
               ORDER BY is_primary DESC, is_verified DESC, hostname";
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.as_uuid().into()]);
    HeldHost::find_by_statement(asked).all(db).await
}

/// Which of these slugs somebody holds.
pub(crate) async fn list_held(
    db: &impl ConnectionTrait,
    slugs: &[String],
) -> Result<Vec<String>, DbErr> {
    entity::Entity::find()
        .select_only()
        .column(entity::Column::Slug)
        .filter(entity::Column::Slug.is_in(slugs))
        .filter(entity::Column::Provisioning.is_not_in(["failed", "deleted"]))
        .into_tuple()
        .all(db)
        .await
}

/// Which of these slugs were a hotel's that is deleted, so lately that nobody else can have them, and
/// until when.
pub(crate) async fn list_resting(
    db: &impl ConnectionTrait,
    slugs: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<(String, DateTime<Utc>)>, DbErr> {
    // No slug has a comma in it.
    let sql = "SELECT t.slug, max(d.released_at) AS released_at \
               FROM tenants t JOIN domains d ON d.tenant_id = t.id \
               WHERE t.slug = ANY (string_to_array($1, ',')) AND t.provisioning = 'deleted' \
                 AND t.ready_at IS NOT NULL AND d.kind = 'subdomain' AND d.released_at > $2 \
               GROUP BY t.slug";
    let values = [slugs.join(",").into(), (now - NAME_RESTS).into()];
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let read = |row: &sea_orm::QueryResult| {
        let released_at: DateTime<Utc> = row.try_get("", "released_at")?;
        Ok((row.try_get("", "slug")?, released_at + NAME_RESTS))
    };
    db.query_all_raw(asked).await?.iter().map(read).collect()
}

/// The host name that links to the hotel with this slug should use.
pub(crate) async fn find_primary_host(
    db: &impl ConnectionTrait,
    slug: &str,
) -> Result<Option<String>, DbErr> {
    let holder: Option<uuid::Uuid> = entity::Entity::find()
        .select_only()
        .column(entity::Column::Id)
        .filter(entity::Column::Slug.eq(slug))
        .filter(entity::Column::Provisioning.is_not_in(["failed", "deleted"]))
        .into_tuple()
        .one(db)
        .await?;
    match holder {
        Some(id) => find_host_of(db, TenantId::from(id)).await,
        None => Ok(None),
    }
}

/// The host name that links to this tenant should use, as long as it holds one.
pub(crate) async fn find_host_of(
    db: &impl ConnectionTrait,
    id: TenantId,
) -> Result<Option<String>, DbErr> {
    domain_entity::Entity::find()
        .select_only()
        .column(domain_entity::Column::Hostname)
        .filter(domain_entity::Column::TenantId.eq(id.as_uuid()))
        .filter(domain_entity::Column::IsVerified.eq(true))
        .filter(domain_entity::Column::ReleasedAt.is_null())
        .order_by_asc(domain_entity::Column::FailingSince.is_not_null())
        .order_by_desc(domain_entity::Column::IsPrimary)
        .order_by_asc(domain_entity::Column::CreatedAt)
        .order_by_asc(domain_entity::Column::Hostname)
        .into_tuple()
        .one(db)
        .await
}

impl TryFrom<entity::Model> for Tenant {
    type Error = DbErr;

    fn try_from(row: entity::Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id.into(),
            slug: row.slug,
            company_name: row.company_name,
            owner_name: row.owner_name,
            owner_email: row.owner_email,
            owner_phone: row.owner_phone,
            language: Language::from_code(&row.language),
            region: row.region,
            status: row.status.parse().map_err(damaged)?,
            provisioning: row.provisioning.parse().map_err(damaged)?,
            access: row.access.parse().map_err(damaged)?,
            access_reason: row.access_reason,
            access_changed_at: row.access_changed_at,
            churned_at: row.churned_at,
            plan: row.plan_id,
            rooms: row.rooms,
            trial_ends_at: row.trial_ends_at,
            created_at: row.created_at,
            ready_at: row.ready_at,
        })
    }
}
