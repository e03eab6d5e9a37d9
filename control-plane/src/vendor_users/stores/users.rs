//! The vendor's people as they are looked after: lists, roles, who is let in.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{SessionId, UserId};
use hotelhub_http::client_addr::AddressList;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, Value,
};
use uuid::Uuid;

use crate::{
    database::damaged,
    vendor_users::{
        VendorRole,
        model::{UserFilter, UserPlace, UserState, VendorUser},
    },
};

const USERS: &str = "\
    SELECT u.id, u.email, u.name, u.role, u.disabled_at, u.password_expires_at, u.created_at, \
           u.totp_confirmed_at IS NOT NULL AS has_totp, u.allowed_addresses, \
           (SELECT max(s.created_at) FROM vendor_sessions s WHERE s.user_id = u.id) AS last_login_at \
    FROM vendor_users u";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    disabled_at: Option<DateTime<Utc>>,
    password_expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    has_totp: bool,
    allowed_addresses: Option<String>,
    last_login_at: Option<DateTime<Utc>>,
}

/// At most `limit` people, by e-mail address, from `after` on.
pub(in crate::vendor_users) async fn list(
    db: &impl ConnectionTrait,
    filter: &UserFilter,
    after: Option<UserPlace>,
    limit: u64,
) -> Result<Vec<VendorUser>, DbErr> {
    let sql = format!(
        "{USERS} WHERE ($1::text IS NULL OR u.email > $1) AND ($3::text IS NULL OR u.role = $3) \
           AND ($4::text IS NULL OR strpos(lower(u.email || ' ' || u.name), lower($4)) > 0) \
           AND ($5::text IS NULL OR $5 = CASE WHEN u.disabled_at IS NOT NULL THEN 'disabled' \
                 WHEN u.password_expires_at IS NOT NULL THEN 'invited' ELSE 'active' END) \
         ORDER BY u.email LIMIT $2"
    );
    let state = filter.state.map(|it| match it {
        UserState::Active => "active",
        UserState::Invited => "invited",
        UserState::Disabled => "disabled",
    });
    let values = [
        after.map(|it| it.email).into(),
        i64::try_from(limit).map_err(damaged)?.into(),
        filter.role.map(VendorRole::as_str).into(),
        filter.text.clone().into(),
        state.into(),
    ];
    let rows = Row::find_by_statement(statement(&sql, values)).all(db).await?;
    rows.into_iter().map(VendorUser::try_from).collect()
}

/// Finds somebody by id or e-mail address.
pub(in crate::vendor_users) async fn find_named(
    db: &impl ConnectionTrait,
    name: &str,
) -> Result<Option<VendorUser>, DbErr> {
    let sql = format!("{USERS} WHERE u.id::text = lower($1) OR lower(u.email) = lower($1)");
    one(db, &sql, name).await
}

/// The same, and holds the row until the transaction ends.
pub(in crate::vendor_users) async fn find_named_for_update(
    tx: &DatabaseTransaction,
    name: &str,
) -> Result<Option<VendorUser>, DbErr> {
    let sql = format!(
        "{USERS} WHERE u.id::text = lower($1) OR lower(u.email) = lower($1) FOR UPDATE OF u"
    );
    one(tx, &sql, name).await
}

async fn one(
    db: &impl ConnectionTrait,
    sql: &str,
    name: &str,
) -> Result<Option<VendorUser>, DbErr> {
    let found = Row::find_by_statement(statement(sql, [name.trim().into()])).one(db).await?;
    found.map(VendorUser::try_from).transpose()
}

#[derive(FromQueryResult)]
struct Held {
    id: Uuid,
    allowed_addresses: Option<String>,
}

/// Holds, until the transaction ends, all super administrators who have a password of their own and are
/// not disabled, and gives them with the addresses that they may come from: of two who would each take
/// one away, the second sees what the first did.
pub(in crate::vendor_users) async fn hold_super_admins(
    tx: &DatabaseTransaction,
) -> Result<Vec<(UserId, Option<AddressList>)>, DbErr> {
    let sql = "SELECT id, allowed_addresses FROM vendor_users WHERE role = 'super_admin' \
               AND disabled_at IS NULL AND password_expires_at IS NULL ORDER BY id FOR UPDATE";
    let held = Held::find_by_statement(statement(sql, [])).all(tx).await?;
    let read = |it: Held| {
        let allowed = it.allowed_addresses.as_deref().map(str::parse).transpose();
        Ok((it.id.into(), allowed.map_err(damaged)?))
    };
    held.into_iter().map(read).collect()
}

