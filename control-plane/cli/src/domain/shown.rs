//! A domain as it is shown: how it stands, and what is to stand in DNS.

use serde::Deserialize;

use crate::table::{Table, facts};

/// A domain, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Domain {
    pub(super) hostname: String,
    pub(super) slug: String,
    pub(super) state: String,
    pub(super) is_primary: bool,
    pub(super) next_action: Next,
    pub(super) ssl: Ssl,
    records: Vec<Record>,
    unanswered: Option<String>,
    failing_since: Option<String>,
    last_checked_at: Option<String>,
}

/// What is to be done next.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    pub(super) code: String,
    en: String,
}

/// How the certificate stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ssl {
    pub(super) status: String,
    expires_at: Option<String>,
    finding: Option<String>,
    retry_at: Option<String>,
}

/// A record to set in DNS.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    value: String,
    is_right: Option<bool>,
}

impl Domain {
    /// All of it, for people.
    pub(super) fn told(&self) -> String {
        let known = facts(&[
            ("domain", Some(self.hostname.clone())),
            ("hotel", Some(self.slug.clone())),
            ("state", Some(self.state.clone())),
            ("next", Some(self.next_action.en.clone())),
            ("primary", self.is_primary.then(|| "yes".to_owned())),
            ("ssl", Some(self.ssl.status.clone())),
            ("ssl until", self.ssl.expires_at.clone()),
            ("ssl finding", self.ssl.finding.clone()),
            ("ssl next try", self.ssl.retry_at.clone()),
            ("failing since", self.failing_since.clone()),
            ("looked at", self.last_checked_at.clone()),
            ("no answer", self.unanswered.clone()),
        ]);
        if self.records.is_empty() {
            return known;
        }
        let mut table = Table::new(&["TYPE", "NAME", "VALUE", "RIGHT"]);
        for it in &self.records {
            let right = match it.is_right {
                Some(true) => "yes",
                Some(false) => "no",
                None => "not known",
            };
            let cells = [&*it.kind, &it.name, &it.value, right];
            table.row(cells.map(str::to_owned));
        }
        format!("{known}\n\n{}", table.or(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_says_what_is_next_and_what_is_to_stand_in_dns() {
        let record =
            Record { kind: "TXT".into(), name: "a".into(), value: "b".into(), ..Record::default() };
        let domain = Domain {
            hostname: "a.example.com".to_owned(),
            next_action: Next { code: "set_txt".to_owned(), en: "Add it.".to_owned() },
            records: vec![record],
            ..Domain::default()
        };
        let told = domain.told();
        assert!(told.contains("next    Add it."), "{told}");
        assert!(told.ends_with("TXT   a     b      not known"), "{told}");
        assert!(!Domain::default().told().contains("TYPE"));
        let ssl = Ssl {
            finding: Some("refused".to_owned()),
            retry_at: Some("2026-11-22T10:00:00Z".to_owned()),
            ..Ssl::default()
        };
        let told = Domain { ssl, ..Domain::default() }.told();
        assert!(told.contains("refused") && told.contains("2026-11-22T10:00:00Z"), "{told}");
    }
}
