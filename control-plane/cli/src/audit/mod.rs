//! `hotelhub audit`: who of the vendor's people did what, and whether the log is whole.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::Value;

use crate::{Hub, failure::Failure, table::Table};

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what was done, the newest first
    List(List),
    /// Look along the log's chain of hashes; exit code 1 if a row is not as it was written
    Verify(Verify),
}

/// Which entries.
#[derive(Args)]
pub(crate) struct List {
    /// Of this person, an e-mail address or an id
    #[arg(long)]
    actor: Option<String>,
    /// Of this action, e.g. `tenant.suspend`, or `tenant` for all that begin so
    #[arg(long)]
    action: Option<String>,
    /// Of this hotel, a slug or an id
    #[arg(long)]
    tenant: Option<String>,
    /// From this instant on, e.g. 2026-01-31T17:05:00+07:00
    #[arg(long)]
    since: Option<String>,
    /// Before this instant
    #[arg(long)]
    until: Option<String>,
    /// Every page, not the first alone
    #[arg(long)]
    all: bool,
}

/// What the log is compared with.
#[derive(Args)]
pub(crate) struct Verify {
    /// A row that was noted down elsewhere, as `number:hash`: without one, a log that was cut or
    /// written anew together with its head looks whole
    #[arg(long, value_name = "SEQ:HASH", value_parser = anchor)]
    anchor: Option<(i64, String)>,
}

fn anchor(text: &str) -> Result<(i64, String), String> {
    let read =
        text.split_once(':').and_then(|(seq, hash)| Some((seq.parse().ok()?, hash.to_owned())));
    read.ok_or_else(|| "needs the form number:hash".to_owned())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    seq: i64,
    at: String,
    actor_name: String,
    client_address: Option<String>,
    action: String,
    subject_kind: Option<String>,
    subject_id: Option<String>,
    details: Value,
}

#[derive(Debug, Deserialize)]
struct Verification {
    through_seq: i64,
    through_hash: String,
    more: bool,
    fault: Option<Fault>,
    last_walk: Option<LastWalk>,
}

/// What the platform found by itself.
#[derive(Debug, Deserialize)]
struct LastWalk {
    ended_at: String,
    through_seq: i64,
    broken: Option<Broken>,
}

#[derive(Debug, Deserialize)]
struct Broken {
    seq: i64,
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Fault {
    seq: i64,
    kind: String,
    message: String,
}

/// Does a command.
///
/// # Errors
/// Fails if the control plane refuses or does not answer, or the log is broken.
pub(crate) async fn run(hub: &Hub, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(it) => list(hub, it).await,
        Command::Verify(it) => verify(hub, it).await,
    }
}

async fn list(hub: &Hub, it: List) -> Result<(), Failure> {
    let List { actor, action, tenant, since, until, all } = it;
    let typed = [
        ("actor", actor),
        ("action", action),
        ("tenant", tenant),
        ("since", since),
        ("until", until),
    ];
    let query: Vec<_> = typed.into_iter().filter_map(|(name, it)| Some((name, it?))).collect();
    let reply = hub.client.list(&["audit"], &query, all).await?;
    let entries: Vec<Entry> = reply.read()?;
    hub.screen.result(&reply.data, || {
        let mut table =
            Table::new(&["SEQ", "TIME", "ACTOR", "ADDRESS", "ACTION", "SUBJECT", "DETAILS"]);
        for it in entries {
            let subject = it.subject_kind.zip(it.subject_id);
            table.row([
                it.seq.to_string(),
                it.at.chars().take(19).collect(),
                it.actor_name,
                it.client_address.unwrap_or_default(),
                it.action,
                subject.map(|(kind, id)| format!("{kind} {id}")).unwrap_or_default(),
                it.details.to_string(),
            ]);
        }
        table.or("nothing was done that matches")
    })
}

async fn verify(hub: &Hub, it: Verify) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let mut query = vec![("after", after.to_string())];
        if let Some((seq, hash)) = &it.anchor {
            query.extend([("anchor_seq", seq.to_string()), ("anchor_hash", hash.clone())]);
        }
        let reply = hub.client.get(&["audit", "verify"], &query).await?;
        let found: Verification = reply.read()?;
        if let Some(fault) = found.fault {
            return Err(Failure::failed(
                format!("row {} is {}: {}", fault.seq, fault.kind, fault.message),
                "compare the log with the backups of the control database, and find out who could \
                 write to it",
            ));
        }
        if !found.more {
            return hub.screen.result(&reply.data, || {
                let (seq, hash) = (found.through_seq, &found.through_hash);
                format!(
                    "the log is whole up to row {seq}; note it down elsewhere: {seq}:{hash}\n{}",
                    said(found.last_walk.as_ref())
                )
            });
        }
        after = found.through_seq;
    }
}

fn said(walk: Option<&LastWalk>) -> String {
    let Some(LastWalk { ended_at, through_seq, broken }) = walk else {
        return "`control-plane work` has not checked it by itself yet".to_owned();
    };
    let found = match broken {
        Some(Broken { seq, kind }) => format!("row {seq} {kind}"),
        None => format!("it whole up to row {through_seq}"),
    };
    let at: String = ended_at.chars().take(19).collect();
    format!("`control-plane work` last checked it by itself at {at}Z and found {found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_what_the_platform_found_by_itself() {
        assert!(said(None).ends_with("yet"));
        let mut walk = LastWalk {
            ended_at: "2026-02-01T17:05:59.123456Z".to_owned(),
            through_seq: 12,
            broken: None,
        };
        let whole = said(Some(&walk));
        assert!(
            whole.ends_with("at 2026-02-01T17:05:59Z and found it whole up to row 12"),
            "{whole}"
        );
        walk.broken = Some(Broken { seq: 7, kind: "altered".to_owned() });
        assert!(said(Some(&walk)).ends_with("found row 7 altered"));
    }

    #[test]
    fn an_anchor_is_a_number_and_a_hash() {
        assert_eq!(anchor("12:ab").unwrap(), (12, "ab".to_owned()));
        assert!(anchor("12").is_err() && anchor("x:ab").is_err());
    }
}
