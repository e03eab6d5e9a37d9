//! What mails are sent with, and how one is put together.

use deadpool_postgres::{Object, Pool};
use hotelhub_jobs::{
    outcome::{JobError, Outcome},
    rows::RunningJob,
    smtp::not_sent,
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
};

use crate::config::Addresses;

/// What mails are sent with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) pool: Pool,
    pub(crate) addresses: Addresses,
    pub(crate) from: Mailbox,
    pub(crate) smtp: AsyncSmtpTransport<Tokio1Executor>,
}

/// A mail, as text and as HTML.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// Whom it is to.
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// A mail could not be put together.
#[derive(Debug, thiserror::Error)]
enum ComposeError {
    #[error("read the owner's e-mail address")]
    Address(#[from] lettre::address::AddressError),
    #[error("put the mail together")]
    Message(#[from] lettre::error::Error),
}

impl Post {
    /// A connection to read with what a mail says.
    pub(crate) async fn connect(&self) -> Result<Object, JobError> {
        self.pool.get().await.map_err(JobError::no_connection)
    }

    /// Sends the mail of a job. Should it be sent twice, both carry the job's Message-ID.
    pub(super) async fn send(&self, job: &RunningJob, letter: Letter) -> Result<Outcome, JobError> {
        let message_id = format!("<{}@{}>", job.id, self.addresses.base_domain);
        let mail = compose(letter, &self.from, message_id.clone())
            .map_err(|error| JobError::fail("BAD_MAIL", error))?;
        self.smtp.send(mail).await.map_err(not_sent)?;
        Ok(Outcome::Done(serde_json::json!({ "message_id": message_id })))
    }
}

fn compose(letter: Letter, from: &Mailbox, message_id: String) -> Result<Message, ComposeError> {
    let Letter { name, address, subject, text, html } = letter;
    let address: Address = address.parse()?;
    // A line break in a name would begin another header.
    let name = name.replace(char::is_control, " ");
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(Some(name), address))
        .subject(subject)
        .message_id(Some(message_id))
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_add_a_header_and_the_job_names_the_mail() {
        let letter = Letter {
            name: "Wayan\r\nBcc: everybody@example.com".to_owned(),
            address: "wayan@mandala.example".to_owned(),
            subject: "Mandala\r\nBcc: everybody@example.com".to_owned(),
            text: "Halo".to_owned(),
            html: "<p>Halo</p>".to_owned(),
        };
        let from = "HotelHub <no-reply@hotelhub.id>".parse().unwrap();
        let mail = compose(letter, &from, "<1@hotelhub.id>".to_owned()).unwrap();
        let mail = String::from_utf8(mail.formatted()).unwrap();
        assert!(mail.contains("Message-ID: <1@hotelhub.id>"), "{mail}");
        let head = mail.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|it| it.starts_with("Bcc:")), "{head}");
    }
}
