//! `/panel/backups` and `/panel/tenants/{tenant}/backups`: what is kept of which hotel, whether it can
//! be restored, and going back to it.

mod drills;
mod hotel;
mod list;
mod restore;
mod texts;

use hotelhub_http::{
    endpoint::{Endpoint, Routes},
    language::Language,
};

use self::texts::BackupTexts;
use super::{
    GATE,
    shell::{moment, size},
};
use crate::backups::model::Backup;

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/backups").get(GATE.behind(list::list_backups)).register(scope);
    Endpoint::at("/backups/drills").get(GATE.behind(drills::list_drills)).register(scope);
    let of_hotel = |rest| Endpoint::at(&format!("/tenants/{{tenant}}/backups{rest}"));
    of_hotel("")
        .get(GATE.behind(hotel::list_backups))
        .post(GATE.behind(hotel::make_backup))
        .register(scope);
    of_hotel("/{backup}/bundle").get(GATE.behind(hotel::download_bundle)).register(scope);
    of_hotel("/{backup}/restore")
        .get(GATE.behind(restore::ask_restore))
        .post(GATE.behind(restore::restore))
        .register(scope);
    Endpoint::at("/tenants/{tenant}/preview/{end}")
        .get(GATE.behind(restore::ask_end))
        .post(GATE.behind(restore::end_preview))
        .register(scope);
}

/// A backup in a list.
struct Row {
    id: String,
    slug: String,
    kind: &'static str,
    is_kept: bool,
    taken: String,
    rows: String,
    size: String,
    until: String,
}

impl Row {
    fn of(it: &Backup, language: Language) -> Self {
        let w = BackupTexts::of(language);
        let time = |it: Option<chrono::DateTime<chrono::Utc>>| it.map(moment);
        Self {
            id: it.id.to_string(),
            slug: it.slug.clone(),
            kind: kind(&it.kind, w),
            is_kept: it.state == "kept",
            taken: time(it.taken_at).unwrap_or_else(|| w.being_made.to_owned()),
            rows: it.rows.map(|it| it.to_string()).unwrap_or_default(),
            size: it.bytes.map(size).unwrap_or_default(),
            until: time(it.keep_until).unwrap_or_else(|| w.by_rule.to_owned()),
        }
    }
}

fn kind(name: &str, w: &'static BackupTexts) -> &'static str {
    match name {
        "nightly" => w.nightly,
        "manual" => w.manual,
        "before_restore" => w.before_restore,
        _ => w.final_one,
    }
}
