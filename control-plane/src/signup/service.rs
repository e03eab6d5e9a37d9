//! Takes a signup: one transaction, and nothing outside of it.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{OperationId, TenantId},
    life::Provisioning,
};
use hotelhub_http::{answer::Answer, body::Repeat, error::ApiError, language::Language};
use sea_orm::TransactionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    draft::{Draft, Fault, Order, Why},
    slug::Slug,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    idempotency::{self, Kept, Key, WhileBusy},
    operations::{self, Kind, NewOperation},
    plans,
    subscriptions::{self, TRIAL, TrialSubscription},
    tenants::{NewTenant, store as tenants, store::InsertTenantError},
    vendor_users::Vendor,
};

/// Everybody who has no login.
const ANONYMOUS: &str = "anonymous";
/// How many other slugs are offered.
const OFFERS: usize = 3;

/// A signup, and how a repeat of it is recognised.
pub(crate) struct SignUp<'a> {
    /// Who does it for the hotel; nobody if its owner does.
    pub(crate) vendor: Option<&'a Vendor>,
    pub(crate) draft: &'a Draft,
    pub(crate) repeat: &'a Repeat,
    pub(crate) language: Language,
    pub(crate) busy: WhileBusy,
}

/// A signup that was taken.
pub(crate) enum Taken {
    /// Just now.
    Fresh(Answer<SignedUpBody>),
    /// Before; this is the answer of that time.
    Before(Kept),
}

/// The answer to a signup that was taken.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SignedUpBody {
    /// The new tenant.
    #[schema(value_type = Uuid)]
    pub(super) tenant_id: TenantId,
    /// Its name in addresses, in canonical form.
    pub(super) slug: String,
    /// Its host name.
    pub(super) host: String,
    /// `pending`: the provisioner has not taken it yet.
    #[schema(value_type = String)]
    pub(super) state: Provisioning,
    /// Where its progress is told.
    pub(super) status_url: String,
    /// Where its progress is told as it happens, by server-sent events.
    pub(super) events_url: String,
}

/// Why a signup was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignUpError {
    #[error("some fields are not acceptable")]
    Faults(Vec<Fault>),
    #[error("the slug is taken")]
    SlugTaken { why: Why, suggestions: Vec<String> },
    #[error(transparent)]
    Other(#[from] ApiError),
}

/// Takes a signup. It is a hotel as soon as the provisioner has made it.
///
/// # Errors
/// Names everything that is wrong at once; says which slugs are free if this one is taken.
pub(crate) async fn sign_up(app: &App, request: SignUp<'_>) -> Result<Taken, SignUpError> {
    let actor = request.vendor.map_or_else(|| ANONYMOUS.to_owned(), |it| it.user.to_string());
    let key = Key::of(&app.fingerprints, &actor, request.repeat);
    if let Some(kept) = idempotency::peek(&app.db, key.as_ref()).await? {
        return Ok(Taken::Before(kept));
    }
    let by_vendor = request.vendor.is_some();
    let order = match check(app, request.draft, by_vendor).await {
        Ok(order) => order,
        Err(SignUpError::SlugTaken { why, suggestions }) => {
            // Taken perhaps by the first request with this key, since we looked.
            return match idempotency::peek(&app.db, key.as_ref()).await? {
                Some(kept) => Ok(Taken::Before(kept)),
                None => Err(SignUpError::SlugTaken { why, suggestions }),
            };
        }
        Err(error) => return Err(error),
    };
    // Hashing takes longest by far: no transaction is open meanwhile.
    let hash = app.passwords.hash(order.password.clone()).await?;
    let now = app.clock.now();

    let tx = app.db.begin().await.map_err(database_failed)?;
    if let Some(kept) = idempotency::hold(&tx, key.as_ref(), request.busy).await? {
        return Ok(Taken::Before(kept));
    }
    let language = request.draft.language.unwrap_or(request.language);
    let tenant = new_tenant(app, &order, hash, language, now);
    let (id, host) = (tenant.id, tenant.hostname.clone());
    match tenants::insert(&tx, tenant).await {
        Ok(()) => {}
        Err(InsertTenantError::SlugTaken) => {
            tx.rollback().await.map_err(database_failed)?;
            let why = why_taken(app, &order.slug, by_vendor).await?.unwrap_or(Why::SlugTaken);
            return Err(taken(app, &order.slug, order.region, why).await?);
        }
        Err(InsertTenantError::Database(error)) => return Err(database_failed(error).into()),
    }
    let subscription = trial(id, &order, now)?;
    subscriptions::insert_trial(&tx, subscription).await.map_err(database_failed)?;
    let wish = serde_json::json!({});
    let kind = Kind::Create;
    let requested_by = request.vendor.map(|it| it.user);
    let operation = OperationId::generate();
    let wanted = NewOperation { id: operation, tenant: id, kind, wish, requested_by };
    operations::insert(&tx, wanted).await.map_err(ApiError::from)?;
    let answer = Answer::new(SignedUpBody {
        tenant_id: id,
        slug: order.slug.to_string(),
        host,
        state: Provisioning::Pending,
        status_url: app.addresses.own(&format!("/api/v1/signup/{id}")),
        events_url: app.addresses.own(&format!("/api/v1/signup/{id}/events")),
    });
    idempotency::keep(&tx, key.as_ref(), StatusCode::ACCEPTED, &answer, now).await?;
    if let Some(vendor) = request.vendor {
        let event = Event::of("tenant.create").on_tenant(id).with("slug", order.slug.as_str());
        audit::record(&tx, vendor, event).await?;
    }
    tx.commit().await.map_err(database_failed)?;
    tracing::info!(tenant.id = %id, "took a signup");
    Ok(Taken::Fresh(answer))
}

