//! Who lies on draining hosts and can be moved; asks for the moves.

use hotelhub_core::{
    ids::{DbHostId, OperationId, TenantId},
    sql::Query,
};
use tokio_postgres::Error;

/// The hosts that are draining.
pub(super) async fn list_draining(db: &impl Query) -> Result<Vec<DbHostId>, Error> {
    let sql = "SELECT id FROM db_hosts WHERE state = 'draining' ORDER BY id";
    Ok(db.query(sql, &[]).await?.iter().map(|it| it.get(0)).collect())
}

/// Holds a host until the transaction ends; `false` if it drains no more, or another process looks
/// at it.
pub(super) async fn hold_draining(db: &impl Query, host: DbHostId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM db_hosts WHERE id = $1 AND state = 'draining' \
               FOR NO KEY UPDATE SKIP LOCKED";
    Ok(db.query_opt(sql, &[&host]).await?.is_some())
}

/// How many tenants of a host have a move that is not over.
pub(super) async fn count_open_moves(db: &impl Query, host: DbHostId) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM databases d JOIN operations o ON o.tenant_id = d.tenant_id \
               WHERE d.db_host_id = $1 AND d.state = 'assigned' \
                 AND o.kind = 'move_tenant' AND o.settled_at IS NULL";
    Ok(db.query_one(sql, &[&host]).await?.get(0))
}

/// At most `limit` tenants of a host to whom nothing else happens, and whose schema another server
/// makes: no others can move, and asked to they would only hold up those who can. After a move was
/// undone, a tenant rests for 30 s; after each further one in a row twice as long, up to an hour or
/// so.
pub(super) async fn list_movable(
    db: &impl Query,
    host: DbHostId,
    limit: i64,
) -> Result<Vec<TenantId>, Error> {
    let sql = "\
        SELECT t.id FROM databases d JOIN tenants t ON t.id = d.tenant_id \
        CROSS JOIN LATERAL ( \
          SELECT count(*) AS times, max(r.finished_at) AS last \
          FROM operations o JOIN operation_runs r ON r.operation_id = o.id \
          WHERE o.tenant_id = t.id AND o.kind = 'move_tenant' AND r.state = 'undone' \
            AND NOT EXISTS ( \
              SELECT 1 FROM operations later JOIN operation_runs l ON l.operation_id = later.id \
              WHERE later.tenant_id = t.id AND later.kind = 'move_tenant' AND l.state = 'done' \
                AND later.requested_at > o.requested_at) \
        ) undone \
        WHERE d.db_host_id = $1 AND d.state = 'assigned' AND t.provisioning = 'ready' \
          AND NOT EXISTS (SELECT 1 FROM operations o \
                          WHERE o.tenant_id = t.id AND o.settled_at IS NULL) \
          AND EXISTS (SELECT 1 FROM templates p JOIN db_hosts h ON h.id = p.db_host_id \
                      WHERE p.is_current AND p.schema_version = d.schema_version \
                        AND h.state = 'active' AND h.id <> d.db_host_id) \
          AND (undone.times = 0 OR now() >= undone.last \
               + interval '30 seconds' * power(2, least(undone.times - 1, 7))) \
        ORDER BY undone.times, t.id LIMIT greatest($2::bigint, 0)";
    Ok(db.query(sql, &[&host, &limit]).await?.iter().map(|it| it.get(0)).collect())
}

/// Asks for a move to wherever there is most room, unless something else happens to the tenant by
/// now. The provisioner wakes when the transaction commits.
pub(super) async fn insert_move(
    db: &impl Query,
    tenant: TenantId,
) -> Result<Option<OperationId>, Error> {
    let id = OperationId::generate();
    let sql = "INSERT INTO operations (id, tenant_id, kind, wish) \
               VALUES ($1, $2, 'move_tenant', '{\"db_host_id\": null}') \
               ON CONFLICT (tenant_id) WHERE settled_at IS NULL DO NOTHING";
    let inserted = db.execute(sql, &[&id, &tenant]).await?;
    Ok((inserted == 1).then_some(id))
}
