//! Whether a run goes on: pure, over what the tables say.

use super::{
    orders::{Order, Run},
    tenants::Standing,
};

/// How a run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Tenants up to this ring have their turn.
    GoOn(i32),
    /// Nobody is left.
    NobodyLeft,
    /// It was cancelled.
    Cancel,
    /// It stops, for this reason.
    Halt(String),
}

/// Judges a run by how it stands.
pub(super) fn judge(order: &Order, run: Run, standing: Standing, own_version: i32) -> Verdict {
    if order.is_cancelled {
        return Verdict::Cancel;
    }
    if run.schema_version > own_version {
        return Verdict::Halt(format!(
            "version {} is unknown here: this provisioner makes version {own_version}",
            run.schema_version
        ));
    }
    if standing.failed_canaries > 0 && run.ring == super::rings::CANARIES {
        return Verdict::Halt("a canary failed".to_owned());
    }
    if standing.failed > order.max_failures {
        return Verdict::Halt(format!(
            "{} tenants failed, and {} may",
            standing.failed, order.max_failures
        ));
    }
    match standing.next_ring {
        Some(next) => Verdict::GoOn(next.max(run.ring)),
        None => Verdict::NobodyLeft,
    }
}

/// Why a run to the version that was asked for cannot begin here.
pub(super) fn refuse(wanted: Option<i32>, own_version: i32) -> Option<String> {
    let wanted = wanted?;
    if wanted > own_version {
        return Some(format!(
            "version {wanted} is unknown here: this provisioner makes version {own_version}"
        ));
    }
    (wanted < own_version).then(|| {
        format!(
            "new tenants get version {own_version}, and no schema goes back: \
             version {wanted} cannot be the fleet's"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::orders::RunState;

    fn verdict(ring: i32, failed: (i64, i64), next_ring: Option<i32>) -> Verdict {
        let order = Order {
            id: uuid::Uuid::nil(),
            schema_version: None,
            canaries: Vec::new(),
            workers: 4,
            max_failures: 5,
            resumes: 0,
            set_aside: Vec::new(),
            is_cancelled: false,
            run: None,
        };
        let run = Run { state: RunState::Running, schema_version: 5, ring, resumed: 0 };
        let (failed_canaries, failed) = failed;
        judge(&order, run, Standing { failed, failed_canaries, next_ring }, 5)
    }

    #[test]
    fn a_ring_begins_when_nobody_waits_in_those_before() {
        assert_eq!(verdict(0, (0, 0), Some(0)), Verdict::GoOn(0));
        assert_eq!(verdict(0, (0, 0), Some(1)), Verdict::GoOn(1));
        assert_eq!(verdict(3, (0, 0), Some(1)), Verdict::GoOn(3), "resumed where it stopped");
        assert_eq!(verdict(3, (0, 5), None), Verdict::NobodyLeft);
    }

    #[test]
    fn one_canary_or_too_many_others_halt_the_run() {
        assert!(matches!(verdict(0, (1, 1), Some(1)), Verdict::Halt(_)));
        assert!(matches!(verdict(3, (1, 1), Some(3)), Verdict::GoOn(3)), "after a resume");
        assert!(matches!(verdict(2, (0, 5), Some(2)), Verdict::GoOn(2)));
        assert!(matches!(verdict(2, (0, 6), Some(2)), Verdict::Halt(_)));
    }

    #[test]
    fn a_fleet_goes_only_where_new_tenants_are() {
        assert_eq!(refuse(None, 5), None);
        assert_eq!(refuse(Some(5), 5), None);
        assert!(refuse(Some(6), 5).unwrap().contains("unknown"));
        assert!(refuse(Some(4), 5).unwrap().contains("goes back"));
    }
}
