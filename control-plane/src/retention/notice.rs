//! Tells owners two weeks before their data is deleted.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::{clock::Clock, ids::TenantId, sql::Query};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::JobError,
};
use serde::{Deserialize, Serialize};

use super::{letter, stores::notices as store};
use crate::mails::{Mail, Post, Written};

/// Mails to owners whose data is deleted soon.
pub(crate) struct DeletionNotice {
    pub(crate) clock: Clock,
}

/// Whose data it is.
#[derive(Serialize, Deserialize)]
pub(crate) struct About {
    tenant_id: TenantId,
}

impl Mail for DeletionNotice {
    const KIND: &'static Kind = &Kind {
        name: "deletion_notice",
        class: Class::Default,
        priority: 0,
        tries: 5,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::S10, Wait::M2],
        words: Words {
            name: ["Surel sebelum penghapusan", "Notice of deletion"],
            dead: [
                "Pemilik belum tahu kapan datanya dihapus. Periksa alamatnya, atau tahan penghapusannya.",
                "The owner does not know when the data is deleted. Check the address, or hold the deletion back.",
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
        let tenants = store::note_unnoticed(tx, now, limit).await?;
        Ok(tenants.into_iter().map(|tenant_id| About { tenant_id }).collect())
    }

    async fn write(&self, post: &Post, about: About) -> Result<Written, JobError> {
        let client = post.connect().await?;
        let found = store::find_recipient(&**client, about.tenant_id, self.clock.now()).await;
        let Some(recipient) = found.map_err(JobError::database)? else {
            return Ok(Written::Overtaken("nothing is to be deleted, or the owner knows"));
        };
        let login = post.addresses.login_of(&recipient.host);
        Written::of(letter::write(&recipient, &login))
    }

    async fn sent(&self, post: &Post, about: About) -> Result<(), JobError> {
        let client = post.connect().await?;
        let noted = store::note_told(&**client, about.tenant_id, self.clock.now()).await;
        noted.map_err(JobError::database)
    }
}
