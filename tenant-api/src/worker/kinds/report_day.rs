//! The mail that tells a hotel's owners every morning what yesterday was like.
//!
//! The job of the schedule writes one job for each owner; each of those sends one mail. So a mail
//! server that refuses one owner keeps the report from nobody else. The Message-ID is made from the
//! job's id, so a second copy after a crash shows as one mail.

use std::time::Duration;

use askama::Template;
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use hotelhub_core::{
    ids::{PropertyId, UserId},
    life::Access,
};
use hotelhub_http::{catalogue, language::Language};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
    peers::Peer,
    rows::{self, Called, NewJob},
};
use hotelhub_tenancy::db::TenantConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::MailTools;
use crate::{
    properties,
    reports::{self, DayFigures, Reader},
    worker::{
        HotelJob, Try,
        mailer::{Mail, SMTP},
    },
};

/// The job; its payload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReportDay {
    property_id: PropertyId,
    fire_at: DateTime<Utc>,
    /// One owner; missing in the job that writes one for each.
    #[serde(default)]
    to: Option<UserId>,
}

impl HotelJob for ReportDay {
    /// Two tries of a minute each, as the platform promises for reports.
    const KIND: &'static Kind = &Kind {
        name: "report_day",
        class: Class::Default,
        priority: 0,
        tries: 2,
        timeout: Duration::from_secs(60),
        ladder: &[Wait::M10],
        words: Words {
            name: ["Surel laporan harian", "Daily report mail"],
            dead: [
                "Pemilik belum menerima laporan harian. Periksa alamat surelnya, lalu coba lagi.",
                "An owner has not received the daily report. Check the e-mail address, then try \
                 again.",
            ],
        },
    };
    /// A suspended hotel has the front desk, and no more.
    const RUNS_UNDER: &'static [Access] = &[Access::Full, Access::Grace];
    const PEERS: &'static [&'static Peer] = &[&SMTP];
    type Tools = MailTools;

    /// Only who sends a mail calls anybody.
    fn called(&self) -> Option<(&'static Peer, Option<PropertyId>)> {
        self.to.map(|_| (&SMTP, None))
    }

    async fn run(self, tools: &MailTools, work: &Try<'_>) -> Result<Outcome, JobError> {
        match self.to {
            None => self.write_mails(work).await,
            Some(reader) => self.send(reader, tools, work).await,
        }
    }
}

impl ReportDay {
    /// Writes a job for each owner. Without one nothing is sent.
    async fn write_mails(&self, work: &Try<'_>) -> Result<Outcome, JobError> {
        let failed = JobError::database;
        let mut connection = work.connect().await?;
        let tx = connection.transaction().await.map_err(failed)?;
        let readers = reports::list_readers(&tx).await.map_err(failed)?;
        for reader in &readers {
            let Self { property_id, fire_at, .. } = *self;
            let mail = Self { property_id, fire_at, to: Some(reader.id) };
            let mail =
                serde_json::to_value(&mail).map_err(|error| JobError::fail("PAYLOAD", error))?;
            let job = NewJob {
                requested_by: Some("report_day"),
                called: Some(Called { peer: SMTP.name.into(), property: None }),
                ..NewJob::new(Self::KIND, &mail)
            };
            rows::enqueue(&tx, job).await.map_err(failed)?;
        }
        let recorded = work.record(&tx, &json!({ "mails": readers.len() })).await?;
        tx.commit().await.map_err(failed)?;
        connection.release();
        Ok(recorded)
    }

    async fn send(
        &self,
        reader: UserId,
        tools: &MailTools,
        work: &Try<'_>,
    ) -> Result<Outcome, JobError> {
        let connection = work.connect().await?;
        let found = self.load(&connection, reader, tools.clock.now()).await;
        // Nothing is held while the mail server is talked to.
        connection.release();
        let Some(report) = found.map_err(JobError::database)? else {
            return Ok(Outcome::Done(json!({ "sent": false, "reason": "nobody to tell" })));
        };
        tools.mailer.send(write(&report, tools, work)?).await?;
        Ok(Outcome::Done(json!({ "sent": true })))
    }

    async fn load(
        &self,
        db: &TenantConnection,
        reader: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<Report>, tokio_postgres::Error> {
        let Some(property) = properties::find(db, self.property_id, now).await? else {
            return Ok(None);
        };
        let readers = reports::list_readers(db).await?;
        let Some(reader) = readers.into_iter().find(|it| it.id == reader) else { return Ok(None) };
        let zone: Tz = property.time_zone.parse().unwrap_or(Tz::UTC);
        let day = self.fire_at.with_timezone(&zone).date_naive() - Days::new(1);
        let figures = reports::find_day(db, property.id, day).await?;
        let language = reports::find_language(db).await?;
        Ok(Some(Report { hotel: property.name, day, figures, reader, language }))
    }
}

struct Report {
    hotel: String,
    day: NaiveDate,
    figures: DayFigures,
    reader: Reader,
    language: Language,
}

catalogue!(
    /// The texts of the mail.
    Texts {
        subject: "Laporan harian", "Daily report";
        greeting: "Halo", "Hello";
        about: "Berikut ringkasan hari kemarin:", "This is what yesterday was like:";
        arrivals: "Kedatangan", "Arrivals";
        departures: "Keberangkatan", "Departures";
        in_house: "Kamar terisi", "Rooms occupied";
        available: "Kamar tersedia", "Rooms available";
        occupancy: "Tingkat hunian", "Occupancy";
        revenue: "Pendapatan kamar (sebelum pajak dan layanan)", "Room revenue (before tax and service)";
    }
);

#[derive(Template)]
#[template(path = "mail/report_day.txt", escape = "none")]
struct Plain<'a> {
    texts: &'a Texts,
    it: &'a Report,
}

#[derive(Template)]
#[template(path = "mail/report_day.html")]
struct Html<'a> {
    texts: &'a Texts,
    it: &'a Report,
}

impl Report {
    fn occupancy(&self) -> String {
        self.figures.occupancy().map_or_else(|| "–".to_owned(), |it| format!("{it} %"))
    }
}

fn write(it: &Report, tools: &MailTools, work: &Try<'_>) -> Result<Mail, JobError> {
    let texts = Texts::of(it.language);
    let unwritten = |error| JobError::fail("TEMPLATE", error);
    Ok(Mail {
        message_id: format!("<{}@{}>", work.idempotency_key(), tools.addresses.base_domain),
        from_name: it.hotel.clone(),
        to_name: it.reader.name.clone(),
        to: it.reader.email.clone(),
        subject: format!("{} {} {}", texts.subject, it.hotel, it.day),
        text: Plain { texts, it }.render().map_err(unwritten)?,
        html: Html { texts, it }.render().map_err(unwritten)?,
    })
}