async fn check(app: &App, draft: &Draft, by_vendor: bool) -> Result<Order, SignUpError> {
    let plans = plans::list(&app.db).await.map_err(database_failed)?;
    let checked = draft.check(&plans);
    let slug = Slug::parse(&draft.slug).ok();
    let why = match &slug {
        Some(slug) => why_taken(app, slug, by_vendor).await?,
        None => None,
    };
    match (checked, why) {
        (Ok(order), Some(why)) => Err(taken(app, &order.slug, order.region, why).await?),
        (Ok(order), None) => Ok(order),
        (Err(mut faults), why) => {
            faults.extend(why.map(|why| Fault { field: "slug", why }));
            Err(SignUpError::Faults(faults))
        }
    }
}

fn new_tenant(
    app: &App,
    order: &Order,
    hash: String,
    language: Language,
    now: DateTime<Utc>,
) -> NewTenant {
    NewTenant {
        id: TenantId::generate(),
        slug: order.slug.to_string(),
        hostname: app.addresses.host_of(order.slug.as_str()),
        company_name: order.company_name.clone(),
        owner_name: order.owner_name.clone(),
        owner_email: order.owner_email.clone(),
        owner_phone: order.owner_phone.clone(),
        owner_password_hash: hash,
        language,
        region: order.region,
        plan: order.plan.id,
        rooms: order.rooms,
        trial_ends_at: now + TRIAL,
        created_at: now,
    }
}

fn trial(
    tenant: TenantId,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<TrialSubscription, ApiError> {
    let (plan, rooms, cycle) = (&order.plan, order.rooms, order.cycle);
    let price = subscriptions::price(plan.per_room_price, rooms, cycle);
    let price = price.ok_or_else(|| ApiError::internal("the plan's price does not fit"))?;
    Ok(TrialSubscription { tenant, plan: plan.id, cycle, rooms, price, start: now })
}

/// Tells whether somebody holds the slug right now, or had it until lately. Only the transaction that
/// writes it decides in the end.
pub(super) async fn is_held(app: &App, slug: &Slug) -> Result<bool, ApiError> {
    Ok(why_taken(app, slug, false).await?.is_some())
}

/// Why a slug cannot be had, if so. Only the vendor's people are told that somebody had it before.
async fn why_taken(app: &App, slug: &Slug, by_vendor: bool) -> Result<Option<Why>, ApiError> {
    let asked = [slug.to_string()];
    if !tenants::list_held(&app.db, &asked).await.map_err(database_failed)?.is_empty() {
        return Ok(Some(Why::SlugTaken));
    }
    let resting = tenants::list_resting(&app.db, &asked, app.clock.now()).await;
    let why = |until| if by_vendor { Why::SlugRests { until } } else { Why::SlugTaken };
    Ok(resting.map_err(database_failed)?.first().map(|(_, until)| why(*until)))
}

async fn taken(app: &App, slug: &Slug, region: &str, why: Why) -> Result<SignUpError, ApiError> {
    Ok(SignUpError::SlugTaken { why, suggestions: free_alternatives(app, slug, region).await? })
}

/// A few slugs close to this one that can be had.
pub(super) async fn free_alternatives(
    app: &App,
    slug: &Slug,
    region: &str,
) -> Result<Vec<String>, ApiError> {
    let close: Vec<String> = slug.alternatives(region).iter().map(Slug::to_string).collect();
    let held = tenants::list_held(&app.db, &close).await.map_err(database_failed)?;
    let resting = tenants::list_resting(&app.db, &close, app.clock.now()).await;
    let resting = resting.map_err(database_failed)?;
    let is_free =
        |it: &String| !held.contains(it) && resting.iter().all(|(resting, _)| resting != it);
    Ok(close.into_iter().filter(is_free).take(OFFERS).collect())
}
