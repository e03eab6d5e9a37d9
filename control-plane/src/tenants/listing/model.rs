//! What is listed, in which order, and where a page ended. No I/O here.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::DbHostId,
    life::{Access, Provisioning, Status},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::Tenant;

/// A tenant in the list, with what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) tenant: Tenant,
    /// The slug of its plan.
    pub(crate) plan: String,
    /// The host name that links use.
    pub(crate) host: Option<String>,
    /// The database host that its data lies on.
    pub(crate) db_host: Option<String>,
}

/// Which tenants to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) text: Option<Text>,
    pub(crate) status: Option<Status>,
    pub(crate) provisioning: Option<Provisioning>,
    pub(crate) access: Option<Access>,
    pub(crate) plan: Option<Uuid>,
    pub(crate) db_host: Option<DbHostId>,
}

/// A filter, and the ids of those whom its text means if they are few.
#[derive(Clone, Debug)]
pub(crate) struct Narrowed {
    pub(crate) filter: Filter,
    pub(crate) few: Option<Vec<Uuid>>,
}

/// What was typed to search: part of a slug, a company's name, an owner's e-mail address or a host
/// name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    lower: String,
    /// Nobody means every hotel with a part of the domain that all of them share; and two letters
    /// are in too many host names to be looked for in all of them.
    of_hosts: bool,
}

impl Text {
    /// What `typed` asks for, where hotels live below `base_domain`.
    pub(crate) fn of(typed: &str, base_domain: &str) -> Option<Self> {
        let lower = typed.trim().to_lowercase();
        let below = lower.strip_suffix(base_domain).and_then(|it| it.strip_suffix('.'));
        let lower = below.map_or_else(|| lower.clone(), str::to_owned);
        let is_shared = format!(".{base_domain}").contains(&lower);
        let of_hosts = !is_shared && lower.chars().count() > 2;
        (!lower.is_empty()).then_some(Self { lower, of_hosts })
    }

    /// The pattern that finds it anywhere. What a person types is no pattern.
    pub(crate) fn pattern(&self) -> String {
        format!("%{}%", escaped(&self.lower))
    }

    /// The beginning of a slug, if it can be one.
    pub(crate) fn beginning(&self) -> Option<String> {
        let is_slug = self.lower.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
        is_slug.then(|| self.lower.clone())
    }

    pub(crate) const fn of_hosts(&self) -> bool {
        self.of_hosts
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// How many tenants there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    Exactly(i64),
    /// To count them all would cost more than to know helps.
    MoreThan(i64),
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    #[default]
    Newest,
    Oldest,
    Slug,
    Company,
    /// Those whose trial ends first; only who has a trial.
    TrialEnd,
}

/// The text is no order of the list.
#[derive(Debug, thiserror::Error)]
#[error("needs to be one of {0}")]
pub(crate) struct UnknownSort(String);

impl Sort {
    pub(crate) const ALL: [Self; 5] =
        [Self::Newest, Self::Oldest, Self::Slug, Self::Company, Self::TrialEnd];

    /// The one written form, on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Slug => "slug",
            Self::Company => "company",
            Self::TrialEnd => "trial_end",
        }
    }
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, UnknownSort> {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == text);
        known.ok_or_else(|| UnknownSort(Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// Where a page of tenants ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    sort: Sort,
    pub(super) key: Key,
    pub(super) id: Uuid,
}

/// What the list is ordered by.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Key {
    At(DateTime<Utc>),
    Text(String),
}

impl Place {
    /// The place of this row.
    pub(super) fn at(sort: Sort, row: &Listed) -> Self {
        let Tenant { slug, company_name, created_at, trial_ends_at, .. } = &row.tenant;
        let key = match sort {
            Sort::Newest | Sort::Oldest => Key::At(*created_at),
            Sort::Slug => Key::Text(slug.clone()),
            Sort::Company => Key::Text(company_name.clone()),
            Sort::TrialEnd => Key::At(trial_ends_at.unwrap_or(*created_at)),
        };
        Self { sort, key, id: row.tenant.id.as_uuid() }
    }

    /// Whether the place is one in that order.
    pub(super) fn is_of(&self, sort: Sort) -> bool {
        let is_text = matches!(sort, Sort::Slug | Sort::Company);
        self.sort == sort && matches!(self.key, Key::Text(_)) == is_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_back_what_it_writes() {
        for sort in Sort::ALL {
            assert_eq!(sort.as_str().parse::<Sort>().unwrap(), sort);
        }
        assert!("odd".parse::<Sort>().unwrap_err().to_string().contains("trial_end"));
    }

    #[test]
    fn a_whole_host_name_means_its_hotel_and_what_all_share_means_nobody() {
        let of = |typed: &str| Text::of(typed, "hotelhub.id");
        assert_eq!(of(" Surya.HotelHub.id ").unwrap().pattern(), "%surya%");
        assert!(of("suryaresort.com").unwrap().of_hosts());
        for shared in ["hotelhub", "hub.id", "id", "su"] {
            assert!(!of(shared).unwrap().of_hosts(), "{shared}");
        }
        assert_eq!(of("  "), None);
        assert_eq!(of(".hotelhub.id"), None);
    }

    #[test]
    fn what_a_person_types_is_no_pattern() {
        let text = Text::of(r"100%_\", "hotelhub.id").unwrap();
        assert_eq!(text.pattern(), r"%100\%\_\\%");
        assert_eq!(text.beginning(), None);
        assert_eq!(Text::of("Sur-1", "x.id").unwrap().beginning().as_deref(), Some("sur-1"));
    }
}
