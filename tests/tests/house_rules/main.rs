//! The rules of the house that the compiler does not know, and the proof that each can fail.

mod rules;
mod tree;

use self::{
    rules::{
        depends_one_way, has_room, is_documented, is_introduced, is_named_for_something,
        is_portable, is_run, keeps_queries_in_stores, sends_forms_where_it_says, stands_below,
        takes_the_lints,
    },
    tree::{File, Package, files, packages},
};

#[test]
fn dependencies_point_one_way() {
    obeyed(packages(), depends_one_way);

    let upward = Package::sample("hotelhub-core", &["tenant-api"], &[]);
    assert!(depends_one_way(&upward)[0].contains("must not use `tenant-api`"));
    let tested = Package::sample("hotelhub-http", &["hotelhub-core"], &["platform-tests"]);
    assert!(depends_one_way(&tested)[0].contains("must not use `platform-tests`"));
    let stranger = Package::sample("another", &[], &[]);
    assert!(depends_one_way(&stranger)[0].contains("has no line in"));
    let fine = Package::sample("provisioner", &["migrations", "hotelhub-core", "serde"], &[]);
    assert_eq!(depends_one_way(&fine), [""; 0]);
}

#[test]
fn what_the_desk_stands_on_does_without_the_desk() {
    obeyed(files("rs"), stands_below);

    let faults =
        |code| stands_below(&File::sample("tenant-api/src/support/service.rs", code)).len();
    assert_eq!(faults("use crate::desk::Change;"), 1);
    assert_eq!(faults("use crate::{\n    audit,\n    desk,\n    jobs::Job,\n};"), 2);
    assert_eq!(faults("let it = crate::desk::Desk::of(req);"), 1);
    assert_eq!(faults("//! What the desk asks.\nlet text = \"the front desk\"; it.jobs.get();"), 0);
    let desk = File::sample("tenant-api/src/desk/mod.rs", "use crate::support;");
    assert_eq!(stands_below(&desk), [""; 0]);
}

#[test]
fn every_file_opens_by_saying_what_it_holds() {
    obeyed(files("rs"), is_introduced);

    assert_eq!(is_introduced(&File::sample("a/src/b.rs", "use std::fs;\n")).len(), 1);
    assert_eq!(is_introduced(&File::sample("a/src/b.rs", "//!\n")).len(), 1);
    assert_eq!(is_introduced(&File::sample("a/src/b.rs", "//! What b is.\n")).len(), 0);
}

#[test]
fn no_name_is_a_drawer() {
    obeyed(files("rs"), is_named_for_something);

    for path in ["a/src/utils.rs", "a/src/helpers/mail.rs", "a/src/common/mod.rs"] {
        assert_eq!(is_named_for_something(&File::sample(path, "")).len(), 1, "{path}");
    }
    assert_eq!(is_named_for_something(&File::sample("a/src/rooms/store.rs", "")).len(), 0);
}

#[test]
fn no_file_is_long() {
    obeyed(files("rs"), has_room);

    assert_eq!(has_room(&File::sample("a.rs", &"\n".repeat(501))).len(), 1);
    assert_eq!(has_room(&File::sample("a.rs", &"\n".repeat(500))).len(), 0);
}

#[test]
fn queries_stand_in_stores() {
    obeyed(files("rs"), keeps_queries_in_stores);

    let faults = |path, text| keeps_queries_in_stores(&File::sample(path, text)).len();
    let literal = "let sql = \"SELECT 1\";";
    assert_eq!(faults("tenant-api/src/rooms/routes.rs", literal), 1);
    assert_eq!(faults("control-plane/src/plans/model.rs", "sql(\"\\\n   UPDATE plans SET x\")"), 1);
    assert_eq!(faults("tenant-api/src/rooms/routes.rs", "r#\"\n  with due as (select 1)\"#"), 1);
    assert_eq!(faults("control-plane/src/plans/routes.rs", "use sea_orm::{QueryFilter};"), 1);
    assert_eq!(faults("tenant-api/src/rooms/store.rs", literal), 0);
    assert_eq!(faults("shared/jobs/src/rows.rs", literal), 0);
    assert_eq!(faults("tenant-api/src/rooms/routes.rs", "button(\"Update the room\")"), 0);
    assert_eq!(faults("tenant-api/src/rooms/routes.rs", "#[cfg(test)]\nmod t { \"SELECT 1\" }"), 0);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    obeyed(files("toml"), takes_the_lints);

    let without = File::sample("a/Cargo.toml", "[package]\nname = \"a\"\n");
    assert_eq!(takes_the_lints(&without).len(), 1);
    let own = File::sample("a/Cargo.toml", "[package]\n[lints.clippy]\nall = \"allow\"\n");
    assert_eq!(takes_the_lints(&own).len(), 1);
    let with = File::sample("a/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n");
    assert_eq!(takes_the_lints(&with).len(), 0);
}

#[test]
fn every_setting_is_documented() {
    let readme = tree::readme();
    obeyed(files("rs"), |file| is_documented(file, &readme));

    let faults = |text, readme| is_documented(&File::sample("a/src/config.rs", text), readme);
    let read = "reader.required(\"AMQP_URL\")";
    assert!(faults(read, "")[0].contains("`AMQP_URL`"));
    assert_eq!(faults("reader.or::<u32>(\n    \"SIZE\", 3)", "| `SIZES` | |").len(), 1);
    assert_eq!(faults(read, "| `AMQP_URL` | where the broker is |"), [""; 0]);
    assert_eq!(faults("assert_eq!(code, \"NOT_FOUND\")", ""), [""; 0]);
}

#[test]
fn every_test_is_run() {
    obeyed(files("rs"), is_run);

    let ignored = File::sample("a.rs", concat!("#[test]\n    #[", "ignore = \"slow\"]\nfn a() {}"));
    assert_eq!(is_run(&ignored).len(), 1);
    assert_eq!(is_run(&File::sample("a.rs", "#[test]\nfn ignores() {}")).len(), 0);
}

#[test]
fn nothing_names_a_path_outside_the_tree() {
    obeyed(files(""), is_portable);

    let foreign = File::sample("README.md", concat!("see ..", "/shared/design.md"));
    assert_eq!(is_portable(&foreign).len(), 1);
    assert_eq!(is_portable(&File::sample("README.md", "see shared/core")).len(), 0);
}

#[test]
fn no_text_chooses_where_a_form_goes() {
    obeyed(files("html"), sends_forms_where_it_says);

    let faults = |text| {
        sends_forms_where_it_says(&File::sample("tenant-api/templates/pages/a.html", text)).len()
    };
    assert_eq!(faults("<form action=\"{{ action }}\">"), 1);
    assert_eq!(faults("<form action=\"/support/{{ link }}\">"), 1);
    assert_eq!(faults("<form action=\"//elsewhere.example\">"), 1);
    assert_eq!(faults("<button formaction={{ it.id }}>"), 1);
    assert_eq!(faults("<form action=\"/jobs/{{ it.id }}/retry\">"), 0);
    assert_eq!(faults("<form method=\"post\">"), 0);
}

/// Fails with everything that `rule` finds, not only the first.
fn obeyed<T>(subjects: Vec<T>, rule: impl Fn(&T) -> Vec<String>) {
    assert!(!subjects.is_empty(), "nothing to look at: the rule would hold of itself");
    let faults: Vec<String> = subjects.iter().flat_map(rule).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
