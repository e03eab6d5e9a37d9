//! `/panel/users`: the vendor's people, looked after by super administrators.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
    language::Language,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::texts::PeopleTexts;
use crate::{
    app::App,
    database::in_one,
    idempotency::{Key, once_by_form},
    pages::respond,
    paging::parsed,
    panel::{
        choice::Choice,
        error::Refused,
        login::NoFields,
        shell::{Shell, moment},
        typed::{link, text},
    },
    vendor_users::{
        Vendor, VendorRole,
        model::{UserFilter, UserState, VendorUser},
        page_session::Visitor,
        user_service::{self, Change, NewUserBody, read_addresses, read_role},
    },
};

const PATH: &str = "/panel/users";

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    q: String,
    role: String,
    state: String,
    cursor: String,
}

/// Who is to have a login.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewForm {
    email: String,
    name: String,
    role: String,
}

/// Another role.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RoleForm {
    role: String,
}

/// Addresses, joined with commas; from everywhere if empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddressesForm {
    addresses: String,
}

/// What was done before, to say so.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShowQuery {
    done: String,
}

struct Row {
    user: VendorUser,
    role: &'static str,
    state: &'static str,
    last_login: String,
    addresses: String,
}

#[derive(Template)]
#[template(path = "panel/users.html")]
struct ListPage {
    shell: Shell,
    w: &'static PeopleTexts,
    asked: ListQuery,
    roles: Vec<Choice>,
    states: Vec<Choice>,
    typed: NewForm,
    form_key: String,
    new_roles: Vec<Choice>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "panel/user.html")]
struct UserPage {
    shell: Shell,
    w: &'static PeopleTexts,
    row: Row,
    roles: Vec<Choice>,
    is_disabled: bool,
    is_self: bool,
    done: Option<&'static str>,
    /// Shown once.
    password: Option<String>,
    /// Of the form that makes another one.
    form_key: String,
    refusal: Option<Refused>,
}

/// Lists the people, by e-mail address.
pub(super) async fn list_users(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.read")?;
    list(&req, &app, vendor, query.into_inner(), (NewForm::default(), None)).await
}

/// Makes a login and shows its one-time password. A second click makes nothing more and shows the same.
pub(super) async fn create_user(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    form: PageForm<NewForm>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    let typed = form.value;
    let NewForm { email, name, role } = &typed;
    let body = NewUserBody { email: email.clone(), name: name.clone(), role: role.clone() };
    let key = Key::of(&app.fingerprints, &vendor.user.to_string(), &form.repeat);
    let (password, hash) = user_service::one_time_password(&app, key.as_ref()).await?;
    let invite = async |tx: &_| user_service::invite(tx, &vendor, (&body, hash)).await;
    match once_by_form(&app, (&vendor, &form.repeat), invite).await {
        Ok(made) => show_password(&req, &app, vendor, (&made, password)).await,
        Err(error) => {
            let refusal = Some(Refused::of(error)?);
            list(&req, &app, vendor, ListQuery::default(), (typed, refusal)).await
        }
    }
}

/// Shows one of the people.
pub(super) async fn show_user(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    query: Query<ShowQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.read")?;
    let user = user_service::find(&app, &name).await?;
    let done = PeopleTexts::of(Language::of(&req)).told(&query.done);
    show(&req, vendor, user, (done, None, None))
}

/// Gives somebody a one-time password and shows it. A second click shows the same.
pub(super) async fn reset_password(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    let key = Key::of(&app.fingerprints, &vendor.user.to_string(), &form.repeat);
    let (password, hash) = user_service::one_time_password(&app, key.as_ref()).await?;
    let reset =
        async |tx: &_| user_service::reset_password(tx, (&app.gate, &vendor), (&name, hash)).await;
    match once_by_form(&app, (&vendor, &form.repeat), reset).await {
        Ok(made) => show_password(&req, &app, vendor, (&made, password)).await,
        Err(error) => refuse(&req, &app, vendor, (&name, error)).await,
    }
}

/// Shows somebody with the password that was made, unless it is not theirs any more: the form may have
/// been sent again much later.
async fn show_password(
    req: &HttpRequest,
    app: &App,
    vendor: Vendor,
    (made, password): (&Value, SecretString),
) -> ApiResult<HttpResponse> {
    let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
    let user = user_service::find(app, id).await?;
    let holds_until = serde_json::to_value(user.password_expires_at).map_err(ApiError::internal)?;
    let is_theirs = made.get("password_expires_at") == Some(&holds_until) && !holds_until.is_null();
    let password = is_theirs.then(|| password.expose_secret().to_owned());
    show(req, vendor, user, (None, password, None))
}

