//! A control database, a database server and provisioners on them. Operations are asked for in
//! SQL, as the control plane would.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use hotelhub_core::{ids::TenantId, keys::Keyring, sql::Params};
use platform_tests::{
    bucket::FakeBucket,
    clock::move_clock,
    platform::{distant_backup_hour, programs_folder},
    postgres::{PostgresServer, PostgresUrls, Preset, connect},
    process::{Launch, Program, is_clean},
    secrets,
    waiting::eventually,
};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use tokio_postgres::Client;
use url::Url;
use uuid::Uuid;

/// How long a condition may take on a machine with much else to do.
pub(crate) const SOON: Duration = Duration::from_secs(180);

/// The surroundings of one test.
pub(crate) struct Ground {
    /// Holds the control database; and the tenants, unless there is a server of their own.
    pub(crate) server: PostgresServer,
    /// The tenants' own server.
    pub(crate) tenants_server: Option<PostgresServer>,
    /// On the control database.
    pub(crate) control: Client,
    pub(crate) keys: Keyring,
    /// Every server that is known as one for tenants.
    pub(crate) hosts: Vec<(Uuid, PostgresUrls)>,
    /// Where objects are kept, if not in a folder.
    pub(crate) bucket: Option<FakeBucket>,
    sealing_keys: String,
    db_host_keys: String,
    folder: TempDir,
}

/// A hotel that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) tenant: TenantId,
    pub(crate) operation: Uuid,
}

impl Ground {
    /// One server for all, migrated by the program, known as a database server.
    pub(crate) async fn new(preset: Preset) -> Self {
        Self::with(PostgresServer::temporary(preset).await.unwrap(), None).await
    }

    /// As [`Ground::new`], with a second server for the tenants.
    pub(crate) async fn with_two_servers(preset: Preset) -> Self {
        let (control, tenants) =
            tokio::try_join!(PostgresServer::temporary(preset), PostgresServer::temporary(preset))
                .unwrap();
        Self::with(control, Some(tenants)).await
    }

    async fn with(server: PostgresServer, tenants_server: Option<PostgresServer>) -> Self {
        let control = connect(&server.urls().unwrap().control).await.unwrap();
        let db_host_keys = secrets::keys();
        let mut ground = Self {
            control,
            hosts: Vec::new(),
            bucket: None,
            keys: db_host_keys.parse().unwrap(),
            sealing_keys: secrets::keys(),
            db_host_keys,
            folder: tempfile::tempdir().unwrap(),
            server,
            tenants_server,
        };
        ground.launch("migrate", "migrate").run(SOON).await.unwrap();
        let urls = ground.tenants_urls();
        ground.add_database_server("local", urls, 1_000).await;
        ground
    }

