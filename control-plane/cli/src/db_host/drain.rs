//! `hotelhub db-host drain`: watches a server get empty.

use std::time::{Duration, Instant};

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
        let left = host.databases.unwrap_or_default();
        remaining.news(left, Instant::now()).iter().for_each(|it| hub.screen.progress(it));
        if left == 0 {
            hub.screen.quiet();
            return Ok(reply);
        }
        if host.state != "draining" {
            return Err(Failure::failed(
                format!("{} is {} now, with {left} databases left", host.name, host.state),
                format!("drain it again: `hotelhub db-host drain {}`", host.name),
            ));
        }
        hub.screen.live(&format!("  {left} databases left"));
        looks.pause().await;
    }
}

/// How many databases were left at the last change, and when that was.
#[derive(Debug, Default)]
struct Remaining {
    last: Option<(i64, Instant)>,
}

impl Remaining {
    /// A line when the number changed, or has not for long.
    fn news(&mut self, left: i64, now: Instant) -> Option<String> {
        match self.last {
            Some((before, since)) if before == left => {
                if now.duration_since(since) < STANDSTILL {
                    return None;
                }
                self.last = Some((left, now));
                Some(format!(
                    "  no database has left for {} s; look why: `hotelhub operation list --kind \
                     move_tenant`, `hotelhub db-host list`",
                    STANDSTILL.as_secs()
                ))
            }
            _ => {
                self.last = Some((left, now));
                Some(format!("  {left} databases left"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_that_stands_still_says_so_now_and_then() {
        let (mut remaining, now) = (Remaining::default(), Instant::now());
        assert_eq!(remaining.news(3, now).unwrap(), "  3 databases left");
        assert_eq!(remaining.news(3, now + STANDSTILL / 2), None);
        let late = remaining.news(3, now + STANDSTILL).unwrap();
        assert!(late.contains("no database has left for 120 s"), "{late}");
        assert_eq!(remaining.news(3, now + STANDSTILL + STANDSTILL / 2), None);
        assert_eq!(remaining.news(2, now + STANDSTILL * 2).unwrap(), "  2 databases left");
    }
}