#[derive(FromQueryResult)]
struct Standing {
    role: String,
}

/// The role of somebody who may log in and whose session stands, held until the transaction ends.
pub(in crate::vendor_users) async fn find_standing_for_share(
    tx: &DatabaseTransaction,
    id: UserId,
    session: SessionId,
) -> Result<Option<VendorRole>, DbErr> {
    let sql = "SELECT role FROM vendor_users WHERE id = $1 AND disabled_at IS NULL FOR SHARE";
    let held = Standing::find_by_statement(statement(sql, [id.as_uuid().into()])).one(tx).await?;
    // A statement of its own: it sees what whoever held the login before has committed.
    let sql = "SELECT u.role FROM vendor_sessions s JOIN vendor_users u ON u.id = s.user_id \
               WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL";
    let values = [session.as_uuid().into(), id.as_uuid().into()];
    let found = Standing::find_by_statement(statement(sql, values)).one(tx).await?;
    found.filter(|_| held.is_some()).map(|it| it.role.parse().map_err(damaged)).transpose()
}

/// Gives somebody another role.
pub(in crate::vendor_users) async fn update_role(
    tx: &DatabaseTransaction,
    id: UserId,
    role: VendorRole,
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET role = $2 WHERE id = $1";
    execute(tx, sql, [id.as_uuid().into(), role.as_str().into()]).await
}

/// Lets somebody in no more, or, without a time, again.
pub(in crate::vendor_users) async fn update_disabled(
    tx: &DatabaseTransaction,
    id: UserId,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET disabled_at = $2 WHERE id = $1";
    execute(tx, sql, [id.as_uuid().into(), disabled_at.into()]).await
}

/// Gives somebody another password, with an end if somebody else has seen it.
pub(in crate::vendor_users) async fn update_password(
    tx: &DatabaseTransaction,
    id: UserId,
    (hash, expires_at): (String, Option<DateTime<Utc>>),
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET password_hash = $2, password_expires_at = $3 WHERE id = $1";
    execute(tx, sql, [id.as_uuid().into(), hash.into(), expires_at.into()]).await
}

/// Writes from where somebody may come.
pub(in crate::vendor_users) async fn update_addresses(
    tx: &DatabaseTransaction,
    id: UserId,
    addresses: Option<String>,
) -> Result<(), DbErr> {
    let sql = "UPDATE vendor_users SET allowed_addresses = $2 WHERE id = $1";
    execute(tx, sql, [id.as_uuid().into(), addresses.into()]).await
}

/// Ends all sessions of somebody but this one; how many.
pub(in crate::vendor_users) async fn revoke_all(
    tx: &DatabaseTransaction,
    id: UserId,
    (but, now): (Option<SessionId>, DateTime<Utc>),
) -> Result<u64, DbErr> {
    let sql = "UPDATE vendor_sessions SET revoked_at = $2 \
               WHERE user_id = $1 AND revoked_at IS NULL AND ($3::uuid IS NULL OR id <> $3)";
    let values = [id.as_uuid().into(), now.into(), but.map(SessionId::as_uuid).into()];
    Ok(tx.execute_raw(statement(sql, values)).await?.rows_affected())
}

async fn execute<const N: usize>(
    tx: &DatabaseTransaction,
    sql: &str,
    values: [Value; N],
) -> Result<(), DbErr> {
    tx.execute_raw(statement(sql, values)).await.map(drop)
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

impl TryFrom<Row> for VendorUser {
    type Error = DbErr;

    fn try_from(row: Row) -> Result<Self, DbErr> {
        let state = match (row.disabled_at, row.password_expires_at) {
            (Some(_), _) => UserState::Disabled,
            (None, Some(_)) => UserState::Invited,
            (None, None) => UserState::Active,
        };
        Ok(Self {
            id: row.id.into(),
            email: row.email,
            name: row.name,
            role: row.role.parse().map_err(damaged)?,
            state,
            has_totp: row.has_totp,
            allowed_addresses: row
                .allowed_addresses
                .map(|it| it.split(',').map(str::to_owned).collect()),
            password_expires_at: row.password_expires_at,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
        })
    }
}
