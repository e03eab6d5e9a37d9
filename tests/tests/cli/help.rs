//! What the executable says of itself, and of what was wrongly typed.

use crate::operator::Operator;

#[tokio::test]
async fn each_group_explains_itself() {
    let operator = Operator::new();
    let groups: [&[&str]; 11] = [
        &[],
        &["login"],
        &["tenant"],
        &["backup"],
        &["operation"],
        &["migrate"],
        &["jobs"],
        &["user"],
        &["audit"],
        &["domain"],
        &["db-host"],
    ];
    for group in groups {
        let said = operator.run(&[group, &["--help"]].concat()).await.done();
        let name = format!("help_{}", group.first().unwrap_or(&"hotelhub"));
        insta::assert_snapshot!(name, said);
    }
}

#[tokio::test]
async fn what_is_wrongly_typed_is_refused_before_anything_is_done() {
    let operator = Operator::new();
    let wrong: [&[&str]; 11] = [
        &["tenant", "explode"],
        &["tenant", "suspend", "mandala"],
        &["tenant", "delete", "mandala"],
        &["tenant", "import", "mandala", "mandala.zip", "--end", "discard"],
        &["operation", "show", "not-an-id"],
        &["jobs", "pause", "--reason", "all of them"],
        &["jobs", "resume", "mandala"],
        &["jobs", "replay", "--error", "HTTP_500"],
        &["jobs", "replay", "--all", "01890a5d-ac96-774b-bcce-b302099a8057"],
        &["jobs", "cancel", "01890a5d-ac96-774b-bcce-b302099a8057"],
        // Nobody said where the control plane is.
        &["tenant", "list"],
    ];
    for args in wrong {
        operator.run(args).await.refused(2);
    }
    let home = ["--url", "http://127.0.0.1:1", "tenant", "show", ".."];
    assert!(operator.run(&home).await.refused(2).contains("names nothing"));
}

#[tokio::test]
async fn a_control_plane_that_is_not_there_has_its_own_exit_code() {
    let operator = Operator::new();
    let said = operator.run(&["--url", "http://127.0.0.1:1", "tenant", "list"]).await.refused(3);
    assert!(said.contains("http://127.0.0.1:1/ does not answer"), "{said}");
    assert!(said.contains("next: check the address"), "{said}");

    let said = operator.run(&["--json", "--url", "http://127.0.0.1:1", "tenant", "list"]).await;
    let error: serde_json::Value = serde_json::from_str(&said.refused(3)).unwrap();
    assert_eq!(error["error"]["code"], "UNREACHABLE");
}
