//! What `serve` finds when it looks at itself.

use actix_web::HttpRequest;
use hotelhub_core::clock::Clock;
use hotelhub_http::health::{Findings, Health};
use hotelhub_jobs::{broker::Broker, rows};
use hotelhub_tenancy::feed::Feed;
use serde_json::{Map, Value, json};

use crate::{app::App, site::Site};

/// Ready once there are routes. A broker or a control plane that is away makes no replica unready:
/// known hotels are served without both.
pub(crate) fn health(clock: Clock, app: App, feed: Feed, broker: Broker) -> Health {
    Health::new(clock, move |req| look(app.clone(), feed.clone(), broker.clone(), req))
}

async fn look(app: App, feed: Feed, broker: Broker, req: HttpRequest) -> Findings {
    let mut checks = Map::new();
    let mut say = |name: &str, value: Value| checks.insert(name.to_owned(), value);
    let has_routes = app.routes.position().is_some();
    say("routes", json!(if has_routes { "ok" } else { "unavailable" }));
    say("route_feed", json!(if feed.is_connected() { "ok" } else { "cut" }));
    say("rabbitmq", json!(if broker.is_connected() { "ok" } else { "unavailable" }));
    say("redis", json!("disabled"));
    say("storage", json!("ok"));
    say("license", json!("none"));
    let database = match Site::of(&req) {
        Ok(site) => {
            let counted = hotel_queue(&site).await;
            if let Some((pending, failed)) = counted {
                say("queue_pending", json!(pending));
                say("queue_failed", json!(failed));
            }
            counted.is_some()
        }
        Err(_not_a_hotel) => true,
    };
    say("database", json!(if database { "ok" } else { "unavailable" }));
    Findings { ready: has_routes && database, checks }
}

/// On a hotel's host: how many of its jobs wait and how many are dead.
async fn hotel_queue(site: &Site) -> Option<(i64, i64)> {
    let connection = site.db.connect().await.ok()?;
    let counts = rows::counts(&connection).await.ok()?;
    connection.release();
    Some(counts)
}