    /// Makes a server known as one that takes up to `room` databases.
    pub(crate) async fn add_database_server(
        &mut self,
        name: &str,
        urls: PostgresUrls,
        room: i32,
    ) -> Uuid {
        let id = Uuid::new_v4();
        let keys: Keyring = self.sealing_keys.parse().unwrap();
        let place = format!("db_hosts.admin_url.{id}");
        let admin = keys.seal(&place, &SecretString::from(urls.provisioner.to_string())).unwrap();
        let port = i32::from(urls.port());
        self.control
            .execute(
                "INSERT INTO db_hosts (id, name, address, port, sealed_admin_url, key_id,
                   max_databases, max_connections)
                 VALUES ($1, $2, $3, $4, $5, 'k1', $6, 180)",
                &[&id, &name, &urls.host(), &port, &admin, &room],
            )
            .await
            .unwrap();
        self.hosts.push((id, urls));
        id
    }

    /// The logins of the server with the tenants.
    pub(crate) fn tenants_urls(&self) -> PostgresUrls {
        self.tenants_server.as_ref().unwrap_or(&self.server).urls().unwrap()
    }

    /// A session of the superuser on a database of the tenants' server.
    pub(crate) async fn superuser(&self, database: &str) -> Client {
        let mut url = self.tenants_urls().superuser;
        url.set_path(&format!("/{database}"));
        connect(&url).await.unwrap()
    }

    /// A session of the superuser on the control database.
    pub(crate) async fn superuser_on_control(&self) -> Client {
        let mut url = self.server.urls().unwrap().superuser;
        url.set_path("/hotelhub_control");
        connect(&url).await.unwrap()
    }

    /// A new session on the control database, for when the server was away.
    pub(crate) async fn control_again(&self) -> Client {
        connect(&self.server.urls().unwrap().control).await.unwrap()
    }

    /// What starts the program, without a pool of warm databases; `name` names its log.
    pub(crate) fn launch(&self, name: &str, role: &str) -> Launch {
        let log = self.folder.path().join(format!("{name}.log"));
        let launch = Launch::new(name, &programs_folder().unwrap().join("provisioner"), &log)
            .args([role])
            .env("CONTROL_DATABASE_URL", self.server.urls().unwrap().control.as_str())
            .env("SEALING_KEYS", &self.sealing_keys)
            .env("DB_HOST_KEYS", &self.db_host_keys)
            .env("WARM_POOL_MAX", "0")
            .env("BACKUP_HOUR", distant_backup_hour())
            .env("STORAGE_URL", Url::from_file_path(self.storage()).unwrap().as_str())
            .env("CLOCK_FILE", self.clock_file());
        let settings = self.bucket.iter().flat_map(FakeBucket::settings);
        settings.fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    /// The folder with all objects.
    pub(crate) fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }

    fn clock_file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// Sets the provisioners' clock to so many hours ahead of the machine's.
    pub(crate) fn set_clock_ahead(&self, hours: i64) {
        move_clock(&self.clock_file(), hours * 3600).unwrap();
    }

    /// As [`Ground::launch`], with so many warm databases at least and at most.
    pub(crate) fn launch_pooled(&self, name: &str, (least, most): (u32, u32)) -> Launch {
        self.launch(name, "run")
            .env("WARM_POOL_MIN", least.to_string())
            .env("WARM_POOL_MAX", most.to_string())
    }

    /// Starts a provisioner, and waits until it hears signals.
    pub(crate) async fn start(&self, name: &str) -> Program {
        self.started(&self.launch(name, "run")).await
    }

    /// As [`Ground::start`], with settings of its own.
    pub(crate) async fn started(&self, launch: &Launch) -> Program {
        let program = launch.start().unwrap();
        eventually(SOON, "the provisioner to start", async || {
            program.printed().contains(r#""message":"started""#).then_some(())
        })
        .await
        .unwrap();
        program
    }

    /// Asks for a hotel.
    pub(crate) async fn ask(&self, slug: &str) -> Asked {
        let asked = Asked { tenant: TenantId::generate(), operation: Uuid::new_v4() };
        self.control
            .execute(
                "WITH tenant AS (
                   INSERT INTO tenants (id, slug, company_name, owner_name, owner_email,
                     owner_phone, owner_password_hash, language, region, status, plan_id, rooms,
                     created_at)
                   SELECT $1, $2, 'Hotel ' || $2, 'Sari', $2 || '@example.com', '+62811',
                     '$argon2id$', 'id', 'ID-BA', 'trial', id, 10, now()
                   FROM plans WHERE slug = 'starter'
                   RETURNING id
                 ), domain AS (
                   INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified,
                     ssl_status, created_at)
                   SELECT gen_random_uuid(), id, $2 || '.hotelhub.localhost', true, true, 'active',
                     now()
                   FROM tenant
                 )
                 INSERT INTO operations (id, tenant_id, kind, requested_at)
                 SELECT $3, id, 'create_tenant', clock_timestamp() FROM tenant",
                &[&asked.tenant, &slug, &asked.operation],
            )
            .await
            .unwrap();
        asked
    }

    /// Waits until the hotel is `ready` or `failed`, as expected, and its operation is closed.
    pub(crate) async fn wait_until(&self, asked: Asked, state: &str) {
        let what = format!("the hotel to be {state}");
        let settled = eventually(SOON, &what, async || {
            let row = self
                .control
                .query_one(
                    "SELECT t.provisioning FROM tenants t JOIN operations o ON o.tenant_id = t.id
                     WHERE o.id = $1 AND o.settled_at IS NOT NULL",
                    &[&asked.operation],
                )
                .await;
            row.ok().map(|it| it.get::<_, String>(0))
        });
        let found = match settled.await {
            Ok(found) => found,
            Err(late) => panic!("{late:#}\n{}", self.record(asked).await),
        };
        assert_eq!(found, state, "{}", self.record(asked).await);
    }

    /// Waits until the operation is closed, and the hotel `ready` or `failed`.
    pub(crate) async fn wait_until_settled(&self, asked: Asked, seed: u64) {
        let sql = "SELECT t.provisioning FROM tenants t JOIN operations o ON o.tenant_id = t.id
             WHERE o.id = $1 AND o.settled_at IS NOT NULL";
        let settled = eventually(SOON, "the operation to be closed", async || {
            let row = self.control.query_opt(sql, &[&asked.operation]).await.unwrap();
            row.map(|it| it.get::<_, String>(0))
        });
        match settled.await {
            Ok(state) => assert!(["ready", "failed"].contains(&&*state), "{state}; seed {seed}"),
            Err(late) => panic!("{late:#}; seed {seed}\n{}", self.record(asked).await),
        }
    }

    /// The record of an operation, for messages.
    pub(crate) async fn record(&self, asked: Asked) -> String {
        let sql = "SELECT jsonb_pretty(jsonb_build_object('run', to_jsonb(r), 'steps',
               (SELECT jsonb_agg(concat_ws(' ', s.name, s.state, s.attempts) ORDER BY s.position)
                FROM operation_steps s WHERE s.operation_id = r.operation_id)))
             FROM operation_runs r WHERE r.operation_id = $1";
        let row = self.control.query_opt(sql, &[&asked.operation]).await.unwrap();
        row.map_or_else(|| "there is no run".to_owned(), |it| it.get(0))
    }

    /// The name of the hotel's database and login role.
    pub(crate) async fn database_of(&self, asked: Asked) -> String {
        let sql = "SELECT 'tenant_' || replace(id::text, '-', '')
             FROM databases WHERE tenant_id = $1 AND state = 'assigned'";
        self.control.query_one(sql, &[&asked.tenant]).await.unwrap().get(0)
    }

    /// The hotel's own login, to any database of the server.
    pub(crate) async fn tenant_url(&self, asked: Asked, database: &str) -> Url {
        let sql = "SELECT id FROM databases WHERE tenant_id = $1 AND state = 'assigned'";
        let row = self.control.query_one(sql, &[&asked.tenant]).await.unwrap();
        let id: hotelhub_core::ids::DatabaseId = row.get(0);
        let password = self.keys.database_password("k1", id).unwrap();
        let mut url = self.tenants_urls().superuser;
        url.set_username(&id.name()).unwrap();
        url.set_password(Some(password.expose_secret())).unwrap();
        url.set_path(&format!("/{database}"));
        url
    }

    /// Waits until so many databases are warm, and all others are a hotel's.
    pub(crate) async fn wait_for_pool(&self, warm: i64) {
        let sql = "SELECT count(*) FILTER (WHERE state = 'warm'),
               count(*) FILTER (WHERE state NOT IN ('warm', 'assigned')),
               string_agg(state, ' ') FROM databases";
        let mut seen = None;
        let full = eventually(SOON, "the pool to be full", async || {
            let row = self.control.query_one(sql, &[]).await.unwrap();
            seen = row.get::<_, Option<String>>(2);
            (row.get::<_, i64>(0) == warm && row.get::<_, i64>(1) == 0).then_some(())
        });
        if let Err(late) = full.await {
            panic!("{late:#}: {seen:?}");
        }
    }

    /// Asserts that the servers hold the databases and roles of the ready hotels and of the warm
    /// copies, and none other that could be a tenant's.
    pub(crate) async fn assert_nothing_stray(&self) {
        let names = async |client: &Client, sql: &str, params: Params<'_>| -> BTreeSet<String> {
            client.query(sql, params).await.unwrap().iter().map(|it| it.get(0)).collect()
        };
        let mut placements = 0;
        for (host, urls) in &self.hosts {
            let superuser = connect(&urls.superuser).await.unwrap();
            let wanted = "SELECT 'tenant_' || replace(d.id::text, '-', '')
                 FROM databases d LEFT JOIN tenants t ON t.id = d.tenant_id
                 WHERE d.db_host_id = $1
                   AND (d.state = 'warm' OR (d.state = 'assigned' AND t.provisioning = 'ready'))";
            let databases = r"SELECT datname::text FROM pg_database WHERE datname LIKE 'tenant\_%'";
            let roles = r"SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'tenant\_%'";
            let wanted = names(&self.control, wanted, &[host]).await;
            assert_eq!(names(&superuser, databases, &[]).await, wanted, "databases");
            assert_eq!(names(&superuser, roles, &[]).await, wanted, "roles");
            placements += wanted.len();
        }
        let rows = self.control.query_one("SELECT count(*) FROM databases", &[]).await.unwrap();
        assert_eq!(usize::try_from(rows.get::<_, i64>(0)).unwrap(), placements, "placements");
    }
}

/// Stops a provisioner, which must end well.
pub(crate) async fn stop(mut program: Program) {
    let status = program.terminate(SOON).await.unwrap();
    assert!(is_clean(status), "{status}\n{}", program.log_end());
}
