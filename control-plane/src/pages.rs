//! What our pages have in common: style, scripts, and how an error looks to a person.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::CONTENT_TYPE},
    web::ServiceConfig,
};
use askama::Template;
use hotelhub_http::{
    assets::{Asset, DESIGN},
    error::{ApiError, ApiResult},
    language::Language,
};

use crate::{panel, signup::texts::Texts};

const STYLE: Asset = Asset { name: "signup.css", content: include_str!("../assets/signup.css") };
const SIGNUP_SCRIPT: Asset =
    Asset { name: "signup.js", content: include_str!("../assets/signup.js") };
const PROGRESS_SCRIPT: Asset =
    Asset { name: "progress.js", content: include_str!("../assets/progress.js") };

/// Adds the style sheets and scripts.
pub(crate) fn register_assets(app: &mut ServiceConfig) {
    for asset in [DESIGN, STYLE, SIGNUP_SCRIPT, PROGRESS_SCRIPT] {
        asset.register(app);
    }
}

/// What every page begins with.
pub(crate) struct Frame {
    pub(crate) language: Language,
    pub(crate) texts: &'static Texts,
    pub(crate) design: String,
    pub(crate) style: String,
}

impl Frame {
    pub(crate) fn of(language: Language) -> Self {
        let (design, style) = (DESIGN.path(), STYLE.path());
        Self { language, texts: Texts::of(language), design, style }
    }
}

/// The path of the script that checks the slug while one types.
pub(crate) fn signup_script() -> String {
    SIGNUP_SCRIPT.path()
}

/// The path of the script that keeps the progress page current.
pub(crate) fn progress_script() -> String {
    PROGRESS_SCRIPT.path()
}

/// A page as a response. A language that was asked for in the address is kept in a cookie.
pub(crate) fn respond(
    req: &HttpRequest,
    status: StatusCode,
    page: &impl Template,
) -> ApiResult<HttpResponse> {
    let html = page.render().map_err(ApiError::internal)?;
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
    if let Some(chosen) = Language::chosen(req) {
        response.cookie(chosen.cookie());
    }
    Ok(response.body(html))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    frame: Frame,
    title: &'static str,
    lead: &'static str,
    request_id: &'a str,
}

/// How an error looks to a person.
pub(crate) fn error_page(req: &HttpRequest, error: &ApiError, request_id: &str) -> String {
    if panel::is_of_the_panel(req) {
        return panel::error_page(req, error, request_id);
    }
    let frame = Frame::of(Language::of(req));
    let texts = frame.texts;
    let (title, lead) = match error.status() {
        StatusCode::NOT_FOUND => (texts.not_found_title, texts.not_found_lead),
        StatusCode::TOO_MANY_REQUESTS => (texts.busy_title, texts.busy_lead),
        it if it.is_client_error() => (texts.refused_title, texts.refused_lead),
        _ => (texts.broken_title, texts.broken_lead),
    };
    // Rendering into a string does not fail; if it did, the status still says what happened.
    ErrorTemplate { frame, title, lead, request_id }.render().unwrap_or_default()
}
