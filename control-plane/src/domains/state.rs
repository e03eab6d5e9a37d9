//! How a domain stands after a look at DNS and TLS: a pure function, the only one that decides.
//!
//! ```text
//! claimed ─► verified ─► failing ─► lost ─► verified again, if nobody else proved it meanwhile
//!                └──◄───────┘
//! ```
//! A verified name that is not proven or does not point here any more is `failing`: at once no
//! certificate is issued for it and nobody is sent there; it is routed until the grace is over, then
//! `lost`. The claim itself is never taken away. A name that was lost rests as one that was released:
//! whoever only let its DNS lapse does not find it with another tenant the next day.

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::life::NAME_RESTS;

use super::{
    diagnosis::{Findings, Issuing, Ownership, Pointing},
    model::{Blocked, NextAction, SslStatus, Standing, State},
};

/// How long a failing name is still routed.
pub(crate) const GRACE: TimeDelta = TimeDelta::days(3);
/// How long a name that was released or lost can be had by nobody else.
pub(super) const QUARANTINE: TimeDelta = NAME_RESTS;
/// How long a certificate may take before something must be wrong.
const ISSUING: TimeDelta = TimeDelta::hours(1);

/// What a look at the certificate found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Certificate {
    /// Nobody looked.
    NotAsked,
    /// It is good until then.
    Good { until: DateTime<Utc> },
    /// There is one that no browser takes, or none.
    Bad,
    /// Nobody answered.
    Unreachable,
}

/// What a look found.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) claimed_at: DateTime<Utc>,
    pub(super) findings: &'a Findings,
    pub(super) blocked: Option<Blocked>,
    /// Whether hotels are reached over TLS at all.
    pub(super) over_tls: bool,
    pub(super) certificate: Certificate,
    /// No certificate is ordered for now: the week's orders are spent.
    pub(super) is_held: bool,
}

/// Whether DNS says that the name is the tenant's and leads here; `None`: it did not say.
fn is_well(findings: &Findings) -> Option<bool> {
    match (&findings.ownership, &findings.pointing) {
        (Ownership::Proven, Pointing::Here) => Some(true),
        (Ownership::Missing | Ownership::Other, _) => Some(false),
        (_, it) if !matches!(it, Pointing::Here | Pointing::Unknown) => Some(false),
        _ => None,
    }
}

/// How the domain stands from now on.
pub(super) fn judge(before: &Standing, look: &Look<'_>) -> Standing {
    let now = look.now;
    let mut after = before.clone();
    match is_well(look.findings) {
        Some(true) if before.is_verified => after.failing_since = None,
        Some(true) if look.blocked.is_none() => {
            after.is_verified = true;
            after.verified_at = Some(now);
            after.failing_since = None;
        }
        Some(false) if before.is_verified => {
            let since = before.failing_since.unwrap_or(now);
            after.failing_since = Some(since);
            after.is_verified = now - since < GRACE;
        }
        Some(_) | None => {}
    }
    judge_certificate(&mut after, look);
    (after.state, after.next_action) = told(&after, look);
    after.next_check_at = Some(now + pause(&after, look));
    after
}

fn judge_certificate(after: &mut Standing, look: &Look<'_>) {
    let before = after.ssl_status;
    if !look.over_tls || !after.is_verified {
        after.ssl_status = SslStatus::None;
        after.certificate_expires_at = None;
    } else if let Certificate::Good { until } = look.certificate {
        after.ssl_status = SslStatus::Active;
        after.certificate_expires_at = Some(until);
    } else if before == SslStatus::Active {
        // Nobody answered, or nobody asked: what was seen is good for as long as it said.
        let is_over = after.certificate_expires_at.is_none_or(|it| it <= look.now);
        if is_over || look.certificate == Certificate::Bad {
            after.ssl_status = SslStatus::Failed;
        }
    } else if before == SslStatus::None {
        after.ssl_status = SslStatus::Provisioning;
    } else if after.failing_since.is_none()
        && !look.is_held
        && after.ssl_since.is_some_and(|it| look.now - it >= ISSUING)
    {
        after.ssl_status = SslStatus::Failed;
    }
    if after.ssl_status != before || after.ssl_since.is_none() {
        after.ssl_since = Some(look.now);
    }
}

/// What is said of the domain, and what is to be done next.
fn told(after: &Standing, look: &Look<'_>) -> (State, NextAction) {
    let findings = look.findings;
    let was_verified = after.verified_at.is_some();
    if after.is_verified && after.failing_since.is_none() {
        let forbidden = matches!(findings.issuing, Issuing::Forbidden(_));
        return match after.ssl_status {
            SslStatus::Active | SslStatus::None => (State::Live, NextAction::Nothing),
            SslStatus::Provisioning if forbidden => (State::ActionNeeded, NextAction::AllowIssuer),
            SslStatus::Provisioning if look.is_held => (State::Working, NextAction::WaitForBudget),
            SslStatus::Provisioning => (State::Working, NextAction::WaitForCertificate),
            SslStatus::Failed if forbidden => (State::Stuck, NextAction::AllowIssuer),
            SslStatus::Failed if look.is_held => (State::Stuck, NextAction::WaitForBudget),
            SslStatus::Failed => (State::Stuck, NextAction::CheckCertificate),
        };
    }
    let wrong = fault(findings);
    let or_stuck = |state| if was_verified { State::Stuck } else { state };
    match (is_well(findings), look.blocked) {
        (Some(true), Some(Blocked::Held)) => (State::Stuck, NextAction::AskHolder),
        (Some(true), Some(Blocked::Quarantined { .. })) => {
            (State::Stuck, NextAction::WaitForQuarantine)
        }
        (Some(true), None) => (State::Working, NextAction::WaitForCheck),
        (Some(false), _) => (or_stuck(State::ActionNeeded), wrong),
        (None, _) => (or_stuck(State::Working), NextAction::WaitForDns),
    }
}

