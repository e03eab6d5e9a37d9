//! The first step: what is moved, and where to.

use hotelhub_core::{ids::DbHostId, sql::Query as _};

use super::Work;
use crate::{engine::StepError, hosts::usable, session::Session};

/// Looks up the copy that serves, and chooses the server of the new one.
pub(super) async fn place(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.db_host_id.is_some() {
        return Ok(());
    }
    find_source(work, control).await?;
    let wish = find_wish(work, control).await?;
    let found = control
        .query_opt(ROOMIEST, &[&work.facts.from_db_host_id, &work.facts.schema_version, &wish])
        .await?;
    let Some(row) = found else {
        let version = work.schema_version()?;
        let from = work.facts.from_db_host_id;
        let is_left_behind = control.query_one(LEFT_BEHIND, &[&from, &version]).await?;
        if is_left_behind.try_get(0)? {
            return Err(StepError::Never(format!(
                "no other database server has a template of schema version {version} any more: \
                 migrate the tenant first"
            )));
        }
        return Err(StepError::NotYet(format!(
            "no other database server that is active and reachable has room and a template of \
             schema version {version}"
        )));
    };
    work.facts.db_host_id = Some(row.try_get(0)?);
    Ok(())
}

async fn find_source(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let row = control
        .query_opt(
            "SELECT d.id, d.db_host_id, d.generation, d.schema_version
             FROM tenants t JOIN databases d ON d.tenant_id = t.id AND d.state = 'assigned'
             WHERE t.id = $1 AND t.provisioning = 'ready'",
            &[&work.operation.tenant],
        )
        .await?;
    let row = row.ok_or_else(|| StepError::Never("the tenant is not ready".to_owned()))?;
    work.facts.from_database_id = Some(row.try_get(0)?);
    work.facts.from_db_host_id = Some(row.try_get(1)?);
    work.facts.from_generation = Some(row.try_get(2)?);
    work.facts.schema_version = Some(row.try_get(3)?);
    Ok(())
}

/// The server that was asked for, if one was. What can never be had is refused at once: waiting
/// would keep everything else from the tenant.
async fn find_wish(work: &Work, control: &Session) -> Result<Option<DbHostId>, StepError> {
    let row = control
        .query_one(
            "SELECT o.wish ->> 'db_host_id', h.id, h.name, h.state
             FROM operations o LEFT JOIN db_hosts h ON h.id::text = o.wish ->> 'db_host_id'
             WHERE o.id = $1",
            &[&work.operation.id],
        )
        .await?;
    let Some(wish) = row.try_get::<_, Option<String>>(0)? else { return Ok(None) };
    let Some(id) = row.try_get::<_, Option<DbHostId>>(1)? else {
        return Err(StepError::Never(format!("there is no database server {wish}")));
    };
    let (name, state): (String, String) = (row.try_get(2)?, row.try_get(3)?);
    if Some(id) == work.facts.from_db_host_id {
        return Err(StepError::Never(format!("the tenant is on `{name}` already")));
    }
    if state != "active" {
        return Err(StepError::Never(format!("`{name}` is {state} and takes no tenants")));
    }
    Ok(Some(id))
}

/// Whether the other servers have gone on to newer schemas: an older template never comes back.
const LEFT_BEHIND: &str = "SELECT count(*) FILTER (WHERE t.schema_version > $2) > 0
       AND count(*) FILTER (WHERE t.schema_version = $2) = 0
     FROM templates t JOIN db_hosts h ON h.id = t.db_host_id
     WHERE t.is_current AND h.id <> $1 AND h.state = 'active'";

/// Another server than the present one, with the template of the tenant's own schema: the copy is
/// made table by table, and both sides must have the same ones.
const ROOMIEST: &str = concat!(
    "SELECT h.id FROM db_hosts h
     JOIN templates t ON t.db_host_id = h.id AND t.is_current AND t.schema_version = $2
     CROSS JOIN LATERAL (
       SELECT h.max_databases - count(*) AS left_over FROM databases d
       WHERE d.db_host_id = h.id
     ) AS room
     WHERE h.id <> $1 AND room.left_over > 0 AND ($3::uuid IS NULL OR h.id = $3) AND ",
    usable!(),
    " ORDER BY room.left_over DESC, h.name LIMIT 1"
);
