//! What every page of the panel has around its content, and how times look there.

use std::sync::LazyLock;

use actix_web::HttpRequest;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use hotelhub_http::{assets::DESIGN, language::Language};

use super::{HOME, LOGIN, SCRIPT, STYLE, refusals, texts::Texts};
use crate::vendor_users::Vendor;

static STYLES: LazyLock<[String; 2]> = LazyLock::new(|| [DESIGN.path(), STYLE.path()]);
static PROGRAM: LazyLock<String> = LazyLock::new(|| SCRIPT.path());

/// Western Indonesia, where vendors work, in seconds.
const WIB: i32 = 7 * 3_600;

/// Of a failure, as many letters stand in a list; all of them are where its link leads.
const SHORT: usize = 140;

/// What a room is called.
type Name = fn(&Texts) -> &'static str;

/// The rooms of the panel, in the order of the menu: path, who may see it, name.
const ROOMS: [(&str, &str, Name); 11] = [
    ("/panel", "tenants.read", |t| t.home),
    ("/panel/tenants", "tenants.read", |t| t.hotels),
    ("/panel/domains", "tenants.read", |t| t.domains),
    ("/panel/backups", "backups.read", |t| t.backups),
    ("/panel/operations", "operations.read", |t| t.operations),
    ("/panel/fleet", "fleet_migrations.read", |t| t.fleet),
    ("/panel/hosts", "db_hosts.read", |t| t.hosts),
    ("/panel/jobs", "jobs.read", |t| t.jobs),
    ("/panel/job-pauses", "jobs.read", |t| t.pauses),
    ("/panel/users", "users.read", |t| t.users),
    ("/panel/audit", "audit.read", |t| t.audit),
];

/// The frame of one page.
pub(super) struct Shell {
    pub(super) t: &'static Texts,
    pub(super) language: Language,
    /// Who is logged in.
    pub(super) vendor: Option<Vendor>,
    /// The same page in the other language.
    pub(super) switch: String,
    pub(super) styles: &'static [String; 2],
    pub(super) script: &'static str,
    /// The path of the room that the page is in.
    room: &'static str,
}

/// A room in the menu.
pub(super) struct Room {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) is_here: bool,
}

impl Shell {
    /// A page for whoever comes.
    pub(super) fn outside(req: &HttpRequest) -> Self {
        let language = Language::of(req);
        let switch = language.other().switch(req, (HOME, LOGIN));
        Self {
            t: Texts::of(language),
            language,
            vendor: None,
            switch,
            styles: &STYLES,
            script: &PROGRAM,
            room: room_of(req.path()),
        }
    }

    /// A page for somebody who is logged in.
    pub(super) fn inside(req: &HttpRequest, vendor: Vendor) -> Self {
        Self { vendor: Some(vendor), ..Self::outside(req) }
    }

    /// Whether the person may do that; only for what to show.
    pub(super) fn may(&self, permission: &str) -> bool {
        self.vendor.as_ref().is_some_and(|it| it.may(permission))
    }

    /// What an error code means and what to do about it, if it is one that people meet here.
    pub(super) fn why(&self, code: &str) -> Option<&'static str> {
        refusals::why(code, self.language)
    }

    /// The menu.
    pub(super) fn rooms(&self) -> impl Iterator<Item = Room> {
        let (t, here) = (self.t, self.room);
        let allowed = ROOMS.into_iter().filter(|(_, permission, _)| self.may(permission));
        allowed.map(move |(path, _, name)| Room { path, name: name(t), is_here: path == here })
    }

    /// A time as the vendor's people read it.
    pub(super) fn moment(&self, time: &DateTime<Utc>) -> String {
        moment(*time)
    }

    /// A time as the vendor's people read it, or a dash.
    pub(super) fn moment_or_dash(&self, time: &Option<DateTime<Utc>>) -> String {
        time.map_or_else(|| "–".to_owned(), moment)
    }
}

/// The longest path of a room that this one is below.
fn room_of(path: &str) -> &'static str {
    let is_below = |room: &str| {
        path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let rooms = ROOMS.into_iter().map(|(room, _, _)| room).filter(|it| is_below(it));
    let room = rooms.max_by_key(|it| it.len()).unwrap_or_default();
    if room == HOME && path != HOME { "" } else { room }
}

/// A time as the vendor's people read it, to the minute.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    in_wib(time, "%Y-%m-%d %H:%M WIB")
}

/// A day as the vendor's people read it.
pub(super) fn day(time: DateTime<Utc>) -> String {
    in_wib(time, "%Y-%m-%d")
}

fn in_wib(time: DateTime<Utc>, form: &str) -> String {
    let zone = FixedOffset::east_opt(WIB);
    zone.map_or_else(|| time.to_rfc3339(), |it| time.with_timezone(&it).format(form).to_string())
}

/// How long something took, in the two largest units that say something.
pub(super) fn lasting(time: TimeDelta) -> String {
    let ms = time.num_milliseconds().max(0);
    let (seconds, minutes, hours) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    match (hours, minutes, seconds) {
        (0, 0, 0) => format!("{ms} ms"),
        (0, 0, _) => format!("{seconds}.{} s", ms % 1_000 / 100),
        (0, _, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {} min", minutes % 60),
    }
}

/// The beginning of a text that a program wrote, for a list.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => {
            let begin = text.get(..end).unwrap_or_default();
            format!("{}…", begin.trim_end())
        }
        None => text.to_owned(),
    }
}

/// A size for people: two digits are enough to see what it will take.
pub(super) fn size(bytes: i64) -> String {
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB"].into_iter();
    let (mut rest, mut unit) = (bytes.max(0) * 10, units.next().unwrap_or_default());
    for next in units {
        if rest < 10_240 {
            break;
        }
        (rest, unit) = (rest / 1024, next);
    }
    if unit == "B" {
        format!("{} B", rest / 10)
    } else {
        format!("{}.{} {unit}", rest / 10, rest % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_short() {
        assert_eq!(
            [0, 999, 1024, 1536, 5_242_880].map(size),
            ["0 B", "999 B", "1.0 KiB", "1.5 KiB", "5.0 MiB"]
        );
    }

    #[test]
    fn a_failure_is_cut_between_letters_and_says_so() {
        assert_eq!(short("no host has room"), "no host has room");
        let long = "é".repeat(SHORT);
        assert_eq!(short(&long), long);
        assert_eq!(short(&format!("{long} and more")), format!("{long}…"));
    }

    #[test]
    fn times_are_those_of_western_indonesia() {
        let time: DateTime<Utc> = "2026-01-31T17:05:59Z".parse().unwrap();
        assert_eq!(moment(time), "2026-02-01 00:05 WIB");
        assert_eq!(day(time), "2026-02-01");
    }

    #[test]
    fn a_page_is_in_the_room_that_it_is_below() {
        assert_eq!(room_of("/panel"), "/panel");
        assert_eq!(room_of("/panel/tenants/surya/jobs"), "/panel/tenants");
        assert_eq!(room_of("/panel/job-pauses"), "/panel/job-pauses");
        assert_eq!(room_of("/panel/jobs/retry"), "/panel/jobs");
        assert_eq!(room_of("/panel/elsewhere"), "");
    }

    #[test]
    fn what_took_long_is_said_in_large_units() {
        let of = |ms| lasting(TimeDelta::milliseconds(ms));
        assert_eq!([of(412), of(1_250), of(61_000)], ["412 ms", "1.2 s", "1 min 1 s"]);
        assert_eq!(of(3 * 3_600_000 + 61_000), "3 h 1 min");
    }
}
