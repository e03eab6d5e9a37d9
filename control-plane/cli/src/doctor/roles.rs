//! The hotels' login roles: no rights beyond their own database.

use super::check::{Check, Judgement};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "hotels' roles: rights",
        query: "SELECT rolname FROM pg_roles WHERE rolname ~ '^tenant_[0-9a-f]{32}$' \
                AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls) \
                ORDER BY rolname",
        wanted: "without rights of their own",
        why: "a hotel's login that may make roles or databases reaches other hotels",
        fix: "ALTER ROLE … NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
        judge: |seen, _| {
            let names = seen.names(|_| true);
            Judgement::nobody(&names, "none has any").fix(for_each(
                &names,
                "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
            ))
        },
    },
    Check {
        name: "hotels' roles: hotel_app",
        query: "SELECT rolname FROM pg_roles WHERE rolname ~ '^tenant_[0-9a-f]{32}$' \
                AND NOT coalesce(pg_has_role(oid, to_regrole('hotel_app'), 'MEMBER'), false) \
                ORDER BY rolname",
        wanted: "members of hotel_app",
        why: "the rules of pg_hba.conf and every grant name that group: a role outside it is not \
              kept to its own database",
        fix: "GRANT hotel_app TO …",
        judge: |seen, _| {
            let names = seen.names(|_| true);
            Judgement::nobody(&names, "every one is a member")
                .fix(format!("GRANT hotel_app TO {}", names.join(", ")))
        },
    },
    Check {
        name: "hotels' roles: limit",
        query: "SELECT rolname FROM pg_roles WHERE rolname ~ '^tenant_[0-9a-f]{32}$' \
                AND rolconnlimit < 0 ORDER BY rolname",
        wanted: "with a CONNECTION LIMIT",
        why: "without it one hotel can take every seat; each one costs up to 6.2 MB",
        fix: "ALTER ROLE … CONNECTION LIMIT 16",
        judge: |seen, _| {
            let names = seen.names(|_| true);
            Judgement::nobody(&names, "every one has one")
                .fix(for_each(&names, "CONNECTION LIMIT 16"))
        },
    },
];

fn for_each(roles: &[&str], change: &str) -> String {
    let lines: Vec<_> = roles.iter().map(|it| format!("ALTER ROLE {it} {change};")).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{
        super::check::{Budget, Verdict, seen},
        *,
    };

    #[test]
    fn a_role_that_may_too_much_is_named_with_its_line() {
        for check in CHECKS {
            let fine = (check.judge)(&seen(&[]), &Budget::default());
            assert_eq!(fine.verdict, Verdict::Ok, "{}", check.name);
            let wrong = (check.judge)(&seen(&[&["tenant_a"]]), &Budget::default());
            assert_eq!((wrong.verdict, &*wrong.found), (Verdict::Fault, "tenant_a"));
            assert!(
                check.finding(wrong).text().contains("TO tenant_a") || check.fix.contains("ALTER")
            );
        }
    }
}
