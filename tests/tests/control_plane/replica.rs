//! Replicas inside the test: the same follower as in `tenant-api`, whose table can be looked at.

use std::collections::BTreeMap;

use hotelhub_core::routes::Position;
use hotelhub_tenancy::{
    feed::{Feed, FeedConfig},
    routes::Routes,
};
use platform_tests::waiting::eventually;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::ground::SOON;

/// What a route says, as text.
pub(crate) type Told = BTreeMap<String, String>;

/// A replica that can be cut off and come back.
pub(crate) struct Replica {
    pub(crate) routes: Routes,
    config: FeedConfig,
    following: Option<JoinHandle<()>>,
}

impl Replica {
    /// Starts from nothing, and follows.
    pub(crate) async fn start(config: FeedConfig) -> Self {
        let mut replica = Self { routes: Routes::default(), config, following: None };
        let feed = replica.feed();
        feed.start().await;
        replica.go_on();
        replica
    }

    /// Follows on from where it is.
    #[expect(clippy::disallowed_methods, reason = "it is cut off by force, as a process is")]
    pub(crate) fn go_on(&mut self) {
        self.following = Some(tokio::spawn(self.feed().follow()));
    }

    /// Cuts it off, in the middle of whatever it is at.
    pub(crate) fn cut(&mut self) {
        if let Some(following) = self.following.take() {
            following.abort();
        }
    }

    /// Waits until it knows exactly what the database says.
    pub(crate) async fn expect_same(&self, database: &Client, whose: &str) {
        let wanted = told_by(database).await;
        let same = async || (self.told() == wanted).then_some(());
        if eventually(SOON, "a replica to be as the database", same).await.is_err() {
            panic!("{whose} knows {:#?}\nthe database says {wanted:#?}", self.told());
        }
    }

    pub(crate) fn position(&self) -> Position {
        self.routes.position().unwrap()
    }

    fn told(&self) -> Told {
        let told = |it: &hotelhub_core::routes::Route| {
            let hosts: Vec<&str> = it.domains.iter().map(|it| it.hostname.as_str()).collect();
            let access = serde_json::to_value(it.access).unwrap();
            format!("{} {} {}", it.company_name, access.as_str().unwrap(), hosts.join(" "))
        };
        self.routes.all().iter().map(|it| (it.tenant_id.to_string(), told(it))).collect()
    }

    fn feed(&self) -> Feed {
        Feed::new(self.config.clone(), self.routes.clone()).unwrap()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.cut();
    }
}

async fn told_by(database: &Client) -> Told {
    let sql = "SELECT r.tenant_id::text, concat_ws(' ', r.company_name, r.access,
             (SELECT string_agg(d ->> 'hostname', ' ' ORDER BY (d ->> 'primary')::bool DESC,
                                d ->> 'hostname')
              FROM jsonb_array_elements(coalesce(r.domains, '[]')) d))
         FROM routes r";
    let rows = database.query(sql, &[]).await.unwrap();
    rows.iter().map(|it| (it.get(0), it.get::<_, String>(1).trim().to_owned())).collect()
}
