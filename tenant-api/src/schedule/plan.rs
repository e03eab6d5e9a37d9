//! When each hotel gets its next tick, as far as one replica knows.
//!
//! A tick costs a hotel's database a connection, so an idle hotel has few of them: one when
//! something is due there, which the worker of the last one has told, and one now and then, should
//! that word have been lost. All of it is forgotten with the process; every hotel gets a tick then.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    ops::RangeInclusive,
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{
    ids::TenantId,
    life::{Access, Provisioning},
    pauses::Pauses,
    routes::Route,
};
use hotelhub_jobs::hints::Hint;
use rand::RngExt;

/// Within so many seconds a hotel that nothing is known of gets its tick.
const FIRST: u64 = 60;
/// After so many seconds a tick comes again whose worker has not told what is due next: the tick, or
/// its word, was lost. Replicas choose by chance: who comes first has the others wait again.
const UNANSWERED: RangeInclusive<i64> = 1_440..=1_800;
/// After so many seconds a hotel has a tick though its last worker knew of nothing that is due.
const ANSWERED: RangeInclusive<i64> = 18_000..=21_600;
/// So many seconds lie between a tick and one that its hint asks for: what could not be done now
/// cannot be done in the next moment either.
const GAP: i64 = 5;
/// So many seconds after the tick that follows a change comes one more: the worker that had the
/// first one may not have known of the change.
const ONCE_MORE: i64 = 15;

/// The hotels and their next ticks.
#[derive(Debug, Default)]
pub(super) struct Plan {
    hotels: HashMap<TenantId, Hotel>,
    pauses: Arc<Pauses>,
}

#[derive(Debug)]
struct Hotel {
    route: Arc<Route>,
    served: bool,
    /// The tick that comes anyway.
    regular: DateTime<Utc>,
    /// What the last hint said.
    hinted: Option<DateTime<Utc>>,
    /// The second tick after a change.
    once_more: Option<DateTime<Utc>>,
    ticked: Option<DateTime<Utc>>,
}

impl Plan {
    /// Takes over the routes. A hotel whose route has changed is due at once.
    pub(super) fn follow(&mut self, routes: &[Arc<Route>], vouched: bool, now: DateTime<Utc>) {
        for route in routes {
            let hotel = self.hotels.entry(route.tenant_id).or_insert_with_key(|tenant| Hotel {
                route: Arc::clone(route),
                served: false,
                regular: now + TimeDelta::seconds(share_of(*tenant)),
                hinted: None,
                once_more: None,
                ticked: None,
            });
            hotel.served = is_served(route, vouched);
            if !Arc::ptr_eq(&hotel.route, route) {
                if makes_a_difference(&hotel.route, route) {
                    hotel.note_change(now);
                }
                hotel.route = Arc::clone(route);
            }
        }
        if self.hotels.len() > routes.len() {
            let known: HashSet<TenantId> = routes.iter().map(|it| it.tenant_id).collect();
            self.hotels.retain(|tenant, _| known.contains(tenant));
        }
    }

    /// Takes over what is paused. Where a pause has ended, what it held may go on.
    pub(super) fn follow_pauses(&mut self, pauses: &Arc<Pauses>, now: DateTime<Utc>) {
        if Arc::ptr_eq(&self.pauses, pauses) {
            return;
        }
        let ended: Vec<_> = self.pauses.0.iter().filter(|it| !pauses.0.contains(it)).collect();
        for (tenant, hotel) in &mut self.hotels {
            if ended.iter().any(|it| it.tenant.is_none_or(|paused| paused == *tenant)) {
                hotel.note_change(now);
            }
        }
        self.pauses = Arc::clone(pauses);
    }

    /// The hotels that are due.
    pub(super) fn due(&self, now: DateTime<Utc>) -> Vec<TenantId> {
        let due = self.hotels.iter().filter(|(_, it)| it.served && it.is_due(now));
        due.map(|(tenant, _)| *tenant).collect()
    }

