//! Reads the view `served_routes`, its changes and the pauses, and starts epochs. Each page is one statement,
//! and a statement sees one moment: position and rows cannot disagree.
//!
//! Each statement also says whether the database is still the one that the epoch was started on. A
//! page of an epoch that is over leaves here never.

use hotelhub_core::{
    ids::TenantId,
    pauses::Pauses,
    routes::{DbHost, Placement, Position, Route, RouteDomain, RoutePage},
    sql::Query,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};
use uuid::Uuid;

use crate::database::damaged;

/// The columns of the position. The server is asked once per statement, not per row.
const POSITION: &str =
    "p.epoch, p.version, p.server IS DISTINCT FROM (SELECT route_server()) AS is_restored";

/// The columns of a route.
const ROUTE: &str = "r.tenant_id, r.slug, r.company_name, r.status, \
     r.provisioning, r.access, r.domains, r.database_id, r.generation, r.schema_version, \
     r.db_host_id, r.db_address, r.db_port, r.db_key_id, r.preview_of";

/// The column of the pauses that stand; one row has it, if `condition` holds.
fn pauses_if(condition: &str) -> String {
    format!(
        "CASE WHEN row_number() OVER () = 1 AND {condition} THEN coalesce( \
           (SELECT jsonb_agg(jsonb_build_object( \
              'tenant', j.tenant_id, 'class', j.class, 'kind', j.kind) ORDER BY j.created_at, j.id) \
            FROM job_pauses j WHERE j.lifted_at IS NULL), '[]') END AS pauses"
    )
}

/// How often a read begins anew because the epoch was over. Once is enough unless the database is
/// restored twice in a moment.
const TRIES: usize = 3;

/// Everything there is.
pub(super) async fn snapshot(db: &DatabaseConnection) -> Result<RoutePage, DbErr> {
    let pauses = pauses_if("true");
    let sql = format!(
        "SELECT {POSITION}, {ROUTE}, {pauses} FROM route_position p LEFT JOIN served_routes r ON true"
    );
    let (position, rows) = read(db, sql).await?;
    let routes = rows.iter().filter_map(|it| route(it).transpose()).collect::<Result<_, _>>()?;
    let (gone, pauses) = (Vec::new(), pauses_in(&rows)?);
    Ok(RoutePage { position, snapshot: true, routes, gone, pauses })
}

/// How far the routes have come.
pub(super) async fn position(db: &DatabaseConnection) -> Result<Position, DbErr> {
    Ok(read(db, format!("SELECT {POSITION} FROM route_position p")).await?.0)
}

/// Reads by one statement that begins with [`POSITION`], in an epoch of this very database.
async fn read(db: &DatabaseConnection, sql: String) -> Result<(Position, Vec<QueryResult>), DbErr> {
    for _ in 0..TRIES {
        let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, &sql)).await?;
        match position_of(&rows)? {
            Found::Here(position) => return Ok((position, rows)),
            Found::Restored { epoch } => start_epoch(db, epoch, "the database is another").await?,
        }
    }
    Err(damaged("the control database is restored again and again"))
}

/// Starts a new epoch, unless somebody has done so since `seen` was read. Every reader starts anew.
pub(super) async fn start_epoch(
    db: &DatabaseConnection,
    seen: Uuid,
    why: &'static str,
) -> Result<(), DbErr> {
    let sql = "SELECT start_route_epoch($1) AS started";
    let start = Statement::from_sql_and_values(DbBackend::Postgres, sql, [seen.into()]);
    let row = db.query_one_raw(start).await?.ok_or_else(|| damaged("route_position is empty"))?;
    if row.try_get("", "started")? {
        tracing::warn!(why, "started a new epoch of the routes");
    }
    Ok(())
}

/// How many changes are kept. A reader that is further behind starts anew.
const KEPT_CHANGES: i64 = 100_000;

/// How far a reader has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) position: Position,
    /// The version as of which it knows the pauses; `None`: it has never heard of any.
    pub(super) pauses_since: Option<i64>,
}

