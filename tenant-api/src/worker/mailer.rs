//! Sends mail over SMTP.

use std::time::Duration;

use hotelhub_jobs::{outcome::JobError, peers::Peer, smtp::not_sent};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp,
};
use secrecy::{ExposeSecret, SecretString};

/// The mail server, as jobs see it.
pub(crate) static SMTP: Peer = Peer { name: "smtp", per_property: None, shared: None };

/// Below a job's own time limit, so that the reason is the mail server's and not the clock's.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to the mail server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

/// The mail settings are of no use.
#[derive(Debug, thiserror::Error)]
#[error("SMTP_URL is not understood")]
pub(crate) struct MailError(#[source] smtp::Error);

/// A mail to one person.
pub(crate) struct Mail {
    /// With its angle brackets; the same for every try of one job.
    pub(crate) message_id: String,
    pub(crate) from_name: String,
    pub(crate) to_name: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Mailer {
    pub(crate) fn new(url: &SecretString, from: &Mailbox) -> Result<Self, MailError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .map_err(MailError)?
            .timeout(Some(TIMEOUT))
            .build();
        Ok(Self { transport, from: from.email.clone() })
    }

    /// Hands a mail to the server.
    pub(crate) async fn send(&self, mail: Mail) -> Result<(), JobError> {
        let to: Address = mail.to.parse().map_err(|error| JobError::fail("ADDRESS", error))?;
        let message = Message::builder()
            .message_id(Some(mail.message_id))
            .from(Mailbox::new(Some(mail.from_name), self.from.clone()))
            .to(Mailbox::new(Some(mail.to_name), to))
            .subject(mail.subject)
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|error| JobError::fail("MAIL", error))?;
        self.transport.send(message).await.map(drop).map_err(not_sent)
    }
}