    /// Notes that a hotel was sent a tick.
    pub(super) fn note_tick(&mut self, tenant: TenantId, now: DateTime<Utc>) {
        if let Some(hotel) = self.hotels.get_mut(&tenant) {
            hotel.hinted = None;
            hotel.once_more = hotel.once_more.filter(|it| *it > now);
            hotel.ticked = Some(now);
            hotel.regular = some_time_after(now, UNANSWERED);
        }
    }

    /// Notes when to look at a hotel again: at what a worker says that has just looked, or earlier if
    /// something is due before that.
    pub(super) fn hear(&mut self, hint: Hint, now: DateTime<Utc>) {
        if let Some(hotel) = self.hotels.get_mut(&hint.tenant) {
            let earliest = hotel.ticked.unwrap_or(now) + TimeDelta::seconds(GAP);
            let hinted = hint.next_due.map(|it| it.max(earliest));
            if hint.looked {
                hotel.hinted = hinted;
                hotel.regular = some_time_after(now, ANSWERED);
            } else {
                hotel.hinted = hotel.hinted.into_iter().chain(hinted).min();
            }
        }
    }
}

impl Hotel {
    /// Something that could not be done before may be done now.
    fn note_change(&mut self, now: DateTime<Utc>) {
        self.regular = now;
        self.once_more = Some(now + TimeDelta::seconds(ONCE_MORE));
    }

    /// A clock that was set back would leave a hotel alone until it is as late again.
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        let horizon = now + TimeDelta::seconds(*ANSWERED.end());
        let wanted = [self.hinted, self.once_more];
        self.regular <= now
            || self.regular > horizon
            || wanted.into_iter().flatten().any(|it| it <= now)
    }
}

fn some_time_after(now: DateTime<Utc>, seconds: RangeInclusive<i64>) -> DateTime<Utc> {
    now + TimeDelta::seconds(rand::rng().random_range(seconds))
}

/// A stopped hotel has nothing to be done. While nobody vouches for the routes, it may have been
/// resumed: its own row decides.
fn is_served(route: &Route, vouched: bool) -> bool {
    route.provisioning == Provisioning::Ready && !(vouched && route.access == Access::Stopped)
}

/// Whether there may be something to do in the hotel that could not be done before.
fn makes_a_difference(old: &Route, new: &Route) -> bool {
    old.access != new.access
        || old.provisioning != new.provisioning
        || old.placement != new.placement
}

