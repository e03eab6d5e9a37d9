//! What is done with the vendor's people, by API or by page.
//!
//! Somebody new gets a one-time password, which whoever made the login passes on: it is shown once,
//! holds for seven days, and opens nothing but the choice of another one. The last super
//! administrator who can log in is neither disabled nor given another role. Whoever is shut out, or is
//! given another password, factor or place to come from, is in no hotel any more either.

use actix_web::http::StatusCode;
use chrono::TimeDelta;
use hotelhub_core::{ids::UserId, keys::random_token};
use hotelhub_http::{
    client_addr::AddressList,
    error::{ApiError, ApiResult},
};
use sea_orm::DatabaseTransaction;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Gate, Vendor, VendorRole,
    model::{UserFilter, UserPlace, UserState, VendorUser},
    store::{self, InsertVendorUserError, NewVendorUser},
    stores::{second_factor, users},
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    idempotency::Key,
    paging,
    support_access::service::want_ends,
};

/// How long a one-time password holds.
const ONE_TIME: TimeDelta = TimeDelta::days(7);
const LONGEST: usize = 200;

/// Who is to have a login.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserBody {
    pub(crate) email: String,
    pub(crate) name: String,
    /// `super_admin`, `support`, `finance` or `read_only`.
    pub(crate) role: String,
}

/// Somebody with a one-time password.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InvitedBody {
    #[serde(flatten)]
    pub(crate) user: VendorUser,
    /// Pass it on: it is not shown again, not even to a repeat of the same request.
    pub(crate) one_time_password: Option<String>,
}

/// What is done to somebody's login.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Role(VendorRole),
    Disable,
    Enable,
    ResetTotp,
    Addresses(Option<AddressList>),
}

/// One page of the people, by e-mail address, and the cursor to the next.
pub(crate) async fn list(
    app: &App,
    filter: &UserFilter,
    (cursor, limit): (Option<&str>, Option<u64>),
) -> ApiResult<(Vec<VendorUser>, Option<String>)> {
    let limit = paging::limit(limit)?;
    let after: Option<UserPlace> = paging::read_cursor(cursor)?;
    let mut found =
        users::list(&app.db, filter, after, limit + 1).await.map_err(database_failed)?;
    let cursor = paging::cut(&mut found, limit, |it| UserPlace { email: it.email.clone() })?;
    Ok((found, cursor))
}

/// Somebody by id or e-mail address.
pub(crate) async fn find(app: &App, name: &str) -> ApiResult<VendorUser> {
    users::find_named(&app.db, name).await.map_err(database_failed)?.ok_or_else(unknown)
}

/// A one-time password and its hash: hashing takes long, so it comes before the transaction. The same
/// form has the same one: of two clicks the second one's answer is seen, whichever made it.
pub(crate) async fn one_time_password(
    app: &App,
    form: Option<&Key>,
) -> ApiResult<(SecretString, String)> {
    let password = form.map_or_else(random_token, |it| app.fingerprints.secret_of(it));
    let hash = app.passwords.hash(password.clone()).await?;
    Ok((password, hash))
}

/// Makes a login with a one-time password of this hash.
///
/// # Errors
/// Names what is wrong; `EMAIL_TAKEN`.
pub(crate) async fn invite(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    (body, hash): (&NewUserBody, String),
) -> ApiResult<VendorUser> {
    let email = body.email.trim().to_lowercase();
    if email.parse::<lettre::Address>().is_err() || email.len() > LONGEST {
        return Err(ApiError::invalid("email", "needs to be an e-mail address"));
    }
    let name = body.name.trim();
    if !(1..=LONGEST).contains(&name.chars().count()) {
        return Err(ApiError::invalid("name", format!("needs 1 to {LONGEST} characters")));
    }
    let role = read_role(&body.role)?;
    let now = vendor.origin.at;
    let user = NewVendorUser {
        email: &email,
        name,
        role,
        password_hash: hash,
        password_expires_at: Some(now + ONE_TIME),
        now,
    };
    let id = store::insert(tx, user).await?;
    let event = Event::of("vendor_user.create").on_vendor_user(id).with("email", &*email);
    let invited = shown(tx, &id.to_string()).await?;
    audit::record(tx, vendor, event.with("role", role.as_str())).await?;
    Ok(invited)
}

