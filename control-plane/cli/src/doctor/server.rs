//! The settings of the server as a whole.

use super::check::{Budget, Check, Judgement, Seen};

/// Seats that are kept for superusers and, since PostgreSQL 16, for `pg_use_reserved_connections`.
const CONNECTIONS: &str = "SELECT current_setting('max_connections')::int, \
    current_setting('superuser_reserved_connections')::int \
    + coalesce(current_setting('reserved_connections', true), '0')::int";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "server_version",
        query: "SELECT current_setting('server_version'), current_setting('server_version_num')",
        wanted: "15 or newer",
        why: "older ones have no STRATEGY for copies of a template, and PUBLIC may write into \
              every schema `public`",
        fix: "move the hotels to a newer server",
        judge: |seen, _| Judgement::must(at_least(seen, 150_000.0), seen.text(0, 0)),
    },
    Check {
        name: "recovery_init_sync_method",
        query: "SELECT current_setting('recovery_init_sync_method')",
        wanted: "syncfs",
        why: "after a crash, a server with 1,000 databases was away for 80 to 146 s with fsync, \
              and for 1.4 to 2.1 s with syncfs",
        fix: "ALTER SYSTEM SET recovery_init_sync_method = 'syncfs'; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::must(seen.text(0, 0) == "syncfs", seen.text(0, 0)),
    },
    Check {
        name: "fsync",
        query: "SELECT current_setting('fsync')",
        wanted: "on",
        why: "without it a crash of the machine can destroy every hotel's data",
        fix: "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::must(seen.text(0, 0) == "on", seen.text(0, 0)),
    },
    Check {
        name: "full_page_writes",
        query: "SELECT current_setting('full_page_writes')",
        wanted: "on",
        why: "without them a page that was half written when the machine crashed stays damaged",
        fix: "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::must(seen.text(0, 0) == "on", seen.text(0, 0)),
    },
    Check {
        name: "autovacuum_naptime",
        query: "SELECT current_setting('autovacuum_naptime'), setting FROM pg_settings \
                WHERE name = 'autovacuum_naptime'",
        wanted: "5min or more",
        why: "with 1,000 databases in use, looking round cost 2.5 CPU-seconds a minute at 1min, \
              and 0.8 at 10min",
        fix: "ALTER SYSTEM SET autovacuum_naptime = '5min'; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::should(at_least(seen, 300.0), seen.text(0, 0)),
    },
    Check {
        name: "checkpoint_timeout",
        query: "SELECT current_setting('checkpoint_timeout'), setting FROM pg_settings \
                WHERE name = 'checkpoint_timeout'",
        wanted: "15min or more",
        why: "a checkpoint syncs every file that changed, 983 a hotel: after 684 new databases \
              one took 189.6 s",
        fix: "ALTER SYSTEM SET checkpoint_timeout = '30min'; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::should(at_least(seen, 900.0), seen.text(0, 0)),
    },
    Check {
        name: "checkpoint_completion_target",
        query: "SELECT current_setting('checkpoint_completion_target'), \
                current_setting('checkpoint_completion_target')",
        wanted: "0.9 or more",
        why: "the work of a checkpoint is spread over this part of the time until the next; done \
              at once it holds up every hotel",
        fix: "ALTER SYSTEM SET checkpoint_completion_target = 0.9; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::should(at_least(seen, 0.9), seen.text(0, 0)),
    },
    Check {
        name: "max_wal_size",
        query: "SELECT current_setting('max_wal_size'), setting FROM pg_settings \
                WHERE name = 'max_wal_size'",
        wanted: "2GB or more",
        why: "each new hotel writes 6.0 MB of log; a burst of 170 fills 1GB and forces a \
              checkpoint in the middle",
        fix: "ALTER SYSTEM SET max_wal_size = '4GB'; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::should(at_least(seen, 2048.0), seen.text(0, 0)),
    },
    Check {
        name: "max_connections",
        query: CONNECTIONS,
        wanted: "the registered connections, with the reserved seats beside them",
        why: "the platform opens as many as it was told; those beyond are refused, and hotels \
              answer 503",
        fix: "ALTER SYSTEM SET max_connections = …; then restart the server",
        judge: judge_connections,
    },
    Check {
        name: "superuser_reserved",
        query: "SELECT current_setting('superuser_reserved_connections'), \
                current_setting('superuser_reserved_connections')",
        wanted: "3 or more",
        why: "when every seat is taken, somebody must still get in to look",
        fix: "ALTER SYSTEM SET superuser_reserved_connections = 3; then restart the server",
        judge: |seen, _| match seen.number(0, 1) {
            Some(it) if it >= 1.0 => Judgement::should(it >= 3.0, seen.text(0, 0)),
            _ => Judgement::fault(seen.text(0, 0)),
        },
    },
    Check {
        name: "connection_check",
        query: "SELECT set_config('client_connection_check_interval', '1000', true)",
        wanted: "client_connection_check_interval that can be set",
        why: "with it a server notices within 1 s that a provisioner died; without, its statement \
              and locks last until the statement ends",
        fix: "run the server on an operating system that tells it of closed connections: Linux",
        judge: |_, _| Judgement::ok("can be set"),
    },
    Check {
        name: "password_encryption",
        query: "SELECT current_setting('password_encryption')",
        wanted: "scram-sha-256",
        why: "whoever reads an md5 hash can log in with it",
        fix: "ALTER SYSTEM SET password_encryption = 'scram-sha-256'; SELECT pg_reload_conf();",
        judge: |seen, _| Judgement::must(seen.text(0, 0) == "scram-sha-256", seen.text(0, 0)),
    },
];

