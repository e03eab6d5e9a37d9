//! The doctor, on servers that are set as production is and as it must not be.

use platform_tests::{
    postgres::{PostgresServer, PostgresUrls, Preset, connect},
    waiting::eventually,
};
use url::Url;

use crate::{
    ground::SOON,
    operator::{Operator, Said},
};

const HOTEL: &str = "tenant_00000000000000000000000000000001";

async fn examine(admin: &Url, more: &[&str]) -> Said {
    let args = [&["db-host", "doctor", "--admin-url-stdin"], more].concat();
    Operator::new().run_with(&args, admin.as_str()).await
}

/// The report without the machine's version, the server's port, and how many transactions it has
/// made.
fn report(said: &str, urls: &PostgresUrls) -> String {
    let said = said.replace(&format!("{}:{}\n", urls.host(), urls.port()), "…\n");
    let lines = said.lines().filter(|it| !it.contains("server_version"));
    let steady = lines.map(|it| match it.split_once("is frozen ") {
        Some((name, _)) => format!("{name}is frozen …"),
        None => it.to_owned(),
    });
    steady.collect::<Vec<_>>().join("\n")
}

async fn run(server: &PostgresServer, database: &str, statements: &[&str]) {
    let mut url = server.urls().unwrap().superuser;
    url.set_path(&format!("/{database}"));
    let client = connect(&url).await.unwrap();
    for statement in statements {
        client.simple_query(statement).await.unwrap();
    }
}

/// A template and a hotel as the provisioner leaves them.
async fn furnish(server: &PostgresServer) {
    run(
        server,
        "postgres",
        &[
            "CREATE DATABASE template_5_ab TEMPLATE template0 OWNER hotel_owner",
            "ALTER DATABASE template_5_ab WITH IS_TEMPLATE true ALLOW_CONNECTIONS false",
            &format!("CREATE ROLE {HOTEL} LOGIN CONNECTION LIMIT 16 IN ROLE hotel_app"),
            &format!("CREATE DATABASE {HOTEL} TEMPLATE template0 OWNER hotel_owner"),
            &format!("REVOKE ALL ON DATABASE {HOTEL} FROM PUBLIC"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_server_that_is_set_as_production_is_carries_hotels() {
    let server = PostgresServer::temporary(Preset::Durable).await.unwrap();
    furnish(&server).await;
    let urls = server.urls().unwrap();

    let said = examine(&urls.provisioner, &[]).await.done();
    insta::assert_snapshot!("doctor_of_a_good_server", report(&said, &urls));

    let strict = examine(&urls.provisioner, &["--strict"]).await.refused(1);
    assert!(strict.contains("the server is not fit: 0 faults, "), "{strict}");
    let superuser = examine(&urls.superuser, &["--json"]).await.json();
    let verdict = |check: &str| {
        let found =
            superuser["findings"].as_array().unwrap().iter().find(|it| it["check"] == check);
        found.unwrap()["verdict"].clone()
    };
    let place = format!("{}:{}", urls.host(), urls.port());
    assert_eq!(superuser["server"], place.as_str());
    assert_eq!(verdict("pg_hba.conf"), "ok");
    assert_eq!(verdict("admin is no superuser"), "warning");
}

#[tokio::test]
async fn a_server_that_is_set_badly_is_refused_with_the_lines_to_set() {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    furnish(&server).await;
    let other = "tenant_00000000000000000000000000000002";
    run(
        &server,
        "postgres",
        &[
            "ALTER SYSTEM SET checkpoint_completion_target = 0.5",
            "ALTER SYSTEM SET password_encryption = 'md5'",
            "SELECT pg_reload_conf()",
            "ALTER DATABASE template_5_ab WITH IS_TEMPLATE false ALLOW_CONNECTIONS true",
            "GRANT CONNECT ON DATABASE template1 TO PUBLIC",
            &format!("GRANT CONNECT ON DATABASE {HOTEL} TO PUBLIC"),
            &format!("ALTER ROLE {HOTEL} CREATEDB CONNECTION LIMIT -1"),
            &format!("CREATE ROLE {other} LOGIN CONNECTION LIMIT 16"),
            "ALTER ROLE hotelhub_provisioner NOCREATEROLE",
            "REVOKE hotel_owner FROM hotelhub_provisioner",
        ],
    )
    .await;

    let urls = server.urls().unwrap();
    // The server reads its settings again when it gets to it; whoever connects from then on has them.
    let read = async || {
        let session = connect(&urls.superuser).await.unwrap();
        let target = session.query_one("SHOW checkpoint_completion_target", &[]).await.unwrap();
        (target.get::<_, &str>(0) == "0.5").then_some(())
    };
    eventually(SOON, "the server to read its settings again", read).await.unwrap();

    let said = examine(&urls.provisioner, &[]).await;
    assert!(said.err.contains("next: do what the lines say"), "{}", said.err);
    assert_eq!(said.code, 1);
    insta::assert_snapshot!("doctor_of_a_bad_server", report(&said.out, &urls));
}

#[tokio::test]
async fn a_template_that_a_provisioner_is_building_is_no_fault() {
    let server = PostgresServer::temporary(Preset::Durable).await.unwrap();
    furnish(&server).await;
    let half = "CREATE DATABASE template_6_cd TEMPLATE template0 OWNER hotel_owner";
    run(&server, "postgres", &[half]).await;
    let urls = server.urls().unwrap();
    let said = examine(&urls.provisioner, &[]).await;
    assert!(said.out.contains("set: ALTER DATABASE template_6_cd WITH IS_TEMPLATE"), "{said:?}");
    assert_eq!(said.code, 1, "one that nobody builds is broken");

    let provisioner = connect(&urls.provisioner).await.unwrap();
    provisioner.simple_query("SELECT pg_advisory_lock(114827903462402)").await.unwrap();
    let said = examine(&urls.provisioner, &[]).await.done();
    assert!(said.contains("template_6_cd is being built"), "{said}");
    assert!(!said.contains("ALTER DATABASE template_6_cd"), "{said}");
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_told_apart_from_one_that_is_away() {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let mut admin = server.urls().unwrap().provisioner;
    admin.set_password(Some("wrong")).unwrap();
    let said = examine(&admin, &[]).await.refused(1);
    assert!(said.contains("the server refused: "), "{said}");
    assert!(!said.contains("wrong"), "{said}");
    admin.set_port(Some(1)).unwrap();
    examine(&admin, &[]).await.refused(3);
}
