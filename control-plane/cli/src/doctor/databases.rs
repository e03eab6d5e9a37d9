//! The databases: how many, the templates, and who may enter.

use super::check::{Budget, Check, Judgement, Seen};

/// What one server was measured with, if nothing is registered.
const USUAL_DATABASES: i64 = 1000;

/// Templates that the provisioner built; `template0` and `template1` have no underscore. One that is
/// not marked yet is under way as long as a provisioner holds the lock for building it. A vacuum that the
/// server began by itself is no session that a copy waits for: the server ends it.
const TEMPLATES: &str = "SELECT datname, datistemplate, datallowconn, age(datfrozenxid), \
    current_setting('autovacuum_freeze_max_age'), \
    (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid \
       AND a.backend_type <> 'autovacuum worker'), \
    NOT datistemplate AND EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' \
      AND l.objsubid = 1 AND ((l.classid::bigint << 32) | l.objid::bigint) = 114827903462402 \
      AND l.granted) \
    FROM pg_database d WHERE datname LIKE 'template\\_%' ORDER BY datname";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "number of databases",
        query: "SELECT count(*) FROM pg_database WHERE datname ~ '^tenant_[0-9a-f]{32}$'",
        wanted: "at most as many as registered",
        why: "the limit of a server is files and checkpoints: 1,000 hotels are 985,204 files, and \
              one more is dropped in 0.6 s rather than 0.1 s",
        fix: "hotelhub db-host cordon HOST, and add another server",
        judge: judge_number,
    },
    Check {
        name: "template is marked",
        query: TEMPLATES,
        wanted: "IS_TEMPLATE true",
        why: "a template without the mark can be dropped by mistake, and nobody can sign up",
        fix: "ALTER DATABASE … WITH IS_TEMPLATE true",
        judge: |seen, _| judge_templates(seen, |row| !seen.holds(row, 1), "WITH IS_TEMPLATE true"),
    },
    Check {
        name: "template is closed",
        query: TEMPLATES,
        wanted: "ALLOW_CONNECTIONS false",
        why: "a copy waits 5.0 s for a session inside the template and then fails",
        fix: "ALTER DATABASE … WITH ALLOW_CONNECTIONS false",
        judge: |seen, _| {
            judge_templates(seen, |row| seen.holds(row, 2), "WITH ALLOW_CONNECTIONS false")
        },
    },
    Check {
        name: "template is empty",
        query: TEMPLATES,
        wanted: "without sessions",
        why: "a copy waits 5.0 s for a session inside the template and then fails",
        fix: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE \
              'template\\_%'",
        judge: |seen, _| {
            let inside =
                |row| !is_under_way(seen, row) && seen.number(row, 5).is_some_and(|it| it > 0.0);
            let names = seen.names(inside);
            if seen.count() == 0 { missing() } else { Judgement::nobody(&names, "nobody inside") }
        },
    },
    Check {
        name: "template is frozen",
        query: TEMPLATES,
        wanted: "younger than half of autovacuum_freeze_max_age",
        why: "each copy inherits the template's age: hotels made from an old one have to be \
              frozen all in one night",
        fix: "start a provisioner of a newer schema, or drop the template: it is built anew",
        judge: |seen, _| {
            let old = |row| match (seen.number(row, 3), seen.number(row, 4)) {
                (Some(age), Some(limit)) => age * 2.0 > limit,
                _ => true,
            };
            if seen.count() == 0 {
                return missing();
            }
            let ages: Vec<_> = (0..seen.count()).map(|row| seen.text(row, 3)).collect();
            let names = seen.names(old);
            let found = format!("age {}", ages.join(", "));
            if names.is_empty() { Judgement::ok(found) } else { Judgement::warning(found) }
        },
    },
    Check {
        name: "postgres, template1",
        query: "SELECT datname FROM pg_database WHERE datname IN ('postgres', 'template1') \
                AND datallowconn AND has_database_privilege('public', oid, 'CONNECT') \
                ORDER BY datname",
        wanted: "closed to PUBLIC",
        why: "a hotel's login that gets out of its database must find no other open door",
        fix: "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC",
        judge: |seen, _| judge_doors(seen, "closed to PUBLIC"),
    },
    Check {
        name: "hotels' databases",
        query: "SELECT datname FROM pg_database WHERE datname ~ '^tenant_[0-9a-f]{32}$' \
                AND datallowconn AND has_database_privilege('public', oid, 'CONNECT') \
                ORDER BY datname",
        wanted: "closed to PUBLIC",
        why: "any hotel's login may enter a database that is open to PUBLIC: one of the two \
              layers between hotels is missing",
        fix: "REVOKE CONNECT ON DATABASE … FROM PUBLIC",
        judge: |seen, _| judge_doors(seen, "every one is closed to PUBLIC"),
    },
];

