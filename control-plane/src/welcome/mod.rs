//! The welcome mail: every hotel that is ready gets one.

mod letter;
mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::{ids::TenantId, sql::Query};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::JobError,
};
use serde::{Deserialize, Serialize};

use crate::mails::{Mail, Post, Written};

/// Mails to hotels that have had none.
pub(crate) struct Welcome;

/// Which hotel it is for.
#[derive(Serialize, Deserialize)]
pub(crate) struct About {
    tenant_id: TenantId,
}

impl Mail for Welcome {
    const KIND: &'static Kind = &Kind {
        name: "welcome_mail",
        class: Class::Default,
        priority: 0,
        tries: 3,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::S10, Wait::M2],
        words: Words {
            name: ["Surel selamat datang", "Welcome mail"],
            dead: [
                "Pemilik belum menerima surel selamat datang. Periksa alamatnya.",
                "The owner has not received the welcome mail. Check the address.",
            ],
        },
    };

    type About = About;

    async fn note_due(
        &self,
        tx: &impl Query,
        _now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<About>, tokio_postgres::Error> {
        let tenants = store::note_unwelcomed(tx, limit).await?;
        Ok(tenants.into_iter().map(|tenant_id| About { tenant_id }).collect())
    }

    async fn write(&self, post: &Post, about: About) -> Result<Written, JobError> {
        let client = post.connect().await?;
        let found = store::find_recipient(&**client, about.tenant_id).await;
        let Some(recipient) = found.map_err(JobError::database)? else {
            return Ok(Written::Overtaken("the hotel is gone"));
        };
        let login = post.addresses.login_of(&recipient.host);
        Written::of(letter::write(&recipient, &login))
    }
}
