//! The provisioner's work: asked for as the control plane does, and waited for.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hotelhub_core::ids::{DatabaseId, TenantId};
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;
use uuid::Uuid;

use super::super::theatre::Theatre;

const DEADLINE: Duration = Duration::from_secs(60 * 60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// With their indexes, so many guests fill a MiB.
const GUESTS_PER_MIB: u32 = 3_500;

/// A hotel and its database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hotel {
    pub(super) tenant: TenantId,
    pub(super) database: DatabaseId,
}

/// A backup that was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backup {
    id: Uuid,
    tenant: TenantId,
    pub(super) database: DatabaseId,
}

/// Lets all hotels be due, and waits until each has its backup; the seconds from the first one's
/// beginning to the last one's end.
pub(super) async fn night(theatre: &Theatre) -> Result<(Vec<Backup>, f64)> {
    let control = theatre.control().await?;
    let due = "INSERT INTO backup_turns (tenant_id, due_at)
         SELECT id, now() FROM tenants WHERE provisioning = 'ready'
         ON CONFLICT (tenant_id) DO UPDATE SET due_at = now()";
    let hotels = control.execute(due, &[]).await.context("let all hotels be due")?;
    let hotels = i64::try_from(hotels)?;
    let state = "SELECT count(*), count(*) FILTER (WHERE state = 'kept') FROM backups
         WHERE kind = 'nightly'";
    let (deadline, mut began) = (Instant::now() + DEADLINE, None);
    let seconds = loop {
        let row = control.query_one(state, &[]).await?;
        let (begun, kept): (i64, i64) = (row.get(0), row.get(1));
        if begun > 0 && began.is_none() {
            began = Some(Instant::now());
        }
        match began {
            Some(began) if kept == hotels => break began.elapsed().as_secs_f64(),
            _ => ensure!(Instant::now() < deadline, "{kept} of {hotels} are backed up"),
        }
        sleep(LOOK_EVERY).await;
    };
    let sql = "SELECT id, tenant_id, database_id FROM backups WHERE kind = 'nightly'";
    let rows = control.query(sql, &[]).await?;
    let backups = rows
        .iter()
        .map(|it| Backup { id: it.get(0), tenant: it.get(1), database: it.get(2) })
        .collect();
    Ok((backups, seconds))
}

/// Backs one hotel up; the backup and the seconds.
pub(super) async fn back_up(theatre: &Theatre, hotel: Hotel) -> Result<(Backup, f64)> {
    let control = theatre.control().await?;
    let start = Instant::now();
    let asked = ask(&control, hotel.tenant, "backup_tenant", &json!({})).await?;
    wait(&control, &[asked]).await?;
    let seconds = start.elapsed().as_secs_f64();
    let sql = "SELECT id FROM backups WHERE operation_id = $1 AND state = 'kept'";
    let id = control.query_one(sql, &[&asked]).await.context("find the backup")?.get(0);
    Ok((Backup { id, tenant: hotel.tenant, database: hotel.database }, seconds))
}

/// Makes a preview of each backup; the seconds.
pub(super) async fn restore(theatre: &Theatre, backups: &[Backup]) -> Result<f64> {
    let control = theatre.control().await?;
    let start = Instant::now();
    let mut asked = Vec::new();
    for backup in backups {
        let wish = json!({ "backup_id": backup.id, "end": "preview" });
        asked.push(ask(&control, backup.tenant, "restore_tenant", &wish).await?);
    }
    wait(&control, &asked).await?;
    Ok(start.elapsed().as_secs_f64())
}

/// Fills a hotel; the size of its database in MiB.
pub(super) async fn fill(theatre: &Theatre, hotel: Hotel, megabytes: u32) -> Result<f64> {
    let inside = theatre.superuser(&hotel.database.name()).await?;
    let guests = u64::from(megabytes) * u64::from(GUESTS_PER_MIB);
    let sql = format!(
        "INSERT INTO guests (id, full_name, email, phone, created_at)
         SELECT gen_random_uuid(), 'Guest number ' || n || repeat(' Sari', 10),
           'guest' || n || '@example.com', '+62811' || n, now()
         FROM generate_series(1, {guests}) AS n"
    );
    inside.simple_query(&sql).await.context("fill the large hotel")?;
    inside.simple_query("VACUUM ANALYZE guests").await.context("tidy the large hotel")?;
    let size = "SELECT pg_database_size(current_database())::float8 / 1048576";
    Ok(inside.query_one(size, &[]).await?.get(0))
}

async fn ask(
    control: &Client,
    tenant: TenantId,
    kind: &str,
    wish: &serde_json::Value,
) -> Result<Uuid> {
    let id = Uuid::new_v4();
    let sql = "INSERT INTO operations (id, tenant_id, kind, wish, requested_at)
         VALUES ($1, $2, $3, $4, clock_timestamp())";
    control.execute(sql, &[&id, &tenant, &kind, wish]).await.context("ask for an operation")?;
    Ok(id)
}

/// Waits until all are done.
async fn wait(control: &Client, asked: &[Uuid]) -> Result<()> {
    let sql = "SELECT count(*) FILTER (WHERE o.settled_at IS NOT NULL),
           count(*) FILTER (WHERE r.state IN ('undoing', 'undone')), max(r.last_error)
         FROM operations o LEFT JOIN operation_runs r ON r.operation_id = o.id
         WHERE o.id = ANY ($1)";
    let wanted = i64::try_from(asked.len())?;
    let deadline = Instant::now() + DEADLINE;
    loop {
        let row = control.query_one(sql, &[&asked]).await?;
        let (settled, failed): (i64, i64) = (row.get(0), row.get(1));
        if failed > 0 {
            bail!("{failed} operations failed: {:?}", row.get::<_, Option<String>>(2));
        }
        if settled == wanted {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{settled} of {wanted} operations are done");
        sleep(LOOK_EVERY).await;
    }
}