/// Whether the number in the second column is at least this.
fn at_least(seen: &Seen, least: f64) -> bool {
    seen.number(0, 1).is_some_and(|it| it >= least)
}

fn judge_connections(seen: &Seen, budget: &Budget) -> Judgement {
    let (Ok(all), Ok(reserved)) = (seen.text(0, 0).parse::<i64>(), seen.text(0, 1).parse::<i64>())
    else {
        return Judgement::warning("could not look: the server gave no numbers");
    };
    let free = all - reserved;
    match budget.max_connections {
        None => Judgement::ok(format!(
            "{all} with {reserved} reserved; name the host to compare with what is registered"
        )),
        Some(registered) => {
            let found = format!("{all} with {reserved} reserved, {registered} are registered");
            Judgement::must(free >= registered, found).fix(format!(
                "ALTER SYSTEM SET max_connections = {}; then restart the server",
                registered + reserved
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::check::{Verdict, named, seen},
        *,
    };

    fn verdict(name: &str, cells: &[&str], budget: Budget) -> Verdict {
        (named(CHECKS, name).judge)(&seen(&[cells]), &budget).verdict
    }

    #[test]
    fn each_setting_has_a_limit() {
        let cases: [(&str, &[&str], Verdict); 14] = [
            ("server_version", &["14.9", "140009"], Verdict::Fault),
            ("server_version", &["15.1", "150001"], Verdict::Ok),
            ("recovery_init_sync_method", &["fsync"], Verdict::Fault),
            ("fsync", &["off"], Verdict::Fault),
            ("full_page_writes", &["on"], Verdict::Ok),
            ("autovacuum_naptime", &["1min", "60"], Verdict::Warning),
            ("autovacuum_naptime", &["5min", "300"], Verdict::Ok),
            ("checkpoint_timeout", &["5min", "300"], Verdict::Warning),
            ("checkpoint_completion_target", &["0.5", "0.5"], Verdict::Warning),
            ("max_wal_size", &["1GB", "1024"], Verdict::Warning),
            ("superuser_reserved", &["0", "0"], Verdict::Fault),
            ("superuser_reserved", &["1", "1"], Verdict::Warning),
            ("superuser_reserved", &["3", "3"], Verdict::Ok),
            ("password_encryption", &["md5"], Verdict::Fault),
        ];
        for (name, cells, wanted) in cases {
            assert_eq!(verdict(name, cells, Budget::default()), wanted, "{name} {cells:?}");
        }
    }

    #[test]
    fn reserved_seats_are_not_the_platforms() {
        let budget = |it| Budget { max_connections: Some(it), ..Budget::default() };
        assert_eq!(verdict("max_connections", &["200", "3"], budget(197)), Verdict::Ok);
        assert_eq!(verdict("max_connections", &["200", "3"], budget(198)), Verdict::Fault);
    }
}
