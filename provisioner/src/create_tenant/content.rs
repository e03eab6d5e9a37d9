//! What a new database holds before its hotel is let in: whose it is, the schema, the first
//! property, the owner's login.

use hotelhub_core::sql::Query as _;
use tokio_postgres::types::{ToSql, Type};

use super::{Work, placement, provinces};
use crate::{
    engine::StepError,
    session::{self, Session},
};

/// The database is the tenant's first copy.
const GENERATION: i32 = 1;

/// What is asked of a warm copy when it is handed out, so that a session in there can be made ready.
pub(crate) const HAND_OUT: [&str; 3] = [IDENTITY, SEED, OWNER];

/// Writes whose database it is. Meanwhile a tenant that found a warm copy is announced: the others
/// were when their database was begun.
pub(super) async fn write_identity(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let (id, database) = (work.tenant.id.as_uuid(), work.copy()?.id.as_uuid());
    let access = work.tenant.access.clone();
    let (company, language) = (work.tenant.company_name.clone(), work.tenant.language.clone());
    let (is_warm, operation) = (work.is_warm(), work.operation);
    let announce =
        async { if is_warm { placement::announce(operation, control).await } else { Ok(()) } };
    let write = async {
        let inside = work.inside(control).await?;
        let params: &[(&(dyn ToSql + Sync), Type)] = &[
            (&id, Type::UUID),
            (&database, Type::UUID),
            (&GENERATION, Type::INT4),
            (&access, Type::TEXT),
            (&company, Type::TEXT),
            (&language, Type::TEXT),
        ];
        Ok(inside.query_once(IDENTITY, params).await?)
    };
    let (written, ()) = tokio::try_join!(write, announce)?;
    let other = || StepError::Never("the database says that it is somebody else's".to_owned());
    // Asked here, a question less for the next step.
    work.found_version = written.first().ok_or_else(other)?.try_get(0)?;
    work.schema_version = work.found_version;
    work.written_access = Some(access);
    Ok(())
}

const IDENTITY: &str = "
INSERT INTO tenant_identity
  (tenant_id, database_id, generation, access, company_name, language)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (singleton) DO UPDATE SET access = excluded.access
WHERE (tenant_identity.tenant_id, tenant_identity.database_id)
    = (excluded.tenant_id, excluded.database_id)
RETURNING (SELECT max(version) FROM refinery_schema_history)";

/// Whether the schema is behind: only if the template is older than this program. One that a newer
/// provisioner built is ahead of us, and stays so.
pub(super) fn is_behind(work: &Work) -> bool {
    work.is_unpublished() && work.found_version.is_none_or(|it| it < work.tools.schema_version)
}

/// Brings the schema to its version.
pub(super) async fn migrate(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let wanted = work.tools.schema_version;
    let client = work.inside(control).await?.client_mut();
    migrations::migrate_tenant(client, wanted, session::LOCK_TIMEOUT).await?;
    work.schema_version = Some(wanted);
    Ok(())
}

/// The version of the schema that the database has.
pub(super) async fn read_version(work: &mut Work, control: &Session) -> Result<i32, StepError> {
    let sql = "SELECT max(version) FROM refinery_schema_history";
    Ok(work.inside(control).await?.query_one(sql, &[]).await?.try_get(0)?)
}

/// Puts in what depends on the hotel: tax of its region, its first property with an open business
/// day and a price list.
pub(super) async fn seed(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let region = work.tenant.region.clone();
    let zone = provinces::zone_of(&region)
        .ok_or_else(|| StepError::Never(format!("`{region}` is no province of Indonesia")))?;
    let now = work.tools.clock.now();
    let today = zone.date_at(now);
    let property = work.facts.property_id.as_uuid();
    let rate_plan = work.facts.rate_plan_id.as_uuid();
    let (code, name) = (work.tenant.property_code(), work.tenant.company_name.clone());
    let time_zone = zone.iana_name();
    work.inside(control)
        .await?
        .query_once(
            SEED,
            &[
                (&property, Type::UUID),
                (&code, Type::TEXT),
                (&name, Type::TEXT),
                (&time_zone, Type::TEXT),
                (&region, Type::TEXT),
                (&now, Type::TIMESTAMPTZ),
                (&today, Type::DATE),
                (&rate_plan, Type::UUID),
            ],
        )
        .await?;
    Ok(())
}

/// One statement, so that it is there whole or not at all, and one round trip. The tax of rooms,
/// food and drink belongs to the regency, which may take less than the 10 % that the law allows
/// since 2024; service charge is custom.
const SEED: &str = "
WITH tax AS (
  INSERT INTO tax_rules (id, region, regime, rate_bp, valid)
  SELECT gen_random_uuid(), $5, regime, 1000, daterange('2024-01-01', NULL)
  FROM unnest(ARRAY['pbjt_room', 'pbjt_fnb']) AS regime
  ON CONFLICT DO NOTHING
), property AS (
  INSERT INTO properties (id, code, name, time_zone, region, created_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT DO NOTHING
), day AS (
  INSERT INTO business_days (property_id, business_date, state, opened_at)
  VALUES ($1, $7, 'open', $6)
  ON CONFLICT DO NOTHING
), service AS (
  INSERT INTO service_charge_rules (property_id, rate_bp, valid)
  VALUES ($1, 1000, daterange('2024-01-01', NULL))
  ON CONFLICT DO NOTHING
)
INSERT INTO rate_plans (id, property_id, code, name, tax_inclusive, created_at)
VALUES ($8, $1, 'BAR', 'Best available rate', true, $6)
ON CONFLICT DO NOTHING";

/// Makes the owner's login, with the password that was chosen at signup.
///
/// In a warm copy this is the last that is written before the route leads there, so its commit is
/// waited for and takes those before it to the disk. They went through the same session, so none
/// of them can have been lost in a crash that this one does not notice.
pub(super) async fn create_owner(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let hash = work.tenant.owner_password_hash.clone();
    let hash = hash.ok_or_else(|| StepError::Never("the owner has no password".to_owned()))?;
    let owner = work.facts.owner_id.as_uuid();
    let (email, name) = (work.tenant.owner_email.clone(), work.tenant.owner_name.clone());
    let phone = work.tenant.owner_phone.clone();
    let now = work.tools.clock.now();
    let commit = if work.is_warm() { "on" } else { "off" };
    work.inside(control)
        .await?
        .query_once(
            OWNER,
            &[
                (&owner, Type::UUID),
                (&email, Type::TEXT),
                (&name, Type::TEXT),
                (&phone, Type::TEXT),
                (&hash, Type::TEXT),
                (&now, Type::TIMESTAMPTZ),
                (&commit, Type::TEXT),
            ],
        )
        .await?;
    Ok(())
}

const OWNER: &str = "
WITH person AS (
  INSERT INTO users (id, email, name, phone, password_hash, created_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (id) DO NOTHING
)
INSERT INTO user_roles (user_id, role)
SELECT $1, 'owner' FROM set_config('synchronous_commit', $7, true)
ON CONFLICT DO NOTHING";
