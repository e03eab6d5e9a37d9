//! Everything that can go wrong, what is said of it, and the exit code.

mod next;

use std::{collections::BTreeMap, error::Error, fmt::Write as _, process::ExitCode};

use hotelhub_core::errors::Chain;
use serde_json::{Value, json};

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The control plane said no.
    Refused(Box<Refusal>),
    /// It was tried, or watched, and came to nothing.
    Failed {
        /// What happened.
        what: String,
        /// What to do.
        next: String,
    },
    /// Typed or set wrongly.
    Usage(String),
    /// No answer came.
    Unreachable {
        /// What happened.
        what: String,
        /// What to do.
        next: String,
    },
    /// Ctrl-C, and what goes on without us.
    Interrupted(String),
    /// Whoever read our output has gone.
    Unheard,
}

/// An answer of the control plane that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: BTreeMap<String, Vec<String>>,
    pub(crate) request_id: String,
    pub(crate) retry_after_seconds: Option<u64>,
    /// What to do, if whoever asked knows it better than the code says.
    pub(crate) next: Option<String>,
}

impl Failure {
    /// Something on this machine.
    pub(crate) fn local(what: &str, cause: &(dyn Error + 'static)) -> Self {
        Self::Failed {
            what: format!("could not {what}: {}", Chain(cause)),
            next: "mend that on this machine and run the command again".to_owned(),
        }
    }

    /// Something was tried and came to nothing.
    pub(crate) fn failed(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), next: next.into() }
    }

    /// With what to do about a refusal of this code, which means something of its own here.
    pub(crate) fn with_next(mut self, code: &str, next: impl Into<String>) -> Self {
        if let Self::Refused(it) = &mut self
            && it.code == code
        {
            it.next = Some(next.into());
        }
        self
    }

    /// Whether it may be better in a moment.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(it) => it.status >= 500 || it.status == 429,
            Self::Failed { .. } | Self::Usage(_) | Self::Interrupted(_) | Self::Unheard => false,
        }
    }

    /// The exit code of the program.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) | Self::Failed { .. } => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Unreachable { .. } => ExitCode::from(3),
            Self::Interrupted(_) => ExitCode::from(130),
            Self::Unheard => ExitCode::SUCCESS,
        }
    }

    /// For people: what happened, the details, what to do next.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Refused(it) => it.text(),
            Self::Failed { what, next } | Self::Unreachable { what, next } => {
                format!("{what}\nnext: {next}")
            }
            Self::Usage(what) => format!("{what}\nnext: see `hotelhub --help`"),
            Self::Interrupted(what) => what.clone(),
            Self::Unheard => String::new(),
        }
    }

    /// For programs: the API's own body where there is one.
    pub(crate) fn json(&self) -> Value {
        let (code, message) = match self {
            Self::Refused(it) => {
                return json!({ "success": false, "error": {
                    "code": it.code, "message": it.message, "details": it.details,
                    "request_id": it.request_id,
                }});
            }
            Self::Failed { what, .. } => ("FAILED", what),
            Self::Usage(what) => ("USAGE", what),
            Self::Unreachable { what, .. } => ("UNREACHABLE", what),
            Self::Interrupted(what) => ("INTERRUPTED", what),
            Self::Unheard => return Value::Null,
        };
        json!({ "success": false, "error": { "code": code, "message": message } })
    }
}

impl Refusal {
    /// Whether it is the login that counts for nothing, and not what was sent with it.
    pub(crate) fn is_of_login(&self) -> bool {
        self.status == 401 && self.code != "TOTP_INVALID"
    }

    fn text(&self) -> String {
        let mut text = format!("refused: {} ({})", self.message, self.code);
        for (field, why) in &self.details {
            for it in why {
                text.write_fmt(format_args!("\n  {field}: {it}")).unwrap_or_default();
            }
        }
        if !self.request_id.is_empty() {
            text.push_str("\n  request id: ");
            text.push_str(&self.request_id);
        }
        text.push_str("\nnext: ");
        text.push_str(&self.next());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: &str) -> Refusal {
        Refusal {
            status,
            code: code.to_owned(),
            message: "the slug is taken".to_owned(),
            details: BTreeMap::from([("suggestions".to_owned(), vec!["a-1".to_owned()])]),
            request_id: "r-1".to_owned(),
            retry_after_seconds: None,
            next: None,
        }
    }

    fn refused(status: u16, code: &str) -> Failure {
        Failure::Refused(Box::new(refusal(status, code)))
    }

    #[test]
    fn a_refusal_shows_all_that_was_said_and_what_to_do() {
        let text = refused(409, "SLUG_TAKEN").text();
        assert_eq!(
            text,
            "refused: the slug is taken (SLUG_TAKEN)\n  suggestions: a-1\n  request id: r-1\n\
             next: choose another slug, e.g. one of the suggestions"
        );
    }

    #[test]
    fn a_refusal_that_says_when_is_followed() {
        let mut refusal = refusal(429, "RATE_LIMITED");
        refusal.retry_after_seconds = Some(7);
        assert!(refusal.text().ends_with("next: run the command again in 7 s"));
        assert!(Failure::Refused(Box::new(refusal)).passes());
    }

    #[test]
    fn a_wrong_code_is_no_expired_login() {
        assert!(refusal(401, "UNAUTHENTICATED").is_of_login());
        assert!(!refusal(401, "TOTP_INVALID").is_of_login());
        assert!(!refusal(403, "FORBIDDEN").is_of_login());
    }

    #[test]
    fn an_operation_that_is_in_the_way_is_named() {
        let mut refusal = refusal(409, "OPERATION_IN_PROGRESS");
        assert!(refusal.next().contains("hotelhub operation list"));
        refusal.details = BTreeMap::from([("operation".to_owned(), vec!["o-1".to_owned()])]);
        assert!(refusal.next().contains("hotelhub operation show o-1"));
    }

    #[test]
    fn a_step_of_this_program_stands_for_what_the_api_calls_its_fields() {
        for (code, flag) in [
            ("BUNDLE_OF_ANOTHER_HOTEL", "--of-another-hotel"),
            ("RETENTION_NOT_OVER", "--waive-retention"),
            ("DOMAIN_NOT_LIVE", "hotelhub domain show"),
            ("NO_PREVIEW", "--end preview"),
        ] {
            assert!(refusal(409, code).next().contains(flag), "{code}");
        }
        assert!(refusal(409, "NEW_CODE").next().contains("message above"));
    }

    #[test]
    fn whoever_asked_may_know_better_what_to_do() {
        let known = |code| refused(409, code).with_next("TRANSITION_REFUSED", "begin another one");
        assert!(known("TRANSITION_REFUSED").text().ends_with("\nnext: begin another one"));
        assert!(known("SLUG_TAKEN").text().contains("next: choose another slug"));
    }

    #[test]
    fn a_program_reads_the_body_of_the_api() {
        let shown = refused(409, "SLUG_TAKEN").json();
        assert_eq!(shown["error"]["details"]["suggestions"][0], "a-1");
        assert_eq!(shown["success"], false);
    }
}
