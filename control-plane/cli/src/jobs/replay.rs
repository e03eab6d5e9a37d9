//! `hotelhub jobs replay`: dead jobs are tried again, one, many of a hotel, or many of all hotels.

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{age::Age, many, minute, of_hotel::Job};
use crate::{Hub, failure::Failure, table::Table};

/// Which jobs to try again.
#[derive(Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("whose").required(true))]
pub(crate) struct Replay {
    /// Of this hotel, a slug or an id
    #[arg(long, group = "whose")]
    tenant: Option<String>,
    /// Of every hotel
    #[arg(long, group = "whose")]
    all: bool,
    /// This one job of the hotel; else all its dead ones to which what is given applies
    #[arg(requires = "tenant", conflicts_with_all = ["kind", "peer", "error", "older_than", "dry_run",
        "per_minute"])]
    job: Option<Uuid>,
    /// Of this kind
    #[arg(long)]
    kind: Option<String>,
    /// That call this outside system
    #[arg(long)]
    peer: Option<String>,
    /// Whose last try ended with this error code
    #[arg(long)]
    error: Option<String>,
    /// Written at least so long ago, e.g. 90s, 15m, 24h or 7d
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,
    /// Only count them
    #[arg(long)]
    dry_run: bool,
    /// Begin so many a minute, 1 to 6000; else all at once
    #[arg(long, value_name = "N")]
    per_minute: Option<u32>,
}

/// What became of the jobs of one hotel, or of several.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Retried {
    matched: i64,
    retried: i64,
    as_of: Option<String>,
    hotels: Vec<RetriedOfHotel>,
    more: bool,
    after: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RetriedOfHotel {
    slug: String,
    matched: i64,
    retried: i64,
    error: Option<Refused>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refused {
    code: String,
    message: String,
}

impl Replay {
    fn body(&self) -> Map<String, Value> {
        let typed = [
            ("kind", self.kind.clone().map(Value::from)),
            ("peer", self.peer.clone().map(Value::from)),
            ("error", self.error.clone().map(Value::from)),
            ("older_than_seconds", self.older_than.map(|it| Value::from(it.0))),
            ("dry_run", self.dry_run.then_some(Value::Bool(true))),
            ("per_minute", self.per_minute.map(Value::from)),
        ];
        typed.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?))).collect()
    }
}

/// Has jobs tried again.
pub(super) async fn replay(hub: &Hub, it: Replay) -> Result<(), Failure> {
    match (&it.tenant, it.job) {
        (Some(tenant), Some(job)) => replay_one(hub, tenant, job).await,
        (Some(tenant), None) => {
            let path = ["tenants", tenant, "jobs", "retry"];
            let reply = hub.client.post(&path, &it.body().into()).await?;
            let done: Retried = reply.read()?;
            hub.screen.result(&reply.data, || done.of_one(tenant, it.dry_run))
        }
        (None, _) => replay_all(hub, &it).await,
    }
}

async fn replay_one(hub: &Hub, tenant: &str, job: Uuid) -> Result<(), Failure> {
    let path = ["tenants", tenant, "jobs", &job.to_string(), "retry"];
    let reply = hub.client.post(&path, &json!({})).await?;
    let job: Job = reply.read()?;
    hub.screen.result(&reply.data, || {
        format!("{} {} is tried again; it is {} now", job.kind, job.id, job.standing())
    })
}

