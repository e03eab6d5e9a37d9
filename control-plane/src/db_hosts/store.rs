//! Reads and writes database hosts. The only module that knows the table.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::DbHostId;
use sea_orm::{
    ActiveValue::{self, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    entity,
    model::{ChangeDbHost, DbHost, HostState, NewDbHost, Place},
};
use crate::database::{damaged, violates};

/// A database host could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum InsertDbHostError {
    #[error("the name is taken")]
    NameTaken,
    #[error("write the database host")]
    Database(#[from] DbErr),
}

/// How a new host is written down beside what the vendor said of it.
#[derive(Debug)]
pub(super) struct Registration<'a> {
    pub(super) id: DbHostId,
    pub(super) sealed_admin_url: String,
    pub(super) key_id: &'a str,
    pub(super) now: DateTime<Utc>,
}

/// Writes a host.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    host: NewDbHost,
    registration: Registration<'_>,
) -> Result<(), InsertDbHostError> {
    let row = entity::ActiveModel {
        id: Set(registration.id.as_uuid()),
        name: Set(host.name.trim().to_owned()),
        address: Set(host.address),
        port: Set(host.port),
        sealed_admin_url: Set(registration.sealed_admin_url),
        key_id: Set(registration.key_id.to_owned()),
        state: Set(HostState::Active.as_str().to_owned()),
        max_databases: Set(host.max_databases),
        max_connections: Set(host.max_connections),
        created_at: Set(registration.now),
    };
    match entity::Entity::insert(row).exec_without_returning(tx).await {
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "db_hosts_name_key") => Err(InsertDbHostError::NameTaken),
        Err(error) => Err(error.into()),
    }
}

/// Hosts with what lies there and what the provisioner last saw of them. A copy that waits, or is
/// made to wait, for a tenant on a host that takes none is on its way out like one that is retired.
const HOSTS: &str = "\
    SELECT h.id, h.name, h.address, h.port, h.key_id, h.state, h.max_databases, \
           h.max_connections, h.created_at, c.databases, c.warm, c.leaving, \
           c.previews, \
           r.is_reachable, r.error, r.checked_at \
    FROM db_hosts h LEFT JOIN db_host_reports r ON r.db_host_id = h.id \
    CROSS JOIN LATERAL ( \
      SELECT count(*) FILTER (WHERE d.state IN ('claimed', 'assigned')) AS databases, \
             count(*) FILTER (WHERE d.state = 'warm' AND h.state = 'active') AS warm, \
             count(*) FILTER (WHERE d.state IN ('retired', 'unsaved', 'discarding', 'preview') \
               OR (d.state IN ('making', 'warm') AND h.state <> 'active')) AS leaving, \
             count(*) FILTER (WHERE d.state = 'preview') AS previews \
      FROM databases d WHERE d.db_host_id = h.id) c";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    name: String,
    address: String,
    port: i32,
    key_id: String,
    state: String,
    max_databases: i32,
    max_connections: i32,
    created_at: DateTime<Utc>,
    databases: i64,
    warm: i64,
    leaving: i64,
    previews: i64,
    is_reachable: Option<bool>,
    error: Option<String>,
    checked_at: Option<DateTime<Utc>>,
}

/// All hosts, by name. There are dozens, not thousands.
pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<DbHost>, DbErr> {
    let asked = Statement::from_string(DbBackend::Postgres, format!("{HOSTS} ORDER BY h.name"));
    let rows = Row::find_by_statement(asked).all(db).await?;
    rows.into_iter().map(DbHost::try_from).collect()
}

/// At most `limit` hosts by name, from `after` on.
pub(super) async fn list_page(
    db: &impl ConnectionTrait,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<DbHost>, DbErr> {
    let sql = format!("{HOSTS} WHERE ($1::text IS NULL OR h.name > $1) ORDER BY h.name LIMIT $2");
    let values = [after.map(|it| it.name).into(), i64::try_from(limit).map_err(damaged)?.into()];
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = Row::find_by_statement(asked).all(db).await?;
    rows.into_iter().map(DbHost::try_from).collect()
}

/// The names of all hosts, in order.
pub(crate) async fn list_names(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    entity::Entity::find()
        .select_only()
        .column(entity::Column::Name)
        .order_by_asc(entity::Column::Name)
        .into_tuple()
        .all(db)
        .await
}

/// Finds a host by its id or its name.
pub(crate) async fn find_named(
    db: &impl ConnectionTrait,
    name: &str,
) -> Result<Option<DbHost>, DbErr> {
    let sql = format!(
        "{HOSTS} WHERE h.id::text = lower($1) OR h.name = $1 \
                       ORDER BY (h.id::text = lower($1)) DESC LIMIT 1"
    );
    let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()]);
    Row::find_by_statement(asked).one(db).await?.map(DbHost::try_from).transpose()
}

/// Writes what a host is used for from now on.
pub(super) async fn update_state(
    tx: &DatabaseTransaction,
    id: DbHostId,
    state: HostState,
) -> Result<(), DbErr> {
    entity::Entity::update_many()
        .col_expr(entity::Column::State, Expr::value(state.as_str()))
        .filter(entity::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await
        .map(drop)
}

/// Holds a host until the transaction ends, so that no database is put on it meanwhile.
pub(super) async fn hold(tx: &DatabaseTransaction, id: DbHostId) -> Result<(), DbErr> {
    let held = entity::Entity::find_by_id(id.as_uuid()).lock_exclusive().one(tx).await?;
    held.map(drop).ok_or_else(|| damaged("a host that was there is gone"))
}

/// Writes what is different about a host.
pub(super) async fn update(
    tx: &DatabaseTransaction,
    id: DbHostId,
    change: ChangeDbHost,
    sealed_admin_url: Option<String>,
) -> Result<(), InsertDbHostError> {
    fn set<T: Into<sea_orm::Value>>(value: Option<T>) -> ActiveValue<T> {
        value.map_or(ActiveValue::NotSet, Set)
    }

    let row = entity::ActiveModel {
        id: Set(id.as_uuid()),
        name: set(change.name.map(|it| it.trim().to_owned())),
        address: set(change.address),
        port: set(change.port),
        sealed_admin_url: set(sealed_admin_url),
        max_databases: set(change.max_databases),
        max_connections: set(change.max_connections),
        ..Default::default()
    };
    match entity::Entity::update(row).exec(tx).await {
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "db_hosts_name_key") => Err(InsertDbHostError::NameTaken),
        Err(error) => Err(error.into()),
    }
}

/// Forgets a host, with what was known of it.
pub(super) async fn delete(tx: &DatabaseTransaction, id: DbHostId) -> Result<(), DbErr> {
    entity::Entity::delete_by_id(id.as_uuid()).exec(tx).await.map(drop)
}

impl TryFrom<Row> for DbHost {
    type Error = DbErr;

    fn try_from(row: Row) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            address: row.address,
            port: row.port,
            key_id: row.key_id,
            state: row.state.parse().map_err(damaged)?,
            max_databases: row.max_databases,
            max_connections: row.max_connections,
            created_at: row.created_at,
            databases: row.databases,
            warm: row.warm,
            leaving: row.leaving,
            previews: row.previews,
            is_reachable: row.is_reachable,
            error: row.error,
            checked_at: row.checked_at,
        })
    }
}
