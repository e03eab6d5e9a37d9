//! `/livez`, `/readyz` and `/health`.
//!
//! `/livez` asks nothing of anyone: a database that is away must not restart every replica.
//! `/health` has the form that monitoring tools were promised, without the envelope.

use std::{future::Future, pin::Pin, sync::Arc, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, ServiceConfig},
};
use chrono::{DateTime, Utc};
use hotelhub_core::clock::Clock;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::endpoint::Endpoint;

/// What a program found when it looked at itself.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Whether requests can be served.
    pub ready: bool,
    /// `database`, `redis`, `storage`, `queue_pending`, `queue_failed`, … for `/health`.
    pub checks: Map<String, Value>,
}

type Looking = Pin<Box<dyn Future<Output = Findings>>>;
type Look = dyn Fn(HttpRequest) -> Looking + Send + Sync;

/// How a program looks at itself.
#[derive(Clone)]
pub struct Health {
    clock: Clock,
    started: Instant,
    look: Arc<Look>,
}

impl Health {
    /// Health by `look`, which is given the request: on a hotel's host it speaks of that hotel.
    pub fn new<F>(clock: Clock, look: impl Fn(HttpRequest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Findings> + 'static,
    {
        let look: Arc<Look> = Arc::new(move |req| -> Looking { Box::pin(look(req)) });
        Self { clock, started: Instant::now(), look }
    }

    /// Adds the three endpoints.
    pub fn register(self, app: &mut ServiceConfig) {
        app.app_data(Data::new(self));
        Endpoint::at("/livez").get(livez).register(app);
        Endpoint::at("/readyz").get(readyz).register(app);
        Endpoint::at("/health").get(health).register(app);
    }
}

#[derive(Serialize)]
struct HealthBody {
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    checks: Map<String, Value>,
    timestamp: DateTime<Utc>,
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

async fn readyz(health: Data<Health>, req: HttpRequest) -> HttpResponse {
    let findings = (health.look)(req).await;
    let status = if findings.ready { "ok" } else { "unavailable" };
    let body = serde_json::json!({ "status": status, "checks": findings.checks });
    if findings.ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "1")).json(body)
    }
}

async fn health(health: Data<Health>, req: HttpRequest) -> HttpResponse {
    let findings = (health.look)(req).await;
    let body = HealthBody {
        status: if findings.ready { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: health.started.elapsed().as_secs(),
        checks: findings.checks,
        timestamp: health.clock.now(),
    };
    if findings.ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}
