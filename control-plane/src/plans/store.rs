//! Reads plans. The only module that knows the table.

use hotelhub_core::money::Rupiah;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{Plan, entity};

/// The plans on offer, the smallest first.
pub(crate) async fn list(db: &impl ConnectionTrait) -> Result<Vec<Plan>, DbErr> {
    let rows = entity::Entity::find()
        .filter(entity::Column::IsActive.eq(true))
        .order_by_asc(entity::Column::MaxRooms)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Plan::from).collect())
}

/// Finds a plan, on offer or not.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Plan>, DbErr> {
    Ok(entity::Entity::find_by_id(id).one(db).await?.map(Plan::from))
}

impl From<entity::Model> for Plan {
    fn from(row: entity::Model) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            per_room_price: Rupiah::new(row.per_room_price_idr),
            max_rooms: row.max_rooms,
        }
    }
}
