//! How a host stands: the piece of its page that changes while it is drained.

use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    language::Language,
};

use super::texts::HostTexts;
use crate::{
    db_hosts::{DbHostBody, HostState},
    panel::{
        shell::moment,
        states::{Badge, Shown as _},
    },
};

/// How full a host is.
pub(super) struct Fill {
    pub(super) count: i64,
    pub(super) most: i32,
    pub(super) said: String,
    pub(super) high: i32,
}

impl Fill {
    pub(super) fn of(databases: i64, most: i32, language: Language) -> Self {
        let said = HostTexts::of(language).databases_of;
        let said = said.replace("{count}", &language.number(databases));
        Self {
            count: databases,
            most,
            said: said.replace("{most}", &language.number(most.into())),
            high: most / 10 * 9,
        }
    }
}

/// Whether it is reachable, in words.
pub(super) fn reachable(is_reachable: Option<bool>, w: &'static HostTexts) -> Badge {
    match is_reachable {
        Some(true) => Badge { name: w.yes, tone: "good" },
        Some(false) => Badge { name: w.no, tone: "bad" },
        None => Badge { name: w.not_known, tone: "" },
    }
}

#[derive(Template)]
#[template(path = "panel/host_part.html")]
struct Part<'a> {
    w: &'static HostTexts,
    it: &'a DbHostBody,
    state: Badge,
    fill: Fill,
    reachable: Badge,
    checked: String,
    /// Old copies that are to be dropped.
    old: i64,
    /// What is left, while it is drained.
    left: Option<String>,
}

/// Whether nothing is left on a host.
pub(super) fn is_empty(it: &DbHostBody) -> bool {
    it.databases + it.warm + it.leaving == 0
}

/// The piece of the page.
pub(super) fn part(it: &DbHostBody, language: Language) -> ApiResult<String> {
    let w = HostTexts::of(language);
    let old = it.leaving - it.previews;
    let left = if is_empty(it) {
        w.empty.to_owned()
    } else {
        let left = if it.previews > 0 { w.left_previews } else { w.left };
        let left = left.replace("{count}", &language.number(it.databases));
        let left = left.replace("{old}", &language.number(old));
        left.replace("{previews}", &language.number(it.previews))
    };
    let part = Part {
        state: it.state.badge(language),
        fill: Fill::of(it.databases, it.max_databases, language),
        reachable: reachable(it.is_reachable, w),
        checked: it.checked_at.map_or_else(|| "–".to_owned(), moment),
        old,
        left: (it.state != HostState::Active).then_some(left),
        w,
        it,
    };
    part.render().map_err(ApiError::internal)
}
