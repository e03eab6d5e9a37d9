//! The harness itself: private servers, mail, processes.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use nix::sys::signal::Signal;
use platform_tests::{
    mail::{Catcher, Fault},
    platform::Stage,
    ports,
    postgres::{Passwords, PostgresServer, Preset, bootstrap, connect},
    process::{Launch, is_clean, stop_registered},
    rabbit::{RabbitNode, accepts},
};

/// For what takes milliseconds on an idle machine.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_platforms_logins_reach_what_they_should_and_nothing_else() {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let urls = server.urls().unwrap();

    let control = connect(&urls.control).await.unwrap();
    control.simple_query("CREATE TABLE owned (id int)").await.unwrap();
    let provisioner = connect(&urls.provisioner).await.unwrap();
    provisioner
        .simple_query("CREATE ROLE tenant_a LOGIN PASSWORD 'a' IN ROLE hotel_app")
        .await
        .unwrap();
    for statement in ["CREATE DATABASE tenant_a OWNER hotel_owner", "CREATE DATABASE tenant_b"] {
        provisioner.simple_query(statement).await.unwrap();
    }

    let mut tenant = urls.control.clone();
    tenant.set_username("tenant_a").unwrap();
    tenant.set_password(Some("a")).unwrap();
    tenant.set_path("/tenant_a");
    connect(&tenant).await.unwrap();
    for other in ["/tenant_b", "/postgres", "/hotelhub_control", "/template1"] {
        tenant.set_path(other);
        let refused = connect(&tenant).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "28000", "{other}: the second layer refuses");
    }
}

#[tokio::test]
async fn a_server_with_logins_of_another_installation_is_left_as_it_is() {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let urls = server.urls().unwrap();

    let refused = bootstrap(&urls.superuser, &Passwords::random()).await.unwrap_err();

    assert!(refused.to_string().contains("hotelhub_control"), "{refused:#}");
    connect(&urls.control).await.unwrap();
    connect(&urls.provisioner).await.unwrap();
}

#[tokio::test]
async fn making_a_server_ready_says_what_it_changes() {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let superuser = server.urls().unwrap().superuser;
    let client = connect(&superuser).await.unwrap();
    for statement in [
        "GRANT CONNECT ON DATABASE postgres TO PUBLIC",
        "DROP DATABASE hotelhub_control",
        "DROP ROLE hotelhub_control",
    ] {
        client.simple_query(statement).await.unwrap();
    }
    let passwords = Passwords {
        provisioner: server.urls().unwrap().provisioner.password().unwrap().to_owned(),
        ..Passwords::random()
    };

    let changes = bootstrap(&superuser, &passwords).await.unwrap().join("\n");

    for change in ["login hotelhub_control", "database hotelhub_control", "connect to postgres"] {
        assert!(changes.contains(change), "{change} in: {changes}");
    }
    assert!(!changes.contains("provisioner"), "{changes}");
    assert!(bootstrap(&superuser, &passwords).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_durable_server_keeps_what_was_committed_when_it_is_killed() {
    let mut server = PostgresServer::temporary(Preset::Durable).await.unwrap();
    let url = server.urls().unwrap().superuser;
    let client = connect(&url).await.unwrap();
    client.simple_query("CREATE TABLE kept AS SELECT 17 AS number").await.unwrap();

    server.kill().await.unwrap();
    assert!(connect(&url).await.is_err());
    server.start().await.unwrap();
    server.stop_immediately().await.unwrap();
    server.start().await.unwrap();
    server.restart().await.unwrap();

    let client = connect(&url).await.unwrap();
    let row = client.query_one("SELECT number FROM kept", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 17);
    for (setting, value) in [("fsync", "on"), ("recovery_init_sync_method", "syncfs")] {
        let row = client.query_one("SELECT current_setting($1)", &[&setting]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), value);
    }
}

#[tokio::test]
async fn a_kept_server_has_the_same_logins_the_next_time() {
    let state = tempfile::tempdir().unwrap();
    let port = ports::free().unwrap();

    let mut first = PostgresServer::kept(state.path(), port).await.unwrap();
    let control = first.urls().unwrap().control;
    first.stop().await.unwrap();
    drop(first);
    let again = PostgresServer::kept(state.path(), port).await.unwrap();

    assert_eq!(again.urls().unwrap().control, control);
    connect(&control).await.unwrap();
    let home = PostgresServer::home(
        &platform_tests::postgres::Installation::find().unwrap(),
        state.path(),
    );
    if home != state.path() {
        std::fs::remove_dir_all(home).unwrap();
    }
}

#[tokio::test]
async fn two_brokers_run_side_by_side_and_one_survives_a_kill() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) =
        tokio::join!(RabbitNode::start(one.path()), RabbitNode::start(two.path()));
    let (mut first, mut second) = (first.unwrap(), second.unwrap());
    let url = first.address().amqp_url();

    let own = first.address().virtual_host().await.unwrap();
    accepts(&own).await.unwrap();
    first.kill().await.unwrap();
    assert!(accepts(&url).await.is_err());
    accepts(&second.address().amqp_url()).await.unwrap();
    first.start_again().await.unwrap();

    accepts(&own).await.unwrap();
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_stage_has_all_three_servers() {
    let stage = Stage::new(Preset::Fast).await.unwrap();

    connect(&stage.postgres.urls().unwrap().control).await.unwrap();
    accepts(stage.amqp_url()).await.unwrap();
    assert!(send_mail(&stage.mail, "budi@example.com").await.starts_with("250"));
}

