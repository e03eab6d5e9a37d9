//! Pauses: background jobs are held back, and let go again.

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::minute;
use crate::{Hub, failure::Failure, table::Table};

/// Which jobs to hold back, and why.
#[derive(Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub(crate) struct Pause {
    /// Of this hotel, a slug or an id; else of every hotel
    #[arg(long, group = "which")]
    tenant: Option<String>,
    /// Of this class, e.g. `ota-sync` or `mail`; else of every class
    #[arg(long, group = "which")]
    class: Option<String>,
    /// Of this kind, e.g. `welcome_mail`; else of every kind
    #[arg(long, group = "which")]
    kind: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
}

/// A pause, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JobPause {
    id: String,
    slug: Option<String>,
    class: Option<String>,
    kind: Option<String>,
    reason: String,
    created_at: String,
}

impl Pause {
    fn body(self) -> Value {
        let Self { tenant, class, kind, reason } = self;
        let target = [("tenant", tenant), ("class", class), ("kind", kind)];
        let set = target.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let pairs = set.chain([("reason", reason)]);
        pairs.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into()
    }
}

impl JobPause {
    /// Which jobs it holds back.
    fn jobs(&self) -> String {
        let jobs = match (&self.class, &self.kind) {
            (None, None) => "all jobs".to_owned(),
            (Some(class), None) => format!("{class} jobs"),
            (None, Some(kind)) => format!("{kind} jobs"),
            (Some(class), Some(kind)) => format!("{class} jobs of kind {kind}"),
        };
        format!("{jobs} of {}", self.slug.as_deref().unwrap_or("every hotel"))
    }
}

/// Holds jobs back.
pub(super) async fn pause(hub: &Hub, it: Pause) -> Result<(), Failure> {
    let reply = hub.client.post(&["job-pauses"], &it.body()).await?;
    let pause: JobPause = reply.read()?;
    hub.screen.result(&reply.data, || {
        let (jobs, id) = (pause.jobs(), &pause.id);
        format!("{jobs} are paused; let them go on: `hotelhub jobs resume {id}`")
    })
}

/// Lifts a pause.
pub(super) async fn resume(hub: &Hub, id: Uuid) -> Result<(), Failure> {
    let reply = hub.client.delete(&["job-pauses", &id.to_string()]).await?;
    let pause: JobPause = reply.read()?;
    hub.screen.result(&reply.data, || format!("the pause of {} is lifted", pause.jobs()))
}

/// Lists the pauses that stand.
pub(super) async fn list(hub: &Hub) -> Result<(), Failure> {
    let reply = hub.client.list(&["job-pauses"], &[], true).await?;
    let pauses: Vec<JobPause> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["ID", "HOTEL", "CLASS", "KIND", "SINCE", "REASON"]);
        let or_every = |it: Option<String>| it.unwrap_or_else(|| "every".to_owned());
        for it in pauses {
            let since = minute(&it.created_at);
            let target = [it.slug, it.class, it.kind].map(or_every);
            table.row([vec![it.id], target.into(), vec![since, it.reason]].concat());
        }
        table.or("nothing is paused")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_typed_is_not_asked_for() {
        let pause = Pause {
            tenant: None,
            class: Some("mail".to_owned()),
            kind: None,
            reason: "the relay is down".to_owned(),
        };
        assert_eq!(pause.body(), json!({ "class": "mail", "reason": "the relay is down" }));
    }

    #[test]
    fn a_pause_says_what_it_holds_back() {
        let said = |slug: Option<&str>, class: Option<&str>, kind: Option<&str>| {
            let owned = |it: Option<&str>| it.map(str::to_owned);
            let (slug, class, kind) = (owned(slug), owned(class), owned(kind));
            JobPause { slug, class, kind, ..JobPause::default() }.jobs()
        };
        assert_eq!(said(Some("surya"), None, None), "all jobs of surya");
        assert_eq!(said(None, Some("mail"), None), "mail jobs of every hotel");
        assert_eq!(
            said(None, Some("mail"), Some("welcome_mail")),
            "mail jobs of kind welcome_mail of every hotel"
        );
    }
}