/// Gives somebody a one-time password of this hash, and ends all sessions.
pub(crate) async fn reset_password(
    tx: &DatabaseTransaction,
    (gate, vendor): (&Gate, &Vendor),
    (name, hash): (&str, String),
) -> ApiResult<VendorUser> {
    let user = find_for_update(tx, name).await?;
    if user.id == vendor.user {
        return Err(ApiError::invalid("user", "change your own password at your own account"));
    }
    let at = vendor.origin.at;
    let kept = (hash, Some(at + ONE_TIME));
    refuse_last_super_admin(tx, gate, &user).await?;
    users::update_password(tx, user.id, kept).await.map_err(database_failed)?;
    let ended = end_all(tx, vendor, (user.id, "the password was reset")).await?;
    let reset = shown(tx, &user.id.to_string()).await?;
    let event = Event::of("vendor_user.reset_password").on_vendor_user(user.id);
    audit::record(tx, vendor, ended.told(event.with("email", user.email))).await?;
    Ok(reset)
}

/// Changes somebody's login. To ask for what is already so changes nothing.
///
/// # Errors
/// 404; `LAST_SUPER_ADMIN`; `WOULD_LOCK_OUT` for addresses that leave whoever asks outside.
pub(crate) async fn change(
    tx: &DatabaseTransaction,
    (gate, vendor): (&Gate, &Vendor),
    (name, change): (&str, Change),
) -> ApiResult<VendorUser> {
    let user = find_for_update(tx, name).await?;
    let at = vendor.origin.at;
    let event = match change {
        Change::Role(role) => {
            if role != VendorRole::SuperAdmin {
                refuse_last_super_admin(tx, gate, &user).await?;
            }
            users::update_role(tx, user.id, role).await.map_err(database_failed)?;
            let event = Event::of("vendor_user.change_role").with("before", user.role.as_str());
            let event = event.with("after", role.as_str());
            if role.may("support_access.write") {
                event
            } else {
                let because = (user.id, "the role includes no support access any more");
                event.with("stays_ended", want_ends(tx, vendor, because).await?)
            }
        }
        Change::Disable => {
            refuse_last_super_admin(tx, gate, &user).await?;
            users::update_disabled(tx, user.id, Some(at)).await.map_err(database_failed)?;
            let ended = end_all(tx, vendor, (user.id, "the login was disabled")).await?;
            ended.told(Event::of("vendor_user.disable"))
        }
        Change::Enable => {
            users::update_disabled(tx, user.id, None).await.map_err(database_failed)?;
            Event::of("vendor_user.enable")
        }
        Change::ResetTotp => {
            if user.id == vendor.user {
                let why = "reset your own second factor with a code, at your own account";
                return Err(ApiError::invalid("user", why));
            }
            second_factor::reset(tx, user.id).await.map_err(database_failed)?;
            let ended = end_all(tx, vendor, (user.id, "the second factor was reset")).await?;
            ended.told(Event::of("vendor_user.reset_totp"))
        }
        Change::Addresses(list) => {
            let outside = list.as_ref().is_some_and(|it| !it.contains(vendor.origin.address));
            if outside && user.id == vendor.user {
                return Err(would_lock_out(vendor));
            }
            let text = list.map(|it| it.to_string());
            users::update_addresses(tx, user.id, text.clone()).await.map_err(database_failed)?;
            let event = Event::of("vendor_user.allow_addresses");
            let event = event.with("before", json!(user.allowed_addresses));
            let event = event.with("after", text.clone());
            let before = user.allowed_addresses.as_ref().map(|it| it.join(","));
            if text.is_none() || text == before {
                event
            } else {
                let because = (user.id, "other addresses are allowed now");
                event.with("stays_ended", want_ends(tx, vendor, because).await?)
            }
        }
    };
    let changed = shown(tx, &user.id.to_string()).await?;
    audit::record(tx, vendor, event.on_vendor_user(user.id).with("email", user.email)).await?;
    Ok(changed)
}

/// What ended of somebody's.
struct EndedAll {
    sessions: u64,
    stays: u64,
}

impl EndedAll {
    fn told(&self, event: Event) -> Event {
        event.with("sessions_ended", self.sessions).with("stays_ended", self.stays)
    }
}

/// Ends all sessions of somebody, and all stays in hotels.
async fn end_all(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    (user, because): (UserId, &str),
) -> ApiResult<EndedAll> {
    let sessions = users::revoke_all(tx, user, (None, vendor.origin.at)).await;
    let sessions = sessions.map_err(database_failed)?;
    Ok(EndedAll { sessions, stays: want_ends(tx, vendor, (user, because)).await? })
}