/// Gives somebody another role.
pub(super) async fn change_role(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    form: PageForm<RoleForm>,
) -> ApiResult<HttpResponse> {
    let change = read_role(&form.value.role).map(Change::Role);
    apply(&req, &app, vendor, (&name, change, "role")).await
}

/// Lets somebody in no more.
pub(super) async fn disable_user(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    apply(&req, &app, vendor, (&name, Ok(Change::Disable), "disable")).await
}

/// Lets somebody in again.
pub(super) async fn enable_user(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    apply(&req, &app, vendor, (&name, Ok(Change::Enable), "enable")).await
}

/// Takes somebody's second factor away.
pub(super) async fn reset_totp(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    apply(&req, &app, vendor, (&name, Ok(Change::ResetTotp), "reset-totp")).await
}

/// Says from where alone somebody may come.
pub(super) async fn allow_addresses(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    form: PageForm<AddressesForm>,
) -> ApiResult<HttpResponse> {
    let entries = text(&form.value.addresses).map(|it| vec![it]);
    let change = read_addresses(entries.as_deref()).map(Change::Addresses);
    apply(&req, &app, vendor, (&name, change, "addresses")).await
}

async fn apply(
    req: &HttpRequest,
    app: &App,
    vendor: Vendor,
    (name, change, done): (&str, ApiResult<Change>, &'static str),
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    let work = async |tx: &_| user_service::change(tx, (&app.gate, &vendor), (name, change?)).await;
    match in_one(&app.db, work).await {
        Ok(user) => {
            let next = link(&format!("{PATH}/{}", user.id), &[("done", done)]);
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
        }
        Err(error) => refuse(req, app, vendor, (name, error)).await,
    }
}

async fn refuse(
    req: &HttpRequest,
    app: &App,
    vendor: Vendor,
    (name, error): (&str, ApiError),
) -> ApiResult<HttpResponse> {
    if error.status() == StatusCode::NOT_FOUND {
        return Err(error);
    }
    let refusal = Some(Refused::of(error)?);
    let user = user_service::find(app, name).await?;
    show(req, vendor, user, (None, None, refusal))
}

fn show(
    req: &HttpRequest,
    vendor: Vendor,
    user: VendorUser,
    (done, password, refusal): (Option<&'static str>, Option<String>, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let is_self = vendor.user == user.id;
    let shell = Shell::inside(req, vendor);
    let w = PeopleTexts::of(shell.language);
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let page = UserPage {
        roles: roles(w, user.role.as_str()),
        is_disabled: user.state == UserState::Disabled,
        row: row(w, user),
        is_self,
        done,
        password,
        form_key: fresh_key(),
        refusal,
        shell,
        w,
    };
    respond(req, status, &page)
}

async fn list(
    req: &HttpRequest,
    app: &App,
    vendor: Vendor,
    asked: ListQuery,
    (typed, refusal): (NewForm, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let found = find(app, &asked).await;
    let ((found, cursor), refusal) = match found {
        Ok(found) => (found, refusal),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let shell = Shell::inside(req, vendor);
    let w = PeopleTexts::of(shell.language);
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let states = [UserState::Active, UserState::Invited, UserState::Disabled].map(|it| {
        let (value, name) = w.user_state(it);
        Choice::of(value, name, &asked.state)
    });
    let page = ListPage {
        roles: roles(w, &asked.role),
        new_roles: roles(w, &typed.role),
        states: states.into(),
        rows: found.into_iter().map(|it| row(w, it)).collect(),
        next: cursor.map(|it| asked.link(&it)),
        form_key: fresh_key(),
        shell,
        w,
        asked,
        typed,
        refusal,
    };
    respond(req, status, &page)
}

async fn find(app: &App, asked: &ListQuery) -> ApiResult<(Vec<VendorUser>, Option<String>)> {
    let filter = UserFilter {
        role: parsed("role", text(&asked.role).as_deref())?,
        state: parsed("state", text(&asked.state).as_deref())?,
        text: text(&asked.q),
    };
    user_service::list(app, &filter, (text(&asked.cursor).as_deref(), None)).await
}

fn roles(w: &PeopleTexts, chosen: &str) -> Vec<Choice> {
    VendorRole::ALL.map(|it| Choice::of(it.as_str(), w.role(it), chosen)).into()
}

fn row(w: &PeopleTexts, user: VendorUser) -> Row {
    let (_, state) = w.user_state(user.state);
    Row {
        role: w.role(user.role),
        state,
        last_login: user.last_login_at.map(moment).unwrap_or_default(),
        addresses: user.allowed_addresses.clone().unwrap_or_default().join(","),
        user,
    }
}

impl ListQuery {
    fn link(&self, cursor: &str) -> String {
        let Self { q, role, state, .. } = self;
        link(PATH, &[("q", q), ("role", role), ("state", state), ("cursor", cursor)])
    }
}
