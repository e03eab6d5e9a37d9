//! `hotelhub attention`: what needs somebody now.

use serde::Deserialize;

use crate::{Hub, failure::Failure, table::Table};

/// What needs attention, as far as people are told of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attention {
    open_operations: Vec<Operation>,
    undone_operations: Vec<Operation>,
    fleet_migration: Option<FleetMigration>,
    dead_jobs: i64,
    overdue_backups: i64,
    failing_backups: i64,
    failed_drills: i64,
    stuck_domains: i64,
    db_hosts: Vec<Host>,
    ending_trials: Vec<Trial>,
    untold_owners: Vec<UntoldOwner>,
    untold_failures: Vec<UntoldFailure>,
    broken_audit_chain: Option<BrokenChain>,
    audit_walk_overdue_since: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Operation {
    id: String,
    kind: String,
    slug: String,
    state: String,
    last_error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FleetMigration {
    id: String,
    state: String,
    halt_reason: Option<String>,
    rings: Vec<Ring>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ring {
    quarantined: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Host {
    name: String,
    state: String,
    databases: i64,
    max_databases: i64,
    is_away: bool,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Trial {
    slug: String,
    company_name: String,
    trial_ends_at: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UntoldOwner {
    slug: String,
    owner_email: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UntoldFailure {
    slug: String,
    hostname: String,
    owner_email: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BrokenChain {
    since: String,
    seq: i64,
    kind: String,
    message: String,
}

/// Shows it.
///
/// # Errors
/// Fails if the control plane refuses or does not answer.
pub(crate) async fn show(hub: &Hub) -> Result<(), Failure> {
    let reply = hub.client.get(&["attention"], &[]).await?;
    let found: Attention = reply.read()?;
    hub.screen.result(&reply.data, || found.text())
}

impl Attention {
    fn text(self) -> String {
        let mut table = Table::new(&["WHAT", "WHICH", "HOW IT STANDS", "LOOK"]);
        if let Some(it) = self.broken_audit_chain {
            table.row(it.row());
        }
        if let Some(since) = self.audit_walk_overdue_since {
            let stands = format!("not checked, though due since {}", day(&since));
            let look = "does `control-plane work` run? its log says what keeps it";
            table.row(["audit log", "its chain", &stands, look].map(str::to_owned));
        }
        for it in self.open_operations.into_iter().chain(self.undone_operations) {
            let stands =
                it.last_error.map_or(it.state.clone(), |why| format!("{}: {why}", it.state));
            table.row([it.kind, it.slug, stands, format!("hotelhub operation show {}", it.id)]);
        }
        if let Some(it) = self.fleet_migration {
            let quarantined: i64 = it.rings.iter().map(|ring| ring.quarantined).sum();
            let why = it.halt_reason.map(|why| format!(": {why}")).unwrap_or_default();
            let stands = format!("{}{why}, {quarantined} in quarantine", it.state);
            table.row([
                "fleet migration".to_owned(),
                it.id,
                stands,
                "hotelhub migrate status".to_owned(),
            ]);
        }
        for (what, count, stands, look) in [
            ("jobs", self.dead_jobs, "failed", "hotelhub jobs dead"),
            ("backups", self.overdue_backups, "overdue", "hotelhub backup summary"),
            ("backups", self.failing_backups, "failing", "hotelhub backup summary"),
            ("drills", self.failed_drills, "failed", "hotelhub backup drills --state failed"),
            ("domains", self.stuck_domains, "stuck", "hotelhub domain list --state stuck"),
        ] {
            if count > 0 {
                let stands = format!("{count} {stands}");
                let row = [what, "all hotels", &stands, look];
                table.row(row.map(str::to_owned));
            }
        }
        for it in self.db_hosts {
            let away = it.error.filter(|_| it.is_away).map(|why| format!(", away: {why}"));
            let stands = format!(
                "{}, {}/{} databases{}",
                it.state,
                it.databases,
                it.max_databases,
                away.unwrap_or_default()
            );
            let look = format!("hotelhub db-host show {}", it.name);
            table.row(["database server".to_owned(), it.name, stands, look]);
        }
        for it in self.ending_trials {
            let stands = format!("{}, ends {}", it.company_name, day(&it.trial_ends_at));
            let look = format!("hotelhub tenant show {}", it.slug);
            table.row(["trial".to_owned(), it.slug, stands, look]);
        }
        for it in self.untold_owners {
            let stands = format!("the letter to {} was not taken", it.owner_email);
            let look = format!("hotelhub tenant show {}", it.slug);
            table.row(["notice of deletion".to_owned(), it.slug, stands, look]);
        }
        for it in self.untold_failures {
            let stands = format!("fails; the letter to {} was not taken", it.owner_email);
            let look = format!("hotelhub domain list --tenant {}", it.slug);
            table.row(["domain".to_owned(), it.hostname, stands, look]);
        }
        table.or("nothing needs anybody")
    }
}

impl BrokenChain {
    fn row(self) -> [String; 4] {
        let Self { since, seq, kind, message } = self;
        let stands = format!("found {kind} on {}: {message}", day(&since));
        let look = "hotelhub audit verify; compare it with a backup of the control database";
        ["audit log".to_owned(), format!("row {seq}"), stands, look.to_owned()]
    }
}

/// The day of a time.
fn day(time: &str) -> String {
    time.chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_needs_somebody_is_said_with_the_way_there() {
        let found: Attention = serde_json::from_value(json!({
            "open_operations": [{ "id": "o1", "kind": "move_tenant", "slug": "surya",
                "state": "running", "last_error": "no room" }],
            "fleet_migration": { "id": "m1", "state": "halted", "halt_reason": "a canary failed",
                "rings": [{ "quarantined": 2 }] },
            "dead_jobs": 3,
            "overdue_backups": 4,
            "failing_backups": 5,
            "failed_drills": 6,
            "stuck_domains": 7,
            "db_hosts": [{ "name": "jakarta-1", "state": "active", "databases": 95,
                "max_databases": 100, "is_away": true, "error": "timed out" }],
            "ending_trials": [{ "slug": "candi", "company_name": "Hotel Candi",
                "trial_ends_at": "2026-02-01T00:00:00Z" }],
            "untold_owners": [{ "slug": "gone", "owner_email": "nobody@gone.example" }],
            "untold_failures": [{ "slug": "toba", "hostname": "www.hoteltoba.com",
                "owner_email": "full@toba.example" }],
            "broken_audit_chain": { "since": "2026-02-01T17:05:00Z", "seq": 4711,
                "kind": "altered", "message": "this row is not what it was when it was written" },
            "audit_walk_overdue_since": "2026-02-03T05:05:00Z",
        }))
        .unwrap();
        let text = found.text();
        for words in [
            "running: no room",
            "hotelhub operation show o1",
            "halted: a canary failed, 2 in quarantine",
            "3 failed",
            "4 overdue",
            "5 failing",
            "6 failed",
            "7 stuck",
            "hotelhub domain list --state stuck",
            "active, 95/100 databases, away: timed out",
            "Hotel Candi, ends 2026-02-01",
            "the letter to nobody@gone.example was not taken",
            "www.hoteltoba.com",
            "the letter to full@toba.example was not taken",
            "hotelhub domain list --tenant toba",
            "row 4711",
            "found altered on 2026-02-01: this row is not what it was when it was written",
            "hotelhub audit verify; compare it with a backup of the control database",
            "not checked, though due since 2026-02-03",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert_eq!(Attention::default().text(), "nothing needs anybody");

        let last_error = Some("no room there ".repeat(200));
        let open = Operation { id: "o1".to_owned(), last_error, ..Operation::default() };
        let text = Attention { open_operations: vec![open], ..Attention::default() }.text();
        assert!(text.lines().all(|it| it.chars().count() < 200), "{text}");
        assert!(text.ends_with("hotelhub operation show o1"), "{text}");
    }
}
