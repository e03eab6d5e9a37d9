//! What is on record of walks along the log, and when the next one is due. No I/O here.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;

/// From the end of one walk to the next. One that fails has time for many tries within the day.
const PAUSE: TimeDelta = TimeDelta::hours(12);
/// While the log is broken: whoever puts it right sees soon that it is.
const PAUSE_WHILE_BROKEN: TimeDelta = TimeDelta::minutes(10);
/// A walk that is due for so long does not come: the last one ended a day ago, and two hours.
const OVERDUE: TimeDelta = TimeDelta::hours(14);

/// What to do about a log that is broken.
const NEXT_STEP: &str = "look at the row at `/panel/audit`, or with `hotelhub audit verify`; compare \
                         it with a backup of the control database from `whole_at` or before, and find \
                         out who could write to it";

/// What is on record.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Record {
    pub(super) due_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) through_seq: Option<i64>,
    pub(super) whole_at: Option<DateTime<Utc>>,
    pub(super) broken_since: Option<DateTime<Utc>>,
    pub(super) broken_seq: Option<i64>,
    pub(super) broken_kind: Option<String>,
    pub(super) broken_why: Option<String>,
}

/// What the platform found when it last walked along the whole log by itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LastWalk {
    pub(crate) ended_at: DateTime<Utc>,
    /// The last row that is as it was written.
    pub(crate) through_seq: i64,
    /// What is wrong behind that, if something is.
    pub(crate) broken: Option<BrokenChain>,
}

/// A log that is not as it was written.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BrokenChain {
    /// When that was found out.
    pub(crate) since: DateTime<Utc>,
    /// When the log was last found whole.
    pub(crate) whole_at: Option<DateTime<Utc>>,
    /// The first row that is wrong.
    pub(crate) seq: i64,
    /// `altered`, `missing`, `truncated` or `added`.
    pub(crate) kind: String,
    pub(crate) message: String,
    /// What somebody should do now.
    pub(crate) next_step: &'static str,
}

impl Record {
    /// What the last walk found; nothing before the first one has ended.
    pub(crate) fn last_walk(&self) -> Option<LastWalk> {
        let (ended_at, through_seq) = self.ended_at.zip(self.through_seq)?;
        Some(LastWalk { ended_at, through_seq, broken: self.broken() })
    }

    /// What is wrong with the log, if something is.
    pub(crate) fn broken(&self) -> Option<BrokenChain> {
        let (since, seq) = self.broken_since.zip(self.broken_seq)?;
        let (kind, message) = self.broken_kind.clone().zip(self.broken_why.clone())?;
        let whole_at = self.whole_at;
        Some(BrokenChain { since, whole_at, seq, kind, message, next_step: NEXT_STEP })
    }

    /// Since when a walk is due that does not come.
    pub(crate) fn overdue_since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.due_at).filter(|it| *it < now - OVERDUE)
    }
}

/// When the walk after one that ended `now` is due.
pub(super) fn next_due(now: DateTime<Utc>, is_broken: bool) -> DateTime<Utc> {
    now + if is_broken { PAUSE_WHILE_BROKEN } else { PAUSE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_log_is_walked_along_each_day_or_somebody_is_told() {
        let ended: DateTime<Utc> = "2026-01-31T17:05:00Z".parse().unwrap();
        let hours = |count| ended + TimeDelta::hours(count);
        let record = Record {
            due_at: next_due(ended, false),
            ended_at: Some(ended),
            through_seq: Some(7),
            whole_at: Some(ended),
            broken_since: None,
            broken_seq: None,
            broken_kind: None,
            broken_why: None,
        };
        assert!(record.due_at < hours(24));
        assert_eq!(record.overdue_since(hours(25)), None);
        assert_eq!(record.overdue_since(hours(27)), Some(record.due_at));
        assert!(next_due(ended, true) < hours(1));
    }
}
