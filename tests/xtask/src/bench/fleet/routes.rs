//! A replica that starts with ten thousand routes.

use anyhow::{Context as _, Result};
use platform_tests::{
    client::Site,
    platform::{BASE_DOMAIN, Role},
};
use tokio::time::Instant;

use super::{
    super::{
        report::{Aim, Figure, Report},
        theatre::Theatre,
    },
    resident_mib,
};
use crate::say;

const ROUTES: i64 = 10_000;
const PROMISED_MS: f64 = 1_000.0;

pub(super) async fn measure(theatre: &mut Theatre, report: &mut Report) -> Result<()> {
    let what = format!("{ROUTES} routes");
    say::during(&what, fill(theatre)).await?;
    theatre.platform.stop_role(Role::TenantServe(0)).await?;
    let start = Instant::now();
    theatre.platform.start_role(Role::TenantServe(0)).await?;
    let ready = start.elapsed().as_secs_f64() * 1000.0;
    check_last(theatre).await?;
    let mib = resident_mib(theatre.platform.program(Role::TenantServe(0))?.pid())?;
    let name = format!("replica with {ROUTES} routes, start to ready");
    report.add(Figure::ms(name, ready).beside("promise", PROMISED_MS).aiming(Aim::AtMost(1.0)));
    report.add(Figure::new(format!("replica with {ROUTES} routes, memory"), mib, "MiB"));
    report.note("start to ready is looked at every 10 ms at first, more seldom later");
    Ok(())
}

/// The replica knows the last of them, and did not begin with an older copy.
async fn check_last(theatre: &Theatre) -> Result<()> {
    let sql = "SELECT slug FROM tenants WHERE slug LIKE 'route-%' ORDER BY id DESC LIMIT 1";
    let row = theatre.control().await?.query_one(sql, &[]).await.context("find a route")?;
    let port = theatre.platform.setup().tenant_ports.first().copied().context("no port")?;
    let site = Site::new(port, &format!("{}.{BASE_DOMAIN}", row.get::<_, &str>(0)))?;
    // Whoever is not logged in learns nothing more, but that there is a hotel.
    site.get("/api/v1/properties").await?.expect_status(401)?;
    Ok(())
}

/// Tenants that have a place in the tables only; nobody asks for them.
async fn fill(theatre: &Theatre) -> Result<()> {
    let control = theatre.control().await?;
    let fill = format!(
        "WITH model AS (
           SELECT t.*, d.db_host_id, d.schema_version FROM tenants t
           JOIN databases d ON d.tenant_id = t.id AND d.state = 'assigned' LIMIT 1
         ), new AS (
           SELECT gen_random_uuid() AS id, 'route-' || number AS slug
           FROM generate_series(1, {ROUTES} - (SELECT count(*) FROM routes)) AS number
         ), tenant AS (
           INSERT INTO tenants (id, slug, company_name, owner_name, owner_email, owner_phone,
             language, region, status, provisioning, access, plan_id, rooms, created_at, ready_at)
           SELECT n.id, n.slug, 'Hotel ' || n.slug, owner_name, owner_email, owner_phone,
             language, region, status, provisioning, access, plan_id, rooms, created_at, ready_at
           FROM new n, model
         ), domain AS (
           INSERT INTO domains
             (id, tenant_id, hostname, is_primary, is_verified, ssl_status, created_at)
           SELECT gen_random_uuid(), id, slug || '.hotelhub.localhost', true, true, 'active', now()
           FROM new
         )
         INSERT INTO databases (id, tenant_id, db_host_id, generation, schema_version, state, access)
         SELECT gen_random_uuid(), n.id, db_host_id, 1, model.schema_version, 'assigned', 'full'
         FROM new n, model"
    );
    control.simple_query(&fill).await.context("fill the tables")?;
    Ok(())
}
