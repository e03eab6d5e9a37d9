//! What is only away for a while is waited for.

use std::time::Duration;

use futures_util::StreamExt as _;
use nix::sys::signal::Signal;
use platform_tests::{postgres::Preset, process::is_clean, waiting::eventually};

use crate::{
    gates::{Gate, Mischief, prepare_mischief, set_mischief, template_name, wait_for_session},
    ground::{Asked, Ground, SOON, stop},
};

#[tokio::test]
async fn a_signup_finishes_when_the_database_server_is_back() {
    let mut ground = Ground::with_two_servers(Preset::Durable).await;
    let provisioner = ground.start("provisioner").await;
    template_name(&ground).await;
    prepare_mischief(&ground).await;

    // Stopped in the middle of one hotel, and before another is asked for.
    set_mischief(&ground, Mischief::Sleep("users")).await;
    let begun = ground.ask("begun").await;
    wait_for_session(&ground, "wait_event = 'PgSleep'").await;
    set_mischief(&ground, Mischief::None).await;
    ground.tenants_server.as_mut().unwrap().stop_immediately().await.unwrap();
    let asked = ground.ask("asked").await;
    wait_for_error(&ground, begun, "").await;
    wait_for_error(&ground, asked, "").await;
    ground.tenants_server.as_mut().unwrap().start().await.unwrap();

    ground.wait_until(begun, "ready").await;
    ground.wait_until(asked, "ready").await;
    ground.assert_nothing_stray().await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_signup_finishes_when_the_control_database_was_killed() {
    let mut ground = Ground::with_two_servers(Preset::Durable).await;
    let provisioner = ground.start("provisioner").await;
    template_name(&ground).await;
    prepare_mischief(&ground).await;

    set_mischief(&ground, Mischief::Sleep("properties")).await;
    let begun = ground.ask("begun").await;
    wait_for_session(&ground, "wait_event = 'PgSleep'").await;
    ground.server.kill().await.unwrap();
    set_mischief(&ground, Mischief::None).await;
    // The step under way ends with an error that cannot be recorded any more.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    ground.superuser("postgres").await.simple_query(end).await.unwrap();
    ground.server.start().await.unwrap();
    ground.control = ground.control_again().await;

    ground.wait_until(begun, "ready").await;
    ground.assert_nothing_stray().await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_session_in_the_template_holds_signups_up_until_it_leaves() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.start("provisioner").await;
    let template = template_name(&ground).await;
    let superuser = ground.superuser("postgres").await;
    let open = format!("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS true");
    superuser.simple_query(&open).await.unwrap();
    let guest = ground.superuser(&template).await;

    let asked = ground.ask("mandala").await;
    wait_for_error(&ground, asked, "is being accessed by other users").await;
    drop(guest);

    ground.wait_until(asked, "ready").await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_template_that_was_lost_or_half_built_is_built_anew() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.start("provisioner").await;
    let template = template_name(&ground).await;
    stop(provisioner).await;

    // As after a kill just before the template was recorded.
    ground.control.execute("DELETE FROM templates", &[]).await.unwrap();
    let provisioner = ground.start("provisioner").await;
    let asked = ground.ask("after-half-built").await;
    ground.wait_until(asked, "ready").await;
    stop(provisioner).await;

    let superuser = ground.superuser("postgres").await;
    let unmark = format!("ALTER DATABASE {template} WITH IS_TEMPLATE false");
    superuser.simple_query(&unmark).await.unwrap();
    superuser.simple_query(&format!("DROP DATABASE {template}")).await.unwrap();
    let provisioner = ground.start("provisioner").await;
    let asked = ground.ask("after-lost").await;
    ground.wait_until(asked, "ready").await;
    ground.assert_nothing_stray().await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_provisioner_that_is_told_to_stop_ends_its_step_and_begins_no_other() {
    let ground = Ground::new(Preset::Fast).await;
    let mut provisioner = ground.start("stopped").await;
    template_name(&ground).await;
    let placing = "NEW.provisioning = 'provisioning'";
    let gate = Gate::close(&ground, "tenants", "UPDATE", placing).await;
    let asked = ground.ask("mandala").await;
    gate.wait_for_arrival().await;

    provisioner.signal(Signal::SIGTERM).unwrap();
    eventually(SOON, "the provisioner to hear the signal", async || {
        provisioner.printed().contains("draining").then_some(())
    })
    .await
    .unwrap();
    gate.open().await;
    assert!(is_clean(provisioner.wait(SOON).await.unwrap()), "{}", provisioner.log_end());

    let sql = "SELECT string_agg(state, ' ' ORDER BY position) FROM operation_steps
         WHERE operation_id = $1 AND position < 3";
    let row = ground.control.query_one(sql, &[&asked.operation]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "done done pending");
    let successor = ground.start("successor").await;
    ground.wait_until(asked, "ready").await;
    stop(successor).await;
}

#[tokio::test]
async fn a_database_that_was_written_to_gets_a_tick() {
    let ground = Ground::new(Preset::Fast).await;
    let broker_folder = tempfile::tempdir().unwrap();
    let broker = platform_tests::rabbit::RabbitNode::start(broker_folder.path()).await.unwrap();
    let url = broker.address().amqp_url();
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&url, properties).await.unwrap();
    hotelhub_jobs::topology::declare(&connection).await.unwrap();
    // Ticks are for whoever takes them.
    let channel = connection.create_channel().await.unwrap();
    let queue = hotelhub_jobs::topology::work_queue(hotelhub_jobs::kind::Class::Default);
    let options = lapin::options::BasicConsumeOptions { no_ack: true, ..Default::default() };
    let consuming = channel.basic_consume(queue.into(), "".into(), options, Default::default());
    let mut tickets = consuming.await.unwrap();
    let launch = ground.launch("provisioner", "run").env("AMQP_URL", &url);
    let provisioner = ground.started(&launch).await;
    let asked = ground.ask("mandala").await;
    ground.wait_until(asked, "ready").await;
    // Made with data, so it gets a first one.
    wait_for_tick(&mut tickets, asked).await;

    let database = ground.database_of(asked).await;
    let url = ground.tenant_url(asked, &database).await;
    let hotel = platform_tests::postgres::connect(&url).await.unwrap();
    let write = "INSERT INTO guests (id, full_name, created_at)
         VALUES (gen_random_uuid(), 'Budi', now())";
    hotel.simple_query(write).await.unwrap();

    wait_for_tick(&mut tickets, asked).await;
    stop(provisioner).await;
}

/// Takes messages of the default class until one is a tick for the tenant.
async fn wait_for_tick(tickets: &mut lapin::Consumer, asked: Asked) {
    let tick = async {
        loop {
            let message = tickets.next().await.unwrap().unwrap();
            let ticket = hotelhub_jobs::ticket::Ticket::read(&message.data).unwrap();
            if ticket.tenant == asked.tenant {
                return;
            }
        }
    };
    tokio::time::timeout(SOON + Duration::from_secs(30), tick).await.unwrap();
}

/// Waits until the operation has failed with such an error and waits for its next try.
async fn wait_for_error(ground: &Ground, asked: Asked, text: &str) {
    let sql = "SELECT last_error FROM operation_runs
         WHERE operation_id = $1 AND state = 'forward' AND retry_at IS NOT NULL";
    eventually(SOON, "a failure that is waited out", async || {
        let row = ground.control.query_opt(sql, &[&asked.operation]).await.unwrap();
        row.filter(|it| it.get::<_, &str>(0).contains(text)).map(drop)
    })
    .await
    .unwrap();
}
