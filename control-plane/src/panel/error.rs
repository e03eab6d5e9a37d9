//! How an error looks on the panel, and how a refusal looks on the page that it belongs to.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::HOST},
    web::Data,
};
use askama::Template;
use hotelhub_core::errors::Chain;
use hotelhub_http::error::{ApiError, ApiResult};

use super::{shell::Shell, texts::Texts};
use crate::{
    app::App,
    jobs::hotel::{CallHotelError, unreachable},
};

#[derive(Template)]
#[template(path = "panel/error.html")]
struct Page<'a> {
    shell: Shell,
    title: &'static str,
    /// What it means and what to do, if we have words for it.
    why: Option<String>,
    /// Which fields are wrong, and why, in English.
    details: String,
    /// For whoever looks after the platform, in English.
    message: &'a str,
    code: &'a str,
    request_id: &'a str,
}

/// Whether a request came to the panel's host.
pub(crate) fn is_of_the_panel(req: &HttpRequest) -> bool {
    let panel = req.app_data::<Data<App>>().and_then(|app| app.panel.host_str());
    let host = req.headers().get(HOST).and_then(|it| it.to_str().ok());
    let host = host.map(|it| it.rsplit_once(':').map_or(it, |(name, _port)| name));
    panel.zip(host).is_some_and(|(panel, host)| panel.eq_ignore_ascii_case(host))
}

/// The page of an error.
pub(crate) fn error_page(req: &HttpRequest, error: &ApiError, request_id: &str) -> String {
    let shell = Shell::outside(req);
    let page = Page {
        title: title(shell.t, error),
        why: why(&shell, error),
        shell,
        details: details(error),
        message: error.message(),
        code: error.code(),
        request_id,
    };
    // Rendering into a string does not fail; if it did, the status still says what happened.
    page.render().unwrap_or_default()
}

fn title(t: &Texts, error: &ApiError) -> &'static str {
    match (error.code(), error.status()) {
        ("FORBIDDEN", _) => t.forbidden_title,
        ("CROSS_ORIGIN", _) => t.elsewhere_title,
        ("ADDRESS_NOT_ALLOWED", _) => t.address_title,
        ("BACKUP_LOST", _) => t.lost_title,
        (_, StatusCode::NOT_FOUND) => t.not_found_title,
        (_, StatusCode::TOO_MANY_REQUESTS) => t.busy_title,
        (_, StatusCode::SERVICE_UNAVAILABLE) => t.unavailable_title,
        (_, it) if it.is_client_error() => t.refused_title,
        _ => t.broken_title,
    }
}

/// What the page says of it. On a page of its own nothing stands before the words, and there is no
/// list that could be loaded again.
fn why(shell: &Shell, error: &ApiError) -> Option<String> {
    if error.code() != "NOT_FOUND" {
        return shell.why(error.code()).map(sentence);
    }
    let is_of_hotel = error.message() == ApiError::not_found("tenant").message();
    Some(if is_of_hotel { shell.t.no_such_hotel } else { shell.t.nothing_here }.to_owned())
}

/// The words as a sentence of its own.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// Why something was not done: said on the page where it was asked for.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: String,
    /// In English.
    pub(super) message: String,
    /// Which fields are wrong, and why, in English.
    pub(super) details: String,
}

impl Refused {
    /// What whoever asked can do something about; anything else stays an error.
    pub(super) fn of(error: ApiError) -> ApiResult<Self> {
        if error.status().is_server_error() {
            return Err(error);
        }
        Ok(Self::told(&error))
    }

    /// The same of what was typed into one of these fields; a value that no form offers, as of a link
    /// that somebody made up, has the page of an error.
    pub(super) fn of_typed(error: ApiError, fields: &[&str]) -> ApiResult<Self> {
        let is_typed = error.details().keys().any(|it| fields.contains(it));
        if is_typed { Self::of(error) } else { Err(error) }
    }

    fn told(error: &ApiError) -> Self {
        Self {
            status: error.status(),
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            details: details(error),
        }
    }
}

impl From<CallHotelError> for Refused {
    fn from(error: CallHotelError) -> Self {
        match error {
            CallHotelError::Refused(it) => {
                let details = it.details.iter().map(|(field, why)| (&**field, why.as_slice()));
                let details = words(details);
                Self { status: it.status, code: it.code, message: it.message, details }
            }
            error => {
                tracing::warn!(error = %Chain(&error), "a hotel did not answer a page of the panel");
                Self::told(&unreachable(error))
            }
        }
    }
}

fn details(error: &ApiError) -> String {
    words(error.details().iter().map(|(field, why)| (*field, why.as_slice())))
}

fn words<'a>(details: impl Iterator<Item = (&'a str, &'a [String])>) -> String {
    let details = details.map(|(field, why)| format!("{field}: {}", why.join(", ")));
    details.collect::<Vec<_>>().join("; ")
}
