//! What to do about a refusal, in this program's own commands and flags: the API's message may speak
//! of the fields of a request.

use super::Refusal;

impl Refusal {
    /// What to do about it.
    pub(super) fn next(&self) -> String {
        if let Some(seconds) = self.retry_after_seconds {
            return format!("run the command again in {seconds} s");
        }
        if let Some(next) = &self.next {
            return next.clone();
        }
        let code = self.code.as_str();
        let operation = self.details.get("operation").and_then(|it| it.first());
        if let ("OPERATION_IN_PROGRESS", Some(id)) = (code, operation) {
            return format!("wait until it has ended: `hotelhub operation show {id}`");
        }
        let of_code = of_login(code).or_else(|| of_hotel(code)).or_else(|| of_platform(code));
        of_code.unwrap_or_else(|| of_status(self.status)).to_owned()
    }
}

fn of_login(code: &str) -> Option<&'static str> {
    Some(match code {
        "UNAUTHENTICATED" => "log in: `hotelhub login --email YOU`",
        "INVALID_CREDENTIALS" => "check the e-mail address and type the password again",
        "TOTP_INVALID" => "wait for the next code and type that",
        "TOTP_ENABLED" => "take it away first: `hotelhub user totp reset`",
        "TOTP_NOT_BEGUN" => "begin with it: `hotelhub user totp begin`",
        "ADDRESS_NOT_ALLOWED" => "use an allowed network, or ask a super administrator",
        "PASSWORD_CHANGE_REQUIRED" => "choose your own: `hotelhub user change-password`",
        "TOTP_ENROLMENT_REQUIRED" => "set up a second factor: `hotelhub user totp begin`",
        "LAST_SUPER_ADMIN" => "make another one: `hotelhub user create --role super_admin …`",
        "EMAIL_TAKEN" => "see who has it: `hotelhub user list`",
        "FORBIDDEN" => "ask a super administrator to do it, or for the role",
        _ => return None,
    })
}

fn of_hotel(code: &str) -> Option<&'static str> {
    Some(match code {
        "SUPPORT_ACCESS_OVER" => "see how it stands: `hotelhub tenant support-access list TENANT`",
        "OPERATION_IN_PROGRESS" => {
            "wait until it has ended: `hotelhub operation list --tenant TENANT`"
        }
        "TRANSITION_REFUSED" | "TENANT_NOT_READY" | "TENANT_GONE" => {
            "see how the hotel stands: `hotelhub tenant show TENANT`"
        }
        "TENANT_NOT_CHURNED" => "churn it first: `hotelhub tenant churn TENANT --reason …`",
        "RETENTION_NOT_OVER" => {
            "wait until then, or say why not: `hotelhub tenant delete … --waive-retention REASON`"
        }
        "DELETION_HELD" => {
            "let it take its course first: `hotelhub tenant release-deletion TENANT --reason …`"
        }
        "DELETION_NOT_HELD" => "nothing is to be released: `hotelhub tenant show TENANT`",
        "BUNDLE_OF_ANOTHER_HOTEL" => {
            "take a bundle of this hotel; if it is to have the other one's data, add \
             `--of-another-hotel`"
        }
        "BUNDLE_REFUSED" => "export it again where it came from, and bring that file",
        "NO_PREVIEW" => {
            "make one: `hotelhub tenant restore TENANT --backup ID --end preview`, see `hotelhub \
             backup list --tenant TENANT`"
        }
        "DOMAIN_NOT_LIVE" | "DOMAIN_ALREADY_CLAIMED" => {
            "see what is to be done for it: `hotelhub domain show TENANT DOMAIN`"
        }
        "DOMAIN_TAKEN" => "see who has it: `hotelhub domain list --text DOMAIN`",
        "DOMAIN_QUARANTINED" => {
            "claim it when that time is over: `hotelhub domain add TENANT DOMAIN`"
        }
        "TOO_MANY_DOMAINS" => "release one first: `hotelhub domain release TENANT DOMAIN`",
        "JOB_NOT_OVER" | "JOB_OVER" | "JOB_REPLACED" => {
            "see how it stands: `hotelhub jobs list --tenant TENANT`"
        }
        "SLUG_TAKEN" => "choose another slug, e.g. one of the suggestions",
        _ => return None,
    })
}

fn of_platform(code: &str) -> Option<&'static str> {
    Some(match code {
        "NOT_FOUND" => {
            "look what is there: `hotelhub tenant list`, `hotelhub db-host list`, \
             `hotelhub operation list`, `hotelhub jobs pauses`, \
             `hotelhub jobs list --tenant TENANT`"
        }
        "DB_HOST_NOT_ACTIVE" => "choose another server: `hotelhub db-host list`",
        "DB_HOST_ACTIVE" | "DB_HOST_IN_USE" => {
            "empty it first: `hotelhub db-host drain HOST` waits until it is empty"
        }
        "DB_HOST_NAME_TAKEN" => "choose another name, or see `hotelhub db-host list`",
        "FLEET_MIGRATION_IN_PROGRESS" => {
            "see how far it is: `hotelhub migrate status`; end it: `hotelhub migrate cancel`"
        }
        "JOBS_ALREADY_PAUSED" => "see what is paused: `hotelhub jobs pauses`",
        _ => return None,
    })
}

const fn of_status(status: u16) -> &'static str {
    match status {
        422 | 400 => "correct that and run it again",
        405 => "this control plane is older than this program: update it",
        500.. => "run it again; if it stays so, quote the request id",
        _ => "see the message above",
    }
}
