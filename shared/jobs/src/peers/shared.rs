//! Budgets that all hotels share: one key of a peer, whatever hotel calls.
//!
//! With `REDIS_URL` every worker counts in one place. Without it, and while Redis is away, each
//! process takes its share of the budget: fewer calls than allowed, never more.

use std::time::Duration;

use hotelhub_core::{config::Reader, errors::Chain, ids::JobId};
use redis::{Client, RedisError, Script, aio::ConnectionManager};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::OnceCell, time::timeout};

use super::{Budget, Peer, fleet::Fleet};

/// A count that takes longer is made here instead.
const PATIENCE: Duration = Duration::from_millis(500);

/// Counts one call if there is room in the window (0), else says in how many milliseconds there
/// will be. By the server's clock; one step, whoever else counts.
const TAKE: &str = r"
local blocked = redis.call('PTTL', KEYS[2])
if blocked > 0 then
  return blocked
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now, ARGV[3] .. ':' .. now)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return math.max(1, oldest[2] + ARGV[2] - now)
";

/// Blocks all calls for so many milliseconds, unless they are blocked for longer.
const BLOCK: &str = r"
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
end
";

/// Reads `REDIS_URL`, which may be left out.
pub fn read_redis_url(reader: &mut Reader<'_>) -> Option<Option<SecretString>> {
    let form = "redis://name:password@host:port/0";
    reader.optional_address("REDIS_URL", form, |it| Client::open(it).is_ok())
}

/// Where calls of shared budgets are counted.
#[derive(Debug)]
pub struct SharedBudgets {
    redis: Option<Redis>,
    fleet: Fleet,
    /// Processes that share a budget without Redis.
    replicas: u32,
}

struct Redis {
    client: Client,
    connection: OnceCell<ConnectionManager>,
    take: Script,
    block: Script,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

impl SharedBudgets {
    /// Budgets that are counted in Redis if there is one, and divided among `replicas` otherwise.
    ///
    /// # Errors
    /// Fails if the address is none.
    pub fn new(
        redis_url: Option<&SecretString>,
        fleet: Fleet,
        replicas: u32,
    ) -> Result<Self, RedisError> {
        let redis = redis_url.map(|url| {
            let client = Client::open(url.expose_secret())?;
            Ok::<_, RedisError>(Redis {
                client,
                connection: OnceCell::new(),
                take: Script::new(TAKE),
                block: Script::new(BLOCK),
            })
        });
        Ok(Self { redis: redis.transpose()?, fleet, replicas: replicas.max(1) })
    }

    /// Counts one call of `peer` for `job`.
    ///
    /// # Errors
    /// Says how long to wait before asking again.
    pub async fn take(&self, peer: &Peer, budget: Budget, job: JobId) -> Result<(), Duration> {
        if let Some(redis) = &self.redis {
            match timeout(PATIENCE, redis.take(peer, budget, job)).await {
                Ok(Ok(0)) => return Ok(()),
                Ok(Ok(wait)) => return Err(Duration::from_millis(wait)),
                Ok(Err(error)) => tracing::warn!(
                    peer = peer.name, error = %Chain(&error),
                    "Redis does not count: this process keeps to its share"
                ),
                Err(_late) => tracing::warn!(
                    peer = peer.name,
                    "Redis is too slow: this process keeps to its share"
                ),
            }
            metrics::counter!("shared_budget_fallbacks_total").increment(1);
        }
        self.fleet.take(peer, self.share_of(budget))
    }

    /// Nobody takes from the budget before `wait` is over: the peer said so to one who did. Workers that
    /// Redis cannot tell find out by themselves.
    pub async fn block(&self, peer: &Peer, wait: Duration) {
        self.fleet.block(peer, wait);
        let Some(redis) = &self.redis else { return };
        match timeout(PATIENCE, redis.block(peer, wait)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = Chain(&error);
                tracing::warn!(peer = peer.name, %error, "Redis does not hear who is blocked");
            }
            Err(_late) => {
                tracing::warn!(peer = peer.name, "Redis is too slow to hear who is blocked")
            }
        }
    }

    /// What this process may call: the whole calls of its share, or one call in a longer window.
    fn share_of(&self, Budget { calls, window }: Budget) -> Budget {
        match calls / self.replicas {
            0 => Budget { calls: 1, window: window * self.replicas / calls.max(1) },
            share => Budget { calls: share, window },
        }
    }
}

impl Redis {
    async fn connect(&self) -> Result<ConnectionManager, RedisError> {
        let connect = || self.client.get_connection_manager();
        self.connection.get_or_try_init(connect).await.cloned()
    }

    async fn block(&self, peer: &Peer, wait: Duration) -> Result<(), RedisError> {
        let mut connection = self.connect().await?;
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut call = self.block.key(blocked(peer));
        call.arg(wait).invoke_async(&mut connection).await
    }

    async fn take(&self, peer: &Peer, budget: Budget, job: JobId) -> Result<u64, RedisError> {
        let mut connection = self.connect().await?;
        let window = u64::try_from(budget.window.as_millis()).unwrap_or(u64::MAX);
        self.take
            .key(format!("hotelhub:budget:{}", peer.name))
            .key(blocked(peer))
            .arg(budget.calls)
            .arg(window)
            .arg(job.to_string())
            .invoke_async(&mut connection)
            .await
    }
}

fn blocked(peer: &Peer) -> String {
    format!("hotelhub:budget:{}:blocked", peer.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_whole_calls_or_one_call_in_a_longer_time() {
        let budgets = |replicas| SharedBudgets::new(None, Fleet::default(), replicas).unwrap();
        let budget = Budget { calls: 10, window: Duration::from_secs(60) };
        let three = Budget { calls: 3, ..budget };
        assert_eq!(budgets(3).share_of(budget), three);
        let rarely = Budget { calls: 1, window: Duration::from_secs(192) };
        assert_eq!(budgets(32).share_of(budget), rarely);
    }
}