/// What changed after `since`. `None` if that position says nothing here: another epoch, a future,
/// or a past that is forgotten.
pub(super) async fn changes(
    db: &DatabaseConnection,
    Seen { position: since, pauses_since }: Seen,
) -> Result<Option<RoutePage>, DbErr> {
    let pauses = pauses_if("p.pauses_version > $2");
    // Changes beyond the position that the statement sees cannot be: both are written together.
    let sql = format!(
        "WITH changed AS (SELECT DISTINCT tenant_id FROM route_changes WHERE version > $1) \
         SELECT {POSITION}, {ROUTE}, {pauses}, c.tenant_id AS changed, \
           (SELECT min(version) FROM route_changes) AS oldest FROM route_position p \
         LEFT JOIN changed c ON true LEFT JOIN served_routes r ON r.tenant_id = c.tenant_id"
    );
    let values = [since.version.into(), pauses_since.into()];
    let query = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = db.query_all_raw(query).await?;
    let position = match position_of(&rows)? {
        Found::Here(position) => position,
        Found::Restored { epoch } => {
            start_epoch(db, epoch, "the database is another").await?;
            return Ok(None);
        }
    };
    if position.epoch != since.epoch {
        return Ok(None);
    }
    if since.version > position.version {
        start_epoch(db, position.epoch, "a replica is ahead of the database").await?;
        return Ok(None);
    }
    let oldest: Option<i64> = rows.first().map_or(Ok(None), |it| it.try_get("", "oldest"))?;
    let is_forgotten = oldest.is_none_or(|it| since.version < it - 1);
    if since.version < position.version && is_forgotten {
        return Ok(None);
    }
    let (routes, gone, pauses) = (Vec::new(), Vec::new(), pauses_in(&rows)?);
    let mut page = RoutePage { position, snapshot: false, routes, gone, pauses };
    for row in &rows {
        match (route(row)?, row.try_get::<Option<Uuid>>("", "changed")?) {
            (Some(route), _) => page.routes.push(route),
            (None, Some(tenant)) => page.gone.push(TenantId::from(tenant)),
            (None, None) => {}
        }
    }
    Ok(Some(page))
}

/// Forgets the oldest changes of those that are too many, at most `limit`; how many.
pub(crate) async fn forget_old(db: &impl Query, limit: i64) -> Result<u64, tokio_postgres::Error> {
    // In order, so that what is kept has no gaps.
    let sql = "DELETE FROM route_changes WHERE version IN (SELECT version FROM route_changes \
                 WHERE version <= (SELECT version FROM route_position) - $1 \
                 ORDER BY version LIMIT $2)";
    db.execute(sql, &[&KEPT_CHANGES, &limit]).await
}

/// What a statement found the position to be.
enum Found {
    /// Of this database.
    Here(Position),
    /// Of the one that this is a copy of.
    Restored { epoch: Uuid },
}

fn position_of(rows: &[QueryResult]) -> Result<Found, DbErr> {
    let row = rows.first().ok_or_else(|| damaged("route_position is empty"))?;
    let position =
        Position { epoch: row.try_get("", "epoch")?, version: row.try_get("", "version")? };
    Ok(match row.try_get("", "is_restored")? {
        true => Found::Restored { epoch: position.epoch },
        false => Found::Here(position),
    })
}

fn pauses_in(rows: &[QueryResult]) -> Result<Option<Pauses>, DbErr> {
    for row in rows {
        if let Some(pauses) = row.try_get::<Option<serde_json::Value>>("", "pauses")? {
            return serde_json::from_value(pauses).map(Some).map_err(damaged);
        }
    }
    Ok(None)
}

fn route(row: &QueryResult) -> Result<Option<Route>, DbErr> {
    let Some(tenant) = row.try_get::<Option<Uuid>>("", "tenant_id")? else { return Ok(None) };
    let domains: Option<serde_json::Value> = row.try_get("", "domains")?;
    let domains: Option<Vec<RouteDomain>> =
        domains.map(serde_json::from_value).transpose().map_err(damaged)?;
    let text = |column| row.try_get::<String>("", column);
    Ok(Some(Route {
        tenant_id: tenant.into(),
        slug: text("slug")?,
        company_name: text("company_name")?,
        status: text("status")?.parse().map_err(damaged)?,
        provisioning: text("provisioning")?.parse().map_err(damaged)?,
        access: text("access")?.parse().map_err(damaged)?,
        domains: domains.unwrap_or_default(),
        placement: placement(row)?,
        preview_of: row.try_get("", "preview_of")?,
    }))
}

fn placement(row: &QueryResult) -> Result<Option<Placement>, DbErr> {
    let Some(database) = row.try_get::<Option<Uuid>>("", "database_id")? else { return Ok(None) };
    Ok(Some(Placement {
        database_id: database.into(),
        generation: row.try_get("", "generation")?,
        schema_version: row.try_get("", "schema_version")?,
        db_host: DbHost {
            id: row.try_get::<Uuid>("", "db_host_id")?.into(),
            address: row.try_get("", "db_address")?,
            port: u16::try_from(row.try_get::<i32>("", "db_port")?).map_err(damaged)?,
            key_id: row.try_get("", "db_key_id")?,
        },
    }))
}
