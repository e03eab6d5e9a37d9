//! What every page of the panel has around its content, and how times look there.

use std::sync::LazyLock;

use actix_web::HttpRequest;
use chrono::{DateTime, FixedOffset, Utc};
use hotelhub_http::{assets::DESIGN, language::Language};

use super::{HOME, LOGIN, STYLE, texts::Texts};
use crate::vendor_users::Vendor;

static STYLES: LazyLock<[String; 2]> = LazyLock::new(|| [DESIGN.path(), STYLE.path()]);

/// Western Indonesia, where vendors work, in seconds.
const WIB: i32 = 7 * 3_600;

/// The frame of one page.
pub(super) struct Shell {
    pub(super) t: &'static Texts,
    pub(super) language: Language,
    /// Who is logged in.
    pub(super) vendor: Option<Vendor>,
    /// The same page in the other language.
    pub(super) switch: String,
    pub(super) styles: &'static [String; 2],
}

impl Shell {
    /// A page for whoever comes.
    pub(super) fn outside(req: &HttpRequest) -> Self {
        let language = Language::of(req);
        let switch = language.other().switch(req, (HOME, LOGIN));
        Self { t: Texts::of(language), language, vendor: None, switch, styles: &STYLES }
    }

    /// A page for somebody who is logged in.
    pub(super) fn inside(req: &HttpRequest, vendor: Vendor) -> Self {
        Self { vendor: Some(vendor), ..Self::outside(req) }
    }

    /// Whether the person may do that; only for what to show.
    pub(super) fn may(&self, permission: &str) -> bool {
        self.vendor.as_ref().is_some_and(|it| it.may(permission))
    }
}

/// A time as the vendor's people read it, to the minute.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    let zone = FixedOffset::east_opt(WIB);
    zone.map_or_else(
        || time.to_rfc3339(),
        |it| time.with_timezone(&it).format("%Y-%m-%d %H:%M WIB").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_western_indonesia() {
        let time: DateTime<Utc> = "2026-01-31T17:05:59Z".parse().unwrap();
        assert_eq!(moment(time), "2026-02-01 00:05 WIB");
    }
}
