//! Mails to a hotel's owner about a custom domain: that it fails, and that it works again.
//!
//! How each domain stands is compared with what its owner was told last. Each change is told once, and a
//! failure at most once a day, so that a domain that comes and goes is no storm of mails. A mail that is
//! overtaken by events is not sent. One about a failure that no mail server took is asked for anew each
//! day, and the vendor's people see whose it is.

mod letter;
mod store;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{clock::Clock, errors::Chain, ids::DomainId, sql::Query};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::JobError,
};
use sea_orm::{DatabaseConnection, DbErr};
use serde::{Deserialize, Serialize};

use self::letter::Told;
use crate::{
    domains::{Checker, Domain},
    mails::{Mail, Post, Written},
    tenants,
};

/// No two mails about failures of one domain are closer.
const QUIET: TimeDelta = TimeDelta::days(1);

/// What an owner is told of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum News {
    /// It worked, and does not, or should by now.
    Failed,
    /// It does again.
    Works,
}

impl News {
    /// Whether it is still so.
    fn holds(self, domain: &Domain) -> bool {
        match self {
            Self::Failed => domain.state.as_str() == "stuck",
            Self::Works => domain.state.as_str() == "live",
        }
    }
}

/// Mails about domains.
pub(crate) struct DomainMails {
    pub(crate) db: DatabaseConnection,
    pub(crate) checker: Checker,
    pub(crate) clock: Clock,
}

/// Which domain it is about, and what it says of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct About {
    domain_id: DomainId,
    news: News,
}

impl Mail for DomainMails {
    const KIND: &'static Kind = &Kind {
        name: "domain_mail",
        class: Class::Default,
        priority: 0,
        tries: 5,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::S10, Wait::M2],
        words: Words {
            name: ["Surel tentang domain", "Mail about a domain"],
            dead: [
                "Pemilik belum diberi tahu tentang domainnya. Periksa alamat surelnya.",
                "The owner was not told about the domain. Check the e-mail address.",
            ],
        },
    };

    type About = About;

    async fn note_due(
        &self,
        tx: &impl Query,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<About>, tokio_postgres::Error> {
        let due = store::note_news(tx, (now, now - QUIET), limit).await?;
        Ok(due.into_iter().map(|(domain_id, news)| About { domain_id, news }).collect())
    }

    async fn write(
        &self,
        post: &Post,
        About { domain_id, news }: About,
    ) -> Result<Written, JobError> {
        let domain = self.checker.find(&self.db, domain_id).await.map_err(failed)?;
        let Some(domain) = domain else {
            return Ok(Written::Overtaken("the domain was released"));
        };
        if !news.holds(&domain) {
            if news == News::Failed {
                let client = post.connect().await?;
                store::forget_failure(&**client, domain_id).await.map_err(JobError::database)?;
            }
            return Ok(Written::Overtaken("the domain stands otherwise by now"));
        }
        if news == News::Failed {
            let client = post.connect().await?;
            let knows = store::knows_of_failure(&**client, domain_id).await;
            if knows.map_err(JobError::database)? {
                return Ok(Written::Overtaken("the owner knows"));
            }
        }
        let tenant = tenants::store::find(&self.db, domain.tenant_id.into()).await;
        let Some(tenant) = tenant.map_err(failed)? else {
            return Ok(Written::Overtaken("the hotel is gone"));
        };
        let own = post.addresses.of_hotel(&post.addresses.host_of(&tenant.slug));
        let told = Told { tenant: &tenant, domain: &domain, own: &own, now: self.clock.now() };
        Written::of(told.write(news))
    }

    async fn sent(&self, post: &Post, About { domain_id, news }: About) -> Result<(), JobError> {
        if news == News::Works {
            return Ok(());
        }
        let client = post.connect().await?;
        store::note_told(&**client, domain_id).await.map_err(JobError::database)
    }
}

fn failed(error: DbErr) -> JobError {
    JobError::retry("DATABASE", Chain(&error).to_string())
}
