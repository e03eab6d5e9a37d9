//! The rights of the admin login, which is the provisioner's.

use super::check::{Check, Judgement, Seen};

/// What the login may by itself.
const ATTRIBUTES: &str = "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles \
                          WHERE rolname = current_user";

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "admin is no superuser",
        query: ATTRIBUTES,
        wanted: "a login of its own with CREATEDB and CREATEROLE",
        why: "the provisioner needs no more, and whoever takes it over would have every hotel and \
              the machine",
        fix: "CREATE ROLE hotelhub_provisioner LOGIN CREATEDB CREATEROLE PASSWORD …",
        judge: |seen, _| Judgement::should(!seen.holds(0, 1), seen.text(0, 0)),
    },
    Check {
        name: "admin makes databases",
        query: ATTRIBUTES,
        wanted: "CREATEDB and CREATEROLE",
        why: "each hotel is a database and a role that the provisioner makes",
        fix: "ALTER ROLE … CREATEDB CREATEROLE",
        judge: judge_makes,
    },
    Check {
        name: "admin grants hotel_app",
        query: "SELECT to_regrole('hotel_app') IS NOT NULL, \
                coalesce(pg_has_role(to_regrole('hotel_app'), 'MEMBER WITH ADMIN OPTION'), false)",
        wanted: "membership WITH ADMIN OPTION",
        why: "each hotel's role becomes a member, and only who has the option can make it one",
        fix: "GRANT hotel_app TO … WITH ADMIN OPTION",
        judge: |seen, _| judge_membership(seen, "hotel_app"),
    },
    Check {
        name: "admin acts as hotel_owner",
        query: "SELECT to_regrole('hotel_owner') IS NOT NULL, \
                coalesce(pg_has_role(to_regrole('hotel_owner'), 'MEMBER'), false)",
        wanted: "membership",
        why: "that role owns every hotel's database and runs its migrations",
        fix: "GRANT hotel_owner TO …",
        judge: |seen, _| judge_membership(seen, "hotel_owner"),
    },
    Check {
        name: "admin ends sessions",
        query: "SELECT true, pg_has_role('pg_signal_backend', 'MEMBER')",
        wanted: "membership of pg_signal_backend",
        why: "a retired copy's sessions are ended, and a database with sessions cannot be dropped",
        fix: "GRANT pg_signal_backend TO …",
        judge: |seen, _| {
            let is_member = seen.holds(0, 1);
            Judgement::must(is_member, if is_member { "may" } else { "may not" })
        },
    },
    Check {
        name: "admin enters its database",
        query: "SELECT current_database(), EXISTS (SELECT FROM pg_database d, \
                aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a \
                WHERE d.datname = current_database() AND a.privilege_type = 'CONNECT' \
                AND a.grantee <> 0 AND pg_has_role(a.grantee, 'USAGE'))",
        wanted: "a CONNECT of its own",
        why: "the provisioner takes PUBLIC's away, and must not lock itself out",
        fix: "GRANT CONNECT ON DATABASE … TO …",
        judge: |seen, _| Judgement::must(seen.holds(0, 1), seen.text(0, 0)),
    },
];

fn judge_makes(seen: &Seen, _: &super::check::Budget) -> Judgement {
    let is_superuser = seen.holds(0, 1);
    let lacking: Vec<_> = [(2, "CREATEDB"), (3, "CREATEROLE")]
        .into_iter()
        .filter(|(column, _)| !is_superuser && !seen.holds(0, *column))
        .map(|(_, right)| right)
        .collect();
    if lacking.is_empty() {
        return Judgement::ok("CREATEDB, CREATEROLE");
    }
    let fix = format!("ALTER ROLE {} {}", seen.text(0, 0), lacking.join(" "));
    Judgement::fault(format!("{} lacks {}", seen.text(0, 0), lacking.join(", "))).fix(fix)
}

fn judge_membership(seen: &Seen, group: &str) -> Judgement {
    match (seen.holds(0, 0), seen.holds(0, 1)) {
        (true, true) => Judgement::ok("may"),
        (true, false) => Judgement::fault("may not"),
        // The provisioner makes it, and whoever makes a role may grant it.
        (false, _) => Judgement::ok(format!("the provisioner will make {group}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::check::{Budget, Verdict, named, seen},
        *,
    };

    fn judge(name: &str, cells: &[&str]) -> Judgement {
        (named(CHECKS, name).judge)(&seen(&[cells]), &Budget::default())
    }

    #[test]
    fn a_login_that_lacks_a_right_gets_the_line_for_it() {
        let wanted = Judgement::fault("ayu lacks CREATEROLE").fix("ALTER ROLE ayu CREATEROLE");
        assert_eq!(judge("admin makes databases", &["ayu", "f", "t", "f"]), wanted);
        let superuser = ["postgres", "t", "f", "f"];
        assert_eq!(judge("admin makes databases", &superuser).verdict, Verdict::Ok);
        assert_eq!(judge("admin is no superuser", &superuser).verdict, Verdict::Warning);
    }

    #[test]
    fn a_group_that_is_not_there_yet_is_no_fault() {
        let verdict = |cells: [&str; 2]| judge("admin grants hotel_app", &cells).verdict;
        assert_eq!(verdict(["f", "f"]), Verdict::Ok);
        assert_eq!(verdict(["t", "f"]), Verdict::Fault);
        assert_eq!(verdict(["t", "t"]), Verdict::Ok);
    }
}
