//! The rules of `pg_hba.conf`: the second layer between hotels, whatever was granted.

use super::check::{Check, Judgement, Seen};

/// In the order of the file, which is part of the rule.
pub(super) const CHECKS: &[Check] = &[Check {
    name: "pg_hba.conf",
    query: "SELECT type, array_to_string(database, ','), array_to_string(user_name, ','), \
            auth_method, error, line_number, address FROM pg_hba_file_rules",
    wanted: "`host sameuser +hotel_app … scram-sha-256`, and no rule that lets all into all or \
             asks for less than the password",
    why: "with it a hotel's login reaches only the database of its own name, and only who has its \
          password; CONNECT grants alone are one layer",
    fix: "write `host sameuser +hotel_app <networks> scram-sha-256` and below it `host all all all \
          reject`; to let this login look: GRANT SELECT ON pg_hba_file_rules and GRANT EXECUTE ON \
          FUNCTION pg_hba_file_rules()",
    judge: |seen, _| judge(seen),
}];

/// How a hotel's login proves who it is. With the others somebody else gets in: `trust` asks for
/// nothing, and a password that is sent, or an md5 hash of it, is read on the way.
const PROOFS: [&str; 2] = ["scram-sha-256", "cert"];

fn judge(seen: &Seen) -> Judgement {
    let mut has_rule = false;
    // Where nobody gets further down: over the network, and by the machine's own socket. A reject of
    // one says nothing of the other.
    let (mut is_host_closed, mut is_local_closed) = (false, false);
    for row in 0..seen.count() {
        let line = seen.text(row, 5);
        if !seen.text(row, 4).is_empty() {
            return Judgement::fault(format!("line {line}: {}", seen.text(row, 4)));
        }
        let (kind, method) = (seen.text(row, 0), seen.text(row, 3));
        let is_local = kind == "local";
        let is_closed = if is_local { is_local_closed } else { is_host_closed };
        if is_closed {
            continue;
        }
        let databases: Vec<_> = seen.text(row, 1).split(',').collect();
        let is_hotel = seen.text(row, 2).split(',').any(|it| it == "all" || it == "+hotel_app");
        // `peer` asks the machine who somebody is, and no hotel has a user there.
        if !is_hotel || (is_local && method == "peer") {
            continue;
        }
        if method == "reject" {
            let is_of_all = databases.contains(&"all");
            is_local_closed |= is_local && is_of_all;
            // One network's rule keeps only that network out.
            is_host_closed |= kind == "host" && is_of_all && seen.text(row, 6) == "all";
            continue;
        }
        let rule = format!("{kind} {} {} … {method}", seen.text(row, 1), seen.text(row, 2));
        if !databases.iter().all(|it| ["sameuser", "replication"].contains(it)) {
            let reached = seen.text(row, 1);
            return Judgement::fault(format!(
                "line {line} lets hotels' logins into {reached}: {rule}"
            ));
        }
        // No hotel's login may replicate, so that it is not asked how.
        if !databases.contains(&"sameuser") {
            continue;
        }
        if !PROOFS.contains(&method) {
            return Judgement::fault(format!("line {line} lets in who proves too little: {rule}"));
        }
        has_rule = has_rule || !is_local;
    }
    Judgement::must(has_rule, if has_rule { "sameuser +hotel_app" } else { "no rule for hotels" })
}

#[cfg(test)]
mod tests {
    use super::{
        super::check::{Verdict, seen},
        *,
    };

    const OURS: &[&str] = &["host", "sameuser", "+hotel_app", "scram-sha-256", "", "5", "10.0.0.0"];
    const REJECT: &[&str] = &["host", "all", "all", "reject", "", "6", "all"];

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
    fn a_reject_of_the_network_leaves_the_machines_own_socket_open() {
        let local: &[&str] = &["local", "all", "all", "trust", "", "7"];
        let found = judge(&seen(&[OURS, REJECT, local])).found;
        assert_eq!(found, "line 7 lets hotels' logins into all: local all all … trust");
        let none: &[&str] = &["local", "all", "all", "reject", "", "7"];
        assert_eq!(judge(&seen(&[OURS, REJECT, none, local])).verdict, Verdict::Ok);
        let open: &[&str] = &["host", "all", "all", "md5", "", "8"];
        assert_eq!(judge(&seen(&[none, open, OURS, REJECT])).verdict, Verdict::Fault);
    }

    #[test]
    fn a_rule_of_one_network_rejects_only_that() {
        let one: &[&str] = &["host", "all", "all", "reject", "", "6", "10.9.0.0"];
        let open: &[&str] = &["host", "all", "all", "scram-sha-256", "", "7", "0.0.0.0"];
        assert_eq!(judge(&seen(&[OURS, one, open])).verdict, Verdict::Fault);
        assert_eq!(judge(&seen(&[OURS, REJECT, open])).verdict, Verdict::Ok);
    }

    #[test]
    fn a_login_has_to_prove_itself() {
        for (kind, method, verdict) in [
            ("host", "trust", Verdict::Fault),
            ("host", "password", Verdict::Fault),
            ("host", "md5", Verdict::Fault),
            ("hostssl", "cert", Verdict::Ok),
            ("host", "scram-sha-256", Verdict::Ok),
            ("local", "trust", Verdict::Fault),
        ] {
            let rule: &[&str] = &[kind, "sameuser", "+hotel_app", method, "", "4", "0.0.0.0"];
            assert_eq!(judge(&seen(&[rule, OURS, REJECT])).verdict, verdict, "{kind} {method}");
        }
        let open: &[&str] = &["host", "sameuser", "+hotel_app", "trust", "", "4", "0.0.0.0"];
        let wanted = "line 4 lets in who proves too little: host sameuser +hotel_app … trust";
        assert_eq!(judge(&seen(&[open, REJECT])).found, wanted);
    }

    #[test]
    fn a_file_without_the_rule_or_with_a_mistake_is_a_fault() {
        assert_eq!(judge(&seen(&[REJECT])).found, "no rule for hotels");
        let wrong: &[&str] = &["", "", "", "", "invalid authentication method", "3"];
        assert_eq!(judge(&seen(&[wrong])).found, "line 3: invalid authentication method");
    }
}
