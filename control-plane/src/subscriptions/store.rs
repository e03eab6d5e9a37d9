//! Writes subscriptions. The only module that knows the table.

use hotelhub_core::{
    ids::{SubscriptionId, TenantId},
    life::Status,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    QueryFilter, QueryOrder, sea_query::Expr,
};

use super::{
    entity,
    model::{Subscription, TRIAL, TrialSubscription},
};

/// Writes a subscription that begins with a trial.
pub(crate) async fn insert_trial(
    tx: &DatabaseTransaction,
    subscription: TrialSubscription,
) -> Result<(), DbErr> {
    let TrialSubscription { tenant, plan, cycle, rooms, price, start } = subscription;
    let row = entity::ActiveModel {
        id: Set(SubscriptionId::generate().as_uuid()),
        tenant_id: Set(tenant.as_uuid()),
        plan_id: Set(plan),
        status: Set("trialing".to_owned()),
        billing_cycle: Set(cycle.as_str().to_owned()),
        rooms: Set(rooms),
        price_idr: Set(price.whole()),
        current_period_start: Set(start),
        current_period_end: Set(start + TRIAL),
        trial_end: Set(Some(start + TRIAL)),
        created_at: Set(start),
    };
    entity::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}

/// The newest subscription of a tenant.
pub(crate) async fn find_latest(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Subscription>, DbErr> {
    let newest = entity::Entity::find()
        .filter(entity::Column::TenantId.eq(tenant.as_uuid()))
        .order_by_desc(entity::Column::CreatedAt)
        .one(db)
        .await?;
    Ok(newest.map(|it| Subscription {
        status: it.status,
        billing_cycle: it.billing_cycle,
        rooms: it.rooms,
        price_idr: it.price_idr,
        current_period_start: it.current_period_start,
        current_period_end: it.current_period_end,
        trial_end: it.trial_end,
    }))
}

/// Whether the tenant has never paid: its newest subscription is still a trial.
pub(crate) async fn is_trialing(tx: &DatabaseTransaction, tenant: TenantId) -> Result<bool, DbErr> {
    let newest = entity::Entity::find()
        .filter(entity::Column::TenantId.eq(tenant.as_uuid()))
        .order_by_desc(entity::Column::CreatedAt)
        .one(tx)
        .await?;
    Ok(newest.is_some_and(|it| it.status == "trialing"))
}

/// Brings the subscription to what the tenant is now: a customer has no trial any more, and who
/// left has nothing that is not cancelled. A suspension changes nothing.
pub(crate) async fn follow(
    tx: &DatabaseTransaction,
    tenant: TenantId,
    status: Status,
) -> Result<(), DbErr> {
    let (from, to): (&[&str], &str) = match status {
        Status::Trial | Status::Suspended => return Ok(()),
        Status::Active => (&["trialing"], "active"),
        Status::Churned => (&["trialing", "active", "past_due"], "cancelled"),
    };
    entity::Entity::update_many()
        .col_expr(entity::Column::Status, Expr::value(to))
        .filter(entity::Column::TenantId.eq(tenant.as_uuid()))
        .filter(entity::Column::Status.is_in(from.iter().copied()))
        .exec(tx)
        .await
        .map(drop)
}