/// Refuses somebody whose session has ended or whose role does not include `action` any more, and holds
/// the login until the transaction ends: none of it changes meanwhile.
pub(crate) async fn hold_standing(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    action: &'static str,
) -> ApiResult<()> {
    let role = users::find_standing_for_share(tx, vendor.user, vendor.session).await;
    let role = role.map_err(database_failed)?.ok_or_else(ApiError::unauthenticated)?;
    if role.may(action) { Ok(()) } else { Err(ApiError::forbidden(action)) }
}

/// Changes one's own password, to one of this hash, and ends one's other sessions and one's stays.
pub(super) async fn change_own_password(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    hash: String,
) -> ApiResult<()> {
    users::update_password(tx, vendor.user, (hash, None)).await.map_err(database_failed)?;
    let kept = (Some(vendor.session), vendor.origin.at);
    users::revoke_all(tx, vendor.user, kept).await.map_err(database_failed)?;
    want_ends(tx, vendor, (vendor.user, "the password was changed")).await?;
    let event = Event::of("vendor_user.change_password").on_vendor_user(vendor.user);
    audit::record(tx, vendor, event).await
}

/// Reads addresses and ranges; none means from everywhere.
pub(crate) fn read_addresses(entries: Option<&[String]>) -> ApiResult<Option<AddressList>> {
    let Some(entries) = entries else { return Ok(None) };
    if entries.is_empty() {
        let why = "needs at least one address; from everywhere is null";
        return Err(ApiError::invalid("addresses", why));
    }
    let list: Result<AddressList, _> = entries.join(",").parse();
    list.map(Some).map_err(|error| ApiError::invalid("addresses", error.to_string()))
}

/// Reads a role.
pub(crate) fn read_role(text: &str) -> ApiResult<VendorRole> {
    let role: Result<VendorRole, _> = text.parse();
    role.map_err(|error| ApiError::invalid("role", error.to_string()))
}

async fn refuse_last_super_admin(
    tx: &DatabaseTransaction,
    gate: &Gate,
    user: &VendorUser,
) -> ApiResult<()> {
    if user.role != VendorRole::SuperAdmin || user.state != UserState::Active {
        return Ok(());
    }
    let held = users::hold_super_admins(tx).await.map_err(database_failed)?;
    // Whose addresses lie outside of what all may come from gets in from nowhere.
    let gets_in = |allowed: &Option<_>| gate.is_open_to(allowed.as_ref());
    if held.iter().any(|(id, allowed)| *id != user.id && gets_in(allowed)) {
        return Ok(());
    }
    let message = "this is the last super administrator who can log in: make another one first, and \
                   let that one choose a password";
    Err(ApiError::refused(StatusCode::CONFLICT, "LAST_SUPER_ADMIN", message))
}

async fn find_for_update(tx: &DatabaseTransaction, name: &str) -> ApiResult<VendorUser> {
    // First all that a later look would hold, in one order: two who change each other wait in turn.
    users::hold_super_admins(tx).await.map_err(database_failed)?;
    let found = users::find_named_for_update(tx, name).await.map_err(database_failed)?;
    found.ok_or_else(unknown)
}

async fn shown(tx: &DatabaseTransaction, id: &str) -> ApiResult<VendorUser> {
    users::find_named(tx, id).await.map_err(database_failed)?.ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::not_found("user")
}

fn would_lock_out(vendor: &Vendor) -> ApiError {
    let address = vendor.origin.address;
    let message = format!("you come from {address}, which the list leaves out: add it to the list");
    ApiError::refused(StatusCode::CONFLICT, "WOULD_LOCK_OUT", message)
}

impl InvitedBody {
    /// The answer for whoever made the login.
    pub(crate) fn showing(user: VendorUser, password: &SecretString) -> Self {
        Self { user, one_time_password: Some(password.expose_secret().to_owned()) }
    }

    /// The answer as it is kept.
    pub(crate) fn without_password(&self) -> Self {
        Self { user: self.user.clone(), one_time_password: None }
    }
}

impl From<InsertVendorUserError> for ApiError {
    fn from(error: InsertVendorUserError) -> Self {
        match error {
            InsertVendorUserError::EmailTaken => {
                let message = "somebody has this e-mail address already";
                Self::refused(StatusCode::CONFLICT, "EMAIL_TAKEN", message)
                    .with_detail("email", "is taken")
            }
            InsertVendorUserError::Database(error) => database_failed(error),
        }
    }
}
