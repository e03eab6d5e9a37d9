//! Everything that can go wrong, what is said of it, and the exit code.

use std::{collections::BTreeMap, error::Error, fmt::Write as _, process::ExitCode};

use hotelhub_core::errors::Chain;
use serde_json::{Value, json};

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The control plane said no.
    Refused(Refusal),
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

    /// What to do about it.
    fn next(&self) -> String {
        if let Some(seconds) = self.retry_after_seconds {
            return format!("run the command again in {seconds} s");
        }
        let operation = self.details.get("operation").and_then(|it| it.first());
        if let ("OPERATION_IN_PROGRESS", Some(id)) = (self.code.as_str(), operation) {
            return format!("wait until it has ended: `hotelhub operation show {id}`");
        }
        let next = match self.code.as_str() {
            "UNAUTHENTICATED" => "log in: `hotelhub login --email YOU`",
            "INVALID_CREDENTIALS" => "check the e-mail address and type the password again",
            "TOTP_INVALID" => "wait for the next code and type that",
            "TOTP_ENABLED" => "take it away first: `hotelhub user totp reset`",
            "TOTP_NOT_BEGUN" => "begin with it: `hotelhub user totp begin`",
            "ADDRESS_NOT_ALLOWED" => "use an allowed network, or ask a super administrator",
            "PASSWORD_CHANGE_REQUIRED" => "choose your own: `hotelhub user change-password`",
            "TOTP_ENROLMENT_REQUIRED" => "set up a second factor: `hotelhub user totp begin`",
            "SUPPORT_ACCESS_OVER" => {
                "see how it stands: `hotelhub tenant support-access list TENANT`"
            }
            "LAST_SUPER_ADMIN" => "make another one: `hotelhub user create --role super_admin …`",
            "EMAIL_TAKEN" => "see who has it: `hotelhub user list`",
            "FORBIDDEN" => "ask a super administrator to do it, or for the role",
            "NOT_FOUND" => {
                "look what is there: `hotelhub tenant list`, `hotelhub db-host list`, \
                 `hotelhub operation list`, `hotelhub jobs pauses`, \
                 `hotelhub jobs list --tenant TENANT`"
            }
            "OPERATION_IN_PROGRESS" => {
                "wait until it has ended: `hotelhub operation list --tenant TENANT`"
            }
            "TRANSITION_REFUSED" => "see how the hotel stands: `hotelhub tenant show TENANT`",
            "TENANT_NOT_CHURNED" => "churn it first: `hotelhub tenant churn TENANT --reason …`",
            "DB_HOST_NOT_ACTIVE" => "choose another server: `hotelhub db-host list`",
            "FLEET_MIGRATION_IN_PROGRESS" => {
                "see how far it is: `hotelhub migrate status`; end it: `hotelhub migrate cancel`"
            }
            "JOB_NOT_OVER" | "JOB_OVER" | "JOB_REPLACED" => {
                "see how it stands: `hotelhub jobs list --tenant TENANT`"
            }
            "TENANT_NOT_READY" => "see how the hotel stands: `hotelhub tenant show TENANT`",
            "JOBS_ALREADY_PAUSED" => "see what is paused: `hotelhub jobs pauses`",
            "SLUG_TAKEN" => "choose another slug, e.g. one of the suggestions",
            "DB_HOST_ACTIVE" | "DB_HOST_IN_USE" => {
                "empty it first: `hotelhub db-host drain HOST` waits until it is empty"
            }
            "DB_HOST_NAME_TAKEN" => "choose another name, or see `hotelhub db-host list`",
            _ if self.status == 422 || self.status == 400 => "correct that and run it again",
            _ if self.status == 405 => "this control plane is older than this program: update it",
            _ if self.status >= 500 => "run it again; if it stays so, quote the request id",
            _ => "see the message above",
        };
        next.to_owned()
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
        }
    }

    #[test]
    fn a_refusal_shows_all_that_was_said_and_what_to_do() {
        let text = Failure::Refused(refusal(409, "SLUG_TAKEN")).text();
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
        assert!(Failure::Refused(refusal).passes());
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
    fn a_program_reads_the_body_of_the_api() {
        let shown = Failure::Refused(refusal(409, "SLUG_TAKEN")).json();
        assert_eq!(shown["error"]["details"]["suggestions"][0], "a-1");
        assert_eq!(shown["success"], false);
    }
}