fn judge_number(seen: &Seen, budget: &Budget) -> Judgement {
    let Ok(count) = seen.text(0, 0).parse::<i64>() else {
        return Judgement::warning("could not look: the server gave no number");
    };
    match budget.max_databases {
        Some(registered) => {
            let found = format!("{count} of {registered} registered");
            match count {
                it if it > registered => Judgement::fault(found),
                // Room for what is signed up while another server is made ready.
                it if it * 10 > registered * 9 => Judgement::warning(found),
                _ => Judgement::ok(found),
            }
        }
        None => Judgement::should(count <= USUAL_DATABASES, count.to_string()),
    }
}

fn judge_templates(seen: &Seen, wrong: impl Fn(usize) -> bool, fix: &str) -> Judgement {
    if seen.count() == 0 {
        return missing();
    }
    let names = seen.names(|row| wrong(row) && !is_under_way(seen, row));
    let under_way = seen.names(|row| wrong(row) && is_under_way(seen, row));
    if let ([], [name, ..]) = (names.as_slice(), under_way.as_slice()) {
        return Judgement::warning(format!("{name} is being built"))
            .fix("nothing; look again in a few seconds");
    }
    let fixes: Vec<_> = names.iter().map(|it| format!("ALTER DATABASE {it} {fix};")).collect();
    let fine = format!("{} of {}", seen.count(), seen.count());
    Judgement::nobody(&names, &fine).fix(fixes.join(" "))
}

fn is_under_way(seen: &Seen, row: usize) -> bool {
    seen.holds(row, 6)
}

/// A new server has none for a few seconds; without one nobody can sign up there.
fn missing() -> Judgement {
    Judgement::warning("no template yet")
        .fix("wait for the provisioner, which builds it; see its log")
}

fn judge_doors(seen: &Seen, fine: &str) -> Judgement {
    let names = seen.names(|_| true);
    let fix = format!("REVOKE CONNECT ON DATABASE {} FROM PUBLIC", names.join(", "));
    Judgement::nobody(&names, fine).fix(fix)
}

#[cfg(test)]
mod tests {
    use super::{
        super::check::{Verdict, named, seen},
        *,
    };

    fn judge(name: &str, rows: &[&[&str]], budget: Budget) -> Judgement {
        (named(CHECKS, name).judge)(&seen(rows), &budget)
    }

    #[test]
    fn a_full_server_is_told_before_and_after() {
        let budget = Budget { max_databases: Some(100), ..Budget::default() };
        let verdict = |count| judge("number of databases", &[&[count]], budget).verdict;
        assert_eq!(
            ["90", "91", "101"].map(verdict),
            [Verdict::Ok, Verdict::Warning, Verdict::Fault]
        );
    }

    #[test]
    fn a_template_has_to_be_marked_closed_empty_and_young() {
        let names = ["is marked", "is closed", "is empty", "is frozen"];
        let verdicts = |rows: &[&[&str]]| {
            names.map(|it| judge(&format!("template {it}"), rows, Budget::default()).verdict)
        };
        let good: &[&str] = &["template_5_ab", "t", "f", "120", "200000000", "0"];
        assert_eq!(verdicts(&[good]), [Verdict::Ok; 4]);
        let bad: &[&str] = &["template_5_ab", "f", "t", "150000000", "200000000", "1"];
        let wrong = [Verdict::Fault, Verdict::Fault, Verdict::Fault, Verdict::Warning];
        assert_eq!(verdicts(&[good, bad]), wrong);
        assert_eq!(verdicts(&[]), [Verdict::Warning; 4]);
    }

    #[test]
    fn a_template_that_is_being_built_is_not_to_be_touched() {
        let judge = |name, rows: &[&[&str]]| judge(name, rows, Budget::default());
        let half: &[&str] = &["template_6_cd", "f", "t", "120", "200000000", "1", "t"];
        let wanted = Judgement::warning("template_6_cd is being built")
            .fix("nothing; look again in a few seconds");
        assert_eq!(judge("template is marked", &[half]), wanted);
        assert_eq!(judge("template is closed", &[half]), wanted);
        assert_eq!(judge("template is empty", &[half]).verdict, Verdict::Ok);
        let open: &[&str] = &["template_5_ab", "t", "t", "120", "200000000", "0", "f"];
        let fault = Judgement::fault("template_5_ab")
            .fix("ALTER DATABASE template_5_ab WITH ALLOW_CONNECTIONS false;");
        assert_eq!(judge("template is closed", &[open, half]), fault);
    }

    #[test]
    fn an_open_door_is_named() {
        let open = judge("hotels' databases", &[&["tenant_a"], &["tenant_b"]], Budget::default());
        let wanted = Judgement::fault("tenant_a, tenant_b")
            .fix("REVOKE CONNECT ON DATABASE tenant_a, tenant_b FROM PUBLIC");
        assert_eq!(open, wanted);
        assert_eq!(judge("postgres, template1", &[], Budget::default()).verdict, Verdict::Ok);
    }
}
