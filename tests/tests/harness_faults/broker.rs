//! What can be done to a broker, and its queues seen from outside.

use std::time::Duration;

use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{
        BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};
use platform_tests::{
    rabbit::{Depth, QueueState, Queues, RabbitNode, accepts},
    waiting::eventually,
};
use tokio::time::timeout;

use crate::SOON;

const QUEUE: &str = "harness.v1";
/// Messages that may go through before an alarm is felt.
const TRIES: usize = 1_000;

/// A durable quorum queue, as the platform's are, on a connection that stays.
async fn declare(url: &str) -> Connection {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(QUEUE.into(), durable, arguments).await.unwrap();
    connection
}

#[tokio::test]
async fn queues_are_seen_filled_emptied_and_deleted_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let node = RabbitNode::start(folder.path()).await.unwrap();
    let url = node.address().amqp_url();
    let connection = declare(&url).await;
    let queues = Queues::connect(&url).await.unwrap();

    queues.publish("", QUEUE, &["one", "no ticket", "three"]).await.unwrap();
    let has = async |ready, consumers| {
        let wanted = Depth { ready, consumers };
        let seen = async || (queues.depth(QUEUE).await.unwrap() == wanted).then_some(());
        eventually(SOON, &format!("{wanted:?}"), seen).await.unwrap();
    };
    has(3, 0).await;
    let channel = connection.create_channel().await.unwrap();
    let options = BasicConsumeOptions::default();
    let consuming =
        channel.basic_consume(QUEUE.into(), "me".into(), options, FieldTable::default());
    let consumer = consuming.await.unwrap();
    has(0, 1).await;
    let held = QueueState { name: QUEUE.to_owned(), ready: 0, unacknowledged: 3, consumers: 1 };
    let seen = async || (node.queues().await.unwrap() == [held.clone()]).then_some(());
    eventually(SOON, "the messages to be held", seen).await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
    drop(consumer);
    has(3, 0).await;
    queues.purge(QUEUE).await.unwrap();
    has(0, 0).await;

    assert!(queues.publish("", "nowhere", &["lost"]).await.is_err(), "no queue takes it");
    queues.delete(QUEUE).await.unwrap();
    assert!(queues.depth(QUEUE).await.is_err());
}

#[tokio::test]
async fn a_broker_is_stopped_inside_and_started_again_with_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let node = RabbitNode::start(folder.path()).await.unwrap();
    let url = node.address().amqp_url();
    declare(&url).await;
    Queues::connect(&url).await.unwrap().publish("", QUEUE, &["kept"]).await.unwrap();

    node.stop_app().await.unwrap();
    assert!(accepts(&url).await.is_err());
    node.start_app().await.unwrap();

    let queues = Queues::connect(&url).await.unwrap();
    let kept = async || (queues.depth(QUEUE).await.ok()?.ready == 1).then_some(());
    eventually(SOON, "the message to be there again", kept).await.unwrap();
}

#[tokio::test]
async fn an_alarm_blocks_whoever_publishes_until_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let node = RabbitNode::start(folder.path()).await.unwrap();
    let connection = declare(&node.address().amqp_url()).await;
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let publish = async || {
        let options = BasicPublishOptions::default();
        let properties = BasicProperties::default();
        let sent = channel.basic_publish("".into(), QUEUE.into(), options, b"x", properties);
        sent.await.unwrap().await.unwrap()
    };
    publish().await;

    for alarm in ["memory", "disk"] {
        let set = async |is_set| match alarm {
            "memory" => node.alarm_memory(is_set).await.unwrap(),
            _ => node.alarm_disk(is_set).await.unwrap(),
        };
        set(true).await;
        // The node tells its connections of the alarm after it has told the tool.
        let mut blocked = None;
        for _ in 0..TRIES {
            let mut sent = Box::pin(publish());
            if timeout(Duration::from_secs(2), &mut sent).await.is_err() {
                blocked = Some(sent);
                break;
            }
        }
        let sent = blocked.unwrap_or_else(|| panic!("{alarm}: nobody is blocked"));
        set(false).await;
        timeout(SOON, sent).await.unwrap();
    }
}
