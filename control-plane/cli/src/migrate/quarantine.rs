//! `hotelhub migrate quarantine`: who failed and why, and who is left as it is.

use clap::Args;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{ask, id_of};
use crate::{Hub, failure::Failure, table::Table};

/// Lists, or sets aside.
#[derive(Args)]
pub(crate) struct Quarantine {
    /// The migration's id; else the newest
    #[arg(value_name = "ID")]
    first: Option<String>,
    /// Set this hotel aside: a slug or an id
    #[arg(value_name = "TENANT")]
    second: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failed {
    slug: String,
    ring: i64,
    attempts: i64,
    sqlstate: Option<String>,
    error: Option<String>,
}

impl Quarantine {
    /// The migration and the tenant: what is no id must be a slug.
    fn meant(self) -> (Option<String>, Option<String>) {
        match (self.first, self.second) {
            (Some(one), None) if Uuid::try_parse(&one).is_err() => (None, Some(one)),
            both => both,
        }
    }
}

/// Lists those in quarantine, or sets one aside.
pub(super) async fn run(hub: &Hub, it: Quarantine) -> Result<(), Failure> {
    let (id, tenant) = it.meant();
    let id = id_of(hub, id).await?;
    if let Some(tenant) = tenant {
        let body = json!({ "tenant": tenant });
        let reply = ask(hub, &id, "set-aside", &body).await?;
        return hub.screen.result(&reply.data, || {
            format!("{tenant} is set aside: fleet migration {id} leaves it on the schema it has")
        });
    }
    let query = [("state", "quarantined".to_owned())];
    let reply = hub.client.list(&["fleet-migrations", &id, "tenants"], &query, true).await?;
    let failed: Vec<Failed> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table = Table::new(&["SLUG", "RING", "TRIES", "SQLSTATE", "ERROR"]);
        for Failed { slug, ring, attempts, sqlstate, error } in failed {
            let (sqlstate, error) = (sqlstate.unwrap_or_default(), error.unwrap_or_default());
            table.row([slug, ring.to_string(), attempts.to_string(), sqlstate, error]);
        }
        table.or("nobody is in quarantine")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_a_migration_or_a_hotel() {
        let meant = |first: Option<&str>, second: Option<&str>| {
            let owned = |it: Option<&str>| it.map(str::to_owned);
            Quarantine { first: owned(first), second: owned(second) }.meant()
        };
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(meant(Some(id), None), (Some(id.to_owned()), None));
        assert_eq!(meant(Some("mandala"), None), (None, Some("mandala".to_owned())));
        let both = meant(Some(id), Some("mandala"));
        assert_eq!(both, (Some(id.to_owned()), Some("mandala".to_owned())));
    }
}
