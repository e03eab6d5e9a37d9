//! The mail to a hotel's owner: somebody of the vendor's people asks to come in, and waits.
//!
//! It is due from before the hotel is asked, so that no end of a program leaves an owner untold. Where
//! the request stands is the hotel's to say: it is asked just before the mail is sent, and nothing is
//! sent about what was answered, let in at once by the standing consent, or never arrived.

mod letter;
mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::{clock::Clock, ids::RequestId, sql::Query};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::JobError,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::letter::Told;
use super::{
    model::{Answered, SupportGrant},
    service::{ANSWERED_WITHIN, PATH},
};
use crate::{
    jobs::{Hotels, hotel::Call},
    mails::{Mail, Post, Written},
};

/// Mails about requests of support.
pub(crate) struct SupportMails {
    pub(crate) hotels: Hotels,
    pub(crate) clock: Clock,
}

/// Which request it is about.
#[derive(Serialize, Deserialize)]
pub(crate) struct About {
    grant_id: Uuid,
}

impl Mail for SupportMails {
    const KIND: &'static Kind = &Kind {
        name: "support_mail",
        class: Class::Default,
        priority: 0,
        tries: 5,
        timeout: Duration::from_secs(45),
        ladder: &[Wait::S10, Wait::M2],
        words: Words {
            name: ["Surel tentang akses dukungan", "Mail about support access"],
            dead: [
                "Pemilik belum diberi tahu bahwa dukungan minta masuk. Periksa alamat surelnya.",
                "The owner was not told that support asks to come in. Check the e-mail address.",
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
        let due = store::take_due(tx, now, limit).await?;
        Ok(due.into_iter().map(|grant_id| About { grant_id }).collect())
    }

    async fn write(&self, post: &Post, About { grant_id }: About) -> Result<Written, JobError> {
        // The connection is given back before the hotel is waited for.
        let found = {
            let client = post.connect().await?;
            let found = store::find_request(&**client, grant_id).await;
            found.map_err(JobError::database)?
        };
        let Some(request) = found else {
            return Ok(Written::Overtaken("the request is over, or the hotel is gone"));
        };
        let call =
            Call { slug: &request.slug, actor: &request.asked_by, request: RequestId::generate() };
        let listed = self.hotels.get(call, PATH, &()).await;
        let listed = listed.map_err(|error| JobError::retry("HOTEL", error))?;
        let listed: Answered<Vec<SupportGrant>> =
            serde_json::from_value(listed).map_err(|error| JobError::retry("HOTEL", error))?;
        // The newest come first, and few ask at a time.
        let grant = listed.data.into_iter().find(|it| it.id == grant_id);
        let Some(grant) = grant.filter(|it| it.state == "requested") else {
            return Ok(Written::Overtaken("the hotel does not wait for an answer"));
        };
        let until = grant.requested_at + ANSWERED_WITHIN;
        if until <= self.clock.now() {
            return Ok(Written::Overtaken("the request has lapsed"));
        }
        let link = format!("{}/support-access", post.addresses.of_hotel(&request.host));
        let told = Told { request: &request, grant: &grant, until, link: &link };
        Written::of(told.write())
    }
}
