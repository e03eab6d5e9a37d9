//! The rules of `pg_hba.conf`: the second layer between hotels, whatever was granted.

use super::check::{Check, Judgement, Seen};

/// In the order of the file, which is part of the rule.
pub(super) const CHECKS: &[Check] = &[Check {
    name: "pg_hba.conf",
    query: "SELECT type, array_to_string(database, ','), array_to_string(user_name, ','), \
            auth_method, error, line_number FROM pg_hba_file_rules",
    wanted: "`host sameuser +hotel_app … scram-sha-256`, and no rule that lets all into all",
    why: "with it a hotel's login reaches only the database of its own name; CONNECT grants alone \
          are one layer",
    fix: "write `host sameuser +hotel_app <networks> scram-sha-256` and below it `host all all all \
          reject`; to let this login look: GRANT SELECT ON pg_hba_file_rules and GRANT EXECUTE ON \
          FUNCTION pg_hba_file_rules()",
    judge: |seen, _| judge(seen),
}];

fn judge(seen: &Seen) -> Judgement {
    let mut has_rule = false;
    for row in 0..seen.count() {
        let line = seen.text(row, 5);
        if !seen.text(row, 4).is_empty() {
            return Judgement::fault(format!("line {line}: {}", seen.text(row, 4)));
        }
        let (kind, method) = (seen.text(row, 0), seen.text(row, 3));
        let databases: Vec<_> = seen.text(row, 1).split(',').collect();
        let is_hotel = seen.text(row, 2).split(',').any(|it| it == "all" || it == "+hotel_app");
        // `peer` asks the machine who somebody is, and no hotel has a user there.
        if !is_hotel || (kind == "local" && method == "peer") {
            continue;
        }
        if method == "reject" {
            // Nobody gets further down than this.
            if kind == "host" && databases.contains(&"all") {
                break;
            }
            continue;
        }
        if databases.iter().all(|it| ["sameuser", "replication"].contains(it)) {
            has_rule = has_rule || (kind != "local" && databases.contains(&"sameuser"));
            continue;
        }
        return Judgement::fault(format!(
            "line {line} lets hotels' logins into {}: {kind} {} {} … {method}",
            seen.text(row, 1),
            seen.text(row, 1),
            seen.text(row, 2)
        ));
    }
    Judgement::must(has_rule, if has_rule { "sameuser +hotel_app" } else { "no rule for hotels" })
}

#[cfg(test)]
mod tests {
    use super::{
        super::check::{Verdict, seen},
        *,
    };

    const OURS: &[&str] = &["host", "sameuser", "+hotel_app", "scram-sha-256", "", "5"];
    const REJECT: &[&str] = &["host", "all", "all", "reject", "", "6"];

    #[test]
    fn the_rules_of_the_readme_are_fine() {
        let rules: &[&[&str]] = &[
            &["local", "all", "postgres", "trust", "", "1"],
            &["local", "all", "all", "peer", "", "2"],
            &["host", "all", "hotelhub_provisioner", "scram-sha-256", "", "3"],
            &["host", "hotelhub_control", "hotelhub_control", "scram-sha-256", "", "4"],
            OURS,
            REJECT,
        ];
        assert_eq!(judge(&seen(rules)), Judgement::ok("sameuser +hotel_app"));
    }

    #[test]
    fn a_rule_that_lets_all_into_all_counts_only_where_it_is_reached() {
        let open: &[&str] = &["host", "all", "all", "md5", "", "9"];
        assert_eq!(judge(&seen(&[OURS, REJECT, open])).verdict, Verdict::Ok);
        let found = judge(&seen(&[open, OURS, REJECT])).found;
        assert_eq!(found, "line 9 lets hotels' logins into all: host all all … md5");
        let local: &[&str] = &["local", "all", "all", "trust", "", "1"];
        assert_eq!(judge(&seen(&[local, OURS, REJECT])).verdict, Verdict::Fault);
    }

    #[test]
    fn a_file_without_the_rule_or_with_a_mistake_is_a_fault() {
        assert_eq!(judge(&seen(&[REJECT])).found, "no rule for hotels");
        let wrong: &[&str] = &["", "", "", "", "invalid authentication method", "3"];
        assert_eq!(judge(&seen(&[wrong])).found, "line 3: invalid authentication method");
    }
}
