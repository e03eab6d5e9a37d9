//! Commands that need every part of the platform: hotels are made, suspended, moved and deleted,
//! servers are drained, the fleet is migrated.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use platform_tests::{
    platform::{HOTEL_DEADLINE, Platform, PlatformBuilder, Role, Stage, VENDOR_EMAIL},
    postgres::{PostgresServer, PostgresUrls, Preset, connect},
    waiting::eventually,
};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use crate::operator::{Operator, Said};

const PASSWORD: &str = "kunci-kamar-tujuh-belas\n";

/// A platform, and an operator who is logged in to it.
struct Whole {
    operator: Operator,
    platform: Platform,
    stage: Stage,
}

impl Whole {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    async fn without_provisioner() -> Self {
        Self::with(|builder| builder.without(Role::Provisioner)).await
    }

    async fn with(change: impl FnOnce(PlatformBuilder) -> PlatformBuilder) -> Self {
        let stage = Stage::new(Preset::Fast).await.unwrap();
        let mut builder = stage.platform(0).unwrap();
        for role in [Role::TenantWork, Role::TenantSchedule] {
            builder = builder.without(role);
        }
        let platform = change(builder).start().await.unwrap();
        let operator = Operator::new();
        let url = platform.setup().control_public_url();
        let login = ["--url", &url, "login", "--email", VENDOR_EMAIL];
        operator.run_with(&login, platform.vendor_password()).await.done();
        Self { operator, platform, stage }
    }

    async fn run(&self, line: &str) -> Said {
        self.operator.run(&line.split(' ').collect::<Vec<_>>()).await
    }

    async fn create(&self, slug: &str, more: &[&str]) -> Said {
        let args = [&create(slug)[..], &["--password-stdin"], more].concat();
        self.operator.run_with(&args, PASSWORD).await
    }

    async fn add_server(&mut self, name: &str, urls: &PostgresUrls) {
        self.operator.set("HOTELHUB_ADMIN_URL", urls.provisioner.as_str());
        let port = urls.port().to_string();
        let args = ["db-host", "add", "--name", name, "--address", urls.host(), "--port", &port];
        let args = [&args[..], &["--max-databases", "20", "--max-connections", "180"]].concat();
        self.operator.run(&args).await.done();
    }
}

fn create(slug: &str) -> Vec<&str> {
    let mut args = vec!["tenant", "create", "--slug", slug, "--company", "Hotel Mandala"];
    args.extend(["--owner-name", "Wayan Sudana", "--owner-email", "owner@mandala.example"]);
    args.extend(["--owner-phone", "+628123456789", "--plan", "growth", "--rooms", "20"]);
    args.extend(["--cycle", "monthly", "--region", "ID-BA"]);
    args
}

#[tokio::test]
async fn a_hotel_lives_from_its_first_day_to_its_last() {
    let whole = Whole::new().await;
    let made = whole.operator.run(&create("mandala")).await;
    assert!(made.err.contains("  publish_route "), "{}", made.err);
    let said = made.done();
    let lines: Vec<_> = said.lines().collect();
    let password =
        lines[0].strip_prefix("password that owner@mandala.example will have: ").unwrap();
    assert_eq!(password.len(), 24);
    assert!(lines[1].starts_with("mandala is ready after "), "{said}");

    let taken = whole.create("mandala", &[]).await.refused(1);
    assert!(taken.contains("(SLUG_TAKEN)") && taken.contains("suggestions: "), "{taken}");
    let shown = whole.run("tenant show mandala --json").await.json();
    assert_eq!((&shown["provisioning"], &shown["access"]), (&"ready".into(), &"full".into()));

    for (line, wanted) in [
        ("tenant activate mandala", "mandala is active, access full\n"),
        ("tenant grace mandala --reason overdue", "mandala is active, access grace\n"),
        ("tenant access mandala full --reason paid", "mandala is active, access full\n"),
        ("tenant suspend mandala --reason unpaid", "mandala is suspended, access essential\n"),
        ("tenant resume mandala", "mandala is active, access full\n"),
        (
            "tenant suspend mandala --reason fraud --stopped",
            "mandala is suspended, access stopped\n",
        ),
    ] {
        assert_eq!(whole.run(line).await.done(), wanted, "{line}");
    }
    let refused = whole.run("tenant activate mandala").await.refused(1);
    assert!(refused.contains("(TRANSITION_REFUSED)"), "{refused}");
    let refused = whole.run("tenant delete mandala --yes-delete mandala").await.refused(1);
    assert!(refused.contains("next: churn it first"), "{refused}");

    whole.run("tenant churn mandala --reason closed").await.done();
    let wrong = whole.run("tenant delete mandala --yes-delete mandela").await.refused(2);
    assert!(wrong.contains("nothing was deleted"), "{wrong}");
    let kept = whole.run("tenant delete mandala --yes-delete mandala").await.refused(1);
    assert!(kept.contains("(RETENTION_NOT_OVER)"), "{kept}");
    assert!(kept.contains("next: ") && kept.contains("--waive-retention REASON`"), "{kept}");
    let gone =
        whole.run("tenant delete mandala --yes-delete mandala --waive-retention asked").await;
    assert!(gone.err.contains(" ms  done"), "{}", gone.err);
    assert!(gone.done().starts_with("delete_tenant is done"));
    let proof = whole.run("backup deletion mandala").await.done();
    assert!(proof.contains("kept until ") && proof.contains("  database  "), "{proof}");
}

