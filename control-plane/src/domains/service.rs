//! What is done with domains, by API or by page.

use actix_web::http::StatusCode;
use hotelhub_core::{ids::TenantId, keys::random_token, life::Provisioning};
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use secrecy::ExposeSecret as _;

use super::{
    Domain,
    check::Seen,
    hostname::{HostnameFault, OwnHosts, canonical, pattern},
    model::{Blocked, Filter, Kind, NewClaim, Place, Row, State},
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    paging,
    tenants::{self, Tenant, TenantRef, find_meant},
    vendor_users::Vendor,
};

/// Who may claim, check, prefer and release.
pub(crate) const WRITE: &str = "tenants.write";
/// More claims of one tenant are a mistake or a flood.
const MOST: i64 = 25;

/// Which domains, and which page of them.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) tenant: Option<TenantRef>,
    pub(crate) state: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u64>,
}

/// One page of the domains that are held or claimed, the newest first, and the cursor to the next.
pub(crate) async fn list(app: &App, wanted: Wanted) -> ApiResult<(Vec<Domain>, Option<String>)> {
    let limit = paging::limit(wanted.limit)?;
    let after: Option<Place> = paging::read_cursor(wanted.cursor.as_deref())?;
    let filter = Filter {
        state: paging::parsed("state", wanted.state.as_deref())?,
        kind: paging::parsed("kind", wanted.kind.as_deref())?,
        tenant: find_meant(&app.db, wanted.tenant.as_ref()).await?,
        pattern: wanted.text.as_deref().map(pattern),
    };
    let mut found =
        store::list(&app.db, &filter, after, limit + 1).await.map_err(database_failed)?;
    let place = |it: &Row| Place { created_at: it.created_at, id: it.id.as_uuid() };
    let cursor = paging::cut(&mut found, limit, place)?;
    Ok((found.into_iter().map(|it| shown(app, it)).collect(), cursor))
}

/// The tenant that is named in an address.
pub(crate) async fn find_tenant(db: &impl ConnectionTrait, name: &TenantRef) -> ApiResult<Tenant> {
    let found = tenants::store::find_named(db, name).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("tenant"))
}

/// One of a tenant's domains, by its id or its name.
pub(crate) async fn find(
    app: &App,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    name: &str,
) -> ApiResult<Domain> {
    Ok(shown(app, find_row(db, tenant, name).await?))
}

async fn find_row(db: &impl ConnectionTrait, tenant: TenantId, name: &str) -> ApiResult<Row> {
    let written = canonical(name, &OwnHosts::new([]));
    let written = written.unwrap_or_else(|_of_another_form| name.trim().to_lowercase());
    let found = store::find_of(db, tenant, &written).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("domain of this tenant"))
}

/// Claims a name for a tenant. Nobody else is kept from claiming it: whoever proves it has it.
///
/// # Errors
/// Refuses what is no name, one that another tenant holds or had lately, and too many.
pub(crate) async fn claim(
    app: &App,
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    (tenant, typed): (&TenantRef, &str),
) -> ApiResult<Domain> {
    vendor.require(WRITE)?;
    let hostname = canonical(typed, &own_hosts(app))
        .map_err(|fault| ApiError::invalid("hostname", fault.to_string()))?;
    let found = tenants::store::find_named_for_update(tx, tenant).await.map_err(database_failed)?;
    let tenant = found.ok_or_else(|| ApiError::not_found("tenant"))?;
    let is_gone =
        |it| matches!(it, Provisioning::Failed | Provisioning::Deleting | Provisioning::Deleted);
    if is_gone(tenant.provisioning) {
        return Err(conflict("TENANT_GONE", "the tenant is gone; nothing can be claimed for it"));
    }
    let now = app.clock.now();
    store::hold_name(tx, &hostname).await.map_err(database_failed)?;
    match store::find_block(tx, tenant.id, &hostname, now).await.map_err(database_failed)? {
        Some(Blocked::Held) => return Err(taken()),
        Some(Blocked::Quarantined { until }) => return Err(quarantined(&until.to_rfc3339())),
        None => {}
    }
    if store::count_custom(tx, tenant.id).await.map_err(database_failed)? >= MOST {
        let what = format!("a tenant claims at most {MOST} domains; release one first");
        return Err(conflict("TOO_MANY_DOMAINS", what));
    }
    let former = store::find_former_challenge(tx, tenant.id, &hostname).await;
    let challenge = former
        .map_err(database_failed)?
        .unwrap_or_else(|| random_token().expose_secret().to_owned());
    let new = NewClaim {
        tenant: tenant.id,
        hostname: &hostname,
        challenge: &challenge,
        claimed_by: vendor.user.as_uuid(),
        now,
    };
    if store::insert_claim(tx, &new).await.map_err(database_failed)?.is_none() {
        let what = "the tenant has claimed this domain already; look there what is to be done";
        return Err(conflict("DOMAIN_ALREADY_CLAIMED", what));
    }
    tracing::info!(domain = %hostname, tenant.id = %tenant.id, vendor_user.id = %vendor.user,
        "claimed a domain");
    let row = find_row(tx, tenant.id, &hostname).await?;
    audit::record(tx, vendor, event("domain.claim", &row)).await?;
    Ok(shown(app, row))
}

/// Why what was typed can be nobody's custom domain, if so.
pub(crate) fn hostname_fault(app: &App, typed: &str) -> Option<HostnameFault> {
    canonical(typed, &own_hosts(app)).err()
}

