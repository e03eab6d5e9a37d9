//! `/upcall/v1/support-access` on a hotel's host: the vendor's people ask to come in, through the
//! control plane; and the one-time link that lets them.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig},
};
use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::UserId,
    keys::{random_token, sha256},
};
use hotelhub_http::{
    answer::Answer, body::JsonBody, client_addr::client_addr, endpoint::Endpoint, error::ApiResult,
    server::request_id,
};
use hotelhub_tenancy::db::TenantTransaction;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    model::{Asker, ENTRY_LASTS, EndBody, EnterBody, Grant, RequestBody, State},
    service::{self, link_not_from_there, over, require_link, told, unknown, unknown_link},
    store,
};
use crate::{
    access::{access_of, admit},
    audit::{self, Actor, Event},
    site::{Site, database_failed},
    vendor::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/upcall/v1/support-access").get(list).post(request).register(app);
    Endpoint::at("/upcall/v1/support-access/{id}/enter").post(enter).register(app);
    Endpoint::at("/upcall/v1/support-access/{id}/end").post(end).register(app);
}

/// Which page.
#[derive(Deserialize)]
struct ListQuery {
    cursor: Option<String>,
    limit: Option<i64>,
}

/// A one-time link.
#[derive(Serialize)]
struct Entry {
    /// Below the hotel's own address.
    path: String,
    grant: Grant,
}

/// The hotel, if it has been migrated to what support access needs.
fn site_of(vendor: &Vendor) -> ApiResult<&Site> {
    vendor.site.require_schema(8)?;
    Ok(&vendor.site)
}

async fn list(vendor: Vendor, query: Query<ListQuery>) -> ApiResult<HttpResponse> {
    let site = site_of(&vendor)?;
    let now = site.app.clock.now();
    let page = (query.cursor.as_deref(), query.limit);
    let found = vendor.transact(async |tx| service::list(tx, page, now).await).await?;
    Ok(Answer::page(found.0, found.1, None).ok())
}

/// Asks for access; who has an open one is told of that.
async fn request(
    req: HttpRequest,
    vendor: Vendor,
    body: JsonBody<RequestBody>,
) -> ApiResult<HttpResponse> {
    let body = body.value;
    let now = site_of(&vendor)?.app.clock.now();
    let ask = async |tx: &TenantTransaction<'_>| {
        // Held, so that of two requests at once the second finds the first.
        let is_standing = hold_consent(tx).await?;
        let open = store::find_open(tx, body.by.vendor_user_id, now).await;
        if let Some(open) = open.map_err(database_failed)? {
            return Ok(open);
        }
        store::insert(tx, &body, now).await.map_err(database_failed)?;
        if is_standing {
            store::decide(tx, body.id, (true, None), now).await.map_err(database_failed)?;
        }
        let grant = find(tx, body.id, now).await?;
        let event = told(Event::of("support.request"), &grant);
        let event = event.with("by_standing_consent", is_standing);
        audit::record(tx, actor(&req, &body.by, now), event).await?;
        Ok(grant)
    };
    let grant = vendor.transact(ask).await?;
    Ok(Answer::new(grant).with_status(StatusCode::OK))
}

/// Gives a one-time link to whoever the grant is for.
async fn enter(
    req: HttpRequest,
    vendor: Vendor,
    id: Path<Uuid>,
    body: JsonBody<EnterBody>,
) -> ApiResult<HttpResponse> {
    let EnterBody { by, addresses } = body.value;
    let now = site_of(&vendor)?.app.clock.now();
    let secret = random_token();
    let make = async |tx: &TenantTransaction<'_>| {
        let grant = find(tx, *id, now).await?;
        // Somebody else's is none that one knows of.
        if grant.vendor_user_id != by.vendor_user_id {
            return Err(unknown());
        }
        if grant.state != State::Allowed {
            return Err(over(grant.state));
        }
        let sha256 = sha256(secret.expose_secret().as_bytes());
        let entry = (&*sha256, now + ENTRY_LASTS);
        let written = store::update_entry(tx, grant.id, entry, &addresses).await;
        written.map_err(database_failed)?;
        audit::record(tx, actor(&req, &by, now), told(Event::of("support.link"), &grant)).await?;
        Ok(grant)
    };
    let grant = vendor.transact(make).await?;
    let path = format!("/support/{}", secret.expose_secret());
    Ok(Answer::new(Entry { path, grant }).with_status(StatusCode::OK))
}

