//! Makes hotels quickly: one through the product, the others as copies of its database, with the
//! rows that a signup would have left in the control database.

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hotelhub_core::{
    clock::Clock,
    ids::{DatabaseId, SessionId, TenantId, UserId},
};
use hotelhub_http::auth::tokens::Tokens;
use platform_tests::{
    client::Signup,
    platform::{BASE_DOMAIN, HOTEL_DEADLINE},
};
use postgres_protocol::password::scram_sha_256;
use secrecy::ExposeSecret as _;
use tokio_postgres::Client;

use super::super::theatre::Theatre;

/// Copies that are made at once: both the disk and the processor are busy then.
const AT_ONCE: usize = 4;
const ROOMS: usize = 20;

/// One hotel.
#[derive(Clone, Debug)]
pub(in crate::bench) struct Hotel {
    pub(super) tenant: TenantId,
    pub(super) host: String,
    pub(super) database: DatabaseId,
}

/// The first hotel, of which the others are copies.
pub(in crate::bench) struct Mill {
    tenant: TenantId,
    database: DatabaseId,
    pub(super) property: String,
    owner: UserId,
    session: SessionId,
    tokens: Tokens,
}

impl Mill {
    /// Signs the first hotel up and gives it rooms.
    pub(in crate::bench) async fn open(theatre: &Theatre) -> Result<Self> {
        let control = theatre.platform.control()?;
        let hotel = control.open_hotel(&Signup::of("fleet-first"), HOTEL_DEADLINE).await?;
        let property = hotel.first_property().await?;
        let room_type = hotel.add_room_type(&property, "STD").await?;
        for number in 1..=ROOMS {
            hotel.add_room(&property, &room_type, &format!("{}", 100 + number)).await?;
        }
        let db = theatre.control().await?;
        let sql = "SELECT tenant_id, id FROM databases WHERE state = 'assigned'";
        let row = db.query_one(sql, &[]).await.context("find the first hotel")?;
        let (tenant, database): (TenantId, DatabaseId) = (row.get(0), row.get(1));
        let inside = theatre.superuser(&database.name()).await?;
        let row = inside.query_one("SELECT user_id, id FROM sessions", &[]).await;
        let row = row.context("find the owner's session")?;
        close(&db, database).await?;
        let keys = theatre.platform.setup().tenant_token_keys()?;
        let tokens = Tokens::new("hotelhub-hotel", &keys, Clock::system())?;
        let (owner, session) = (row.get(0), row.get(1));
        Ok(Self { tenant, database, property, owner, session, tokens })
    }

    /// A token of the owner at `hotel`, good for a quarter of an hour.
    pub(super) fn token(&self, hotel: &Hotel) -> Result<String> {
        let audience = format!("tenant:{}", hotel.tenant);
        Ok(self.tokens.issue(&audience, self.owner, self.session)?.0)
    }