#[tokio::test]
async fn who_stops_waiting_is_told_that_the_work_goes_on() {
    // Nobody takes the operation, so that the command waits.
    let mut whole = Whole::without_provisioner().await;
    let mut child = whole.operator.command(&create("mandala")).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(out.next_line().await.unwrap().unwrap().starts_with("password that "));
    let operations = async || {
        let list = whole.run("operation list --json").await.json();
        list.as_array().unwrap().first().map(|it| it["id"].as_str().unwrap().to_owned())
    };
    // The password comes before the hotel is asked for.
    let id = eventually(HOTEL_DEADLINE, "the operation", operations).await.unwrap();
    // The command has looked at least once when it has been running for this long.
    let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap());
    eventually(HOTEL_DEADLINE, "the command to be interrupted", async || {
        // Before it listens for Ctrl-C, the signal would end it without a word.
        let listens = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let caught = listens.lines().find_map(|it| it.strip_prefix("SigCgt:\t")).unwrap();
        let caught = u64::from_str_radix(caught, 16).unwrap();
        (caught & (1 << (Signal::SIGINT as u32 - 1)) != 0).then_some(())
    })
    .await
    .unwrap();
    kill(pid, Signal::SIGINT).unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).await.unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(130), "{err}");
    let wanted = format!("the work goes on without you; look: `hotelhub operation show {id}`");
    assert!(err.contains(&wanted), "{err}");

    whole.platform.start_role(Role::Provisioner).await.unwrap();
    let shown = async || {
        let shown = whole.run(&format!("operation show {id} --json")).await.json();
        (shown["state"] == "done").then_some(())
    };
    eventually(HOTEL_DEADLINE, "the hotel", shown).await.unwrap();
    let shown = whole.run(&format!("operation show {id}")).await.done();
    assert!(shown.contains("create_tenant") && shown.contains("publish_route"), "{shown}");
}

