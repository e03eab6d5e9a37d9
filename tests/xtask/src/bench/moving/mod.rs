//! A hotel with a gigabyte of data goes to another server while its people read and write.

mod clerks;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _, pin_mut};
use platform_tests::{
    client::Signup,
    platform::HOTEL_DEADLINE,
    postgres::{PostgresServer, Preset, connect},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use self::clerks::Clerks;
use super::{
    report::{Aim, Figure, Report},
    theatre::Theatre,
};
use crate::say;

/// With their indexes, these guests fill a gigabyte.
const GUESTS: i64 = 3_500_000;
const DEADLINE: Duration = Duration::from_secs(900);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const PROMISED_MS: f64 = 3_000.0;
const CONNECTIONS: u32 = 180;

/// Measures all of it.
pub(super) async fn measure(theatre: &Theatre, report: &mut Report) -> Result<()> {
    let signup = Signup::of("bench-move");
    let control = theatre.platform.control()?;
    let hotel = say::during("a hotel", control.open_hotel(&signup, HOTEL_DEADLINE)).await?;
    let (name, _) = theatre.only_database().await?;
    let inside = theatre.superuser(&name).await?;
    let mib = say::during("a gigabyte of guests", fill(&inside)).await?;
    let second = PostgresServer::temporary(Preset::Durable);
    let second = say::during("a second server", second).await?;
    let bare = say::during("a bare copy of the same rows", bare_copy(&inside, &second)).await?;
    // The old copy is dropped when nobody is in it whom the provisioner cannot turn out.
    drop(inside);

    let vendor = theatre.platform.vendor().await?;
    vendor.add_database_host("second", &second.urls()?, CONNECTIONS).await?;
    await_template(theatre).await?;
    let clerks = Clerks::begin(hotel.site().clone());
    let start = Instant::now();
    let moved = say::during("the move", move_hotel(theatre, &vendor)).await?;
    let seconds = start.elapsed().as_secs_f64();
    let worked = clerks.end().await?;

    let pause = moved.pointer("/figures/write_pause_ms").and_then(Value::as_f64);
    let pause = pause.context("the operation tells no write_pause_ms")?;
    let figure = Figure::ms("write pause, as the operation tells it", pause);
    report.add(figure.beside("promise", PROMISED_MS).aiming(Aim::AtMost(1.0)));
    let figure = Figure::ms("longest time without a write that succeeded", worked.longest_gap);
    report.add(figure.beside("promise", PROMISED_MS).aiming(Aim::AtMost(1.0)));
    report.add(Figure::ms("slowest read", worked.slowest_read));
    let speed = Figure::new("move, all of it", mib / seconds, "MiB/s");
    report.add(speed.beside("bare COPY of the same rows, no indexes", mib / bare));
    report.add(Figure::new("writes that succeeded", worked.writes as f64, ""));
    report.add(Figure::new("writes told to come back", worked.refused as f64, ""));
    report.add(Figure::new("reads that failed", worked.failed_reads as f64, ""));
    report
        .note(format!("{mib:.0} MiB, moved in {seconds:.0} s, beside 2 who write and 1 who reads"));
    check_writes(theatre, &second, worked.writes).await
}

/// Guests as an import would bring them; gives the size of the database in MiB.
async fn fill(inside: &Client) -> Result<f64> {
    let sql = format!(
        "INSERT INTO guests (id, full_name, email, phone, created_at)
         SELECT gen_random_uuid(), 'Guest number ' || n || repeat(' Sari', 10),
           'guest' || n || '@example.com', '+62811' || n, now()
         FROM generate_series(1, {GUESTS}) AS n"
    );
    inside.simple_query(&sql).await.context("fill the hotel")?;
    let size = "SELECT pg_database_size(current_database())::float8 / 1048576";
    Ok(inside.query_one(size, &[]).await?.get(0))
}

/// The seconds that the rows alone take from one server to the other.
async fn bare_copy(from: &Client, second: &PostgresServer) -> Result<f64> {
    let to = connect(&second.urls()?.superuser).await?;
    let table = "CREATE TABLE bare (id uuid, full_name text, email text, phone text,
        language text, version int, created_at timestamptz)";
    to.simple_query(table).await?;
    let start = Instant::now();
    let out = from.copy_out("COPY guests TO STDOUT (FORMAT binary)").await?;
    let sink = to.copy_in("COPY bare FROM STDIN (FORMAT binary)").await?;
    pin_mut!(out);
    pin_mut!(sink);
    while let Some(chunk) = out.next().await {
        sink.feed(chunk?).await?;
    }
    sink.finish().await.context("copy barely")?;
    let seconds = start.elapsed().as_secs_f64();
    to.simple_query("DROP TABLE bare").await?;
    Ok(seconds)
}

async fn await_template(theatre: &Theatre) -> Result<()> {
    let control = theatre.control().await?;
    let end = Instant::now() + DEADLINE;
    let sql = "SELECT count(*) FROM templates WHERE is_current";
    while control.query_one(sql, &[]).await?.get::<_, i64>(0) < 2 {
        ensure!(Instant::now() < end, "the second server has no template");
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Asks for the move and waits for its end; the operation as the API tells it.
async fn move_hotel(
    theatre: &Theatre,
    vendor: &platform_tests::client::ControlPlane,
) -> Result<Value> {
    let control = theatre.control().await?;
    let tenant: uuid::Uuid = control.query_one("SELECT id FROM tenants", &[]).await?.get(0);
    let body = json!({ "db_host": "second" });
    let path = format!("/api/v1/tenants/{tenant}/move");
    let asked = vendor.site().post(&path, &body).await?.expect_status(202)?.data()?;
    let id = asked.get("id").and_then(Value::as_str).context("the operation has no id")?;
    let end = Instant::now() + DEADLINE;
    loop {
        let path = format!("/api/v1/operations/{id}");
        let now = vendor.site().get(&path).await?.expect_status(200)?.data()?;
        match now.get("state").and_then(Value::as_str) {
            Some("done") => return Ok(now),
            Some("undone" | "undoing") => anyhow::bail!("the move failed: {now}"),
            _ => ensure!(Instant::now() < end, "the move does not end: {now}"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Each write that was answered with success is there, once.
async fn check_writes(theatre: &Theatre, second: &PostgresServer, writes: u64) -> Result<()> {
    let (name, _) = theatre.only_database().await?;
    let mut url = second.urls()?.superuser;
    url.set_path(&name);
    let sql = "SELECT count(*), count(DISTINCT email) FROM guests WHERE email LIKE 'clerk-%'";
    let row = connect(&url).await?.query_one(sql, &[]).await?;
    let (rows, different): (i64, i64) = (row.get(0), row.get(1));
    ensure!(rows == different, "{rows} guests with {different} addresses: one is there twice");
    ensure!(rows.cast_unsigned() >= writes, "{writes} writes succeeded and {rows} are there");
    Ok(())
}
