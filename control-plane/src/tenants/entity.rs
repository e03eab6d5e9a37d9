//! The `tenants` table. Seen by the store only.

#![expect(unreachable_pub, reason = "sea-orm's derives want `pub`; the module is private")]

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tenants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub slug: String,
    pub company_name: String,
    pub owner_name: String,
    pub owner_email: String,
    pub owner_phone: String,
    pub owner_password_hash: Option<String>,
    pub language: String,
    pub region: String,
    pub status: String,
    pub provisioning: String,
    pub access: String,
    pub access_reason: String,
    pub access_changed_at: Option<DateTimeUtc>,
    /// When the relation ended.
    pub churned_at: Option<DateTimeUtc>,
    pub plan_id: Uuid,
    pub rooms: i32,
    pub trial_ends_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub ready_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