#[tokio::test]
async fn hotels_move_and_a_server_is_drained() {
    let mut whole = Whole::new().await;
    for slug in ["mandala", "surya"] {
        whole.create(slug, &[]).await.done();
    }
    let other = PostgresServer::temporary(Preset::Fast).await.unwrap();
    whole.add_server("second", &other.urls().unwrap()).await;

    let moved = whole.run("tenant move mandala --to second").await.done();
    assert!(moved.starts_with("move_tenant is done"), "{moved}");
    let cordoned = whole.run("db-host cordon second").await.done();
    assert!(cordoned.starts_with("second is cordoned, "), "{cordoned}");
    let back = whole.run("db-host uncordon second").await.done();
    assert!(back.starts_with("second is active, "), "{back}");
    let shown = whole.run("tenant show mandala").await.done();
    assert!(shown.contains("server        second"), "{shown}");
    let id = whole.run("tenant move surya --no-wait").await.done();
    let shown = async || {
        let shown = whole.run(&format!("operation show {} --json", id.trim())).await.json();
        (shown["state"] == "done").then_some(())
    };
    eventually(HOTEL_DEADLINE, "the other hotel to have moved", shown).await.unwrap();

    let drained = whole.run("db-host drain local").await;
    assert!(drained.err.contains("databases left"), "{}", drained.err);
    assert_eq!(drained.done(), "local is empty\n");
    // So it can be switched off: nothing of any hotel, nor for one, is there any more.
    let postgres = connect(&whole.stage.postgres.urls().unwrap().superuser).await.unwrap();
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'tenant\\_%'";
    assert_eq!(postgres.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    let shown = whole.run("db-host show local").await.done();
    for line in ["state            draining", "databases        0/", "leaving          0"] {
        assert!(shown.contains(line), "{shown}");
    }
}

#[tokio::test]
async fn the_fleet_is_migrated_and_those_who_failed_are_listed() {
    // The release before made the hotel.
    let older = |builder: PlatformBuilder| builder.env("TENANT_SCHEMA_VERSION", "4");
    let mut whole = Whole::with(older).await;
    let none = whole.run("migrate status").await.refused(1);
    assert!(none.contains("next: begin one: `hotelhub migrate fleet`"), "{none}");
    whole.create("mandala", &[]).await.done();
    whole.platform.stop_role(Role::Provisioner).await.unwrap();
    whole.platform.forget_env("TENANT_SCHEMA_VERSION");
    whole.platform.start_role(Role::Provisioner).await.unwrap();

    let done = whole.run("migrate fleet --canary mandala --workers 2 --max-failures 0").await;
    let done = done.done();
    assert!(done.starts_with("fleet migration ") && done.contains(" is done: "), "{done}");

    let status = whole.run("migrate status --json").await.json();
    assert_eq!(status["state"], "done");
    let id = status["id"].as_str().unwrap();
    let text = whole.run(&format!("migrate status {id}")).await.done();
    assert!(text.contains("RING"), "{text}");
    for change in ["resume", "cancel"] {
        let over = whole.run(&format!("migrate {change} {id}")).await.refused(1);
        assert!(over.contains("(TRANSITION_REFUSED)"), "{over}");
        assert!(over.contains("begin another one: `hotelhub migrate fleet`"), "{over}");
    }
    let again = whole.run("migrate fleet").await.done();
    assert!(again.contains(" is done: 0 of 0 hotels"), "{again}");
    assert!(whole.run("migrate status").await.done().contains("no hotel was behind"));
    let failed = whole.run("migrate quarantine").await.done();
    assert_eq!(failed, "nobody is in quarantine\n");
}

#[tokio::test]
async fn the_doctor_compares_a_server_with_what_it_was_registered_with() {
    let mut whole = Whole::without_provisioner().await;
    let urls = whole.stage.postgres.urls().unwrap();
    whole.operator.set("HOTELHUB_ADMIN_URL", urls.provisioner.as_str());
    let said = whole.run("db-host doctor local").await;
    assert!(said.out.contains("200 with 3 reserved, 180 are registered"), "{}", said.out);
    assert!(said.out.contains("0 of 1000 registered"), "{}", said.out);
    assert_eq!(said.code, 1, "nothing survives a crash on this server");
    let place = format!("{}:{}", urls.host(), urls.port());
    assert!(said.out.starts_with(&format!("local at {place}\n")), "{}", said.out);

    // Another one is named than the variable still leads to.
    let other = format!("{}:{}", urls.host(), urls.port() ^ 1);
    let port = (urls.port() ^ 1).to_string();
    let add = ["db-host", "add", "--name", "second", "--address", urls.host(), "--port", &port];
    whole.operator.run(&[&add[..], &["--max-connections", "180"]].concat()).await.done();
    let said = whole.run("db-host doctor second").await;
    assert_eq!((said.code, &*said.out), (1, ""), "{said:?}");
    let wanted = format!("that of {place}, and second is registered at {other}");
    assert!(said.err.contains(&wanted), "{}", said.err);
    whole.run("db-host doctor nowhere").await.refused(1);
}
