//! The mail that confirms a reservation to the guest.
//!
//! The mail is written from what the reservation says when it is sent. Its Message-ID is made from
//! the job's id: should a worker die after the mail server took it and before that was written
//! down, the second copy carries the same one, and mail programs show one mail.

use std::time::Duration;

use askama::Template;
use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{PropertyId, ReservationId},
    life::Access,
};
use hotelhub_http::{catalogue, language::Language};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
    peers::Peer,
};
use hotelhub_tenancy::db::TenantConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::MailTools;
use crate::{
    properties,
    reservations::{self, Reservation, ReservationState},
    worker::{
        HotelJob, Try,
        mailer::{Mail, SMTP},
    },
};

/// The job; its payload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReservationConfirmation {
    pub(crate) property_id: PropertyId,
    pub(crate) reservation_id: ReservationId,
}

impl HotelJob for ReservationConfirmation {
    /// Three tries of 30 s each, as the platform promises for mail. A guest waits for it, nobody for a
    /// report of yesterday.
    const KIND: &'static Kind = &Kind {
        name: "reservation_confirmation",
        class: Class::Mail,
        priority: 10,
        tries: 3,
        timeout: Duration::from_secs(30),
        ladder: &[Wait::S10, Wait::M2],
        words: Words {
            name: ["Surel konfirmasi reservasi", "Reservation confirmation mail"],
            dead: [
                "Tamu belum menerima konfirmasi reservasinya. Periksa alamat surelnya, lalu coba \
                 lagi.",
                "The guest has not received the confirmation. Check the e-mail address, then try \
                 again.",
            ],
        },
    };
    /// A suspended hotel makes no new business, so there is none to confirm.
    const RUNS_UNDER: &'static [Access] = &[Access::Full, Access::Grace];
    const PEERS: &'static [&'static Peer] = &[&SMTP];
    type Tools = MailTools;

    fn called(&self) -> Option<(&'static Peer, Option<PropertyId>)> {
        Some((&SMTP, None))
    }

    /// Sends the mail, if the reservation is still to be confirmed.
    async fn run(self, tools: &MailTools, work: &Try<'_>) -> Result<Outcome, JobError> {
        let connection = work.connect().await?;
        let found = load(&connection, &self, tools.clock.now()).await;
        // Nothing is held while the mail server is talked to.
        connection.release();
        let Some(confirmation) = found.map_err(JobError::database)? else {
            return Ok(Outcome::Done(json!({ "sent": false, "reason": "nothing to confirm" })));
        };
        tools.mailer.send(write(&confirmation, tools, work)?).await?;
        Ok(Outcome::Done(json!({ "sent": true })))
    }
}

struct Confirmation {
    reservation: Reservation,
    hotel: String,
    city: String,
    to: String,
    language: Language,
}

catalogue!(
    /// The texts of the mail.
    Texts {
        subject: "Konfirmasi reservasi", "Reservation confirmation";
        greeting: "Halo", "Hello";
        confirmed: "Reservasi Anda telah dikonfirmasi.", "Your reservation is confirmed.";
        code: "Kode reservasi", "Reservation code";
        room: "Kamar", "Room";
        arrival: "Tanggal masuk", "Arrival";
        departure: "Tanggal keluar", "Departure";
        guests: "Tamu", "Guests";
        total: "Total (termasuk pajak dan layanan)", "Total (tax and service included)";
        closing: "Sampai jumpa di", "We look forward to welcoming you at";
    }
);

#[derive(Template)]
#[template(path = "mail/reservation_confirmation.txt", escape = "none")]
struct Plain<'a> {
    texts: &'a Texts,
    it: &'a Confirmation,
}

#[derive(Template)]
#[template(path = "mail/reservation_confirmation.html")]
struct Html<'a> {
    texts: &'a Texts,
    it: &'a Confirmation,
}

fn write(it: &Confirmation, tools: &MailTools, work: &Try<'_>) -> Result<Mail, JobError> {
    let texts = Texts::of(it.language);
    let unwritten = |error| JobError::fail("TEMPLATE", error);
    Ok(Mail {
        message_id: format!("<{}@{}>", work.idempotency_key(), tools.addresses.base_domain),
        from_name: it.hotel.clone(),
        to_name: it.reservation.guest_name.clone(),
        to: it.to.clone(),
        subject: format!("{} {}", texts.subject, it.reservation.code),
        text: Plain { texts, it }.render().map_err(unwritten)?,
        html: Html { texts, it }.render().map_err(unwritten)?,
    })
}

async fn load(
    db: &TenantConnection,
    job: &ReservationConfirmation,
    now: DateTime<Utc>,
) -> Result<Option<Confirmation>, tokio_postgres::Error> {
    let ReservationConfirmation { property_id, reservation_id } = *job;
    let Some(reservation) = reservations::find(db, property_id, reservation_id).await? else {
        return Ok(None);
    };
    let Some(property) = properties::find(db, property_id, now).await? else { return Ok(None) };
    let Some((to, language)) = crate::guests::contact(db, reservation.guest).await? else {
        return Ok(None);
    };
    if reservation.state != ReservationState::Confirmed || to.is_empty() {
        return Ok(None);
    }
    Ok(Some(Confirmation {
        reservation,
        hotel: property.name,
        city: property.city,
        to,
        language: Language::from_code(&language),
    }))
}
