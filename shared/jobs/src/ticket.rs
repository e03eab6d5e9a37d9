//! What travels over RabbitMQ: ids and nothing else, so no guest's data lies in the broker.

use hotelhub_core::{
    ids::{JobId, TenantId},
    trace::TraceContext,
};
use serde::{Deserialize, Serialize};

use crate::class::Class;

/// The form of tickets that this program writes and reads.
const SCHEMA: u32 = 1;
/// Of a kind, in bytes.
const LONGEST_NAME: usize = 100;

/// A message: somebody should look at this tenant's database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    schema: u32,
    /// Whose database.
    pub tenant: TenantId,
    /// What to look for there.
    pub errand: Errand,
}

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// One job.
    Job {
        /// Its row.
        job: JobId,
        /// Its kind, for the logs.
        kind: String,
        /// Where it queues.
        class: String,
        /// Which issue of tickets this one belongs to; an older one says nothing.
        epoch: i32,
        /// W3C trace context of the request that caused it.
        trace: Option<String>,
        /// Somebody had it before and did not settle it; the broker says so only once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// Whatever is due. Carries no truth: a duplicate does no harm.
    Tick,
}

impl Errand {
    /// The trace of the request that caused it, if one did.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        match self {
            Self::Job { trace, .. } => trace.as_deref()?.parse().ok(),
            Self::Tick => None,
        }
    }
}

/// Why a message is not a ticket of ours.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableTicket {
    /// It is not in our form.
    #[error("the message is not a ticket")]
    Form(#[from] serde_json::Error),
    /// It is of another release.
    #[error("the ticket has schema {0}")]
    Schema(u32),
    /// Its class is none of ours.
    #[error("the ticket has the class `{0}`")]
    Class(String),
    /// No kind has such a name, and no database could be asked for it.
    #[error("the ticket's kind is no name")]
    Kind,
}

impl Ticket {
    /// A ticket for one job.
    #[must_use]
    pub fn job(tenant: TenantId, it: &crate::rows::Due) -> Self {
        let errand = Errand::Job {
            job: it.id,
            kind: it.kind.clone(),
            class: it.class.clone(),
            epoch: it.epoch,
            trace: it.trace.clone(),
            again: false,
        };
        Self { schema: SCHEMA, tenant, errand }
    }

    /// A tick: look for whatever is due.
    #[must_use]
    pub const fn tick(tenant: TenantId) -> Self {
        Self { schema: SCHEMA, tenant, errand: Errand::Tick }
    }

    /// The same ticket, which says that somebody had it before.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut ticket = self.clone();
        if let Errand::Job { again, .. } = &mut ticket.errand {
            *again = true;
        }
        ticket
    }

    /// Whether the ticket says that somebody had it before.
    pub(crate) const fn is_again(&self) -> bool {
        matches!(self.errand, Errand::Job { again: true, .. })
    }

    /// Reads a message.
    ///
    /// # Errors
    /// Refuses what is not a ticket of this schema and a class of ours.
    pub fn read(body: &[u8]) -> Result<Self, UnreadableTicket> {
        let ticket: Self = serde_json::from_slice(body)?;
        if ticket.schema != SCHEMA {
            return Err(UnreadableTicket::Schema(ticket.schema));
        }
        if let Errand::Job { class, kind, .. } = &ticket.errand {
            if class.parse::<Class>().is_err() {
                return Err(UnreadableTicket::Class(class.clone()));
            }
            if !is_name(kind) {
                return Err(UnreadableTicket::Kind);
            }
        }
        Ok(ticket)
    }

    /// The routing key: the class it queues in.
    #[must_use]
    pub fn routing_key(&self) -> &str {
        match &self.errand {
            Errand::Job { class, .. } => class,
            Errand::Tick => Class::Default.name(),
        }
    }
}

/// Whether a kind may be called so.
fn is_name(kind: &str) -> bool {
    (1..=LONGEST_NAME).contains(&kind.len()) && !kind.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_of_another_release_or_class_is_refused() {
        let tick = serde_json::to_value(Ticket::tick(TenantId::generate())).unwrap();
        assert!(Ticket::read(tick.to_string().as_bytes()).is_ok());

        let mut newer = tick.clone();
        newer["schema"] = 2.into();
        assert!(matches!(
            Ticket::read(newer.to_string().as_bytes()),
            Err(UnreadableTicket::Schema(2))
        ));

        let mut strange = tick;
        strange["errand"] = serde_json::json!({"job": {
            "job": JobId::generate(), "kind": "x", "class": "nowhere", "epoch": 1, "trace": null
        }});
        assert!(matches!(
            Ticket::read(strange.to_string().as_bytes()),
            Err(UnreadableTicket::Class(_))
        ));
        assert!(matches!(Ticket::read(b"hello"), Err(UnreadableTicket::Form(_))));
    }
}
