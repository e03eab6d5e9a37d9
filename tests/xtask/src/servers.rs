//! What our programs need around them: database, broker, mail.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, Result};
use platform_tests::{
    client::Site,
    mail::CaughtMail,
    platform::programs_folder,
    ports::RememberedPorts,
    postgres::{Passwords, PostgresServer, PostgresUrls, bootstrap},
    process::{Launch, Program},
    rabbit::{self, RabbitNode},
    secrets,
    settings::setting,
    waiting::eventually,
};
use url::Url;

use crate::{install::Package, say, state::State};

const MAIL_DEADLINE: Duration = Duration::from_secs(15);
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// Servers that exist, as the developer named them.
pub(crate) struct Existing {
    postgres: Option<Url>,
    amqp: Option<String>,
}

impl Existing {
    /// Reads `POSTGRES_ADMIN_URL` and `AMQP_URL`.
    pub(crate) fn read() -> Result<Self> {
        let postgres = setting("POSTGRES_ADMIN_URL")
            .map(|it| Url::parse(&it).context("POSTGRES_ADMIN_URL is no address"))
            .transpose()?;
        Ok(Self { postgres, amqp: setting("AMQP_URL") })
    }

    /// What has to be started privately.
    pub(crate) fn needs(&self) -> Vec<Package> {
        let postgres = self.postgres.is_none().then_some(Package::Postgres);
        let rabbitmq = self.amqp.is_none().then_some(Package::Rabbitmq);
        postgres.into_iter().chain(rabbitmq).collect()
    }
}

/// The database server and the broker.
pub(crate) struct Servers {
    pub(crate) postgres: PostgresUrls,
    pub(crate) amqp_url: String,
    own_postgres: Option<PostgresServer>,
    own_rabbit: Option<RabbitNode>,
}

impl Servers {
    /// Starts what is not named, and checks what is.
    pub(crate) async fn start(state: &State, existing: &Existing) -> Result<Self> {
        let port = RememberedPorts::load(&state.folder)?.port("postgres")?;
        let postgres = say::during("PostgreSQL", database(state, existing, port));
        let rabbit = say::during("RabbitMQ", broker(state, existing));
        let ((postgres, own_postgres), (amqp_url, own_rabbit)) =
            tokio::try_join!(postgres, rabbit)?;
        Ok(Self { postgres, amqp_url, own_postgres, own_rabbit })
    }

    /// Stops what was started here.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let rabbit = async {
            match &mut self.own_rabbit {
                Some(node) => node.stop().await,
                None => Ok(()),
            }
        };
        let postgres = async {
            match &mut self.own_postgres {
                Some(server) => server.stop().await,
                None => Ok(()),
            }
        };
        let (rabbit, postgres) = tokio::join!(rabbit, postgres);
        rabbit.and(postgres)
    }
}

async fn database(
    state: &State,
    existing: &Existing,
    port: u16,
) -> Result<(PostgresUrls, Option<PostgresServer>)> {
    let Some(superuser) = &existing.postgres else {
        let server = PostgresServer::kept(&state.folder, port).await?;
        return Ok((server.urls()?, Some(server)));
    };
    let file = state.path("postgres-existing.json");
    let passwords = secrets::load_or_create(&file, Passwords::random)?;
    let changes = bootstrap(superuser, &passwords)
        .await
        .context("make the server of POSTGRES_ADMIN_URL ready")?;
    for change in changes {
        say::line(format!("  on the server of POSTGRES_ADMIN_URL: {change}"));
    }
    say::line(
        "  the server of POSTGRES_ADMIN_URL keeps its own pg_hba.conf: there the CONNECT grants \
         are the only wall between hotels",
    );
    Ok((PostgresUrls::new(superuser, &passwords)?, None))
}

async fn broker(state: &State, existing: &Existing) -> Result<(String, Option<RabbitNode>)> {
    let Some(url) = &existing.amqp else {
        let node = RabbitNode::start(&state.folder).await?;
        return Ok((node.address().amqp_url(), Some(node)));
    };
    rabbit::accepts(url).await.context("use the broker of AMQP_URL")?;
    Ok((url.clone(), None))
}

/// The mail catcher, in a process of its own.
pub(crate) struct Mail {
    process: Program,
    smtp_port: u16,
    http_port: u16,
    site: Site,
}

impl Mail {
    /// Starts it on ports that are remembered.
    pub(crate) async fn start(state: &State) -> Result<Self> {
        let mut ports = RememberedPorts::load(&state.folder)?;
        let (smtp_port, http_port) = (ports.port("smtp")?, ports.port("mail")?);
        let address = |port| format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let xtask = programs_folder()?.join("xtask");
        let mut process = Launch::new("mail-catcher", &xtask, &state.path("mail-catcher.log"))
            .args(["mail-catcher", "--smtp", &address(smtp_port), "--http", &address(http_port)])
            .args(["--dir".into(), state.path("mails")])
            .register(&state.path("pids"))
            .start()?;
        let site = Site::new(http_port, "mail.localhost")?;
        process
            .wait_until(MAIL_DEADLINE, "the mail catcher to answer", async || {
                site.get("/api/mails").await.ok()
            })
            .await?;
        Ok(Self { process, smtp_port, http_port, site })
    }

    /// Where programs send mail.
    pub(crate) fn smtp_url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.smtp_port)
    }

    /// Where people read it.
    pub(crate) fn page(&self) -> String {
        format!("http://localhost:{}", self.http_port)
    }

    /// Waits for a mail to `address` that mentions `text`.
    pub(crate) async fn wait_for(
        &self,
        address: &str,
        text: &str,
        deadline: Duration,
    ) -> Result<CaughtMail> {
        let what = format!("a mail to {address} about {text}");
        eventually(deadline, &what, async || {
            let answer = self.site.get("/api/mails").await.ok()?;
            let mails: Vec<CaughtMail> = serde_json::from_str(&answer.body).ok()?;
            mails.into_iter().find(|it| {
                it.is_to(address) && (it.subject.contains(text) || it.text.contains(text))
            })
        })
        .await
    }

    /// Stops it.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.process.terminate(STOP_DEADLINE).await.map(drop)
    }
}
