//! `hotelhub backup deletion`: the proof that a hotel's data is gone.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Hub,
    failure::Failure,
    figures::plain,
    table::{Table, facts},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Deletion {
    tenant_id: String,
    slug: String,
    company_name: String,
    operation_id: String,
    requested_at: String,
    deleted_at: Option<String>,
    final_backup: Option<String>,
    final_backup_until: Option<String>,
    final_backup_gone_at: Option<String>,
    destroyed: Vec<Map<String, Value>>,
}

/// Shows it.
///
/// # Errors
/// Fails if the control plane refuses or does not answer; 404 if nobody asked for the deletion.
pub(super) async fn show(hub: &Hub, tenant: &str) -> Result<(), Failure> {
    let reply = hub.client.get(&["tenants", tenant, "deletion"], &[]).await?;
    let deletion: Deletion = reply.read()?;
    hub.screen.result(&reply.data, || said(deletion))
}

fn said(it: Deletion) -> String {
    let kept = match (it.final_backup_gone_at, it.final_backup_until) {
        (Some(gone), _) => format!("gone at {gone}"),
        (None, Some(until)) => format!("kept until {until}"),
        (None, None) => "none is kept".to_owned(),
    };
    let facts = facts(&[
        ("company", Some(it.company_name)),
        ("slug", Some(it.slug)),
        ("tenant", Some(it.tenant_id)),
        ("operation", Some(it.operation_id)),
        ("asked for", Some(it.requested_at)),
        ("deleted", Some(it.deleted_at.unwrap_or_else(|| "not yet".to_owned()))),
        ("last backup", Some(kept)),
        ("its id", it.final_backup),
    ]);
    let mut things = Table::new(&["GONE AT", "WHAT", "NAME", "MORE"]);
    for thing in &it.destroyed {
        things.row(row(thing));
    }
    format!("{facts}\n\n{}", things.or("nothing is destroyed yet"))
}

/// A thing that was destroyed: what it was, its name, and what else is known of it.
fn row(thing: &Map<String, Value>) -> [String; 4] {
    let text = |field: &str| thing.get(field).map(plain).unwrap_or_default();
    let named = ["database", "backup", "object"].into_iter().find(|it| thing.contains_key(*it));
    let named = named.unwrap_or_default();
    let is_more = |field: &str| field != "at" && field != named;
    let more = thing.iter().filter(|(field, it)| is_more(field) && !it.is_null());
    let more = more.map(|(field, it)| format!("{} {}", field.replace('_', " "), plain(it)));
    [text("at"), named.to_owned(), text(named), more.collect::<Vec<_>>().join(", ")]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_thing_that_is_gone_has_a_line() {
        let deletion = json!({
            "tenant_id": "t1", "slug": "surya", "company_name": "Hotel Surya",
            "operation_id": "o1", "requested_at": "2026-01-31T17:05:00Z",
            "final_backup": "b9", "final_backup_until": "2026-03-01T17:00:00Z",
            "destroyed": [
                { "database": "tenant_1", "db_host": "local", "at": "2026-01-31T17:06:00Z" },
                { "backup": "b1", "kind": "nightly", "sha256": "ff", "at": null },
                { "object_storage": "none is set" },
            ],
        });
        let said = said(serde_json::from_value(deletion).unwrap());
        let lines: Vec<_> =
            said.lines().map(|it| it.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for wanted in [
            "deleted not yet",
            "last backup kept until 2026-03-01T17:00:00Z",
            "its id b9",
            "2026-01-31T17:06:00Z database tenant_1 db host local",
            "backup b1 kind nightly, sha256 ff",
            "object storage none is set",
        ] {
            assert!(lines.iter().any(|it| it == wanted), "{wanted}: {said}");
        }
    }
}
