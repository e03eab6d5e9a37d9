//! A control database, and the control plane's programs on it. No hotel is made here: that is the
//! provisioner's part.

use std::{path::Path, time::Duration};

use hotelhub_storage::StorageConfig;
use hotelhub_tenancy::feed::FeedConfig;
use platform_tests::{
    client::{ControlPlane, Signup, Site},
    mail::Catcher,
    platform::{CONTROL_HOST, Role, Setup, VENDOR_EMAIL},
    ports,
    postgres::{PostgresServer, Preset, connect},
    process::{Launch, Program},
    temporary,
    waiting::eventually,
};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio_postgres::Client;

/// How long a condition may take on a machine with much else to do.
pub(crate) const SOON: Duration = Duration::from_secs(120);
/// What replicas show.
pub(crate) const FEED_TOKEN: &str = "the-token-of-all-replicas";

/// A role of the vendor's people.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vendor {
    SuperAdmin,
    Support,
    Finance,
    ReadOnly,
}

impl Vendor {
    pub(crate) const ALL: [Self; 4] =
        [Self::SuperAdmin, Self::Support, Self::Finance, Self::ReadOnly];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "super_admin",
            Self::Support => "support",
            Self::Finance => "finance",
            Self::ReadOnly => "read_only",
        }
    }
}

/// The surroundings of one test, with `control-plane serve` running.
pub(crate) struct Ground {
    /// On the control database.
    pub(crate) database: Client,
    /// Without a login.
    pub(crate) control: ControlPlane,
    pub(crate) mail: Catcher,
    pub(crate) serving: Program,
    pub(crate) server: PostgresServer,
    setup: Setup,
    folder: TempDir,
}