/// Looks at a domain at once. `write` is given what was seen: it runs the transaction.
///
/// # Errors
/// 404 if the tenant has no such custom domain.
pub(crate) async fn look(
    app: &App,
    vendor: &Vendor,
    (tenant, name): (&TenantRef, &str),
) -> ApiResult<Looked> {
    vendor.require(WRITE)?;
    let tenant = find_tenant(&app.db, tenant).await?;
    let row = find_row(&app.db, tenant.id, name).await?;
    if row.kind != Kind::Custom {
        return Ok(Looked::OfThePlatform(Box::new(shown(app, row))));
    }
    let begun = store::begin_look(&app.db, row.id).await.map_err(database_failed)?;
    let row = begun.ok_or_else(|| ApiError::not_found("domain of this tenant"))?;
    Ok(Looked::Seen(Box::new(app.domains.look(row).await)))
}

/// What a look at once found.
pub(crate) enum Looked {
    /// A name of the platform needs no look.
    OfThePlatform(Box<Domain>),
    /// Not written yet.
    Seen(Box<Seen>),
}

impl Looked {
    /// Writes it.
    ///
    /// # Errors
    /// 404 if the name was released meanwhile.
    pub(crate) async fn write(
        self,
        app: &App,
        tx: &DatabaseTransaction,
        vendor: &Vendor,
    ) -> ApiResult<Domain> {
        match self {
            Self::OfThePlatform(domain) => Ok(*domain),
            Self::Seen(seen) => {
                let before = seen.state();
                let written = app.domains.write(tx, *seen).await.map_err(database_failed)?;
                let row = written.ok_or_else(|| ApiError::not_found("domain of this tenant"))?;
                let verified = event("domain.verify", &row)
                    .with("before", before.as_str())
                    .with("after", row.standing.state.as_str());
                audit::record(tx, vendor, verified).await?;
                Ok(shown(app, row))
            }
        }
    }
}

/// Makes a domain the one that the tenant's pages lead to.
///
/// # Errors
/// `DOMAIN_NOT_LIVE` if people would not reach the hotel by it.
pub(crate) async fn make_primary(
    app: &App,
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    (tenant, name): (&TenantRef, &str),
) -> ApiResult<Domain> {
    vendor.require(WRITE)?;
    let tenant = hold_tenant(tx, tenant).await?;
    let row = find_row(tx, tenant.id, name).await?;
    if row.standing.state != State::Live {
        let what = "nobody would reach the hotel by this domain yet; do what `next_action` says";
        return Err(conflict("DOMAIN_NOT_LIVE", what));
    }
    let before = store::find_primary(tx, tenant.id).await.map_err(database_failed)?;
    store::make_primary(tx, tenant.id, row.id).await.map_err(database_failed)?;
    tracing::info!(domain = %row.hostname, tenant.id = %tenant.id, vendor_user.id = %vendor.user,
        "made a domain primary");
    let row = find_row(tx, tenant.id, &row.hostname).await?;
    audit::record(tx, vendor, event("domain.make_primary", &row).with("before", before)).await?;
    Ok(shown(app, row))
}

/// Lets a domain go. For a while nobody else can have a name that was verified.
///
/// # Errors
/// `DOMAIN_OF_PLATFORM` for the tenant's name on the platform.
pub(crate) async fn release(
    app: &App,
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    (tenant, name): (&TenantRef, &str),
) -> ApiResult<Domain> {
    vendor.require(WRITE)?;
    let tenant = hold_tenant(tx, tenant).await?;
    let row = find_row(tx, tenant.id, name).await?;
    if row.kind != Kind::Custom {
        let what = "the tenant's name on the platform stays for as long as the tenant does";
        return Err(conflict("DOMAIN_OF_PLATFORM", what));
    }
    store::release(tx, &row, app.clock.now()).await.map_err(database_failed)?;
    tracing::info!(domain = %row.hostname, tenant.id = %tenant.id, vendor_user.id = %vendor.user,
        "released a domain");
    let released = store::find(tx, row.id).await.map_err(database_failed)?;
    let released = released.ok_or_else(|| ApiError::not_found("domain of this tenant"))?;
    let was = event("domain.release", &released).with("was_primary", row.is_primary);
    audit::record(tx, vendor, was.with("was_verified", row.standing.is_verified)).await?;
    Ok(shown(app, released))
}

fn event(action: &'static str, row: &Row) -> Event {
    Event::of(action)
        .on("domain", row.id)
        .of_tenant(Some(row.tenant))
        .with("hostname", &*row.hostname)
}

async fn hold_tenant(tx: &DatabaseTransaction, name: &TenantRef) -> ApiResult<Tenant> {
    let found = tenants::store::find_named_for_update(tx, name).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("tenant"))
}

/// The names that are the platform's own.
pub(super) fn own_hosts(app: &App) -> OwnHosts {
    let own = [app.addresses.control.host_str(), app.panel.host_str()];
    let base = app.addresses.base_domain.as_str();
    OwnHosts::new(own.into_iter().flatten().chain([base]))
}

fn shown(app: &App, row: Row) -> Domain {
    Domain::of(row, app.domains.config())
}

fn conflict(code: &'static str, what: impl Into<String>) -> ApiError {
    ApiError::refused(StatusCode::CONFLICT, code, what)
}

fn taken() -> ApiError {
    let what =
        "another tenant has proven this domain and holds it; it must be released there first";
    conflict("DOMAIN_TAKEN", what)
}

fn quarantined(until: &str) -> ApiError {
    let what = "another tenant had this domain until lately; claim it when `details.until` is over";
    conflict("DOMAIN_QUARANTINED", what).with_detail("until", until)
}
