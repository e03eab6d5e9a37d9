//! A control plane on a real database, and an operator who is logged in to it.

use std::time::Duration;

use platform_tests::{
    client::{ControlPlane, Site},
    platform::{CONTROL_HOST, Role, Setup, VENDOR_EMAIL},
    ports,
    postgres::{PostgresServer, PostgresUrls, Preset, connect},
    process::Program,
};
use tempfile::TempDir;

use crate::operator::Operator;

/// How long a condition may take on a machine with much else to do.
pub(crate) const SOON: Duration = Duration::from_secs(120);

/// The surroundings of one test.
pub(crate) struct Ground {
    pub(crate) control: ControlPlane,
    pub(crate) operator: Operator,
    pub(crate) password: String,
    pub(crate) url: String,
    pub(crate) serving: Program,
    server: PostgresServer,
    _folder: TempDir,
}

impl Ground {
    /// With `control-plane serve`, and an operator who has not logged in yet.
    pub(crate) async fn new() -> Self {
        let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let nowhere = ("amqp://127.0.0.1:1".to_owned(), "smtp://127.0.0.1:1".to_owned());
        let ports = (ports::free().unwrap(), vec![ports::free().unwrap()]);
        let urls = server.urls().unwrap();
        let setup = Setup::new(folder.path(), urls, nowhere.0, nowhere.1, ports).unwrap();
        setup.command("migrate", "provisioner", &["migrate"]).run(SOON).await.unwrap();
        let serving = setup
            .launch(Role::ControlServe)
            .unwrap()
            .env("RATE_LIMIT_API_PER_MINUTE", "0")
            .env("RATE_LIMIT_LOGINS_PER_MINUTE", "0");
        let mut serving = serving.start().unwrap();
        let site = Site::new(setup.control_port, CONTROL_HOST).unwrap();
        let ready = async || site.get("/readyz").await.ok().filter(|it| it.status == 200);
        serving.wait_until(SOON, "the control plane", ready).await.unwrap();
        let args = ["vendor-user", "create", "--email", VENDOR_EMAIL, "--name", "Ayu"];
        let args = [&args[..], &["--role", "super_admin"]].concat();
        let made = setup.command("vendor-user", "control-plane", &args).run(SOON).await.unwrap();
        Self {
            control: ControlPlane::new(site, setup.tenant_ports[0]),
            operator: Operator::new(),
            password: made.lines().last().unwrap().trim().to_owned(),
            url: setup.control_public_url(),
            serving,
            server,
            _folder: folder,
        }
    }

    /// With an operator who has logged in.
    pub(crate) async fn logged_in() -> Self {
        let ground = Self::new().await;
        ground.log_in().await;
        ground
    }

    /// Logs the operator in, with the password on standard input.
    pub(crate) async fn log_in(&self) -> String {
        let args = ["--url", &self.url, "login", "--email", VENDOR_EMAIL];
        self.operator.run_with(&args, &format!("{}\n", self.password)).await.done()
    }

    /// The logins of the database server.
    pub(crate) fn postgres(&self) -> PostgresUrls {
        self.server.urls().unwrap()
    }

    /// A session on the control database.
    pub(crate) async fn database(&self) -> tokio_postgres::Client {
        connect(&self.postgres().control).await.unwrap()
    }
}
