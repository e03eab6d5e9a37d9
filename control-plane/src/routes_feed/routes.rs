//! `/upcall/v1/routes`, for replicas of tenant-api.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header::ContentType,
    web::{Data, Query, ServiceConfig},
};
use hotelhub_core::routes::{Position, RoutePage};
use hotelhub_http::{
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use utoipa::IntoParams;
use uuid::Uuid;

use super::store::{self, Seen};
use crate::{app::App, database::database_failed, replica::Replica};

/// Longest wait; below the idle limits of usual proxies.
const LONGEST_WAIT: u64 = 25;

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/upcall/v1/routes").get(show_routes).register(app);
}

/// How far a reader has come.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// The epoch of the last page.
    epoch: Option<Uuid>,
    /// The version of the last page. Without both, the answer is everything.
    since: Option<i64>,
    /// The version of the last page that had `pauses`; -1 if none had. To a reader that leaves it out
    /// they are no news.
    pauses_since: Option<i64>,
    /// How long to wait for a change if there is none, at most 25.
    #[serde(default)]
    wait_seconds: u64,
}

/// Says what changed since a position, or everything.
#[utoipa::path(get, path = "/upcall/v1/routes", tag = "upcall", params(FeedQuery), responses(
    (status = 200, description =
        "a page: `epoch`, `version`, `snapshot`, `routes`, `gone`, and `pauses` if they are news"),
    (status = 401, body = ErrorBody),
), security(("replica" = [])))]
pub(crate) async fn show_routes(
    app: Data<App>,
    _replica: Replica,
    query: Query<FeedQuery>,
) -> ApiResult<HttpResponse> {
    let FeedQuery { epoch, since, pauses_since, wait_seconds } = query.into_inner();
    let since = epoch
        .zip(since)
        .map(|(epoch, version)| Seen { position: Position { epoch, version }, pauses_since });
    let wait = Duration::from_secs(wait_seconds.min(LONGEST_WAIT));
    match next_page(&app, since, wait).await? {
        Some(page) => Ok(HttpResponse::Ok().json(page)),
        None => {
            let everything = app.snapshots.current(&app.db).await.map_err(database_failed)?;
            Ok(HttpResponse::Ok().content_type(ContentType::json()).body(everything.json))
        }
    }
}

/// What changed, once something has; `None` if only everything is an answer.
async fn next_page(app: &App, since: Option<Seen>, wait: Duration) -> ApiResult<Option<RoutePage>> {
    let Some(since) = since else { return Ok(None) };
    let deadline = Instant::now() + wait;
    let mut changes = app.route_changes.clone();
    let mut is_last_look = wait.is_zero();
    loop {
        // What is committed from here on is heard below, so nothing falls between look and wait.
        changes.catch_up();
        let page = store::changes(&app.db, since).await.map_err(database_failed)?;
        let Some(page) = page else { return Ok(None) };
        if is_last_look || page.is_news() {
            return Ok(Some(page));
        }
        let stop = app.tasks.stop_token();
        tokio::select! {
            // While the listening connection is away nothing is heard: the end of the wait looks
            // for itself.
            heard = timeout_at(deadline, changes.heard()) => is_last_look = heard.is_err(),
            // A replica asks again, and finds another control plane.
            () = stop.cancelled() => return Ok(Some(page)),
        }
    }
}
