//! What is asked of a hotel, by API or by page.

use actix_web::HttpRequest;
use hotelhub_core::ids::RequestId;
use hotelhub_http::error::{ApiError, ApiResult};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Answered, Entry, EntryBody, RequestSupportBody, SupportGrant};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    jobs::{hotel::CallHotelError, hotel_routes::call},
    tenants::{Tenant, store as tenants},
    vendor_users::Vendor,
};

const PATH: &str = "/upcall/v1/support-access";
const REASON: std::ops::RangeInclusive<usize> = 10..=500;
const MINUTES: std::ops::RangeInclusive<i32> = 5..=240;
const USUAL_MINUTES: i32 = 60;

/// An answer, or why the hotel gave none.
pub(crate) type Asked<T> = ApiResult<Result<T, CallHotelError>>;

/// Who asks whom.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) app: &'a App,
    pub(crate) req: &'a HttpRequest,
    pub(crate) vendor: &'a Vendor,
    pub(crate) tenant: &'a Tenant,
}

impl Asking<'_> {
    async fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> Asked<T> {
        let call = call(self.req, self.vendor, self.tenant);
        read(self.app.hotels.post(call, path, &body).await)
    }

    async fn record(&self, event: Event) -> ApiResult<()> {
        let event = event.of_tenant(Some(self.tenant.id));
        audit::record_alone(&self.app.db, self.vendor, event).await
    }

    fn asker(&self) -> Value {
        let Vendor { user, email, name, .. } = self.vendor;
        json!({ "vendor_user_id": user, "email": email, "name": name })
    }
}

/// Asks to come in; who has an open request or stay is told of that, so that to ask twice does no
/// harm.
///
/// # Errors
/// Names what is wrong.
pub(crate) async fn request(asking: Asking<'_>, body: &RequestSupportBody) -> Asked<SupportGrant> {
    let reason = body.reason.trim();
    if !REASON.contains(&reason.chars().count()) {
        let why = format!("needs {} to {} characters", REASON.start(), REASON.end());
        return Err(ApiError::invalid("reason", why));
    }
    let minutes = body.minutes.unwrap_or(USUAL_MINUTES);
    if !MINUTES.contains(&minutes) {
        let why = format!("needs to be between {} and {}", MINUTES.start(), MINUTES.end());
        return Err(ApiError::invalid("minutes", why));
    }
    let id = RequestId::generate().as_uuid();
    let event = Event::of("support_access.request").on("support_grant", id).with("reason", reason);
    asking.record(event.with("minutes", minutes)).await?;
    let mut wish = asking.asker();
    if let Some(fields) = wish.as_object_mut() {
        fields.extend([
            ("id".to_owned(), json!(id)),
            ("reason".to_owned(), json!(reason)),
            ("minutes".to_owned(), json!(minutes)),
        ]);
    }
    asking.post::<Answered<SupportGrant>>(PATH, wish).await.map(|it| it.map(|it| it.data))
}

/// What was asked of the hotel, the newest first, and the cursor to the next page.
pub(crate) async fn list(
    asking: Asking<'_>,
    query: &impl Serialize,
) -> Asked<(Vec<SupportGrant>, Option<String>)> {
    let call = call(asking.req, asking.vendor, asking.tenant);
    let answer = read(asking.app.hotels.get(call, PATH, query).await)?;
    Ok(answer.map(|it: Answered<Vec<SupportGrant>>| (it.data, it.meta.next_cursor)))
}

/// A one-time link for whoever was allowed in.
pub(crate) async fn enter(asking: Asking<'_>, id: Uuid) -> Asked<EntryBody> {
    asking.record(Event::of("support_access.enter").on("support_grant", id)).await?;
    let path = format!("{PATH}/{id}/enter");
    let entry: Entry = match asking.post::<Answered<Entry>>(&path, asking.asker()).await? {
        Ok(answered) => answered.data,
        Err(error) => return Ok(Err(error)),
    };
    let (app, tenant) = (asking.app, asking.tenant);
    let host = tenants::find_host_of(&app.db, tenant.id).await.map_err(database_failed)?;
    let host = host.unwrap_or_else(|| app.addresses.host_of(&tenant.slug));
    let url = format!("{}{}", app.addresses.of_hotel(&host), entry.path);
    Ok(Ok(EntryBody { url, grant: entry.grant }))
}

/// Ends a request or a stay.
pub(crate) async fn end(asking: Asking<'_>, id: Uuid) -> Asked<SupportGrant> {
    asking.record(Event::of("support_access.end").on("support_grant", id)).await?;
    let path = format!("{PATH}/{id}/end");
    let answered = asking.post::<Answered<SupportGrant>>(&path, asking.asker()).await;
    answered.map(|it| it.map(|it| it.data))
}

fn read<T: DeserializeOwned>(answer: Result<Value, CallHotelError>) -> Asked<T> {
    match answer {
        Ok(answer) => serde_json::from_value(answer).map(Ok).map_err(ApiError::internal),
        Err(error) => Ok(Err(error)),
    }
}
