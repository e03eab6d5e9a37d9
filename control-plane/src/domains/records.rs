//! The records that the owner of a domain is asked to set.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    diagnosis::{Issuing, Ownership, Pointing},
    dns::CHALLENGE,
    model::{Kind, NextAction, Row},
};

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// Proves whose name it is.
    Ownership,
    /// Leads people here.
    Pointing,
    /// Lets the certificate authority issue.
    Issuing,
}

/// A record to set in DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Record {
    pub(crate) purpose: Purpose,
    /// `TXT`, `CNAME`, `A`, `AAAA` or `CAA`.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether the last look found it right; `null`: nobody has looked, or DNS gave no answer.
    pub(crate) is_right: Option<bool>,
    /// What stood there at the last look.
    pub(crate) found: Vec<String>,
}

/// The records of a custom domain; none of the platform's own names. `edges` are the addresses of the
/// settings: without them those count that the hotel's own name had at the last look.
pub(super) fn records_of(row: &Row, edges: &[IpAddr], issuers: &[String]) -> Vec<Record> {
    if row.kind != Kind::Custom {
        return Vec::new();
    }
    let findings = &row.findings;
    let mut records = vec![Record {
        purpose: Purpose::Ownership,
        kind: "TXT",
        name: format!("{CHALLENGE}.{}", row.hostname),
        value: row.challenge.clone().unwrap_or_default(),
        is_right: match findings.ownership {
            Ownership::Unknown => None,
            Ownership::Proven => Some(true),
            Ownership::Missing | Ownership::Other => Some(false),
        },
        found: findings.challenges.clone(),
    }];
    let is_right = match findings.pointing {
        Pointing::Unknown => None,
        Pointing::Here => Some(true),
        _ => Some(false),
    };
    let pointing = |kind, value: String| Record {
        purpose: Purpose::Pointing,
        kind,
        name: row.hostname.clone(),
        value,
        is_right,
        found: findings.leads_to.clone(),
    };
    let edges = if edges.is_empty() { &*findings.edges } else { edges };
    // A name that was bought itself has other records, beside which no CNAME may stand.
    let is_apex = psl::domain_str(&row.hostname) == Some(row.hostname.as_str());
    if is_apex && !edges.is_empty() {
        let kind = |it: &IpAddr| if it.is_ipv4() { "A" } else { "AAAA" };
        records.extend(edges.iter().map(|it| pointing(kind(it), it.to_string())));
    } else if let Some(target) = &row.target {
        records.push(pointing("CNAME", target.clone()));
    }
    if let (NextAction::AllowIssuer, Issuing::Forbidden(named), Some(issuer)) =
        (row.standing.next_action, &findings.issuing, issuers.first())
    {
        records.push(Record {
            purpose: Purpose::Issuing,
            kind: "CAA",
            name: row.hostname.clone(),
            value: format!("0 issue \"{issuer}\""),
            is_right: Some(false),
            found: named.clone(),
        });
    }
    records
}
