//! What a run notes of itself, in words.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::audit::facts;
use hotelhub_http::language::Language;
use serde_json::Value;

use super::texts::FigureTexts;
use crate::panel::shell::{lasting, moment, size};

/// Something that was noted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether the name is in the language of the page, and not the provisioner's own.
    pub(super) is_known: bool,
}

/// How a value is written for people.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Number,
    Bytes,
    Milliseconds,
    Moment,
    Truth,
}

/// All that was noted and is not nothing; what was noted twice is said once.
pub(super) fn figures(noted: &Value, language: Language) -> Vec<Figure> {
    let mut figures = Vec::new();
    // `facts` writes nothing as a dash.
    for (path, value) in facts(&noted.to_string()).into_iter().filter(|(_, value)| value != "-") {
        let figure = figure(&path, value, language);
        if !figures.contains(&figure) {
            figures.push(figure);
        }
    }
    figures
}

/// One of them; as it is if we have no words for it.
fn figure(path: &str, value: String, language: Language) -> Figure {
    let w = FigureTexts::of(language);
    match known(path, w) {
        Some((name, form)) => {
            let value = written(&value, form, language).unwrap_or(value);
            Figure { name: name.to_owned(), value, is_known: true }
        }
        None => Figure { name: path.replace('_', " "), value, is_known: false },
    }
}

/// The value for people; nothing if it is not of that form.
fn written(value: &str, form: Form, language: Language) -> Option<String> {
    let w = FigureTexts::of(language);
    let number = || value.parse::<i64>().ok();
    match form {
        Form::Text => None,
        Form::Number => number().map(|it| language.number(it)),
        Form::Bytes => number().map(size),
        Form::Milliseconds => number().and_then(TimeDelta::try_milliseconds).map(lasting),
        Form::Moment => value.parse::<DateTime<Utc>>().ok().map(moment),
        Form::Truth => value.parse().ok().map(|it: bool| if it { w.yes } else { w.no }.to_owned()),
    }
}

/// What the provisioner's long work notes, `restored` being what it wrote into the hotel's own log.
fn known(path: &str, w: &FigureTexts) -> Option<(&'static str, Form)> {
    Some(match path {
        "rows" => (w.rows, Form::Number),
        "bytes" => (w.bytes, Form::Bytes),
        "tables" => (w.tables, Form::Number),
        "copy_ms" => (w.copy_ms, Form::Milliseconds),
        "rounds" => (w.rounds, Form::Number),
        "changed_rows" => (w.changed_rows, Form::Number),
        "write_pause_ms" => (w.write_pause_ms, Form::Milliseconds),
        "backup_id" => (w.backup_id, Form::Text),
        "replaced_is_unsaved" => (w.replaced_is_unsaved, Form::Truth),
        "preview_host" => (w.preview_host, Form::Text),
        "preview_until" => (w.preview_until, Form::Moment),
        "taken_at" | "restored.taken_at" => (w.taken_at, Form::Moment),
        "from_schema_version" => (w.from_schema_version, Form::Number),
        "origin.slug" | "restored.origin.slug" => (w.origin_slug, Form::Text),
        "origin.tenant_id" | "restored.origin.tenant_id" => (w.origin_id, Form::Text),
        "restored.backup_id" => (w.restored_backup, Form::Text),
        "restored.knows_present" => (w.knows_present, Form::Truth),
        "restored.log_ended.seq" => (w.log_ended, Form::Number),
        "restored.log_ended.hash" => (w.log_hash, Form::Text),
        "restored.log_goes_on" => (w.log_goes_on, Form::Number),
        "restored.audit_fault.kind" => (w.fault, Form::Text),
        "restored.audit_fault.seq" => (w.fault_row, Form::Number),
        "restored.audit_fault_since.kind" => (w.fault_since, Form::Text),
        "restored.audit_fault_since.seq" => (w.fault_since_row, Form::Number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(noted: &Value, language: Language) -> Vec<String> {
        let said =
            figures(noted, language).into_iter().map(|it| format!("{}: {}", it.name, it.value));
        let mut said: Vec<_> = said.collect();
        said.sort();
        said
    }

    #[test]
    fn a_restore_is_told_in_words_and_nothing_of_it_twice() {
        let origin = json!({ "slug": "surya" });
        let noted = json!({
            "origin": origin, "taken_at": "2026-11-23T02:59:44.615345Z", "bytes": 1536,
            "copy_ms": 1_250, "rows": 3_120, "replaced_is_unsaved": true,
            "restored": { "origin": origin, "taken_at": "2026-11-23T02:59:44.615345+00:00",
                          "backup_id": null, "log_ended": { "seq": 7 } },
        });
        assert_eq!(
            said(&noted, Language::En),
            [
                "Audit log in that data up to row: 7",
                "Copying took: 1.2 s",
                "Data as of: 2026-11-23 09:59 WIB",
                "Data of the hotel: surya",
                "Rows: 3,120",
                "Size: 1.5 KiB",
                "The backup of what was replaced waits for its server: yes",
            ]
        );
        let lost = json!({ "replaced_is_unsaved": true });
        assert_eq!(said(&lost, Language::Id), ["Cadangan data lama menunggu servernya: ya"]);
    }

    #[test]
    fn what_has_no_words_or_another_form_is_shown_as_it_is() {
        let noted = json!({ "odd_thing": { "of": "x" }, "rows": "many" });
        let shown = figures(&noted, Language::Id);
        let of = |name: &str| shown.iter().find(|it| it.name == name).unwrap();
        assert_eq!((&*of("odd thing.of").value, of("odd thing.of").is_known), ("x", false));
        assert_eq!((&*of("Baris").value, of("Baris").is_known), ("many", true));
        assert!(figures(&json!({}), Language::Id).is_empty());
    }
}
