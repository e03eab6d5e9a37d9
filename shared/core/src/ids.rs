//! Typed identifiers: a `TenantId` cannot be passed where a `UserId` is meant.
//!
//! Written as a plain UUID string everywhere outside the database.

use uuid::Uuid;

/// The text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId;

/// Declares identifier types.
macro_rules! typed_ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[derive(postgres_types::ToSql, postgres_types::FromSql)]
        #[serde(transparent)]
        #[postgres(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new identifier, ordered by creation time.
            #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The UUID itself.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).ok().ok_or(InvalidId)
            }
        }
    )+};
}

typed_ids!(
    /// A customer of the platform: one hotel company. Minted at signup, never reused.
    TenantId,
    /// One physical copy of a tenant's data; a move or a restore makes a new one.
    DatabaseId,
    /// A PostgreSQL server that holds tenant databases.
    DbHostId,
    /// A host name of a tenant.
    DomainId,
    /// What a tenant pays for, and when.
    SubscriptionId,
    /// A long work of the provisioner.
    OperationId,
    /// A bundle of a tenant's data in object storage.
    BackupId,
    /// A backup that was restored for a trial.
    DrillId,
    /// A change of the schema that goes to every tenant database.
    FleetMigrationId,
    /// Jobs that the vendor holds back.
    JobPauseId,
    /// A person who may log in, at a hotel or at the vendor.
    UserId,
    /// One login of one person.
    SessionId,
    /// A background job.
    JobId,
    /// One request, as the log and the client know it.
    RequestId,
    /// A hotel building with its own business day.
    PropertyId,
    /// A kind of room that is sold as one.
    RoomTypeId,
    /// A room.
    RoomId,
    /// A price list.
    RatePlanId,
    /// A person who stays.
    GuestId,
    /// A stay that was promised.
    ReservationId,
);

impl DatabaseId {
    /// The name of the database, and of its login role. Never the slug: a move or a preview
    /// would put two copies under one identity.
    #[must_use]
    pub fn name(self) -> String {
        format!("tenant_{}", self.0.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes() {
        let id = TenantId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("mandala".parse::<TenantId>(), Err(InvalidId));
    }

    #[test]
    fn a_database_is_named_after_its_own_id() {
        let id: DatabaseId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert_eq!(id.name(), "tenant_01890a5dac96774bbcceb302099a8057");
    }
}
