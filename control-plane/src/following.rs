//! Long work, told as it goes on by server-sent events.
//!
//! Pushed: the provisioner's word of a step, or a change of routes, makes us look. A look every
//! second finds what nobody told us of. Each look is sent only if it differs from the one before.
//!
//! Who may follow is asked once, when a stream begins. So none lasts long: a browser asks again by
//! itself, and whoever was shut out meanwhile is refused.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    http::header::{HeaderName, HeaderValue},
    web::{Bytes, Data},
};
use futures_util::stream;
use hotelhub_core::{errors::Chain, ids::TenantId};
use hotelhub_http::error::{ApiError, ApiResult};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast},
    time::{Instant, sleep_until},
};

use crate::{app::App, wakes::Wakes};

/// What nobody told us of is found this late.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A change of routes may be anybody's, so a burst of them makes us look only so often.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Something is sent at least this often: proxies cut what is silent.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How much longer somebody reads who may not any more. Most work takes seconds.
const LONGEST: Duration = Duration::from_secs(30);
/// Tells a browser to ask again half a second after the end, not after its own few seconds.
const AGAIN: &str = "retry: 500\n\n";
/// How many follow at a time in one process. Each costs a look a second.
const MOST: usize = 1_000;

/// Not for proxies to collect.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Room for those who follow.
#[derive(Clone, Debug)]
pub(crate) struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

/// What was seen at one look.
pub(crate) struct Seen {
    /// What to send.
    pub(crate) content: String,
    /// Whether nothing will happen any more.
    pub(crate) is_over: bool,
}

/// Whose steps make us look.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose {
    Tenant(TenantId),
    /// Time alone does.
    Nobodys,
}

/// Answers with an event `step` whenever what `look` sees has changed, and `done` at the end.
///
/// # Errors
/// Fails as the first look does, and if too many follow already.
pub(crate) async fn follow<L>(app: Data<App>, whose: Whose, look: L) -> ApiResult<HttpResponse>
where
    L: AsyncFn(&App) -> ApiResult<Seen> + 'static,
{
    let Ok(place) = Arc::clone(&app.streams.0).try_acquire_owned() else {
        let text = "too many are followed; ask for the state instead";
        return Err(ApiError::unavailable("TOO_MANY_STREAMS", text, 1));
    };
    let (steps, mut changes) = (app.route_changes.steps(), app.route_changes.clone());
    changes.catch_up();
    // Before the answer begins, so that what is not there is an error like any other.
    let first = look(&app).await?;
    let now = Instant::now();
    let following = Following {
        app,
        whose,
        look,
        steps,
        changes,
        first: Some(first),
        sent: None,
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

/// Somebody who follows one work.
struct Following<L> {
    app: Data<App>,
    whose: Whose,
    look: L,
    steps: broadcast::Receiver<TenantId>,
    changes: Wakes,
    /// What was seen before the answer began.
    first: Option<Seen>,
    sent: Option<String>,
    looked_at: Instant,
    ends_at: Instant,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

impl<L: AsyncFn(&App) -> ApiResult<Seen>> Following<L> {
    /// What to send next; `None` at the end.
    async fn next_event(&mut self) -> Option<String> {
        let silent_until = Instant::now() + HEARTBEAT;
        while !self.is_over {
            if let Some(event) = self.see().await {
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
    async fn see(&mut self) -> Option<String> {
        let Seen { content, is_over } = match self.first.take() {
            Some(first) => first,
            None => {
                self.looked_at = Instant::now();
                self.changes.catch_up();
                match (self.look)(&self.app).await {
                    Ok(seen) => seen,
                    Err(error) => {
                        self.is_over = !error.status().is_server_error();
                        tracing::debug!(error = %Chain(&error), "a look at long work failed");
                        return None;
                    }
                }
            }
        };
        self.is_over = is_over;
        let begins = self.sent.is_none();
        let mut events = if begins { AGAIN.to_owned() } else { String::new() };
        if self.sent.as_ref() != Some(&content) {
            events.push_str(&event("step", &content));
        }
        if is_over {
            events.push_str(&event("done", &content));
        }
        self.sent = Some(content);
        (!events.is_empty()).then_some(events)
    }

    /// Waits until there may be something new.
    async fn wait(&mut self) {
        let stop = self.app.tasks.stop_token();
        let (next_look, soonest) = (self.looked_at + LOOK_EVERY, self.looked_at + BETWEEN_LOOKS);
        tokio::select! {
            () = step_of(&mut self.steps, self.whose) => {}
            () = async { self.changes.heard().await; sleep_until(soonest).await },
                if matches!(self.whose, Whose::Tenant(_)) => {}
            () = sleep_until(next_look) => {}
            () = sleep_until(self.ends_at) => self.is_over = true,
            () = stop.cancelled() => self.is_over = true,
        }
    }
}

/// Each line of the content is one of the event.
fn event(name: &str, content: &str) -> String {
    let lines = content.lines().map(|it| format!("data: {it}\n"));
    format!("event: {name}\n{}\n", lines.collect::<String>())
}

/// Waits until this tenant's operation goes on, or may have.
async fn step_of(steps: &mut broadcast::Receiver<TenantId>, whose: Whose) {
    let Whose::Tenant(id) = whose else { return std::future::pending().await };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_of_lines_is_one_event() {
        assert_eq!(event("step", "{}"), "event: step\ndata: {}\n\n");
        assert_eq!(event("step", "<p>\n</p>\n"), "event: step\ndata: <p>\ndata: </p>\n\n");
    }
}
