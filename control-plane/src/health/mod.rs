//! What the control plane says of itself to monitoring.

mod store;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use hotelhub_core::errors::Chain;
use hotelhub_http::health::{Findings, Health};
use serde_json::json;

use crate::app::App;

/// Whether object storage did what it was last asked; `None`: there is none.
#[derive(Clone, Debug)]
pub(crate) struct StorageHealth(pub(crate) Option<Arc<AtomicBool>>);

impl StorageHealth {
    fn text(&self) -> &'static str {
        match &self.0 {
            None => "disabled",
            Some(is_well) if is_well.load(Ordering::Relaxed) => "ok",
            Some(_) => "error",
        }
    }
}

/// Health by one query: without its database the control plane can serve nothing.
pub(crate) fn health(app: &App) -> Health {
    let app = app.clone();
    Health::new(app.clock.clone(), move |_req| look(app.clone()))
}

async fn look(app: App) -> Findings {
    let counted = store::count_jobs(&app.db).await;
    let ready = counted.is_ok();
    let mut checks = serde_json::Map::new();
    checks.insert("database".to_owned(), json!(if ready { "ok" } else { "error" }));
    checks.insert("redis".to_owned(), json!("disabled"));
    checks.insert("storage".to_owned(), json!(app.storage.text()));
    checks.insert("license".to_owned(), json!("none"));
    match counted {
        Ok((pending, failed)) => {
            checks.insert("queue_pending".to_owned(), json!(pending));
            checks.insert("queue_failed".to_owned(), json!(failed));
        }
        Err(error) => tracing::warn!(error = %Chain(&error), "the control database is away"),
    }
    Findings { ready, checks }
}
