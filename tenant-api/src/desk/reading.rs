//! Reads: the session and the data, and what is noted of it if support looks.

use chrono::{DateTime, Utc};
use hotelhub_http::error::ApiResult;
use hotelhub_tenancy::db::TenantConnection;

use super::{
    Desk,
    session::{self, Session},
};
use crate::{
    access::{Permission, Purpose},
    site::{Site, database_failed},
    support,
};

impl Desk {
    /// Looks at the hotel's data.
    pub(crate) async fn read<T>(
        &self,
        permission: Permission,
        look: impl AsyncFn(&TenantConnection) -> ApiResult<T>,
    ) -> ApiResult<T> {
        self.read_as(permission, async |db, _| look(db).await).await
    }

    /// Looks at the hotel's data, with what is known of the person who asks.
    pub(crate) async fn read_as<T>(
        &self,
        permission: Permission,
        look: impl AsyncFn(&TenantConnection, DateTime<Utc>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        self.read_for((permission, Purpose::Read), look).await
    }

    /// The same, for a purpose that the hotel's access may allow or not.
    pub(crate) async fn read_for<T>(
        &self,
        (permission, purpose): (Permission, Purpose),
        look: impl AsyncFn(&TenantConnection, DateTime<Utc>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        self.refuse_if_stopped(purpose)?;
        let wanted = (permission, purpose);
        self.site.reading(async |site| self.read_at(site, wanted, &look).await).await
    }

    async fn read_at<T>(
        &self,
        site: &Site,
        (permission, purpose): (Permission, Purpose),
        look: impl AsyncFn(&TenantConnection, DateTime<Utc>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let now = self.app.clock.now();
        let looked = site.within_deadline(async |connection| {
            let asked = (now, self.address);
            let find = session::find(&*connection, &self.pointer, permission, asked);
            let (session, found) = if self.pointer.is_verified() {
                // Polled together, both travel to the server in one go.
                let (session, found) = futures_util::join!(find, look(&*connection, now));
                let session = session?;
                self.require(&session, permission, purpose)?;
                (session, found?)
            } else {
                // Whoever makes a cookie up costs the hotel one look for a session, and no more.
                let session = find.await?;
                self.require(&session, permission, purpose)?;
                (session, look(&*connection, now).await?)
            };
            if session.is_support {
                self.note_view(connection, &session, now).await?;
            }
            Ok(found)
        });
        looked.await
    }

    /// Notes in the hotel's log what support is about to see, once in each stay. What cannot be noted is
    /// not shown.
    async fn note_view(
        &self,
        connection: &mut TenantConnection,
        session: &Session,
        now: DateTime<Utc>,
    ) -> ApiResult<()> {
        // A page may read several times.
        if self.has_noted.get() {
            return Ok(());
        }
        if support::has_viewed(connection, session.id, &self.doing).await? {
            self.has_noted.set(true);
            return Ok(());
        }
        let tx = connection.transaction().await.map_err(database_failed)?;
        session::require_still(&tx, session.id, self.app.clock.now()).await?;
        support::record_view(&self.change(&tx, session, now), &self.doing).await?;
        tx.commit().await.map_err(database_failed)?;
        self.has_noted.set(true);
        Ok(())
    }
}
