//! Writes subscriptions. The only module that knows the table.

use hotelhub_core::ids::SubscriptionId;
use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, EntityTrait};

use super::{
    entity,
    model::{TRIAL, TrialSubscription},
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
