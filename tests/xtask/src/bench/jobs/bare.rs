//! What the job system stands on, each alone and in the same run: the broker, and the commits.

use std::{collections::VecDeque, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
        ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use platform_tests::{postgres::Installation, process::Launch};
use tokio::time::Instant;

use crate::bench::theatre::Theatre;

const MESSAGES: usize = 20_000;
const WINDOW: usize = 256;
const PREFETCH: u16 = 128;
const QUEUE: &str = "bench.bare";
const CLIENTS: usize = 8;
const SECONDS: u64 = 10;

/// Messages a second through a quorum queue: published with confirms, consumed, acknowledged.
pub(super) async fn broker(url: &str) -> Result<f64> {
    let properties = ConnectionProperties::default().with_connection_name("xtask bench".into());
    let connection = Connection::connect(url, properties).await.context("connect")?;
    let (publisher, consumer) =
        (connection.create_channel().await?, connection.create_channel().await?);
    publisher.confirm_select(ConfirmSelectOptions::default()).await?;
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let mut quorum = FieldTable::default();
    quorum.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    consumer.queue_declare(QUEUE.into(), durable, quorum).await.context("declare a queue")?;
    consumer.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let mut deliveries = consumer
        .basic_consume(
            QUEUE.into(),
            "bench".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;

    let started = Instant::now();
    let publish = async {
        let body = [b'x'; 200];
        let mut open = VecDeque::with_capacity(WINDOW);
        for _ in 0..MESSAGES {
            let persistent = BasicProperties::default().with_delivery_mode(2);
            let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let sent = publisher.basic_publish("".into(), QUEUE.into(), options, &body, persistent);
            open.push_back(sent.await?);
            if open.len() == WINDOW
                && let Some(first) = open.pop_front()
            {
                first.await?;
            }
        }
        for confirm in open {
            confirm.await?;
        }
        anyhow::Ok(())
    };
    let consume = async {
        for _ in 0..MESSAGES {
            let delivery = deliveries.next().await.context("the stream ended")??;
            delivery.ack(BasicAckOptions::default()).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(publish, consume)?;
    let rate = MESSAGES as f64 / started.elapsed().as_secs_f64();
    consumer.queue_delete(QUEUE.into(), QueueDeleteOptions::default()).await?;
    connection.close(200, "measured".into()).await?;
    Ok(rate)
}

/// Jobs a second that pgbench claims and ends, two commits for each, in one database.
pub(super) async fn commits(theatre: &Theatre) -> Result<f64> {
    let session = theatre.superuser("postgres").await?;
    for statement in [
        "CREATE TABLE bench_jobs (n int PRIMARY KEY, state text, fence bigint, owner text, \
           until timestamptz, result jsonb)",
        "INSERT INTO bench_jobs SELECT n, 'queued', 0 FROM generate_series(1, 20000) n",
    ] {
        session.execute(statement, &[]).await.context("prepare the commits")?;
    }
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("commits.sql");
    std::fs::write(
        &script,
        "\\set n random(1, 20000)\n\
         UPDATE bench_jobs SET state = 'running', fence = fence + 1, owner = 'bench', \
           until = now() + interval '20 seconds' WHERE n = :n;\n\
         UPDATE bench_jobs SET state = 'done', result = 'null', owner = NULL, until = NULL \
           WHERE n = :n;\n",
    )?;
    let pgbench: PathBuf = Installation::find()?.program("pgbench");
    let url = theatre.stage.postgres.urls()?.superuser;
    let printed = Launch::new("pgbench", &pgbench, &folder.path().join("log"))
        .args(["--no-vacuum", "--protocol=prepared", "--client"])
        .args([&*CLIENTS.to_string(), "--jobs=2", "--time", &*SECONDS.to_string(), "--file"])
        .args([&*script.display().to_string(), url.as_str()])
        .run(Duration::from_secs(SECONDS + 30))
        .await?;
    session.execute("DROP TABLE bench_jobs", &[]).await?;
    let line = printed.lines().find_map(|it| it.strip_prefix("tps = ")).context("no tps")?;
    let rate = line.split_whitespace().next().context("no tps")?;
    rate.parse().context("read what pgbench says")
}
