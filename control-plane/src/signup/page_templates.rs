//! The signup pages, as templates.

use askama::Template;
use hotelhub_core::{ids::TenantId, life::Provisioning};
use hotelhub_http::language::Language;

use super::{
    draft::{Fault, Why},
    form::FormFields,
    regions::REGIONS,
    status::StatusBody,
    texts::{STEPS, Texts, step},
};
use crate::{
    pages::{Frame, progress_script, signup_script},
    plans::Plan,
};

/// The form.
#[derive(Template)]
#[template(path = "signup.html")]
pub(crate) struct SignupPage {
    pub(crate) frame: Frame,
    pub(crate) script: String,
    pub(crate) base_domain: String,
    pub(crate) plans: Vec<Plan>,
    pub(crate) regions: &'static [(&'static str, &'static str)],
    pub(crate) fields: FormFields,
    pub(crate) faults: Vec<ShownFault>,
    pub(crate) suggestions: Vec<String>,
    pub(crate) sent_before: bool,
    /// Somebody of the vendor fills it in for the owner.
    by_vendor: bool,
}

/// A fault, beside its field and in the summary.
pub(crate) struct ShownFault {
    pub(crate) field: &'static str,
    pub(crate) label: &'static str,
    pub(crate) why: String,
}

/// One plain input.
pub(crate) struct Input<'a> {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) autocomplete: &'static str,
    /// Empty if there is none.
    pub(crate) hint: &'static str,
    pub(crate) value: &'a str,
}

impl SignupPage {
    /// The form with what was typed.
    pub(crate) fn new(
        language: Language,
        base_domain: &str,
        plans: Vec<Plan>,
        fields: FormFields,
    ) -> Self {
        Self {
            frame: Frame::of(language),
            script: signup_script(),
            base_domain: base_domain.to_owned(),
            plans,
            regions: &REGIONS,
            fields,
            faults: Vec::new(),
            suggestions: Vec::new(),
            sent_before: false,
            by_vendor: false,
        }
    }

    /// The form for somebody of the vendor, who fills it in for the owner.
    pub(crate) fn by_vendor(self) -> Self {
        Self { by_vendor: true, ..self }
    }

    /// Says what is wrong.
    pub(crate) fn with_faults(mut self, faults: &[Fault]) -> Self {
        let (language, texts) = (self.frame.language, self.frame.texts);
        let shown = |it: &Fault| ShownFault {
            field: it.field,
            label: self.label(it.field, texts),
            why: it.why.text(language),
        };
        self.faults = faults.iter().map(shown).collect();
        self
    }

    /// Says that the slug is taken, and which are not.
    pub(crate) fn with_slug_taken(self, why: Why, suggestions: Vec<String>) -> Self {
        let fault = Fault { field: "slug", why };
        Self { suggestions, ..self.with_faults(&[fault]) }
    }

    /// Says that the form was sent before with other contents.
    pub(crate) fn with_sent_before(mut self) -> Self {
        self.sent_before = true;
        self
    }

    pub(crate) fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|it| it.field == field).map(|it| it.why.as_str())
    }

    /// The ids of what describes a field, for `aria-describedby`.
    pub(crate) fn described_by(&self, field: &str, hint: &str) -> String {
        let hint = (!hint.is_empty()).then(|| format!("{field}-hint"));
        let fault = self.fault(field).map(|_| format!("{field}-error"));
        [hint, fault].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What a room costs in a plan.
    pub(crate) fn price(&self, plan: &Plan) -> String {
        self.frame.language.rupiah(plan.per_room_price)
    }

    pub(crate) fn owner_inputs(&self) -> [Input<'_>; 4] {
        let (texts, fields) = (self.frame.texts, &self.fields);
        let input = |name, kind, autocomplete, hint, value| {
            let label = self.label(name, texts);
            Input { name, label, kind, autocomplete, hint, value }
        };
        // A browser knows who sits before it, not the hotel's owner.
        let autofill = |it| if self.by_vendor { "off" } else { it };
        let (email, password) = if self.by_vendor {
            (texts.owner_email_of_hint, texts.password_of_hint)
        } else {
            (texts.owner_email_hint, texts.password_hint)
        };
        let email = (autofill("email"), email);
        [
            input("owner_name", "text", autofill("name"), "", &*fields.owner_name),
            input("owner_email", "email", email.0, email.1, &fields.owner_email),
            input("owner_phone", "tel", autofill("tel"), "", &fields.owner_phone),
            input("password", "password", "new-password", password, ""),
        ]
    }

    fn label(&self, field: &str, texts: &'static Texts) -> &'static str {
        match field {
            "owner_name" if self.by_vendor => texts.owner_name_of,
            other => label(other, texts),
        }
    }
}

fn label(field: &str, texts: &'static Texts) -> &'static str {
    match field {
        "company_name" => texts.company_name,
        "slug" => texts.slug,
        "region" => texts.region,
        "rooms" => texts.rooms,
        "owner_name" => texts.owner_name,
        "owner_email" => texts.owner_email,
        "owner_phone" => texts.owner_phone,
        "password" => texts.password,
        "billing_cycle" => texts.billing_cycle,
        _ => texts.plan,
    }
}

/// How far a signup is.
#[derive(Template)]
#[template(path = "progress.html")]
pub(super) struct ProgressPage {
    frame: Frame,
    script: String,
    /// Where the script hears of each step.
    events: String,
    /// What the script writes, as JSON.
    words: String,
    status: StatusBody,
    steps: Vec<ShownStep>,
    done: usize,
}

struct ShownStep {
    label: String,
    state: String,
    ms: Option<i64>,
}

impl ShownStep {
    /// A step that a hotel had no need of is as good as done.
    fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "done" | "skipped")
    }
}

