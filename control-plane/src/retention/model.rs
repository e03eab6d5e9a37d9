//! Until when a churned tenant's data is kept. No I/O here.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{KEPT, NOTICE};

/// Until when a churned tenant's data is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Retention {
    /// Nobody deletes it before without a reason.
    pub(crate) kept_until: DateTime<Utc>,
    /// When the platform deletes it by itself; nothing while that is held back.
    pub(crate) deleted_from: Option<DateTime<Utc>>,
    /// When a mail server took the letter to the owner.
    pub(crate) owner_told_at: Option<DateTime<Utc>>,
    /// Why it is not deleted, and who said so.
    pub(crate) hold: Option<Hold>,
}

/// Why data is not deleted although its time may be over.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Hold {
    pub(crate) reason: String,
    /// One of the vendor's people.
    pub(crate) held_by: Uuid,
    pub(crate) held_at: DateTime<Utc>,
}

/// The owner of data that is to be deleted, whom no mail server took the letter for.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct UntoldOwner {
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) company_name: String,
    pub(crate) owner_email: String,
    /// When the letter was last asked for.
    pub(crate) asked_at: Option<DateTime<Utc>>,
}

/// What is on record of it.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub(super) struct Row {
    pub(super) told_at: Option<DateTime<Utc>>,
    pub(super) hold_reason: Option<String>,
    pub(super) held_by: Option<Uuid>,
    pub(super) held_at: Option<DateTime<Utc>>,
}

impl Retention {
    /// Of a tenant that churned then.
    pub(super) fn of(churned_at: DateTime<Utc>, row: Row) -> Self {
        let kept_until = churned_at + KEPT;
        let hold = row.hold_reason.zip(row.held_by).zip(row.held_at);
        let hold = hold.map(|((reason, held_by), held_at)| Hold { reason, held_by, held_at });
        Self {
            kept_until,
            deleted_from: hold.is_none().then(|| deleted_from(churned_at, row.told_at)),
            owner_told_at: row.told_at,
            hold,
        }
    }
}

/// From when on the platform deletes the data of an owner who was told then: not before its time, nor
/// sooner than the letter says. Before the owner is told nothing is deleted.
pub(super) fn deleted_from(
    churned_at: DateTime<Utc>,
    told_at: Option<DateTime<Utc>>,
) -> DateTime<Utc> {
    let kept_until = churned_at + KEPT;
    told_at.map_or(kept_until, |it| kept_until.max(it + NOTICE))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn nothing_is_deleted_sooner_than_was_announced() {
        let churned: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let day = |days| churned + TimeDelta::days(days);
        assert_eq!(deleted_from(churned, None), day(90));
        assert_eq!(deleted_from(churned, Some(day(76))), day(90));
        assert_eq!(deleted_from(churned, Some(day(200))), day(214));
    }

    #[test]
    fn what_is_held_back_has_no_date() {
        let churned: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let row = Row {
            hold_reason: Some("a court asks".to_owned()),
            held_by: Some(Uuid::nil()),
            held_at: Some(churned),
            ..Row::default()
        };
        let held = Retention::of(churned, row);
        assert_eq!((held.deleted_from, held.hold.is_some()), (None, true));
        assert!(Retention::of(churned, Row::default()).deleted_from.is_some());
    }
}