    /// Makes so many hotels.
    pub(in crate::bench) async fn make(
        &self,
        theatre: &Theatre,
        count: usize,
    ) -> Result<Vec<Hotel>> {
        let keys = theatre.platform.setup().db_host_keys()?;
        let control = theatre.control().await?;
        let hotels = stream::iter(1..=count).map(async |number| {
            let hotel = Hotel {
                tenant: TenantId::generate(),
                host: format!("fleet-{number}.{BASE_DOMAIN}"),
                database: DatabaseId::generate(),
            };
            let password = keys.database_password("k1", hotel.database).context("no key `k1`")?;
            let verifier = tokio::task::spawn_blocking(move || {
                scram_sha_256(password.expose_secret().as_bytes())
            });
            self.copy_to(&control, &hotel.database.name()).await?;
            let_in(&control, &hotel.database.name(), &verifier.await?).await?;
            self.sign(theatre, &hotel).await?;
            self.register(&control, &hotel, number).await?;
            anyhow::Ok(hotel)
        });
        hotels.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Makes copies that belong to nobody, for references; gives their names.
    pub(in crate::bench) async fn copy(
        &self,
        theatre: &Theatre,
        count: usize,
    ) -> Result<Vec<String>> {
        let control = theatre.control().await?;
        let copies = stream::iter(1..=count).map(async |number| {
            let name = format!("bare_{number}");
            self.copy_to(&control, &name).await?;
            anyhow::Ok(name)
        });
        copies.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Runs statements in the first hotel before it is copied.
    pub(in crate::bench) async fn fill(&self, theatre: &Theatre, sql: &str) -> Result<()> {
        self.reopen(theatre).await?;
        let inside = theatre.superuser(&self.database.name()).await?;
        inside.simple_query(sql).await.context("fill the first hotel")?;
        drop(inside);
        close(&theatre.control().await?, self.database).await
    }

    /// Opens the first hotel again, of which no more copies are made.
    pub(in crate::bench) async fn reopen(&self, theatre: &Theatre) -> Result<()> {
        let name = self.database.name();
        let sql = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true");
        theatre.control().await?.simple_query(&sql).await.context("open the first hotel")?;
        Ok(())
    }

    async fn copy_to(&self, superuser: &Client, name: &str) -> Result<()> {
        let first = self.database.name();
        let sql =
            format!("CREATE DATABASE {name} TEMPLATE {first} STRATEGY wal_log OWNER hotel_owner");
        superuser.simple_query(&sql).await.with_context(|| format!("make {name}")).map(drop)
    }

    /// The copy says whose it is.
    async fn sign(&self, theatre: &Theatre, hotel: &Hotel) -> Result<()> {
        let inside = theatre.superuser(&hotel.database.name()).await?;
        let sql = "UPDATE tenant_identity SET tenant_id = $1, database_id = $2";
        inside.execute(sql, &[&hotel.tenant, &hotel.database]).await.context("sign a copy")?;
        Ok(())
    }

    async fn register(&self, control: &Client, hotel: &Hotel, number: usize) -> Result<()> {
        let slug = format!("fleet-{number}");
        control
            .execute(REGISTER, &[&self.tenant, &hotel.tenant, &slug, &hotel.host, &hotel.database])
            .await
            .with_context(|| format!("write the rows of {slug}"))?;
        Ok(())
    }
}

/// As a signup of the first hotel with another name would have left them.
const REGISTER: &str = "
WITH tenant AS (
  INSERT INTO tenants (id, slug, company_name, owner_name, owner_email, owner_phone, language,
    region, status, provisioning, access, plan_id, rooms, trial_ends_at, created_at, ready_at)
  SELECT $2, $3, 'Hotel ' || $3, owner_name, owner_email, owner_phone, language,
    region, status, provisioning, access, plan_id, rooms, trial_ends_at, created_at, ready_at
  FROM tenants WHERE id = $1
), domain AS (
  INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, created_at)
  VALUES (gen_random_uuid(), $2, $4, true, true, 'active', now())
)
INSERT INTO databases (id, tenant_id, db_host_id, generation, schema_version, state, access)
SELECT $5, $2, db_host_id, 1, schema_version, 'assigned', 'full'
FROM databases WHERE tenant_id = $1 AND state = 'assigned'";

/// A template must have no sessions.
async fn close(superuser: &Client, database: DatabaseId) -> Result<()> {
    let name = database.name();
    let sql = format!(
        "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false;
         SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    superuser.simple_query(&sql).await.context("close the first hotel").map(drop)
}

async fn let_in(superuser: &Client, name: &str, verifier: &str) -> Result<()> {
    let sql = format!(
        "CREATE ROLE {name} LOGIN INHERIT CONNECTION LIMIT 16 PASSWORD '{verifier}'
           IN ROLE hotel_app;
         REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {name} TO {name}"
    );
    superuser.simple_query(&sql).await.with_context(|| format!("let {name} in")).map(drop)
}
