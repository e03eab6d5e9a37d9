//! Ends the stays of people who may be in no hotel any more.
//!
//! Whoever shuts somebody out writes, in the same transaction, that his stays are to end. Here each
//! hotel is told, again and again until it has said that the stay is over, so that neither a hotel that
//! is away at that instant nor an end of this program leaves one open. Several programs may tell the
//! same hotel: a stay ends once.

use std::time::Duration;

use chrono::TimeDelta;
use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{RequestId, TenantId},
    tasks::Tasks,
};
use hotelhub_http::error::ApiError;
use sea_orm::{DatabaseConnection, DbErr, TransactionTrait as _};
use serde_json::json;

use super::{
    service::PATH,
    store::{self, Ending},
};
use crate::{
    audit::{self, Actor, Event},
    database::database_failed,
    jobs::{
        Hotels,
        hotel::{Call, CallHotelError},
    },
};

/// A stay should end within seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Hotels that are told at once.
const AT_ONCE: i64 = 32;
/// Longer than a hotel is waited for.
const CLAIM: TimeDelta = TimeDelta::seconds(20);
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// By then no request for the stay is on its way to the hotel any more: what the hotel does not know it
/// will not hear of.
const ARRIVED: TimeDelta = TimeDelta::seconds(60);

/// Tells hotels.
#[derive(Clone)]
pub(crate) struct Endings {
    pub(crate) db: DatabaseConnection,
    pub(crate) clock: Clock,
    pub(crate) hotels: Hotels,
}

impl Endings {
    /// Looks for what is to end until the program stops.
    pub(crate) async fn run(self, tasks: Tasks) {
        loop {
            if let Err(error) = self.pass(&tasks).await {
                tracing::warn!(error = %Chain(&error), "stays that are to end cannot be looked for");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    async fn pass(&self, tasks: &Tasks) -> Result<(), DbErr> {
        let now = self.clock.now();
        store::forget_over(&self.db, now).await?;
        for ending in store::claim_ending(&self.db, (now, now + CLAIM), AT_ONCE).await? {
            let this = self.clone();
            // Each by itself: a hotel that does not answer holds up no other.
            tasks.spawn("end a stay", async move {
                if let Err(error) = this.end(&ending).await {
                    tracing::warn!(
                        error = %Chain(&error), tenant.id = %ending.tenant_id,
                        support_grant.id = %ending.grant_id, tries = ending.tries,
                        "a stay that is to end is still open; its hotel is told again"
                    );
                }
            });
        }
        Ok(())
    }

    async fn end(&self, ending: &Ending) -> Result<(), ApiError> {
        let Ending { grant_id, slug, because, by_id, by_email, by_name, .. } = ending;
        let call = Call { slug, actor: by_email, request: RequestId::generate() };
        let path = format!("{PATH}/{grant_id}/end");
        let body = json!({
            "vendor_user_id": by_id, "email": by_email, "name": by_name, "because": because,
        });
        let told = self.hotels.post(call, &path, &body).await;
        match told {
            Ok(_) => self.settle(ending).await,
            Err(error) if self.is_over(ending, &error) => self.settle(ending).await,
            Err(error) => {
                let exponent = u32::try_from(ending.tries.clamp(0, 6)).unwrap_or_default();
                let pause = TimeDelta::seconds(2_i64.pow(exponent)).min(LONGEST_PAUSE);
                let next = self.clock.now() + pause;
                store::put_off(&self.db, *grant_id, next).await.map_err(database_failed)?;
                Err(ApiError::internal(error))
            }
        }
    }

    /// Whether a refusal says that there is nothing to end.
    fn is_over(&self, ending: &Ending, error: &CallHotelError) -> bool {
        let CallHotelError::Refused(refusal) = error else { return false };
        match refusal.code.as_str() {
            "SUPPORT_ACCESS_OVER" => true,
            "NOT_FOUND" => self.clock.now() > ending.asked_at + ARRIVED,
            _ => false,
        }
    }

    async fn settle(&self, ending: &Ending) -> Result<(), ApiError> {
        let tx = self.db.begin().await.map_err(database_failed)?;
        if store::delete(&tx, ending.grant_id).await.map_err(database_failed)? {
            let event = Event::of("support_access.ended").on("support_grant", ending.grant_id);
            let event = event.of_tenant(Some(TenantId::from(ending.tenant_id)));
            let event = event.with("because", &*ending.because);
            let actor = Actor::system("control-plane serve", self.clock.now());
            audit::record(&tx, actor, event).await?;
        }
        tx.commit().await.map_err(database_failed)
    }
}
