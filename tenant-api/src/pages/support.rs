//! `/support-access`: the hotel lets support in, or not; and `/support/…`, by which support comes in.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_http::{
    auth::page_cookie,
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    login::NoFields,
    shell::{SUPPORT_ACCESS, Shell, render},
    texts::Texts,
    words,
};
use crate::{
    access::{Permission, Purpose},
    app::App,
    desk::{Change, Desk},
    properties,
    site::{Site, database_failed},
    support::{self, Grant, State, service},
};

/// Which page, and what was done before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    cursor: String,
    done: String,
}

/// Whether support may come in without being asked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConsentForm {
    standing: String,
}

struct Row {
    id: Uuid,
    who: String,
    reason: String,
    minutes: i32,
    state: &'static str,
    asked: String,
    until: String,
    decided_by: String,
    may_answer: bool,
    may_end: bool,
}

#[derive(Template)]
#[template(path = "pages/support_access.html")]
struct Page {
    shell: Shell,
    waiting: Vec<Row>,
    rows: Vec<Row>,
    is_standing: bool,
    done: Option<&'static str>,
    refusal: Option<&'static str>,
    next: Option<String>,
    may_decide: bool,
    key: String,
}

#[derive(Template)]
#[template(path = "pages/support_enter.html")]
struct EnterPage {
    shell: Shell,
}

/// Shows who asked to come in, who is in, and who was.
pub(super) async fn show_support_access(
    req: HttpRequest,
    desk: Desk,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    show(&req, &desk, query.into_inner(), (StatusCode::OK, None)).await
}

/// Lets support in.
pub(super) async fn allow(
    req: HttpRequest,
    desk: Desk,
    id: Path<Uuid>,
    form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let work = async |change: &Change<'_>| service::answer(change, *id, true).await;
    decide(&req, &desk, &form, ("allowed", work)).await
}

/// Does not let support in.
pub(super) async fn refuse(
    req: HttpRequest,
    desk: Desk,
    id: Path<Uuid>,
    form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let work = async |change: &Change<'_>| service::answer(change, *id, false).await;
    decide(&req, &desk, &form, ("refused", work)).await
}

/// Has support leave at once.
pub(super) async fn end(
    req: HttpRequest,
    desk: Desk,
    id: Path<Uuid>,
    form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let work = async |change: &Change<'_>| service::end(change, *id).await;
    decide(&req, &desk, &form, ("ended", work)).await
}

/// Says whether support may come in without being asked.
pub(super) async fn set_standing(
    req: HttpRequest,
    desk: Desk,
    form: PageForm<ConsentForm>,
) -> ApiResult<HttpResponse> {
    let is_standing = form.value.standing == "yes";
    let work = async |change: &Change<'_>| service::set_standing(change, is_standing).await;
    decide(&req, &desk, &form, ("standing", work)).await
}

async fn decide<T>(
    req: &HttpRequest,
    desk: &Desk,
    form: &PageForm<T>,
    (done, work): (&'static str, impl AsyncFn(&Change<'_>) -> ApiResult<()>),
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(8)?;
    let changed = desk
        .write_from_page(Permission::SupportWrite, Purpose::Service, &form.repeat, async |change| {
            work(change).await?;
            Ok(format!("{SUPPORT_ACCESS}?done={done}"))
        })
        .await;
    match changed {
        Err(error) if error.code() == "SUPPORT_ACCESS_OVER" => {
            let t = Shell::outside(req, "").t;
            show(req, desk, ListQuery::default(), (error.status(), Some(t.support_over))).await
        }
        other => other,
    }
}

async fn show(
    req: &HttpRequest,
    desk: &Desk,
    query: ListQuery,
    (status, refusal): (StatusCode, Option<&'static str>),
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(8)?;
    let cursor = Some(query.cursor.as_str()).filter(|it| !it.is_empty());
    let looked = desk.read_as(Permission::AuditRead, async |db, now| {
        let (grants, next) = service::list(db, (cursor, None), now).await?;
        let consent = service::find_consent(db).await?;
        let zone = properties::zone(db).await.map_err(database_failed)?;
        Ok((grants, next, consent, zone))
    });
    let (grants, next, consent, zone) = looked.await?;
    let shell = Shell::inside(req, desk).await?;
    let may_decide = shell.may(Permission::SupportWrite);
    let row = |it: Grant| Row {
        id: it.id,
        who: format!("{} ({})", it.vendor_name, it.vendor_email),
        reason: it.reason.clone(),
        minutes: it.minutes,
        state: state(shell.t, it.state),
        asked: words::moment(it.requested_at, zone, shell.language),
        until: it.expires_at.map(|it| words::moment(it, zone, shell.language)).unwrap_or_default(),
        decided_by: it.decided_by.clone().unwrap_or_default(),
        may_answer: may_decide && it.state == State::Requested,
        may_end: may_decide && it.state == State::Allowed,
    };
    let (waiting, over): (Vec<Grant>, Vec<Grant>) = grants.into_iter().partition(Grant::is_open);
    let page = Page {
        waiting: waiting.into_iter().map(row).collect(),
        rows: over.into_iter().map(row).collect(),
        is_standing: consent.is_standing,
        done: match &*query.done {
            "allowed" => Some(shell.t.support_told_allowed),
            "refused" => Some(shell.t.support_told_refused),
            "ended" => Some(shell.t.support_told_ended),
            "standing" => Some(shell.t.support_told_standing),
            _ => None,
        },
        refusal,
        next: next.map(|it| format!("{SUPPORT_ACCESS}?cursor={it}")),
        may_decide,
        key: fresh_key(),
        shell,
    };
    render(req, status, &page)
}

fn state(t: &Texts, state: State) -> &'static str {
    match state {
        State::Requested => t.support_requested,
        State::Lapsed => t.support_lapsed,
        State::Refused => t.support_refused,
        State::Allowed => t.support_allowed,
        State::Expired => t.support_expired,
        State::Ended => t.support_ended,
    }
}

/// Shows the button that uses a one-time link: to look at it, as mail programs do, uses nothing up.
///
/// The form goes to the address that is shown. An address made of the link's text would let whoever
/// wrote the link choose what of the hotel's pages is asked for, in the name of whoever presses.
pub(super) async fn show_entry(
    req: HttpRequest,
    site: Site,
    link: Path<String>,
) -> ApiResult<HttpResponse> {
    service::require_link(&link)?;
    let shell = Shell::outside(&req, &site.route.company_name);
    render(&req, StatusCode::OK, &EnterPage { shell })
}

/// Begins a session of support.
pub(super) async fn enter(
    req: HttpRequest,
    site: Site,
    app: Data<App>,
    link: Path<String>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let (secret, grant) = support::use_link(&req, &site, &link).await?;
    let lasts = grant.expires_at.map_or_else(chrono::TimeDelta::zero, |it| it - app.clock.now());
    let over_tls = app.addresses.over_tls();
    let cookie = page_cookie::write(secret.expose_secret().to_owned(), lasts, over_tls);
    Ok(HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, "/")).finish())
}

/// Support leaves before its time.
pub(super) async fn leave(
    app: Data<App>,
    desk: Desk,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    desk.site.require_schema(8)?;
    desk.leave_as_support(async |change| service::leave(change).await).await?;
    let mut response = super::GATE.to_login();
    let nothing = chrono::TimeDelta::zero();
    let cookie = page_cookie::write(String::new(), nothing, app.addresses.over_tls());
    response.add_cookie(&cookie).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(response)
}