/// Ends a grant from the vendor's side.
async fn end(
    req: HttpRequest,
    vendor: Vendor,
    id: Path<Uuid>,
    body: JsonBody<EndBody>,
) -> ApiResult<HttpResponse> {
    let EndBody { by, because } = body.value;
    let now = site_of(&vendor)?.app.clock.now();
    let work = async |tx: &TenantTransaction<'_>| {
        let grant = find(tx, *id, now).await?;
        if !grant.is_open() {
            return Err(over(grant.state));
        }
        store::end(tx, &grant, (&by.email, now)).await.map_err(database_failed)?;
        let event = told(Event::of("support.end"), &grant);
        let event = match &because {
            Some(why) => event.with("because", &**why),
            None => event,
        };
        audit::record(tx, actor(&req, &by, now), event).await?;
        find(tx, *id, now).await
    };
    Ok(Answer::new(vendor.transact(work).await?).with_status(StatusCode::OK))
}

/// Begins the session of a one-time link, which is used up; the secret for the cookie, and when it ends.
///
/// # Errors
/// 404 for every link that is not good now; `ADDRESS_NOT_ALLOWED`, after which it is good nowhere.
pub(crate) async fn use_link(
    req: &HttpRequest,
    site: &Site,
    link: &str,
) -> ApiResult<(SecretString, Grant)> {
    site.require_schema(8)?;
    require_link(link)?;
    let now = site.app.clock.now();
    let (link, secret) = (sha256(link.as_bytes()), random_token());
    let secret_sha256 = sha256(secret.expose_secret().as_bytes());
    let entered = site.within_deadline(async |connection| {
        let tx = connection.transaction().await.map_err(database_failed)?;
        let access = access_of(&tx).await.map_err(database_failed)?;
        admit(site.standing.learn(access), false).map_err(|it| site.refuse(it))?;
        let found = store::find_by_entry_for_update(&tx, &link, now).await;
        let found = found.map_err(database_failed)?.filter(|it| it.state == State::Allowed);
        let grant = found.ok_or_else(unknown_link)?;
        let is_admitted = enter_or_refuse(req, &tx, &grant, (&secret_sha256, now)).await?;
        tx.commit().await.map_err(database_failed)?;
        if is_admitted { Ok(grant) } else { Err(link_not_from_there()) }
    });
    Ok((secret, entered.await?))
}

/// Uses a link up: whether a session has begun with it, which it has not from elsewhere.
async fn enter_or_refuse(
    req: &HttpRequest,
    tx: &TenantTransaction<'_>,
    grant: &Grant,
    (secret_sha256, now): (&[u8], DateTime<Utc>),
) -> ApiResult<bool> {
    let by = Asker {
        vendor_user_id: grant.vendor_user_id,
        email: grant.vendor_email.clone(),
        name: grant.vendor_name.clone(),
    };
    let mut actor = actor(req, &by, now);
    let from = client_addr(req);
    (actor.kind, actor.address) = ("support", Some(from));
    let is_admitted = grant.admits(from);
    if is_admitted {
        store::enter(tx, grant, (secret_sha256, now)).await.map_err(database_failed)?;
    } else {
        // It has been where its owner may not be: whoever read it there could use it elsewhere.
        store::delete_entry(tx, grant.id).await.map_err(database_failed)?;
    }
    let action = if is_admitted { "support.enter" } else { "support.enter_refused" };
    audit::record(tx, actor, told(Event::of(action), grant)).await?;
    Ok(is_admitted)
}

async fn hold_consent(tx: &TenantTransaction<'_>) -> ApiResult<bool> {
    store::find_standing_for_update(tx).await.map_err(database_failed)
}

async fn find(tx: &TenantTransaction<'_>, id: Uuid, now: DateTime<Utc>) -> ApiResult<Grant> {
    store::find_for_update(tx, id, now).await.map_err(database_failed)?.ok_or_else(unknown)
}

/// One of the vendor's people, through the control plane: the address is that of no person.
fn actor(req: &HttpRequest, by: &Asker, at: DateTime<Utc>) -> Actor {
    Actor {
        kind: "vendor",
        id: UserId::from(by.vendor_user_id),
        name: by.email.clone(),
        on_behalf_of: None,
        address: None,
        request: request_id(req),
        at,
    }
}
