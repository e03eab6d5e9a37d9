//! A signup's progress as server-sent events.
//!
//! Pushed: the provisioner's word of a step, or a change of routes, makes us look. A look every
//! second finds what nobody told us of. Each look is sent only if it differs from the one before.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    http::header::{HeaderName, HeaderValue},
    web::{Bytes, Data, Path},
};
use futures_util::stream;
use hotelhub_core::{errors::Chain, ids::TenantId, life::Provisioning};
use hotelhub_http::{
    answer::Answer,
    error::{ApiError, ApiResult, ErrorBody},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast},
    time::{Instant, sleep_until},
};

use super::status::{self, StatusBody};
use crate::{app::App, wakes::Wakes};

/// What nobody told us of is found this late.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A change of routes may be anybody's, so a burst of them makes us look only so often.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Something is sent at least this often: proxies cut what is silent.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A hotel is made in seconds; a browser that still wants to know after this asks again.
const LONGEST: Duration = Duration::from_secs(300);
/// How many signups one process follows at a time. Each costs a look a second.
const MOST: usize = 1_000;

/// Not for proxies to collect.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Room for those who follow a signup.
#[derive(Clone, Debug)]
pub(crate) struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

/// Tells how far a signup is, whenever that changes: `step`, and `done` at its end.
#[utoipa::path(get, path = "/api/v1/signup/{tenant_id}/events", tag = "signup",
    params(("tenant_id" = Uuid, Path)), responses(
    (status = 200, content_type = "text/event-stream", body = Answer<StatusBody>, description =
        "events `step` and at last `done`, each with the body of `/api/v1/signup/{tenant_id}`"),
    (status = 404, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`TOO_MANY_STREAMS`: ask for the status"),
))]
pub(crate) async fn follow_signup(app: Data<App>, id: Path<TenantId>) -> ApiResult<HttpResponse> {
    let Ok(place) = Arc::clone(&app.streams.0).try_acquire_owned() else {
        let text = "too many signups are followed; ask for the status instead";
        return Err(ApiError::unavailable("TOO_MANY_STREAMS", text, 1));
    };
    let (steps, mut changes) = (app.route_changes.steps(), app.route_changes.clone());
    changes.catch_up();
    // Before the answer begins, so that what is not there is an error like any other.
    let first = status::of(&app, *id).await?;
    let now = Instant::now();
    let following = Following {
        app,
        id: *id,
        steps,
        changes,
        first: Some(first),
        sent: String::new(),
        looked_at: now,
        ends_at: now + LONGEST,
        is_over: false,
        _place: place,
    };
    let events = stream::unfold(following, |mut following| async {
        let event = following.next_event().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), following))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((UNBUFFERED, HeaderValue::from_static("no")))
        .streaming(events))
}

/// Somebody who follows one signup.
struct Following {
    app: Data<App>,
    id: TenantId,
    steps: broadcast::Receiver<TenantId>,
    changes: Wakes,
    /// What was seen before the answer began.
    first: Option<StatusBody>,
    sent: String,
    looked_at: Instant,
    ends_at: Instant,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

impl Following {
    /// What to send next; `None` at the end.
    async fn next_event(&mut self) -> Option<String> {
        let silent_until = Instant::now() + HEARTBEAT;
        while !self.is_over {
            if let Some(event) = self.look().await {
                return Some(event);
            }
            if Instant::now() >= silent_until {
                return Some(": still here\n\n".to_owned());
            }
            self.wait().await;
        }
        None
    }

    /// The events of what changed since the last look.
    async fn look(&mut self) -> Option<String> {
        let status = match self.first.take() {
            Some(first) => first,
            None => {
                self.looked_at = Instant::now();
                self.changes.catch_up();
                match status::of(&self.app, self.id).await {
                    Ok(status) => status,
                    Err(error) => {
                        self.is_over = !error.status().is_server_error();
                        tracing::debug!(error = %Chain(&error), "a look at a signup failed");
                        return None;
                    }
                }
            }
        };
        self.is_over = matches!(status.state, Provisioning::Ready | Provisioning::Failed);
        let body = serde_json::to_string(&Answer::new(status)).ok()?;
        let mut events = match body == self.sent {
            true => String::new(),
            false => format!("event: step\ndata: {body}\n\n"),
        };
        if self.is_over {
            events.push_str(&format!("event: done\ndata: {body}\n\n"));
        }
        self.sent = body;
        (!events.is_empty()).then_some(events)
    }

    /// Waits until there may be something new.
    async fn wait(&mut self) {
        let stop = self.app.tasks.stop_token();
        let (next_look, soonest) = (self.looked_at + LOOK_EVERY, self.looked_at + BETWEEN_LOOKS);
        tokio::select! {
            () = step_of(&mut self.steps, self.id) => {}
            () = async { self.changes.heard().await; sleep_until(soonest).await } => {}
            () = sleep_until(next_look) => {}
            () = sleep_until(self.ends_at) => self.is_over = true,
            () = stop.cancelled() => self.is_over = true,
        }
    }
}

/// Waits until this tenant's operation goes on, or may have.
async fn step_of(steps: &mut broadcast::Receiver<TenantId>, id: TenantId) {
    loop {
        match steps.recv().await {
            Ok(tenant) if tenant == id => return,
            Ok(_another) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return,
            // The listener ends only when the program does.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