/// Asks until no hotel is left, part by part; the parts make one result.
async fn replay_all(hub: &Hub, it: &Replay) -> Result<(), Failure> {
    let mut body = it.body();
    let mut parts = Vec::new();
    let mut hotels = Vec::new();
    let (mut matched, mut retried) = (0, 0);
    loop {
        let reply = hub.client.post(&["jobs", "retry"], &body.clone().into()).await?;
        let part: Retried = reply.read()?;
        parts.push(reply.data);
        if it.dry_run {
            return show(hub, &parts, || part.estimate());
        }
        matched += part.matched;
        retried += part.retried;
        hotels.extend(part.hotels);
        match part.after.filter(|_| part.more) {
            Some(after) => drop(body.insert("after".to_owned(), after.into())),
            None => break,
        }
        let asked = many(count(&hotels), "hotel");
        hub.screen.live(&format!("{} of {asked}", many(retried, "job")));
    }
    hub.screen.quiet();
    let refused = hotels.iter().filter(|it| it.error.is_some()).count();
    let all = Retried { matched, retried, hotels, ..Retried::default() };
    show(hub, &parts, || all.of_all())?;
    match refused {
        0 => Ok(()),
        1 => Err(failed("one hotel did nothing, or is not known to have")),
        _ => Err(failed(&format!("{refused} hotels did nothing, or are not known to have"))),
    }
}

fn count(hotels: &[RetriedOfHotel]) -> i64 {
    i64::try_from(hotels.len()).unwrap_or(i64::MAX)
}

fn failed(what: &str) -> Failure {
    Failure::failed(what, "see the table, mend that, and run it again: it takes what is still dead")
}

/// One answer as it came; several as a list.
fn show(hub: &Hub, parts: &[Value], text: impl FnOnce() -> String) -> Result<(), Failure> {
    match parts {
        [one] => hub.screen.result(one, text),
        parts => hub.screen.result(&json!(parts), text),
    }
}

impl Retried {
    fn of_one(&self, tenant: &str, is_dry_run: bool) -> String {
        let matched = many(self.matched, "job");
        match is_dry_run {
            true => format!("{matched} of {tenant} would be tried again"),
            false if self.retried < self.matched => format!(
                "{} of {matched} of {tenant} are tried again; the others are left: a newer job does \
                 the same, or there were too many for one go",
                self.retried
            ),
            false => format!("{matched} of {tenant} are tried again"),
        }
    }

    fn estimate(&self) -> String {
        let Some(as_of) = &self.as_of else { return "no dead jobs are known of".to_owned() };
        let or_more = if self.more { "more than " } else { "" };
        format!(
            "about {} of {or_more}{} would be tried again, as of {}",
            many(self.matched, "job"),
            many(count(&self.hotels), "hotel"),
            minute(as_of)
        )
    }

    fn of_all(&self) -> String {
        let mut table = Table::new(&["HOTEL", "DEAD", "TRIED AGAIN", "WHY NOT"]);
        for it in &self.hotels {
            let why = it.error.as_ref().map(|it| format!("{}: {}", it.code, it.message));
            let (matched, retried) = (it.matched.to_string(), it.retried.to_string());
            table.row([it.slug.clone(), matched, retried, why.unwrap_or_default()]);
        }
        let table = table.or("no dead jobs are known of");
        let matched = many(self.matched, "dead job");
        format!("{table}\ntried again: {} of {matched}", self.retried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_of_all_says_that_it_is_an_estimate() {
        let hotels = vec![RetriedOfHotel::default(), RetriedOfHotel::default()];
        let as_of = Some("2026-11-21T22:15:07Z".to_owned());
        let all = Retried { matched: 7, as_of, hotels, ..Retried::default() };
        assert_eq!(
            all.estimate(),
            "about 7 jobs of 2 hotels would be tried again, as of 2026-11-21T22:15"
        );
        assert_eq!(Retried::default().estimate(), "no dead jobs are known of");
    }

    #[test]
    fn jobs_that_are_left_are_not_kept_quiet() {
        let some = Retried { matched: 3, retried: 2, ..Retried::default() };
        assert!(some.of_one("surya", false).starts_with("2 of 3 jobs of surya are tried again;"));
        let all = Retried { matched: 3, retried: 3, ..Retried::default() };
        assert_eq!(all.of_one("surya", false), "3 jobs of surya are tried again");
        assert_eq!(all.of_one("surya", true), "3 jobs of surya would be tried again");
    }
}