impl Ground {
    /// Without rate limits.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With these settings of `serve`.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
        let folder = temporary::folder(Path::new("/tmp")).await.unwrap();
        let mail = Catcher::start(&folder.path().join("mails")).await.unwrap();
        let nowhere = "amqp://127.0.0.1:1".to_owned();
        let ports = (ports::free().unwrap(), vec![ports::free().unwrap()]);
        let urls = server.urls().unwrap();
        let setup = Setup::new(folder.path(), urls, nowhere, mail.smtp_url(), ports).unwrap();
        setup.command("migrate", "provisioner", &["migrate"]).run(SOON).await.unwrap();
        let launch = settings
            .iter()
            .fold(unlimited(setup.launch(Role::ControlServe).unwrap()), |it, (name, value)| {
                it.env(name, *value)
            });
        let mut serving = launch.start().unwrap();
        let site = Site::new(setup.control_port, CONTROL_HOST).unwrap();
        let ready = async || site.get("/readyz").await.ok().filter(|it| it.status == 200);
        serving.wait_until(SOON, "the control plane", ready).await.unwrap();
        let database = connect(&server.urls().unwrap().control).await.unwrap();
        let control = ControlPlane::new(site, setup.tenant_ports[0]);
        Self { database, control, mail, serving, server, setup, folder }
    }

    /// The control plane's site, without a login.
    pub(crate) fn site(&self) -> &Site {
        self.control.site()
    }

    /// What a replica that keeps its copy in a file of this name is told.
    pub(crate) fn feed(&self, file: &str, storage: Option<StorageConfig>) -> FeedConfig {
        FeedConfig {
            url: format!("http://127.0.0.1:{}", self.port()).parse().unwrap(),
            token: SecretString::from(FEED_TOKEN),
            snapshot_file: self.folder.path().join(file),
            storage,
        }
    }

    /// Sessions do not outlive a restart of the server.
    pub(crate) async fn connect_again(&mut self) {
        self.database = self.another_session().await;
    }

    /// The port that `serve` listens on.
    pub(crate) fn port(&self) -> u16 {
        self.setup.control_port
    }

    /// Another session on the control database.
    pub(crate) async fn another_session(&self) -> Client {
        connect(&self.server.urls().unwrap().control).await.unwrap()
    }

    /// Makes a vendor's login and gives its password.
    pub(crate) async fn make_vendor(&self, email: &str, role: &str) -> String {
        let args = ["vendor-user", "create", "--email", email, "--name", "Ayu", "--role", role];
        let made = self.setup.command("vendor-user", "control-plane", &args).run(SOON).await;
        made.unwrap().lines().last().unwrap().trim().to_owned()
    }

    /// The site, as a super administrator.
    pub(crate) async fn vendor(&self) -> Site {
        let password = self.make_vendor(VENDOR_EMAIL, "super_admin").await;
        self.site().log_in(VENDOR_EMAIL, &password).await.unwrap()
    }

    /// The site, as somebody of this role.
    pub(crate) async fn vendor_of(&self, role: Vendor) -> Site {
        let email = format!("{}@hotelhub.localhost", role.as_str());
        let password = self.make_vendor(&email, role.as_str()).await;
        self.site().log_in(&email, &password).await.unwrap()
    }

    /// Signs a hotel up and gives its tenant's id.
    pub(crate) async fn sign_up(&self, slug: &str) -> String {
        self.control.sign_up(&Signup::of(slug)).await.unwrap().tenant_id
    }

    /// A hotel that is ready, on the database host `one`, as the provisioner would leave it.
    pub(crate) async fn open_hotel(&self, slug: &str) -> String {
        self.open_hotel_on("one", slug).await
    }

    /// A hotel that is ready, on this database host.
    pub(crate) async fn open_hotel_on(&self, host: &str, slug: &str) -> String {
        let id = self.sign_up(slug).await;
        self.call_ready(&id).await;
        self.settle(&id, "done").await;
        self.add_host(host).await;
        let sql = "INSERT INTO databases (id, tenant_id, db_host_id, generation, schema_version, \
                     state) \
                   SELECT gen_random_uuid(), $1::text::uuid, id, 1, 5, 'assigned' FROM db_hosts \
                   WHERE name = $2";
        self.database.execute(sql, &[&id, &host]).await.unwrap();
        id
    }

    /// Writes a database host, unless there is one of the name.
    pub(crate) async fn add_host(&self, name: &str) {
        let sql = "INSERT INTO db_hosts (id, name, address, port, sealed_admin_url, key_id, \
                     max_databases, max_connections) \
                   VALUES (gen_random_uuid(), $1, '127.0.0.1', 5432, 'sealed', 'k1', 100, 100) \
                   ON CONFLICT (name) DO NOTHING";
        self.database.execute(sql, &[&name]).await.unwrap();
    }

    /// Ends the open operation of a tenant, as the provisioner would.
    pub(crate) async fn settle(&self, tenant_id: &str, state: &str) {
        let sql = "WITH run AS (INSERT INTO operation_runs (operation_id, state, facts, finished_at) \
                     SELECT id, $2, '{}', clock_timestamp() FROM operations \
                     WHERE tenant_id = $1::text::uuid AND settled_at IS NULL \
                   RETURNING operation_id) \
                   UPDATE operations SET settled_at = now() FROM run WHERE id = run.operation_id";
        assert_eq!(self.database.execute(sql, &[&tenant_id, &state]).await.unwrap(), 1);
    }

    /// All rows of a table, in one text.
    pub(crate) async fn snapshot(&self, table: &str) -> String {
        let sql = format!("SELECT jsonb_agg(to_jsonb(t) ORDER BY t.id)::text FROM {table} t");
        self.database.query_one(&sql, &[]).await.unwrap().get(0)
    }

    /// All rows of a table without an id, in one text.
    pub(crate) async fn snapshot_of(&self, table: &str) -> String {
        let sql = format!("SELECT coalesce(jsonb_agg(to_jsonb(t))::text, '') FROM {table} t");
        self.database.query_one(&sql, &[]).await.unwrap().get(0)
    }

    /// A figure of the metrics of `serve`.
    pub(crate) async fn figure(&self, name: &str) -> f64 {
        self.setup.figure(Role::ControlServe, name).await.unwrap()
    }

    /// A figure of the metrics of the first `work`.
    pub(crate) async fn figure_of_work(&self, name: &str) -> f64 {
        self.setup.figure(Role::ControlWork, name).await.unwrap()
    }

    /// Starts `control-plane work`.
    pub(crate) fn work(&self) -> Program {
        self.setup.launch(Role::ControlWork).unwrap().start().unwrap()
    }

    /// Starts `control-plane work` with these settings.
    pub(crate) fn work_with(&self, settings: &[(&str, &str)]) -> Program {
        let launch = self.setup.launch(Role::ControlWork).unwrap();
        let launch = settings.iter().fold(launch, |it, (name, value)| it.env(name, *value));
        launch.start().unwrap()
    }

    /// Starts a second `control-plane work`.
    pub(crate) fn work_beside(&self) -> Program {
        let metrics = format!("127.0.0.1:{}", ports::free().unwrap());
        let launch = self.setup.launch(Role::ControlWork).unwrap();
        launch.env("METRICS_LISTEN", metrics).start().unwrap()
    }

    /// Calls a hotel ready, as the provisioner would.
    pub(crate) async fn call_ready(&self, tenant_id: &str) {
        self.move_provisioning(tenant_id, &["provisioning", "ready"]).await;
    }

    /// Moves a tenant through these states, as the provisioner would.
    pub(crate) async fn move_provisioning(&self, tenant_id: &str, states: &[&str]) {
        for state in states {
            let sql = "SELECT move_provisioning($1::text::uuid, $2)";
            self.database.query_one(sql, &[&tenant_id, state]).await.unwrap();
        }
    }

    /// How many rows a query counts.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.database.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// The database server's time, as a literal for it.
    pub(crate) async fn server_time(&self) -> String {
        let sql = "SELECT quote_literal(clock_timestamp())";
        self.database.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Waits until a query that begins like this, and was begun after a [`Self::server_time`], is over.
    pub(crate) async fn wait_for_query(&self, beginning: &str, after: &str) {
        // `state_change` is of no use: a pool looks at a session that is given back to it.
        let sql = format!(
            "SELECT least(count(*), 1) FROM pg_stat_activity
             WHERE state = 'idle' AND query LIKE '{beginning}%' AND query_start > {after}"
        );
        self.wait_for_count(&sql, 1).await;
    }

    /// Waits until a query counts so many rows.
    pub(crate) async fn wait_for_count(&self, sql: &str, wanted: i64) {
        let counted = async || (self.count(sql).await == wanted).then_some(());
        if let Err(late) = eventually(SOON, sql, counted).await {
            let jobs = "SELECT coalesce(jsonb_pretty(jsonb_agg(to_jsonb(j))), 'none') FROM jobs j";
            let jobs = self.database.query_one(jobs, &[]).await.unwrap();
            panic!("{late:#}\njobs: {}", jobs.get::<_, String>(0));
        }
    }
}

fn unlimited(launch: Launch) -> Launch {
    launch
        .env("ROUTE_FEED_TOKEN", FEED_TOKEN)
        .env("RATE_LIMIT_API_PER_MINUTE", "0")
        .env("RATE_LIMIT_FORMS_PER_MINUTE", "0")
        .env("RATE_LIMIT_LOGINS_PER_MINUTE", "0")
}
