//! What every page has around its content: head, bar, language switch, and the notice about the
//! hotel's access.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;
use hotelhub_core::life::Access;
use hotelhub_http::{
    assets::{Asset, DESIGN},
    error::{ApiError, ApiResult},
    language::Language,
};

use super::{texts::Texts, words};
use crate::{
    access::{Permission, Purpose, Refusal, allow},
    desk::{Desk, Person},
    support::Inside,
};

/// What only the hotel's pages need.
pub(super) const FRONT_DESK: Asset =
    Asset { name: "front-desk.css", content: include_str!("../../assets/front-desk.css") };

/// Where support is let in: whoever is there sees who asks.
pub(super) const SUPPORT_ACCESS: &str = "/support-access";

static STYLES: LazyLock<[String; 2]> = LazyLock::new(|| [DESIGN.path(), FRONT_DESK.path()]);

/// The frame of one page.
pub(super) struct Shell {
    pub(super) t: &'static Texts,
    pub(super) language: Language,
    /// The name in the bar.
    pub(super) hotel: String,
    /// Who is logged in.
    person: Option<Person>,
    /// The same page in the other language.
    pub(super) switch: String,
    pub(super) styles: &'static [String; 2],
    /// What the hotel's access means for the people who work there.
    pub(super) warning: Option<&'static str>,
    /// What the hotel may do now.
    access: Access,
    /// Whether this only shows a backup.
    is_preview: bool,
    /// Whether the hotel's schema has all that the page of jobs shows.
    has_jobs: bool,
    /// Whether it has what the pages of support access and of the audit log show.
    has_audit: bool,
    /// Support that is in the hotel right now.
    pub(super) support: Vec<SupportNotice>,
    /// That support waits to come in, for those who may answer.
    pub(super) asked: Option<&'static str>,
}

/// What is said on every page of one of support while they are in the hotel.
pub(super) struct SupportNotice {
    pub(super) who: String,
    pub(super) reason: String,
    pub(super) until: String,
    /// Whether it is said to support itself.
    pub(super) is_self: bool,
}

impl Shell {
    /// A page for whoever comes.
    pub(super) fn outside(req: &HttpRequest, hotel: &str) -> Self {
        let language = Language::of(req);
        Self {
            t: Texts::of(language),
            language,
            hotel: hotel.to_owned(),
            person: None,
            switch: language.other().switch(req, ("/", "/login")),
            styles: &STYLES,
            warning: None,
            access: Access::Full,
            is_preview: false,
            has_jobs: false,
            has_audit: false,
            support: Vec::new(),
            asked: None,
        }
    }

    /// A page for somebody who is logged in.
    pub(super) async fn inside(req: &HttpRequest, desk: &Desk) -> ApiResult<Self> {
        let (person, presence) = desk.person_and_support().await?;
        let mut shell = Self::outside(req, &desk.site.name());
        shell.person = Some(person);
        shell.access = desk.site.standing.now();
        shell.has_jobs = desk.site.has_schema(6);
        shell.has_audit = desk.site.has_schema(8);
        let notice = |it: Inside| SupportNotice {
            who: format!("{} ({})", it.name, it.email),
            reason: it.reason,
            until: words::moment(
                it.until,
                it.zone.unwrap_or(chrono_tz::Tz::Asia__Jakarta),
                shell.language,
            ),
            is_self: it.is_self,
        };
        shell.support = presence.inside.into_iter().map(notice).collect();
        shell.warning = match shell.access {
            Access::Full | Access::Stopped => None,
            Access::Grace => Some(shell.t.grace),
            Access::Essential => Some(shell.t.suspended),
            Access::ReadOnly if desk.site.is_preview() => Some(shell.t.preview),
            Access::ReadOnly => Some(shell.t.being_moved),
        };
        shell.is_preview = desk.site.is_preview();
        let may_answer = shell.may(Permission::SupportWrite)
            && shell.forbids(Purpose::Service).is_none()
            && !req.path().starts_with(SUPPORT_ACCESS);
        shell.asked = (presence.is_waiting && may_answer).then_some(shell.t.support_asks);
        Ok(shell)
    }

    /// The name of the person who is logged in.
    pub(super) fn name(&self) -> Option<&str> {
        self.person.as_ref().map(|it| it.name.as_str())
    }

    /// Whether the person may do that; only for what to show, the desk decides.
    pub(super) fn may(&self, permission: Permission) -> bool {
        let permissions = self.person.iter().flat_map(|it| &it.permissions);
        permissions.into_iter().any(|it| it == permission.name())
    }

    /// Whether to link to the reservations.
    pub(super) fn sees_reservations(&self) -> bool {
        self.is_served() && self.may(Permission::ReservationRead)
    }

    /// Whether to link to the jobs.
    pub(super) fn sees_jobs(&self) -> bool {
        self.is_served() && self.has_jobs && self.may(Permission::JobRead)
    }

    /// Whether to link to support access and the audit log.
    pub(super) fn sees_audit(&self) -> bool {
        self.is_served() && self.has_audit && self.may(Permission::AuditRead)
    }

    /// Whether to link from the notice about support to where it is sent away.
    pub(super) fn sees_who_is_inside(&self) -> bool {
        self.sees_audit() && self.support.iter().all(|it| !it.is_self)
    }

    /// Whether to link to the exports, which there are of a stopped hotel as well.
    pub(super) fn sees_exports(&self) -> bool {
        self.has_audit && !self.is_preview && self.may(Permission::ExportWrite)
    }

    /// Whether there is more to see than how to go on.
    pub(super) fn is_served(&self) -> bool {
        self.access != Access::Stopped
    }

    /// Why this cannot be done now, whoever asks; only for what to show, the desk decides.
    pub(super) fn forbids(&self, purpose: Purpose) -> Option<&'static str> {
        allow(self.access, purpose).err().map(|refusal| match refusal {
            Refusal::Suspended => self.t.waits_for_payment,
            Refusal::Stopped => self.t.stopped_lead,
            Refusal::Moving if self.is_preview => self.t.preview,
            Refusal::Moving | Refusal::Preview => self.t.being_moved,
        })
    }

    /// Why no new business can be made now.
    pub(super) fn no_business(&self) -> Option<&'static str> {
        self.forbids(Purpose::NewBusiness)
    }
}

/// The page as a response; a language that was chosen in the address is kept.
pub(super) fn render(
    req: &HttpRequest,
    status: StatusCode,
    page: &impl Template,
) -> ApiResult<HttpResponse> {
    let html = page.render().map_err(ApiError::internal)?;
    let mut response = HttpResponse::build(status);
    if let Some(chosen) = Language::chosen(req) {
        response.cookie(chosen.cookie());
    }
    Ok(response.content_type("text/html; charset=utf-8").body(html))
}
