//! What long work counted and found, in words.

use serde_json::{Map, Value};

/// Where a figure stands, and its words, in the order of telling them. What else stands with one that
/// has parts is for programs.
const WORDS: &[(&str, &str)] = &[
    ("/taken_at", "data of {}"),
    ("/origin/slug", "of the hotel `{}`"),
    ("/from_schema_version", "from schema {}"),
    ("/schema_version", "schema {}"),
    ("/rows", "{} rows"),
    ("/tables", "{} tables"),
    ("/bytes", "{} bytes"),
    ("/fetch_ms", "fetched in {} ms"),
    ("/copy_ms", "copied in {} ms"),
    ("/total_ms", "{} ms in all"),
    ("/db_host", "on {}"),
    ("/invariants", "{} invariants hold"),
    ("/rounds", "{} rounds"),
    ("/changed_rows", "{} rows changed meanwhile"),
    ("/write_pause_ms", "writes paused for {} ms"),
    ("/preview_host", "shown at {}"),
    ("/preview_until", "until {}"),
    ("/backup_id", "backup {}"),
    ("/replaced_is_unsaved", "what was there is backed up when its server answers"),
    ("/restored/audit_fault/seq", "the restored audit log is not whole at entry {}"),
    ("/restored/audit_fault_since/seq", "the replaced audit log is not whole at entry {}"),
];

/// The figures in words. One that is new to us is told by its name.
pub(crate) fn words(figures: &Map<String, Value>) -> String {
    let known = WORDS.iter().filter_map(|(place, words)| {
        let mut names = place.split('/').skip(1);
        let first = figures.get(names.next()?)?;
        let found = names.try_fold(first, |inside, name| inside.get(name))?;
        let is_said = !matches!(found, Value::Null | Value::Bool(false));
        is_said.then(|| words.replace("{}", &plain(found)))
    });
    let is_new = |name: &str| WORDS.iter().all(|(it, _)| it.split('/').nth(1) != Some(name));
    let others = figures.iter().filter(|(name, _)| is_new(name.as_str()));
    let others = others.map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(value)));
    known.chain(others).collect::<Vec<_>>().join(", ")
}

/// A value as people write it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, it)| format!("{name} {}", plain(it)));
            fields.collect::<Vec<_>>().join(" ")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(figures: &Value) -> String {
        words(figures.as_object().unwrap())
    }

    #[test]
    fn a_restore_is_told_in_words() {
        let origin = json!({ "slug": "mandala", "tenant_id": "t" });
        let figures = json!({
            "bytes": 20, "rows": 3, "tables": 2, "copy_ms": 4, "backup_id": "b",
            "taken_at": "2026-11-23T02:59:44Z", "from_schema_version": 8, "origin": origin,
            "restored": { "origin": origin, "knows_present": true, "audit_fault": { "seq": 7 } },
        });
        assert_eq!(
            said(&figures),
            "data of 2026-11-23T02:59:44Z, of the hotel `mandala`, from schema 8, 3 rows, 2 tables, \
             20 bytes, copied in 4 ms, backup b, the restored audit log is not whole at entry 7"
        );
        let lost = said(&json!({ "replaced_is_unsaved": true }));
        assert_eq!(lost, "what was there is backed up when its server answers");
    }

    #[test]
    fn what_is_not_so_is_not_said_and_what_is_new_is() {
        assert_eq!(said(&json!({ "replaced_is_unsaved": false, "origin": null })), "");
        let new = json!({ "kept": { "until": "noon" }, "new_names": ["a", "b"] });
        assert_eq!(said(&new), "kept until noon, new names a b");
    }
}
