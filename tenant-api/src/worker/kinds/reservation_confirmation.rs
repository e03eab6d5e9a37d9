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
    kind::{Class, Kind, Wait},
    outcome::{JobError, Outcome},
    rows::RunningJob,
};
use hotelhub_tenancy::db::{TenantConnection, TenantDb};
use serde::Deserialize;
use serde_json::json;

use super::{Kinds, read_payload};
use crate::{
    properties,
    reservations::{self, Reservation, ReservationState},
    worker::mailer::Mail,
};

/// Three tries of 30 s each, as the platform promises for mail.
pub(crate) const KIND: Kind = Kind {
    name: "reservation_confirmation",
    class: Class::Mail,
    tries: 3,
    timeout: Duration::from_secs(30),
    ladder: &[Wait::S10, Wait::M2],
};

/// A suspended hotel makes no new business, so there is none to confirm.
pub(super) const RUNS_UNDER: &[Access] = &[Access::Full, Access::Grace];

#[derive(Deserialize)]
struct Payload {
    property_id: PropertyId,
    reservation_id: ReservationId,
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

/// Sends the mail, if the reservation is still to be confirmed.
pub(super) async fn run(
    kinds: &Kinds,
    db: &TenantDb,
    job: &RunningJob,
) -> Result<Outcome, JobError> {
    let payload: Payload = read_payload(job)?;
    let connection = db.connect().await.map_err(|error| JobError::retry("DATABASE", error))?;
    let found = load(&connection, &payload, kinds.clock.now()).await;
    // Nothing is held while the mail server is talked to.
    connection.release();
    let Some(confirmation) = found.map_err(|error| JobError::retry("DATABASE", error))? else {
        return Ok(Outcome::Done(json!({ "sent": false, "reason": "nothing to confirm" })));
    };
    let texts = Texts::of(confirmation.language);
    let written = |error| JobError::fail("TEMPLATE", error);
    let mail = Mail {
        message_id: format!("<{}@{}>", job.id, kinds.addresses.base_domain),
        from_name: confirmation.hotel.clone(),
        to_name: confirmation.reservation.guest_name.clone(),
        to: confirmation.to.clone(),
        subject: format!("{} {}", texts.subject, confirmation.reservation.code),
        text: Plain { texts, it: &confirmation }.render().map_err(written)?,
        html: Html { texts, it: &confirmation }.render().map_err(written)?,
    };
    kinds.mailer.send(mail).await?;
    Ok(Outcome::Done(json!({ "sent": true })))
}

async fn load(
    db: &TenantConnection,
    payload: &Payload,
    now: DateTime<Utc>,
) -> Result<Option<Confirmation>, tokio_postgres::Error> {
    let Payload { property_id, reservation_id } = *payload;
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
