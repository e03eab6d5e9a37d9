//! A fleet migration as the API shows it, in words.

use serde::Deserialize;

use crate::table::{Table, facts};

/// A fleet migration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FleetMigration {
    pub(super) id: String,
    schema_version: Option<i64>,
    pub(super) state: String,
    ring: Option<i64>,
    pub(super) halt_reason: Option<String>,
    pub(super) rings: Vec<Ring>,
    requested_at: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
}

/// How far one ring is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ring {
    pub(super) ring: i64,
    pub(super) total: u64,
    pub(super) done: u64,
    pub(super) quarantined: u64,
    pub(super) pending: u64,
}

impl Ring {
    pub(super) fn name(&self) -> String {
        match self.ring {
            0 => "canaries".to_owned(),
            1 => "1 %".to_owned(),
            2 => "10 %".to_owned(),
            3 => "all others".to_owned(),
            it => format!("ring {it}"),
        }
    }
}

impl FleetMigration {
    /// Hotels that have the new schema.
    pub(super) fn done(&self) -> u64 {
        self.rings.iter().map(|it| it.done).sum()
    }

    /// Hotels in all rings.
    pub(super) fn total(&self) -> u64 {
        self.rings.iter().map(|it| it.total).sum()
    }

    /// Hotels that failed.
    pub(super) fn quarantined(&self) -> u64 {
        self.rings.iter().map(|it| it.quarantined).sum()
    }

    /// How it ended, in a line or two.
    pub(super) fn sentence(&self) -> String {
        let version = self.schema_version.map(|it| format!(" to schema {it}")).unwrap_or_default();
        let text = format!(
            "fleet migration {} is {}: {} of {} hotels{version}",
            self.id,
            self.state,
            self.done(),
            self.total()
        );
        match self.quarantined() {
            0 => text,
            it => format!(
                "{text}, {it} in quarantine still serving on the schema they have: \
                 `hotelhub migrate quarantine {}`",
                self.id
            ),
        }
    }

    /// All of it.
    pub(super) fn text(&self) -> String {
        let text = facts(&[
            ("fleet migration", Some(self.id.clone())),
            ("state", Some(self.state.clone())),
            ("schema", self.schema_version.map(|it| it.to_string())),
            ("ring", self.ring.map(|it| it.to_string())),
            ("halted", self.halt_reason.clone()),
            ("requested", self.requested_at.clone()),
            ("started", self.started_at.clone()),
            ("finished", self.finished_at.clone()),
        ]);
        let mut table = Table::new(&["RING", "DONE", "QUARANTINED", "PENDING", "TOTAL"]);
        for it in &self.rings {
            let counts = [it.done, it.quarantined, it.pending, it.total].map(|it| it.to_string());
            table.row(std::iter::once(it.name()).chain(counts));
        }
        let without = match self.state.as_str() {
            "done" => "no hotel was behind",
            "cancelled" => "it was cancelled before its first ring",
            _ => "no rings yet: the templates come first",
        };
        format!("{text}\n\n{}", table.or(without))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_names_those_who_failed() {
        let ring = Ring { ring: 3, total: 1000, done: 997, quarantined: 3, pending: 0 };
        let mut migration = FleetMigration {
            id: "m".to_owned(),
            state: "done".to_owned(),
            schema_version: Some(6),
            rings: vec![ring],
            ..FleetMigration::default()
        };
        let said = migration.sentence();
        assert!(said.contains("997 of 1000 hotels to schema 6, 3 in quarantine"), "{said}");
        migration.rings[0].quarantined = 0;
        assert!(!migration.sentence().contains("quarantine"));
    }
}
