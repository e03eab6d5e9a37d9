//! How far an operation is, as pages show it.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_http::language::Language;

use super::texts::{OperationTexts, step};
use crate::{
    operations::{Progress, State},
    panel::{
        shell::{lasting, moment, short},
        states::{Badge, Shown, kind},
    },
};

/// One operation in a list.
pub(in crate::panel) struct Row {
    pub(in crate::panel) id: String,
    pub(in crate::panel) kind: String,
    pub(in crate::panel) slug: String,
    pub(in crate::panel) state: Badge,
    /// The step that is under way, or the beginning of what went wrong.
    pub(in crate::panel) detail: String,
    pub(in crate::panel) requested: String,
    pub(in crate::panel) took: String,
    pub(in crate::panel) steps: Vec<Step>,
}

/// One step.
pub(in crate::panel) struct Step {
    pub(in crate::panel) state: String,
    pub(in crate::panel) name: String,
    pub(in crate::panel) took: String,
}

impl Row {
    pub(in crate::panel) fn of(it: &Progress, language: Language, now: DateTime<Utc>) -> Self {
        let detail = match (it.state, &it.last_error) {
            (State::Done, _) => String::new(),
            (_, Some(error)) => short(error),
            (_, None) => said(it, language),
        };
        Self {
            id: it.id.to_string(),
            kind: kind(&it.kind, language),
            slug: it.slug.clone(),
            state: it.state.badge(language),
            detail,
            requested: moment(it.requested_at),
            took: took(it, language, now),
            steps: steps(it, language),
        }
    }
}

/// How long it took, or takes so far.
pub(in crate::panel) fn took(it: &Progress, language: Language, now: DateTime<Utc>) -> String {
    match it.finished_at {
        Some(end) => lasting(end - it.requested_at),
        None => {
            let so_far = OperationTexts::of(language).so_far;
            format!("{} {so_far}", lasting(now - it.requested_at))
        }
    }
}

/// The steps in words.
pub(in crate::panel) fn steps(it: &Progress, language: Language) -> Vec<Step> {
    let w = OperationTexts::of(language);
    let took = |step: &crate::operations::Step| match (&*step.state, step.ms) {
        ("skipped", _) => w.skipped.to_owned(),
        (_, Some(ms)) => lasting(TimeDelta::milliseconds(ms)),
        (_, None) => String::new(),
    };
    let shown = |step_of: &crate::operations::Step| Step {
        state: step_of.state.clone(),
        name: step(&it.kind, &step_of.name, language),
        took: took(step_of),
    };
    it.steps.iter().map(shown).collect()
}

/// How many of the steps are over.
pub(in crate::panel) fn done(it: &Progress) -> usize {
    it.steps.iter().filter(|step| is_over(&step.state)).count()
}

/// A step that there was no need of is as good as done.
fn is_over(state: &str) -> bool {
    matches!(state, "done" | "skipped")
}

/// How far it is, in one sentence.
pub(in crate::panel) fn said(it: &Progress, language: Language) -> String {
    let w = OperationTexts::of(language);
    match it.state {
        State::Done => w.is_over.to_owned(),
        State::Undone => w.was_undone.to_owned(),
        _ => match it.steps.iter().enumerate().find(|(_, step)| !is_over(&step.state)) {
            Some((at, now)) => w
                .step_of
                .replace("{number}", &(at + 1).to_string())
                .replace("{count}", &it.steps.len().to_string())
                .replace("{step}", &step(&it.kind, &now.name, language)),
            None => w.waiting.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moving() -> Progress {
        let step = |name: &str, state: &str, ms| crate::operations::Step {
            name: name.to_owned(),
            state: state.to_owned(),
            ms,
        };
        Progress {
            id: uuid::Uuid::nil(),
            kind: "move_tenant".to_owned(),
            tenant_id: uuid::Uuid::nil(),
            slug: "surya".to_owned(),
            state: State::Running,
            last_error: None,
            retry_at: None,
            figures: serde_json::json!({}),
            requested_by: None,
            requested_at: "2026-01-31T17:05:00Z".parse().unwrap(),
            started_at: None,
            finished_at: None,
            steps: vec![step("place", "done", Some(6)), step("copy", "running", None)],
        }
    }

    #[test]
    fn an_operation_says_in_words_what_is_done_now() {
        let moving = moving();
        assert_eq!(said(&moving, Language::En), "Step 2 of 2: Copying all data");
        assert_eq!(done(&moving), 1);
        let now = "2026-01-31T17:05:03Z".parse().unwrap();
        let row = Row::of(&moving, Language::Id, now);
        assert_eq!((&*row.took, row.state.tone), ("3.0 s sejauh ini", "busy"));
        assert_eq!(row.detail, "Langkah 2 dari 2: Menyalin semua data");
        assert_eq!((&*row.steps[0].took, &*row.steps[1].took), ("6 ms", ""));
    }

    #[test]
    fn one_that_is_over_shows_how_long_it_took_and_why_it_failed() {
        let mut ended = moving();
        ended.finished_at = Some("2026-01-31T17:06:01Z".parse().unwrap());
        ended.state = State::Undone;
        ended.last_error = Some("no host has room".to_owned());
        let row = Row::of(&ended, Language::En, "2026-01-31T18:00:00Z".parse().unwrap());
        assert_eq!((&*row.took, &*row.detail), ("1 min 1 s", "no host has room"));
    }
}
