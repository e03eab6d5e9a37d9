//! Reads and writes database hosts. The only module that knows the table.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::DbHostId;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryOrder,
};

use super::{
    entity,
    model::{DbHost, NewDbHost},
};
use crate::database::violates;

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
) -> Result<DbHost, InsertDbHostError> {
    let row = entity::ActiveModel {
        id: Set(registration.id.as_uuid()),
        name: Set(host.name.trim().to_owned()),
        address: Set(host.address),
        port: Set(host.port),
        sealed_admin_url: Set(registration.sealed_admin_url),
        key_id: Set(registration.key_id.to_owned()),
        state: Set("active".to_owned()),
        max_databases: Set(host.max_databases),
        max_connections: Set(host.max_connections),
        created_at: Set(registration.now),
    };
    match entity::Entity::insert(row).exec_with_returning(tx).await {
        Ok(row) => Ok(row.into()),
        Err(error) if violates(&error, "db_hosts_name_key") => Err(InsertDbHostError::NameTaken),
        Err(error) => Err(error.into()),
    }
}

/// All hosts, by name. There are dozens, not thousands.
pub(super) async fn list(db: &impl ConnectionTrait) -> Result<Vec<DbHost>, DbErr> {
    let rows = entity::Entity::find().order_by_asc(entity::Column::Name).all(db).await?;
    Ok(rows.into_iter().map(DbHost::from).collect())
}

impl From<entity::Model> for DbHost {
    fn from(row: entity::Model) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            address: row.address,
            port: row.port,
            key_id: row.key_id,
            state: row.state,
            max_databases: row.max_databases,
            max_connections: row.max_connections,
            created_at: row.created_at,
        }
    }
}
