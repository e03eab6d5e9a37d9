//! A hotel's database without any program beside it, for what is said in SQL.

use std::time::Duration;

use migrations::{migrate_tenant, tenant_head};
use platform_tests::postgres::{PostgresServer, Preset, connect};
use tokio_postgres::Client;

/// A hotel's database that may do everything, on a server of the test's own.
pub(crate) async fn hotel() -> (PostgresServer, Client) {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let client = connect(&server.urls().unwrap().superuser).await.unwrap();
    migrate_tenant(&client, tenant_head(), Duration::from_secs(5)).await.unwrap();
    let identity = "INSERT INTO tenant_identity \
           (tenant_id, database_id, generation, company_name, language) \
         VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'Mandala', 'id')";
    client.execute(identity, &[]).await.unwrap();
    (server, client)
}