/// Spreads the hotels over the time after a start.
fn share_of(tenant: TenantId) -> i64 {
    let mut hasher = DefaultHasher::new();
    tenant.hash(&mut hasher);
    i64::try_from(hasher.finish() % FIRST).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use hotelhub_core::{life::Status, pauses::Pause};

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn route(tenant: TenantId, access: Access) -> Arc<Route> {
        Arc::new(Route {
            tenant_id: tenant,
            slug: "mandala".to_owned(),
            company_name: "Mandala".to_owned(),
            status: Status::Active,
            provisioning: Provisioning::Ready,
            access,
            domains: Vec::new(),
            placement: None,
            preview_of: None,
        })
    }

    /// A hotel that had its tick at second 60.
    fn ticked(access: Access) -> (TenantId, Plan) {
        let tenant = TenantId::generate();
        let mut plan = Plan::default();
        plan.follow(&[route(tenant, access)], true, at(0));
        assert_eq!(plan.due(at(60)), [tenant], "an unknown hotel is due within a minute");
        plan.note_tick(tenant, at(60));
        (tenant, plan)
    }

    #[test]
    fn an_idle_hotel_is_due_every_six_hours_and_soon_if_its_worker_said_nothing() {
        let (tenant, mut plan) = ticked(Access::Full);
        assert_eq!(plan.due(at(60 + 1_439)), []);
        assert_eq!(plan.due(at(60 + 1_800)), [tenant]);
        plan.hear(Hint { tenant, next_due: None, looked: true }, at(61));
        assert_eq!(plan.due(at(61 + 17_999)), []);
        assert_eq!(plan.due(at(61 + 21_600)), [tenant]);
        assert_eq!(plan.due(at(-86_400)), [tenant], "the clock went back");
    }

    #[test]
    fn a_hint_names_the_time_of_the_next_tick() {
        let (tenant, mut plan) = ticked(Access::Full);
        plan.hear(Hint { tenant, next_due: Some(at(300)), looked: true }, at(61));
        assert_eq!(plan.due(at(299)), []);
        assert_eq!(plan.due(at(300)), [tenant]);
        plan.note_tick(tenant, at(300));
        assert_eq!(plan.due(at(301)), []);
        // What is due in the past comes again, but not at once.
        plan.hear(Hint { tenant, next_due: Some(at(300)), looked: true }, at(301));
        assert_eq!(plan.due(at(304)), []);
        assert_eq!(plan.due(at(305)), [tenant]);
    }

    #[test]
    fn who_has_not_looked_may_ask_for_an_earlier_tick_and_for_no_later_one() {
        let (tenant, mut plan) = ticked(Access::Full);
        let hint = |seconds, looked| Hint { tenant, next_due: Some(at(seconds)), looked };
        plan.hear(hint(300, true), at(61));
        plan.hear(hint(400, false), at(62));
        assert_eq!(plan.due(at(300)), [tenant]);
        plan.hear(hint(200, false), at(63));
        assert_eq!(plan.due(at(199)), []);
        assert_eq!(plan.due(at(200)), [tenant]);
    }

    #[test]
    fn a_changed_route_is_due_at_once_and_a_stopped_hotel_never() {
        let (tenant, mut plan) = ticked(Access::Full);
        plan.follow(&[route(tenant, Access::Grace)], true, at(61));
        assert_eq!(plan.due(at(61)), [tenant]);
        plan.follow(&[route(tenant, Access::Stopped)], true, at(62));
        assert_eq!(plan.due(at(62)), []);
        plan.follow(&[route(tenant, Access::Stopped)], false, at(63));
        assert_eq!(plan.due(at(63)), [tenant], "nobody vouches for it");
        plan.follow(&[], true, at(64));
        assert_eq!(plan.due(at(5_000)), []);
    }

    #[test]
    fn a_hotel_is_due_at_once_when_a_pause_that_concerned_it_has_ended() {
        let (tenant, mut plan) = ticked(Access::Full);
        let pause = |tenant| Pause { tenant, class: Some("mail".to_owned()), kind: None };
        let paused = Pauses(vec![pause(None), pause(Some(TenantId::generate()))]);
        plan.follow_pauses(&Arc::new(paused.clone()), at(61));
        assert_eq!(plan.due(at(61)), []);
        plan.follow_pauses(&Arc::new(Pauses(paused.0[..1].to_vec())), at(62));
        assert_eq!(plan.due(at(62)), [], "it was another's");
        plan.follow_pauses(&Arc::default(), at(63));
        assert_eq!(plan.due(at(63)), [tenant]);
    }

    #[test]
    fn a_change_is_followed_by_two_ticks_whatever_the_first_one_was_told() {
        let (tenant, mut plan) = ticked(Access::Full);
        plan.follow(&[route(tenant, Access::Grace)], true, at(70));
        plan.note_tick(tenant, at(70));
        plan.hear(Hint { tenant, next_due: None, looked: true }, at(71));
        assert_eq!(plan.due(at(84)), []);
        assert_eq!(plan.due(at(85)), [tenant]);
        plan.note_tick(tenant, at(85));
        plan.hear(Hint { tenant, next_due: None, looked: true }, at(86));
        assert_eq!(plan.due(at(1_500)), []);
    }
}
