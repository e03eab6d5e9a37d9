//! The welcome mail's words, in both languages, as text and as HTML.

use askama::Template;
use hotelhub_http::language::Language;
use lettre::{
    Address, Message,
    message::{Mailbox, MultiPart},
};

use super::store::Recipient;

hotelhub_http::catalogue! {
    /// The texts of the welcome mail.
    Texts {
        subject: "{company} siap digunakan", "{company} is ready";
        greeting: "Halo {owner},", "Hello {owner},";
        body: "{company} sudah siap di HotelHub. Masuk dengan alamat email ini dan kata sandi yang Anda pilih saat mendaftar:",
            "{company} is ready on HotelHub. Log in with this e-mail address and the password that you chose when you signed up:";
        action: "Masuk ke hotel Anda", "Log in to your hotel";
        trial: "Masa percobaan Anda gratis selama 14 hari.", "Your trial is free for 14 days.";
        closing: "Salam,", "Kind regards,";
        team: "Tim HotelHub", "The HotelHub team";
    }
}

/// The mail could not be put together.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComposeError {
    #[error("read the owner's e-mail address")]
    Address(#[from] lettre::address::AddressError),
    #[error("write the mail's HTML")]
    Html(#[from] askama::Error),
    #[error("put the mail together")]
    Message(#[from] lettre::error::Error),
}

#[derive(Template)]
#[template(path = "welcome_mail.html")]
struct Letter<'a> {
    language: &'static str,
    subject: &'a str,
    greeting: &'a str,
    body: &'a str,
    login: &'a str,
    texts: &'static Texts,
}

/// Writes the mail.
pub(super) fn compose(
    recipient: &Recipient,
    from: &Mailbox,
    login: &str,
    message_id: String,
) -> Result<Message, ComposeError> {
    let texts = Texts::of(recipient.language);
    let filled = |text: &str| {
        text.replace("{company}", &recipient.company_name).replace("{owner}", &recipient.owner_name)
    };
    let (subject, greeting, body) =
        (filled(texts.subject), filled(texts.greeting), filled(texts.body));
    let text = format!(
        "{greeting}\n\n{body}\n\n{login}\n\n{}\n\n{}\n{}\n",
        texts.trial, texts.closing, texts.team
    );
    let language = match recipient.language {
        Language::Id => "id",
        Language::En => "en",
    };
    let letter =
        Letter { language, subject: &subject, greeting: &greeting, body: &body, login, texts };
    let html = letter.render()?;
    let address: Address = recipient.owner_email.parse()?;
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(Some(recipient.owner_name.clone()), address))
        .subject(subject)
        .message_id(Some(message_id))
        .multipart(MultiPart::alternative_plain_html(text, html))?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(language: Language, company: &str) -> String {
        let recipient = Recipient {
            company_name: company.to_owned(),
            owner_name: "Wayan Sudana".to_owned(),
            owner_email: "wayan@mandala.example".to_owned(),
            language,
            host: "mandala.hotelhub.id".to_owned(),
        };
        let from = "HotelHub <no-reply@hotelhub.id>".parse().unwrap();
        let login = "https://mandala.hotelhub.id/login";
        let mail = compose(&recipient, &from, login, "<1@hotelhub.id>".to_owned()).unwrap();
        String::from_utf8(mail.formatted()).unwrap()
    }

    #[test]
    fn the_mail_is_in_the_hotels_language_and_names_itself() {
        let mail = written(Language::En, "Mandala");
        assert!(mail.contains("Subject: Mandala is ready"), "{mail}");
        assert!(mail.contains("Message-ID: <1@hotelhub.id>"), "{mail}");
        assert!(written(Language::Id, "Mandala").contains("Subject: Mandala siap digunakan"));
    }

    #[test]
    fn a_name_cannot_add_a_header() {
        let mail = written(Language::En, "Mandala\r\nBcc: everybody@example.com");
        let head = mail.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|it| it.starts_with("Bcc:")), "{head}");
    }
}
