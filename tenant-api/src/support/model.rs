//! Grants, and where they stand. No I/O here.

use std::{net::IpAddr, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_http::client_addr::AddressList;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a request waits for an answer.
pub(super) const LAPSES_AFTER: TimeDelta = TimeDelta::hours(24);
/// How long a one-time link is good for.
pub(super) const ENTRY_LASTS: TimeDelta = TimeDelta::minutes(5);

/// Around the length of a random token.
const LINK_LENGTHS: RangeInclusive<usize> = 20..=64;

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Waits for the hotel's answer.
    Requested,
    /// Nobody answered in time.
    Lapsed,
    /// The hotel said no.
    Refused,
    /// Support may come in, or is in.
    Allowed,
    /// Its time is over.
    Expired,
    /// Ended before its time.
    Ended,
}

/// One stay of one of the vendor's people.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Grant {
    pub(crate) id: Uuid,
    pub(crate) vendor_user_id: Uuid,
    pub(crate) vendor_email: String,
    pub(crate) vendor_name: String,
    pub(crate) reason: String,
    pub(crate) minutes: i32,
    pub(crate) state: State,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) decided_at: Option<DateTime<Utc>>,
    /// The name of whoever of the hotel decided; none if by the standing consent.
    pub(crate) decided_by: Option<String>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) entered_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) ended_by: Option<String>,
    #[serde(skip)]
    pub(super) session_id: Option<Uuid>,
    /// From where the one-time link and its session may be used: from an address of each list.
    #[serde(skip)]
    pub(super) entry_addresses: Vec<String>,
}

impl Grant {
    /// A row of the store, as it stands at `now`.
    pub(super) fn read(row: &Row, now: DateTime<Utc>) -> Self {
        let is_allowed: Option<bool> = row.get("is_allowed");
        let (ended_at, expires_at): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
            (row.get("ended_at"), row.get("expires_at"));
        let lapses_at: DateTime<Utc> = row.get("lapses_at");
        let state = match (is_allowed, ended_at, expires_at) {
            (_, Some(_), _) => State::Ended,
            (None, None, _) if now >= lapses_at => State::Lapsed,
            (None, None, _) => State::Requested,
            (Some(false), None, _) => State::Refused,
            (Some(true), None, until) if until.is_none_or(|it| now >= it) => State::Expired,
            (Some(true), None, _) => State::Allowed,
        };
        Self {
            id: row.get("id"),
            vendor_user_id: row.get("vendor_user_id"),
            vendor_email: row.get("vendor_email"),
            vendor_name: row.get("vendor_name"),
            reason: row.get("reason"),
            minutes: row.get("minutes"),
            state,
            requested_at: row.get("requested_at"),
            decided_at: row.get("decided_at"),
            decided_by: row.get("decided_by"),
            expires_at,
            entered_at: row.get("entered_at"),
            ended_at,
            ended_by: row.get("ended_by"),
            session_id: row.get("session_id"),
            entry_addresses: row.get("entry_addresses"),
        }
    }

    /// Whether its one-time link may be used from this address.
    pub(super) fn admits(&self, from: IpAddr) -> bool {
        are_open_to(&self.entry_addresses, from)
    }

    /// Whether it still means anything.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Requested | State::Allowed)
    }
}

/// Whether the address is in each of the lists; one that cannot be read lets nobody in.
pub(super) fn are_open_to(lists: &[String], from: IpAddr) -> bool {
    let holds = |list: &String| list.parse::<AddressList>().is_ok_and(|it| it.contains(from));
    lists.iter().all(holds)
}

/// Whether a text may be the secret of a one-time link, by its letters alone.
pub(super) fn may_be_link(text: &str) -> bool {
    let is_of_links = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
    LINK_LENGTHS.contains(&text.len()) && text.chars().all(is_of_links)
}

/// Support that is in the hotel right now.
#[derive(Clone, Debug)]
pub(crate) struct Inside {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) reason: String,
    pub(crate) until: DateTime<Utc>,
    /// Whether it is the very person who asks.
    pub(crate) is_self: bool,
    /// Of the hotel's first property.
    pub(crate) zone: Option<chrono_tz::Tz>,
}

/// What of support every page tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presence {
    /// Who is in the hotel; whoever looks comes first.
    pub(crate) inside: Vec<Inside>,
    /// Whether somebody waits for the hotel's answer.
    pub(crate) is_waiting: bool,
}

/// Whether support may come in without being asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consent {
    pub(crate) is_standing: bool,
}

/// Who of the vendor's people asks for what.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RequestBody {
    pub(super) id: Uuid,
    #[serde(flatten)]
    pub(super) by: Asker,
    pub(super) reason: String,
    pub(super) minutes: i32,
}

/// One of the vendor's people.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Asker {
    pub(super) vendor_user_id: Uuid,
    pub(super) email: String,
    pub(super) name: String,
}

/// Who wants a one-time link, and from where it may be used.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct EnterBody {
    #[serde(flatten)]
    pub(super) by: Asker,
    /// Lists of addresses and ranges: an address of each of them.
    #[serde(default)]
    pub(super) addresses: Vec<String>,
}

/// Who ends a grant, and why if it is not for its own sake.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct EndBody {
    #[serde(flatten)]
    pub(super) by: Asker,
    pub(super) because: Option<String>,
}

/// Where a page ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) requested_at: DateTime<Utc>,
    pub(super) id: Uuid,
}

#[cfg(test)]
mod tests {
    use hotelhub_core::keys::random_token;
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_link_is_a_token_and_nothing_that_leads_elsewhere() {
        assert!(may_be_link(random_token().expose_secret()));
        let elsewhere = "../support-access/01890a5d-ac96-774b-bcce-b302099a8057/allow";
        let (long, foreign) = ("a".repeat(65), "é".repeat(20));
        for text in ["", "short", elsewhere, "..", &*long, &*foreign, "more-than-20-letters?a=b"] {
            assert!(!may_be_link(text), "{text}");
        }
    }
}
