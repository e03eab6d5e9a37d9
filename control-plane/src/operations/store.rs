//! Asks for operations, and reads what the provisioner recorded of them.

use hotelhub_core::ids::{OperationId, TenantId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
};

use super::{Progress, Step, entity, step_entity};

/// Asks for a tenant to be made. The provisioner wakes when the transaction commits.
pub(crate) async fn insert_create_tenant(
    tx: &DatabaseTransaction,
    tenant: TenantId,
) -> Result<(), DbErr> {
    let row = entity::ActiveModel {
        id: Set(OperationId::generate().as_uuid()),
        tenant_id: Set(tenant.as_uuid()),
        kind: Set("create_tenant".to_owned()),
        requested_at: NotSet,
    };
    entity::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}

/// The newest operation of a tenant, with its steps.
pub(crate) async fn find_latest(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Progress>, DbErr> {
    let latest = entity::Entity::find()
        .filter(entity::Column::TenantId.eq(tenant.as_uuid()))
        .order_by_desc(entity::Column::RequestedAt)
        .one(db)
        .await?;
    let Some(operation) = latest else { return Ok(None) };
    let steps = step_entity::Entity::find()
        .filter(step_entity::Column::OperationId.eq(operation.id))
        .order_by_asc(step_entity::Column::Position)
        .all(db)
        .await?;
    Ok(Some(Progress {
        id: operation.id,
        kind: operation.kind,
        requested_at: operation.requested_at,
        steps: steps.into_iter().map(Step::from).collect(),
    }))
}

impl From<step_entity::Model> for Step {
    fn from(row: step_entity::Model) -> Self {
        let took = row.started_at.zip(row.finished_at).map(|(start, end)| end - start);
        Self { name: row.name, state: row.state, ms: took.map(|it| it.num_milliseconds()) }
    }
}