#[tokio::test]
async fn caught_mail_can_be_read_and_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let catcher = Catcher::start(folder.path()).await.unwrap();

    let answer = send_mail(&catcher, "budi@example.com").await;

    assert!(answer.starts_with("250"), "{answer}");
    let mail = catcher.wait_for_mail_to("budi@example.com", SOON).await.unwrap();
    assert_eq!((mail.number, mail.subject.as_str()), (1, "Konfirmasi"));
    assert_eq!(mail.text.trim_end(), ".leading dot");
    drop(catcher);
    let again = Catcher::start(folder.path()).await.unwrap();
    assert_eq!(again.store().list(), [mail]);
}

#[tokio::test]
async fn each_fault_of_the_mail_server_is_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut catcher = Catcher::start(folder.path()).await.unwrap();

    catcher.set_fault(Fault::TryLater).await;
    assert!(send_mail(&catcher, "later@example.com").await.starts_with("451"));
    catcher.set_fault(Fault::Reject).await;
    assert!(send_mail(&catcher, "never@example.com").await.starts_with("550"));
    assert_eq!(catcher.store().list(), []);

    catcher.set_fault(Fault::DropAfterDelivery).await;
    assert_eq!(send_mail(&catcher, "twice@example.com").await, "");
    assert!(catcher.store().list()[0].is_to("twice@example.com"));

    catcher.set_fault(Fault::Hang).await;
    let hanging = send_mail(&catcher, "hang@example.com");
    let release = async {
        catcher.wait_for_hanging_client(SOON).await.unwrap();
    };
    tokio::select! {
        answer = hanging => panic!("an answer came: {answer}"),
        () = release => {}
    }
    assert_eq!(catcher.store().list().len(), 1);

    catcher.set_fault(Fault::Refuse).await;
    let address = catcher.smtp_url().replace("smtp://", "");
    assert!(TcpStream::connect(&address).is_err());
    catcher.set_fault(Fault::None).await;
    assert!(send_mail(&catcher, "well@example.com").await.starts_with("250"));
}

#[tokio::test]
async fn a_process_that_ends_early_shows_the_end_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = shell(folder.path(), "echo AMQP_URL is not set >&2; exit 1").start().unwrap();

    let error = program.wait_until(SOON, "nothing", async || None::<()>).await.unwrap_err();

    assert!(error.to_string().contains("AMQP_URL is not set"), "{error}");
}

#[tokio::test]
async fn a_process_sees_only_the_environment_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let printed = shell(folder.path(), "env").env("GIVEN", "yes").run(SOON).await.unwrap();

    assert!(printed.contains("GIVEN=yes"));
    assert!(!printed.contains("CARGO"), "{printed}");
}

#[tokio::test]
async fn a_process_is_asked_to_stop_and_killed_only_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let polite = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let mut program = shell(folder.path(), polite).start().unwrap();
    program.wait_until(SOON, "it to start", async || ready(folder.path())).await.unwrap();
    assert!(is_clean(program.terminate(SOON).await.unwrap()));

    let mut sleeper = shell(folder.path(), "exec sleep 1000").start().unwrap();
    sleeper.kill().await.unwrap();
    assert!(sleeper.ended().is_some());
}

#[tokio::test]
async fn a_later_run_stops_what_an_earlier_one_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let register = folder.path().join("pids");
    let launch = shell(folder.path(), "exec sleep 1000").register(&register);
    let mut left_behind = launch.start().unwrap();
    // A pid that belongs to another process by now must be left alone.
    std::fs::write(register.join("reused"), format!("{} 1", std::process::id())).unwrap();

    let stopped = stop_registered(&register, SOON).await.unwrap();

    assert_eq!(stopped, ["sh"]);
    assert!(!is_clean(left_behind.wait(SOON).await.unwrap()));
    assert_eq!(std::fs::read_dir(&register).unwrap().count(), 0);
    assert!(left_behind.signal(Signal::SIGTERM).is_err(), "it is gone");
}

fn shell(folder: &Path, script: &str) -> Launch {
    Launch::new("sh", Path::new("/bin/sh"), &folder.join("log")).args(["-c", script])
}

fn ready(folder: &Path) -> Option<()> {
    std::fs::read_to_string(folder.join("log")).ok()?.contains("ready").then_some(())
}

/// Speaks SMTP as a simple client does, and gives the answer to the message itself.
#[expect(clippy::unwrap_used, reason = "a failure should stop the test")]
async fn send_mail(catcher: &Catcher, to: &str) -> String {
    let address = catcher.smtp_url().replace("smtp://", "");
    let to = to.to_owned();
    tokio::task::spawn_blocking(move || converse(&address, &to)).await.unwrap()
}

#[expect(clippy::unwrap_used, reason = "a failure should stop the test")]
fn converse(address: &str, to: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = read(&mut stream);
    let recipient = format!("RCPT TO:<{to}>\r\n");
    for line in ["EHLO test.localhost\r\n", "MAIL FROM:<a@b.test>\r\n", &recipient, "DATA\r\n"] {
        stream.write_all(line.as_bytes()).unwrap();
        answer = read(&mut stream);
    }
    assert!(answer.starts_with("354"), "{answer}");
    let message = format!("To: {to}\r\nSubject: Konfirmasi\r\n\r\n..leading dot\r\n.\r\n");
    stream.write_all(message.as_bytes()).unwrap();
    read(&mut stream)
}

/// One answer; nothing if the server hangs up.
fn read(stream: &mut TcpStream) -> String {
    let mut chunk = [0; 1024];
    let length = stream.read(&mut chunk).unwrap_or(0);
    String::from_utf8_lossy(chunk.get(..length).unwrap_or_default()).into_owned()
}