impl ProgressPage {
    pub(super) fn new(language: Language, id: TenantId, status: StatusBody) -> Self {
        let frame = Frame::of(language);
        let shown = |it: &crate::operations::Step| ShownStep {
            label: step(&it.name, language),
            state: it.state.clone(),
            ms: it.ms,
        };
        let steps: Vec<ShownStep> = status.steps.iter().map(shown).collect();
        let done = steps.iter().filter(|it| it.is_over()).count();
        let labels = STEPS.iter().map(|it| (it.to_string(), step(it, language).into()));
        let words = serde_json::json!({
            "steps": serde_json::Map::from_iter(labels),
            "now": frame.texts.progress_now,
            "ms": frame.texts.step_milliseconds,
        });
        Self {
            frame,
            script: progress_script(),
            events: format!("/api/v1/signup/{id}/events"),
            words: words.to_string(),
            status,
            steps,
            done,
        }
    }

    fn is_failed(&self) -> bool {
        self.status.state == Provisioning::Failed
    }

    fn is_open(&self) -> bool {
        self.status.login_url.is_none() && !self.is_failed()
    }

    /// The step that is under way, in words; the script writes the same.
    fn now(&self) -> String {
        match self.steps.iter().position(|it| !it.is_over()) {
            None => self.frame.texts.progress_waiting.to_owned(),
            Some(at) => {
                let label = self.steps.get(at).map(|it| it.label.as_str()).unwrap_or_default();
                self.frame
                    .texts
                    .progress_now
                    .replace("{number}", &(at + 1).to_string())
                    .replace("{count}", &self.steps.len().to_string())
                    .replace("{step}", label)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hotelhub_core::money::Rupiah;

    use super::*;

    fn page() -> SignupPage {
        let plan = Plan {
            id: uuid::Uuid::nil(),
            slug: "growth".to_owned(),
            name: "Growth".to_owned(),
            per_room_price: Rupiah::new(50_000),
            max_rooms: 50,
        };
        let fields = FormFields { company_name: "<b>Hotel</b>".into(), ..FormFields::fresh() };
        SignupPage::new(Language::Id, "hotelhub.id", vec![plan], fields)
    }

    #[test]
    fn what_was_typed_is_shown_and_never_believed() {
        let html = page().render().unwrap();
        assert!(!html.contains("<b>Hotel</b>"), "{html}");
        assert!(html.contains("Hotel&#60;/b&#62;") || html.contains("Hotel&lt;/b&gt;"), "{html}");
        assert!(html.contains("Rp50.000") && html.contains(r#"lang="id""#), "{html}");
    }

    #[test]
    fn a_fault_is_tied_to_its_field() {
        let faults = [Fault { field: "password", why: Why::PasswordWeak }];
        let html = page().with_faults(&faults).render().unwrap();
        assert!(html.contains(r#"aria-describedby="password-hint password-error""#), "{html}");
        assert!(html.contains(r##"href="#password""##), "{html}");
    }

    #[test]
    fn a_ready_hotel_is_linked_and_no_longer_waited_for() {
        let status = StatusBody {
            state: Provisioning::Ready,
            steps: Vec::new(),
            ready_in_ms: Some(412),
            login_url: Some("http://a.hotelhub.id/login".to_owned()),
        };
        let html = ProgressPage::new(Language::En, TenantId::generate(), status).render().unwrap();
        assert!(html.contains(r#"data-login="http://a.hotelhub.id/login""#), "{html}");
        assert!(!html.contains(r#"content="1""#), "{html}");
    }

    #[test]
    fn an_open_signup_says_in_words_what_is_done_now() {
        let state = |name: &str, state: &str| crate::operations::Step {
            name: name.to_owned(),
            state: state.to_owned(),
            ms: None,
        };
        let status = StatusBody {
            state: Provisioning::Provisioning,
            steps: vec![state("place", "done"), state("open_database", "running")],
            ready_in_ms: None,
            login_url: None,
        };
        let html = ProgressPage::new(Language::Id, TenantId::generate(), status).render().unwrap();
        assert!(html.contains("Langkah 2 dari 2: Mengunci basis data"), "{html}");
        assert!(html.contains(r#"max="2" value="1""#) && html.contains("data-events="), "{html}");
        assert!(!html.contains("<script>") && !html.contains("style="), "nothing inline: {html}");
    }
}
