//! `hotelhub db-host drain`: watches a server get empty.
//!
//! A hotel that is served from elsewhere has left its old copy behind, and its move still needs that
//! one's server. So a server is empty when the copies are gone too, and not before.

use std::{
    fmt,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;

use super::DbHost;
use crate::{
    Hub,
    client::Reply,
    failure::Failure,
    waiting::{Looks, look, or_interrupt},
};

/// A move takes seconds to minutes; when nothing leaves for so long, somebody should look.
const STANDSTILL: Duration = Duration::from_secs(120);

/// Which server to empty.
#[derive(Args)]
pub(crate) struct Drain {
    /// The server's name or id
    host: String,
    /// Do not wait until it is empty
    #[arg(long)]
    no_wait: bool,
}

/// Empties a server.
pub(super) async fn drain(hub: &Hub, it: Drain) -> Result<(), Failure> {
    let asked = hub.client.post(&["db-hosts", &it.host, "drain"], &json!({})).await?;
    let host: DbHost = asked.read()?;
    if it.no_wait {
        return hub.screen.result(&asked.data, || host.sentence());
    }
    let what_goes_on =
        || format!("hotels go on moving without you; look: `hotelhub db-host show {}`", host.name);
    let ended = or_interrupt(follow(hub, &host.id), what_goes_on).await?;
    hub.screen.result(&ended.data, || format!("{} is empty", host.name))
}

async fn follow(hub: &Hub, id: &str) -> Result<Reply, Failure> {
    let looks = Looks::new();
    let mut remaining = Remaining::default();
    loop {
        let reply = look(hub, &["db-hosts", id], &[]).await?;
        let host: DbHost = reply.read()?;
        let left = Left::on(&host);
        remaining.news(left, Instant::now()).iter().for_each(|it| hub.screen.progress(it));
        if left == Left::default() {
            hub.screen.quiet();
            return Ok(reply);
        }
        if host.state != "draining" {
            return Err(Failure::failed(
                format!("{} is {} now, with {left}", host.name, host.state),
                format!("drain it again: `hotelhub db-host drain {}`", host.name),
            ));
        }
        hub.screen.live(&format!("  {left}"));
        looks.pause().await;
    }
}

/// What lies on a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Left {
    /// Hotels'.
    databases: i64,
    /// Nobody's, and still to be dropped.
    leaving: i64,
    /// Shown beside their hotels until somebody ends them, or their time is over.
    previews: i64,
}

impl Left {
    fn on(host: &DbHost) -> Self {
        let DbHost { databases, leaving, previews, .. } = host;
        let [databases, leaving, previews] =
            [databases, leaving, previews].map(|it| it.unwrap_or_default());
        // What the API calls leaving has the previews in it.
        Self { databases, leaving: leaving - previews, previews }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { databases, leaving, previews } = self;
        write!(f, "{databases} databases left")?;
        if *leaving > 0 {
            write!(f, ", {leaving} old copies to be dropped")?;
        }
        if *previews > 0 {
            write!(f, ", {previews} previews: `hotelhub tenant restore HOTEL --end discard`")?;
        }
        Ok(())
    }
}

/// What was left at the last change, and when that was.
#[derive(Debug, Default)]
struct Remaining {
    last: Option<(Left, Instant)>,
}

impl Remaining {
    /// A line when the number changed, or has not for long.
    fn news(&mut self, left: Left, now: Instant) -> Option<String> {
        match self.last {
            Some((before, since)) if before == left => {
                if now.duration_since(since) < STANDSTILL {
                    return None;
                }
                self.last = Some((left, now));
                Some(format!(
                    "  no database has left for {} s; look why: `hotelhub operation list --kind \
                     move_tenant`, `hotelhub db-host list`; a hotel whose schema no other server \
                     makes waits for `hotelhub migrate fleet`",
                    STANDSTILL.as_secs()
                ))
            }
            _ => {
                self.last = Some((left, now));
                Some(format!("  {left}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(databases: i64, leaving: i64) -> Left {
        Left { databases, leaving, previews: 0 }
    }

    #[test]
    fn old_copies_that_go_are_news_too() {
        let (mut remaining, now) = (Remaining::default(), Instant::now());
        let two = remaining.news(left(0, 2), now).unwrap();
        assert_eq!(two, "  0 databases left, 2 old copies to be dropped");
        let one = remaining.news(left(0, 1), now).unwrap();
        assert_eq!(one, "  0 databases left, 1 old copies to be dropped");
        assert_eq!(remaining.news(left(0, 0), now).unwrap(), "  0 databases left");
        let shown = Left { previews: 2, ..Left::default() }.to_string();
        assert!(shown.starts_with("0 databases left, 2 previews: `hotelhub"), "{shown}");
    }

    #[test]
    fn a_drain_that_stands_still_says_so_now_and_then() {
        let (mut remaining, now) = (Remaining::default(), Instant::now());
        assert_eq!(remaining.news(left(3, 0), now).unwrap(), "  3 databases left");
        assert_eq!(remaining.news(left(3, 0), now + STANDSTILL / 2), None);
        let late = remaining.news(left(3, 0), now + STANDSTILL).unwrap();
        assert!(late.contains("no database has left for 120 s"), "{late}");
        assert_eq!(remaining.news(left(3, 0), now + STANDSTILL + STANDSTILL / 2), None);
        let two = remaining.news(left(2, 0), now + STANDSTILL * 2).unwrap();
        assert_eq!(two, "  2 databases left");
    }
}
