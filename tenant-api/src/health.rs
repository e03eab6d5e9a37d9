//! What `serve` finds when it looks at itself.

use std::time::Duration;

use actix_web::HttpRequest;
use hotelhub_core::{clock::Clock, ids::TenantId};
use hotelhub_http::health::{Findings, Health};
use hotelhub_jobs::{broker::Broker, rows};
use hotelhub_tenancy::feed::Feed;
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    recent::Recent,
    site::{Site, database_failed},
    tls::Progress,
};

/// Anybody may ask, so a hotel's database is asked no more often than this.
const KEPT: Duration = Duration::from_secs(1);

/// How many jobs wait and how many are dead, if the database says.
type Counts = Option<(i64, i64)>;

/// What is looked at.
#[derive(Clone)]
pub(crate) struct Looked {
    pub(crate) app: App,
    pub(crate) feed: Feed,
    pub(crate) broker: Broker,
    /// Of certificates, where this program serves TLS itself.
    pub(crate) certificates: Option<Progress>,
}

/// Ready once there are routes, and the certificates of custom domains that it is to show. A broker or a
/// control plane that is away makes no replica unready: known hotels are served without both.
pub(crate) fn health(clock: Clock, looked: Looked) -> Health {
    let counted = Recent::<TenantId, Counts>::new(KEPT);
    Health::new(clock, move |req| look(looked.clone(), counted.clone(), req))
}

async fn look(looked: Looked, counted: Recent<TenantId, Counts>, req: HttpRequest) -> Findings {
    let Looked { app, feed, broker, certificates } = looked;
    let mut checks = Map::new();
    let mut say = |name: &str, value: Value| checks.insert(name.to_owned(), value);
    let has_routes = app.routes.position().is_some();
    say("routes", json!(if has_routes { "ok" } else { "unavailable" }));
    say("route_feed", json!(if feed.is_connected() { "ok" } else { "cut" }));
    if let Some(cut_for) = feed.cut_for() {
        say("route_feed_cut_since", json!(app.clock.now() - cut_for));
    }
    if let Some(age) = feed.age() {
        say("routes_age_seconds", json!(age.as_secs()));
    }
    say("rabbitmq", json!(if broker.is_connected() { "ok" } else { "unavailable" }));
    say("redis", json!("disabled"));
    say("storage", json!("ok"));
    say("license", json!("none"));
    if let Some(certificates) = &certificates {
        let (word, faulty) = certificates.said();
        say("certificates", json!(word));
        say("certificates_faulty", json!(faulty));
    }
    let is_certified = certificates.is_none_or(|it| it.is_ready());
    let database = match Site::of(&req) {
        // Nobody is served, so nothing is opened for it.
        Ok(site) if site.standing.is_stopped_by_route() => true,
        Ok(site) => {
            let counted = counted.of(site.route.tenant_id, async || hotel_queue(&site).await).await;
            if let Some((pending, failed)) = counted {
                say("queue_pending", json!(pending));
                say("queue_failed", json!(failed));
            }
            counted.is_some()
        }
        Err(_not_a_hotel) => true,
    };
    say("database", json!(if database { "ok" } else { "unavailable" }));
    Findings { ready: has_routes && database && is_certified, checks }
}

/// On a hotel's host: how many of its jobs wait and how many are dead.
async fn hotel_queue(site: &Site) -> Counts {
    let counted =
        site.within_deadline(async |db| rows::counts(&*db).await.map_err(database_failed)).await;
    counted.ok()
}
