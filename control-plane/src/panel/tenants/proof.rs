//! The proof that a hotel's data is gone, in words.

use hotelhub_core::audit::facts;
use hotelhub_http::language::Language;
use serde_json::Value;

use super::texts::TenantTexts;
use crate::{backups::model::Deletion, panel::shell::moment};

/// Things that stand on the page; a hotel may have had thousands of files.
const SHOWN: usize = 100;

/// What the page says of a deletion.
pub(super) struct Proof {
    pub(super) facts: Vec<(&'static str, String)>,
    /// Each thing that was destroyed, in order.
    pub(super) things: Vec<String>,
    /// Whether there were more things.
    pub(super) is_cut: bool,
}

impl Proof {
    pub(super) fn of(it: &Deletion, language: Language) -> Self {
        let w = TenantTexts::of(language);
        let none = Vec::new();
        let things = it.destroyed.as_array().unwrap_or(&none);
        let count = |kind: &str| {
            let count = things.iter().filter(|thing| thing.get(kind).is_some()).count();
            i64::try_from(count).map(|it| language.number(it)).unwrap_or_default()
        };
        let deleted = it.deleted_at.map(moment);
        let facts = vec![
            (w.proof_asked, moment(it.requested_at)),
            (w.proof_deleted, deleted.unwrap_or_else(|| w.proof_not_yet.to_owned())),
            (w.proof_last, last_backup(it, w)),
            (w.proof_databases, count("database")),
            (w.proof_backups, count("backup")),
            (w.proof_objects, count("object")),
        ];
        Self {
            facts,
            things: things.iter().take(SHOWN).map(|it| thing(it, w)).collect(),
            is_cut: things.len() > SHOWN,
        }
    }
}

/// What became of the last backup.
fn last_backup(it: &Deletion, w: &TenantTexts) -> String {
    match (it.final_backup_gone_at, it.final_backup_until) {
        (Some(gone), _) => w.proof_gone.replace("{moment}", &moment(gone)),
        (None, Some(until)) => w.proof_until.replace("{moment}", &moment(until)),
        (None, None) => w.proof_none.to_owned(),
    }
}

/// One thing, and when it was gone; as it was noted if we have no words for it.
fn thing(it: &Value, w: &TenantTexts) -> String {
    let text = |name: &str| it.get(name).and_then(Value::as_str);
    let said = match (text("database"), text("backup"), text("object")) {
        (Some(name), _, _) => {
            let host = text("db_host").unwrap_or("–");
            w.proof_database.replace("{name}", name).replace("{host}", host)
        }
        (_, Some(name), _) => {
            let hash = text("sha256").unwrap_or("–");
            w.proof_backup.replace("{name}", name).replace("{hash}", hash)
        }
        (_, _, Some(name)) => w.proof_object.replace("{name}", name),
        _ => {
            let facts = facts(&it.to_string()).into_iter();
            let facts = facts.map(|(name, value)| format!("{}: {value}", name.replace('_', " ")));
            return facts.collect::<Vec<_>>().join(", ");
        }
    };
    match text("at").and_then(|it| it.parse().ok()) {
        Some(at) => format!("{said} · {}", moment(at)),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_thing_that_was_destroyed_is_named_and_counted() {
        let mut destroyed = vec![
            json!({ "database": "tenant_1", "db_host": "local", "at": "2026-01-31T17:05:00+00:00" }),
            json!({ "backup": "b1", "kind": "nightly", "sha256": "ff" }),
            json!({ "object_storage": "none is set" }),
        ];
        destroyed.extend((0..SHOWN).map(|it| json!({ "object": format!("files/{it}") })));
        let time = |text: &str| text.parse().unwrap();
        let deletion = Deletion {
            tenant_id: uuid::Uuid::nil(),
            operation_id: uuid::Uuid::nil(),
            slug: "surya".to_owned(),
            company_name: "Hotel Surya".to_owned(),
            requested_by: None,
            requested_at: time("2026-01-31T17:05:00Z"),
            deleted_at: None,
            destroyed: json!(destroyed),
            final_backup: None,
            final_backup_until: Some(time("2026-03-01T17:00:00Z")),
            final_backup_gone_at: None,
        };
        let proof = Proof::of(&deletion, Language::En);
        let facts = proof.facts.iter().map(|(_, value)| &**value).collect::<Vec<_>>();
        let until = "kept until 2026-03-02 00:00 WIB";
        assert_eq!(facts, ["2026-02-01 00:05 WIB", "not yet", until, "1", "1", "100"]);
        assert_eq!(
            proof.things[..4],
            [
                "Database tenant_1 on the host local · 2026-02-01 00:05 WIB",
                "Backup b1, SHA-256 ff",
                "object storage: none is set",
                "File files/0",
            ]
        );
        assert!(proof.is_cut && proof.things.len() == SHOWN);
    }
}
