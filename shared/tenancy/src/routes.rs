//! The table of routes that a replica holds in memory: a look-up costs no I/O, and an unknown host
//! costs nothing. The pauses of jobs come with them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use hotelhub_core::{
    ids::TenantId,
    pauses::Pauses,
    routes::{Position, Route, RoutePage},
};
use tokio::{sync::watch, time::timeout};

use crate::host::Hostname;

/// All routes that this replica knows. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    table: Arc<RwLock<Table>>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Table {
    position: Option<Position>,
    by_host: HashMap<String, Arc<Route>>,
    by_tenant: HashMap<TenantId, Arc<Route>>,
    pauses: Arc<Pauses>,
}

impl Routes {
    /// The tenant of a host.
    #[must_use]
    pub fn resolve(&self, host: &Hostname) -> Option<Arc<Route>> {
        self.read(|it| it.by_host.get(host.as_str()).cloned())
    }

    /// The route of a tenant.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> Option<Arc<Route>> {
        self.read(|it| it.by_tenant.get(&tenant).cloned())
    }

    /// The route of a tenant, once it is as `wanted`, or as it is when `limit` is over: a change may
    /// still be on its way here.
    pub async fn wait_for(
        &self,
        tenant: TenantId,
        limit: Duration,
        wanted: impl Fn(&Route) -> bool,
    ) -> Option<Arc<Route>> {
        let mut changes = self.changes.subscribe();
        let arrived = changes.wait_for(|()| self.of(tenant).is_some_and(|it| wanted(&it)));
        drop(timeout(limit, arrived).await);
        self.of(tenant)
    }

    /// Tells of each page that was taken over.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Every route, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Route>> {
        self.read(|it| it.by_tenant.values().cloned().collect())
    }

    /// Which jobs the vendor holds back, as far as this replica knows.
    #[must_use]
    pub fn pauses(&self) -> Arc<Pauses> {
        self.read(|it| Arc::clone(&it.pauses))
    }

    /// How far this replica has come; `None` before the first page.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.read(|it| it.position)
    }

    /// Takes over a page of the feed. A page that would lead back within an epoch, or that changes
    /// what is not known here, is left alone; `false`.
    pub fn apply(&self, page: RoutePage) -> bool {
        let position = page.position;
        // A whole table is made beside the one that is read meanwhile.
        let mut fresh = page.snapshot.then(Table::default);
        let mut gone = page.gone;
        let mut routes = page.routes;
        let pauses = page.pauses.map(Arc::new);
        if let Some(fresh) = &mut fresh {
            fresh.take_over(position, &mut gone, &mut routes);
        }
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let fits =
            table.position.map_or(page.snapshot, |known| match known.epoch == position.epoch {
                true => known.version <= position.version,
                false => page.snapshot,
            });
        if !fits {
            return false;
        }
        let pauses = pauses.unwrap_or_else(|| Arc::clone(&table.pauses));
        metrics::gauge!("job_pauses").set(u32::try_from(pauses.0.len()).unwrap_or(u32::MAX));
        let old = match fresh {
            Some(fresh) => Some(std::mem::replace(&mut *table, fresh)),
            None => {
                table.take_over(position, &mut gone, &mut routes);
                None
            }
        };
        table.pauses = pauses;
        drop(table);
        // Takes a while, which nobody should wait for.
        drop(old);
        self.changes.send_replace(());
        true
    }

    /// Everything as a page in JSON; `None` before the first page.
    ///
    /// # Errors
    /// Never in practice: a route has no value that JSON lacks.
    pub fn snapshot(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        let known = self.read(|it| {
            let routes: Vec<Arc<Route>> = it.by_tenant.values().cloned().collect();
            Some((it.position?, routes, Pauses::clone(&it.pauses)))
        });
        let Some((position, routes, pauses)) = known else { return Ok(None) };
        let routes: Vec<&Route> = routes.iter().map(AsRef::as_ref).collect();
        let (gone, pauses) = (Vec::new(), Some(pauses));
        let page = RoutePage { position, snapshot: true, routes, gone, pauses };
        serde_json::to_vec(&page).map(Some)
    }

    fn read<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        look(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Table {
    fn take_over(&mut self, position: Position, gone: &mut Vec<TenantId>, routes: &mut Vec<Route>) {
        self.by_tenant.reserve(routes.len());
        self.by_host.reserve(routes.len());
        for tenant in gone.drain(..) {
            self.forget(tenant);
        }
        for route in routes.drain(..) {
            self.forget(route.tenant_id);
            self.learn(Arc::new(route));
        }
        self.position = Some(position);
    }

    fn forget(&mut self, tenant: TenantId) {
        let Some(route) = self.by_tenant.remove(&tenant) else { return };
        for domain in &route.domains {
            // A host that has meanwhile gone to another tenant stays with that one.
            if self.by_host.get(&domain.hostname).is_some_and(|it| it.tenant_id == tenant) {
                self.by_host.remove(&domain.hostname);
            }
        }
    }

    fn learn(&mut self, route: Arc<Route>) {
        for domain in &route.domains {
            self.by_host.insert(domain.hostname.clone(), Arc::clone(&route));
        }
        self.by_tenant.insert(route.tenant_id, route);
    }
}

#[cfg(test)]
mod tests {
    use hotelhub_core::{
        life::{Access, Provisioning, Status},
        pauses::Pause,
        routes::RouteDomain,
    };
    use uuid::Uuid;

    use super::*;

    fn route(tenant_id: TenantId, host: &str) -> Route {
        Route {
            tenant_id,
            slug: host.split('.').next().unwrap().to_owned(),
            company_name: "Hotel".to_owned(),
            status: Status::Trial,
            provisioning: Provisioning::Ready,
            access: Access::Full,
            domains: vec![RouteDomain {
                hostname: host.to_owned(),
                primary: true,
                live: true,
                certified: true,
            }],
            placement: None,
            preview_of: None,
        }
    }

    fn page(snapshot: bool, routes: Vec<Route>, gone: Vec<TenantId>) -> RoutePage {
        at(1, RoutePage { position: POSITION, snapshot, routes, gone, pauses: None })
    }

    const POSITION: Position = Position { epoch: Uuid::nil(), version: 1 };

    fn at(version: i64, page: RoutePage) -> RoutePage {
        RoutePage { position: Position { version, ..page.position }, ..page }
    }

    fn tenant_of(routes: &Routes, host: &str) -> Option<TenantId> {
        routes.resolve(&Hostname::parse(host).unwrap()).map(|it| it.tenant_id)
    }

    #[test]
    fn a_page_adds_changes_and_forgets() {
        let (a, b) = (TenantId::generate(), TenantId::generate());
        let routes = Routes::default();
        assert_eq!(routes.position(), None);

        routes.apply(page(true, vec![route(a, "a.id"), route(b, "b.id")], vec![]));
        assert_eq!(tenant_of(&routes, "A.id."), Some(a));

        routes.apply(page(false, vec![route(a, "new.id")], vec![b]));
        assert_eq!(tenant_of(&routes, "a.id"), None);
        assert_eq!(tenant_of(&routes, "new.id"), Some(a));
        assert_eq!(tenant_of(&routes, "b.id"), None);
        assert!(routes.of(b).is_none());
    }

    #[test]
    fn a_host_that_went_to_another_tenant_survives_the_first_ones_end() {
        let (a, b) = (TenantId::generate(), TenantId::generate());
        let routes = Routes::default();
        routes.apply(page(true, vec![route(a, "same.id")], vec![]));
        routes.apply(page(false, vec![route(b, "same.id")], vec![]));

        routes.apply(page(false, vec![], vec![a]));

        assert_eq!(tenant_of(&routes, "same.id"), Some(b));
    }

    #[tokio::test]
    async fn a_tenant_that_is_on_its_way_is_waited_for() {
        let (a, b) = (TenantId::generate(), TenantId::generate());
        let routes = Routes::default();
        let long = Duration::from_secs(30);

        let (found, ()) = futures_util::join!(routes.wait_for(a, long, |_| true), async {
            routes.apply(page(true, vec![route(a, "a.id")], vec![]));
        });

        assert_eq!(found.map(|it| it.tenant_id), Some(a));
        assert!(routes.wait_for(b, Duration::from_millis(1), |_| true).await.is_none());
    }

    #[test]
    fn a_snapshot_replaces_everything() {
        let (a, b) = (TenantId::generate(), TenantId::generate());
        let routes = Routes::default();
        routes.apply(page(true, vec![route(a, "a.id")], vec![]));
        routes.apply(page(true, vec![route(b, "b.id")], vec![]));
        assert_eq!(tenant_of(&routes, "a.id"), None);
        assert_eq!(routes.all().len(), 1);
        let copy = copy_of(&routes);
        assert_eq!((copy.position, copy.routes), (POSITION, vec![route(b, "b.id")]));
    }

    fn copy_of(routes: &Routes) -> RoutePage {
        serde_json::from_slice(&routes.snapshot().unwrap().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn pauses_stand_until_a_page_tells_of_others() {
        let a = TenantId::generate();
        let of_mails = Pauses(vec![Pause { tenant: None, class: Some("mail".into()), kind: None }]);
        let told = |pauses| RoutePage { pauses, ..page(false, vec![], vec![]) };
        let routes = Routes::default();
        assert!(routes.snapshot().unwrap().is_none());
        assert!(routes.apply(page(true, vec![route(a, "a.id")], vec![])));
        assert_eq!(copy_of(&routes).pauses, Some(Pauses::default()), "known to be none");

        let mut changes = routes.changes();
        assert!(told(Some(of_mails.clone())).is_news());
        assert!(routes.apply(told(Some(of_mails.clone()))));
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert!(routes.pauses().covers(a, "mail", "any"));
        assert!(routes.of(a).is_some());

        // As a control plane sends them that knows of no pauses.
        for snapshot in [false, true] {
            assert!(routes.apply(page(snapshot, vec![route(a, "a.id")], vec![])));
            assert_eq!(*routes.pauses(), of_mails);
        }
        assert_eq!(copy_of(&routes).pauses, Some(of_mails));

        assert!(routes.apply(told(Some(Pauses::default()))));
        assert!(!routes.pauses().covers(a, "mail", "any"));
    }

    #[test]
    fn nothing_leads_back_within_an_epoch() {
        let (a, b) = (TenantId::generate(), TenantId::generate());
        let routes = Routes::default();
        assert!(!routes.apply(page(false, vec![route(a, "a.id")], vec![])), "changes of nothing");
        assert!(routes.apply(at(7, page(true, vec![route(a, "a.id")], vec![]))));

        for snapshot in [false, true] {
            assert!(!routes.apply(at(6, page(snapshot, vec![route(b, "b.id")], vec![a]))));
        }
        let other = Position { epoch: Uuid::max(), version: 3 };
        let news = page(false, vec![route(b, "b.id")], vec![]);
        assert!(!routes.apply(RoutePage { position: other, ..news.clone() }), "of another epoch");
        assert_eq!(tenant_of(&routes, "a.id"), Some(a));

        assert!(routes.apply(RoutePage { position: other, snapshot: true, ..news }));
        assert_eq!((tenant_of(&routes, "a.id"), tenant_of(&routes, "b.id")), (None, Some(b)));
        assert_eq!(routes.position(), Some(other));
    }
}
