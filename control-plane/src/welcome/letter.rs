//! The welcome mail's words, in both languages, as text and as HTML.

use askama::Template;

use super::store::Recipient;
use crate::mails;

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
///
/// # Errors
/// Fails if the HTML cannot be written.
pub(super) fn write(recipient: &Recipient, login: &str) -> Result<mails::Letter, askama::Error> {
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
    let language = recipient.language.code();
    let letter =
        Letter { language, subject: &subject, greeting: &greeting, body: &body, login, texts };
    let html = letter.render()?;
    let (name, address) = (recipient.owner_name.clone(), recipient.owner_email.clone());
    Ok(mails::Letter { name, address, subject, text, html })
}

#[cfg(test)]
mod tests {
    use hotelhub_http::language::Language;

    use super::*;

    fn written(language: Language) -> mails::Letter {
        let recipient = Recipient {
            company_name: "Mandala".to_owned(),
            owner_name: "Wayan Sudana".to_owned(),
            owner_email: "wayan@mandala.example".to_owned(),
            language,
            host: "mandala.hotelhub.id".to_owned(),
        };
        write(&recipient, "https://mandala.hotelhub.id/login").unwrap()
    }

    #[test]
    fn the_mail_is_in_the_hotels_language_and_leads_to_its_login() {
        let mail = written(Language::En);
        assert_eq!(mail.subject, "Mandala is ready");
        assert!(mail.html.contains("https://mandala.hotelhub.id/login"), "{}", mail.html);
        assert_eq!(written(Language::Id).subject, "Mandala siap digunakan");
    }
}