/// The first thing that is wrong in DNS.
fn fault(findings: &Findings) -> NextAction {
    match &findings.ownership {
        Ownership::Missing => return NextAction::SetTxt,
        Ownership::Other => return NextAction::FixTxt,
        Ownership::Proven | Ownership::Unknown => {}
    }
    match &findings.pointing {
        Pointing::Nowhere => NextAction::SetPointing,
        Pointing::Elsewhere => NextAction::FixPointing,
        Pointing::OtherHotel => NextAction::PointToOwnHotel,
        Pointing::Cdn(_) => NextAction::TurnOffProxy,
        Pointing::Partly(_) => NextAction::RemoveAddresses,
        Pointing::Here | Pointing::Unknown => NextAction::WaitForDns,
    }
}

/// When to look again: often while somebody waits, a few times a day for ever.
fn pause(after: &Standing, look: &Look<'_>) -> TimeDelta {
    let minutes = TimeDelta::minutes;
    let by_age = |age: TimeDelta, later: TimeDelta| match age {
        it if it < minutes(60) => minutes(1),
        it if it < TimeDelta::days(1) => minutes(10),
        _ => later,
    };
    let six_hours = TimeDelta::hours(6);
    match (after.state, after.next_action) {
        (State::Live, _) => six_hours,
        (_, NextAction::WaitForDns) => minutes(5),
        (
            _,
            NextAction::WaitForCertificate
            | NextAction::WaitForBudget
            | NextAction::CheckCertificate,
        ) => {
            let age = after.ssl_since.map_or(TimeDelta::zero(), |it| look.now - it);
            if age < minutes(2) { TimeDelta::seconds(10) } else { by_age(age, TimeDelta::hours(1)) }
        }
        _ if after.verified_at.is_some() => minutes(10),
        _ => by_age(look.now - look.claimed_at, six_hours),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn claimed() -> Standing {
        Standing {
            is_verified: false,
            verified_at: None,
            failing_since: None,
            ssl_status: SslStatus::None,
            ssl_since: None,
            certificate_expires_at: None,
            state: State::ActionNeeded,
            next_action: NextAction::SetTxt,
            next_check_at: None,
        }
    }

    fn dns(ownership: Ownership, pointing: Pointing) -> Findings {
        Findings { ownership, pointing, issuing: Issuing::Allowed, ..Findings::default() }
    }

    fn well() -> Findings {
        dns(Ownership::Proven, Pointing::Here)
    }

    fn look(minutes: i64, findings: &Findings, certificate: Certificate) -> Look<'_> {
        Look {
            now: at(minutes),
            claimed_at: at(0),
            findings,
            blocked: None,
            over_tls: true,
            certificate,
            is_held: false,
        }
    }

    fn live() -> Standing {
        let good = Certificate::Good { until: at(100_000) };
        judge(&claimed(), &look(1, &well(), good))
    }

    fn said(it: &Standing) -> (&'static str, &'static str) {
        (it.state.as_str(), it.next_action.as_str())
    }

    #[test]
    fn a_claim_becomes_live_step_by_step() {
        let nothing = dns(Ownership::Missing, Pointing::Nowhere);
        let one = judge(&claimed(), &look(1, &nothing, Certificate::NotAsked));
        assert_eq!(said(&one), ("action_needed", "set_txt"));
        let proven = dns(Ownership::Proven, Pointing::Nowhere);
        let two = judge(&one, &look(2, &proven, Certificate::NotAsked));
        assert_eq!((said(&two), two.is_verified), (("action_needed", "set_pointing"), false));
        let three = judge(&two, &look(3, &well(), Certificate::Bad));
        assert_eq!((said(&three), three.is_verified), (("working", "wait_for_certificate"), true));
        assert_eq!(three.ssl_status, SslStatus::Provisioning);
        let four = judge(&three, &look(4, &well(), Certificate::Good { until: at(9_000) }));
        assert_eq!((said(&four), four.ssl_status), (("live", "none"), SslStatus::Active));
        assert_eq!(four.next_check_at, Some(at(4 + 360)));
    }

    #[test]
    fn without_tls_a_proven_name_is_live_at_once() {
        let found = well();
        let plain = Look { over_tls: false, ..look(1, &found, Certificate::NotAsked) };
        let after = judge(&claimed(), &plain);
        assert_eq!((said(&after), after.ssl_status), (("live", "none"), SslStatus::None));
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_routed_for_a_while_and_never_forgotten() {
        let moved = dns(Ownership::Proven, Pointing::Elsewhere);
        let failing = judge(&live(), &look(10, &moved, Certificate::NotAsked));
        assert_eq!(said(&failing), ("stuck", "fix_pointing"));
        assert_eq!((failing.is_verified, failing.failing_since), (true, Some(at(10))));
        assert_eq!(failing.ssl_status, SslStatus::Active, "nobody asked");
        let later = GRACE.num_minutes() + 10;
        let still = judge(&failing, &look(later - 1, &moved, Certificate::NotAsked));
        assert!(still.is_verified);
        let lost = judge(&still, &look(later, &moved, Certificate::NotAsked));
        assert_eq!((said(&lost), lost.is_verified), (("stuck", "fix_pointing"), false));
        assert_eq!(lost.failing_since, Some(at(10)));
        let again = judge(&lost, &look(later + 1, &well(), Certificate::NotAsked));
        assert_eq!((again.is_verified, again.failing_since), (true, None));
        let back = judge(&failing, &look(11, &well(), Certificate::Unreachable));
        assert_eq!((said(&back), back.failing_since), (("live", "none"), None));
    }

    #[test]
    fn no_answer_changes_nothing() {
        let silent = Findings::default();
        let long = GRACE.num_minutes() * 3;
        let after = judge(&live(), &look(long, &silent, Certificate::NotAsked));
        assert_eq!((said(&after), after.is_verified), (("live", "none"), true));
        let pending = judge(&claimed(), &look(1, &silent, Certificate::NotAsked));
        assert_eq!(said(&pending), ("working", "wait_for_dns"));
        let half = dns(Ownership::Proven, Pointing::Unknown);
        assert!(!judge(&claimed(), &look(1, &half, Certificate::NotAsked)).is_verified);
    }

    #[test]
    fn a_name_that_somebody_else_has_is_not_had_however_it_is_proven() {
        let found = well();
        for (blocked, action) in [
            (Blocked::Held, "ask_holder"),
            (Blocked::Quarantined { until: at(9) }, "wait_for_quarantine"),
        ] {
            let look = Look { blocked: Some(blocked), ..look(1, &found, Certificate::NotAsked) };
            let after = judge(&claimed(), &look);
            assert_eq!((said(&after), after.is_verified), (("stuck", action), false));
        }
    }

    #[test]
    fn a_certificate_fails_when_it_is_over_or_never_comes() {
        let found = well();
        let mut waiting = judge(&claimed(), &look(1, &found, Certificate::Bad));
        waiting = judge(&waiting, &look(60, &found, Certificate::Unreachable));
        assert_eq!(waiting.ssl_status, SslStatus::Provisioning);
        let failed = judge(&waiting, &look(61, &found, Certificate::Bad));
        assert_eq!(said(&failed), ("stuck", "check_certificate"));
        let forbidden =
            Findings { issuing: Issuing::Forbidden(vec!["a.b".to_owned()]), ..found.clone() };
        let told = judge(&failed, &look(62, &forbidden, Certificate::Bad));
        assert_eq!(said(&told), ("stuck", "allow_issuer"));
        let over = judge(&live(), &look(100_000, &found, Certificate::Unreachable));
        assert_eq!(over.ssl_status, SslStatus::Failed);
        let mended = judge(&over, &look(100_001, &found, Certificate::Good { until: at(200_000) }));
        assert_eq!(said(&mended), ("live", "none"));
    }

    #[test]
    fn a_name_whose_week_of_orders_is_spent_waits_and_is_not_stuck_before_its_certificate_ends() {
        let found = well();
        let held = |minutes| Look { is_held: true, ..look(minutes, &found, Certificate::Bad) };
        let mut waiting = judge(&claimed(), &held(1));
        assert_eq!(said(&waiting), ("working", "wait_for_budget"));
        waiting = judge(&waiting, &held(7_000));
        assert_eq!(said(&waiting), ("working", "wait_for_budget"));
        let over = judge(&live(), &held(100_000));
        assert_eq!(said(&over), ("stuck", "wait_for_budget"));
    }

    proptest! {
        #[test]
        fn only_proof_and_pointing_verify_a_name(
            ownership in prop_oneof![
                Just(Ownership::Unknown), Just(Ownership::Missing), Just(Ownership::Other),
                Just(Ownership::Proven)],
            pointing in prop_oneof![
                Just(Pointing::Unknown), Just(Pointing::Nowhere), Just(Pointing::Elsewhere),
                Just(Pointing::OtherHotel), Just(Pointing::Here)],
            held: bool,
        ) {
            let findings = dns(ownership, pointing);
            let blocked = held.then_some(Blocked::Held);
            let after = judge(&claimed(), &Look { blocked, ..look(1, &findings, Certificate::Bad) });
            prop_assert_eq!(after.is_verified, findings == well() && !held);
            prop_assert!(after.is_verified || after.state != State::Live);
            prop_assert!(after.next_check_at > Some(at(1)));
        }
    }
}
