//! A message as the server took it, and what it says.

use mail_parser::{Address, MessageParser};
use serde::{Deserialize, Serialize};

/// A message that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtMail {
    /// Counts from 1, in the order of arrival.
    pub number: u32,
    /// The address in its From header.
    pub from: String,
    /// The addresses in its To header.
    pub to: Vec<String>,
    /// Its subject, decoded.
    pub subject: String,
    /// Its Message-ID, without brackets.
    pub message_id: String,
    /// Its text, decoded; made from the HTML if it has no text part.
    pub text: String,
    /// Its HTML part, if it has one.
    pub html: Option<String>,
}

impl CaughtMail {
    /// Reads a raw message. A message that is no mail at all reads as an empty one.
    #[must_use]
    pub fn parse(number: u32, raw: &[u8]) -> Self {
        let parsed = MessageParser::default().parse(raw).unwrap_or_default();
        let html = (parsed.html_body_count() > 0 && has_html(&parsed))
            .then(|| parsed.body_html(0).map(std::borrow::Cow::into_owned))
            .flatten();
        Self {
            number,
            from: parsed
                .from()
                .map(addresses)
                .unwrap_or_default()
                .into_iter()
                .next()
                .unwrap_or_default(),
            to: parsed.to().map(addresses).unwrap_or_default(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            text: parsed.body_text(0).unwrap_or_default().into_owned(),
            html,
        }
    }

    /// Tells whether the message goes to `address`.
    #[must_use]
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|it| it.eq_ignore_ascii_case(address))
    }
}

/// Whether a part really is HTML: the parser offers a text part as HTML too.
fn has_html(parsed: &mail_parser::Message<'_>) -> bool {
    parsed.parts.iter().any(|part| matches!(part.body, mail_parser::PartType::Html(_)))
}

fn addresses(header: &Address<'_>) -> Vec<String> {
    header.iter().filter_map(|it| it.address.as_deref().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_text_are_decoded() {
        let raw = b"From: Hotel Mandala <no-reply@mandala.test>\r\n\
                    To: budi@example.com\r\n\
                    Subject: =?utf-8?q?Konfirmasi_=E2=9C=93?=\r\n\
                    Message-ID: <abc@mandala.test>\r\n\
                    Content-Transfer-Encoding: quoted-printable\r\n\
                    Content-Type: text/plain; charset=utf-8\r\n\r\n\
                    Rp1=2E250.000\r\n";

        let mail = CaughtMail::parse(3, raw);

        assert_eq!(mail.from, "no-reply@mandala.test");
        assert!(mail.is_to("Budi@example.com"));
        assert_eq!(mail.subject, "Konfirmasi ✓");
        assert_eq!(mail.message_id, "abc@mandala.test");
        assert_eq!(mail.text.trim(), "Rp1.250.000");
        assert_eq!(mail.html, None);
    }
}
