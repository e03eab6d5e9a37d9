//! The words of the letter before a deletion, in both languages, as text and as HTML.

use askama::Template;

use super::stores::notices::Recipient;
use crate::mails::Letter;

hotelhub_http::catalogue! {
    /// The texts of the letter.
    Texts {
        subject: "Data {company} akan dihapus pada {day}", "The data of {company} will be deleted on {day}";
        greeting: "Halo {owner},", "Hello {owner},";
        body: "kontrak {company} dengan HotelHub telah berakhir, dan masa penyimpanan datanya segera habis. Pada {day} (UTC) atau sesudahnya semua data hotel dihapus untuk selamanya.",
            "the contract of {company} with HotelHub has ended, and the time for which its data is kept is nearly over. On {day} (UTC) or later all of the hotel's data is deleted for good.";
        take: "Sampai saat itu Anda sebagai pemilik masih dapat masuk dan mengunduh semuanya sebagai satu berkas:",
            "Until then you, as the owner, can still log in and download everything as one file:";
        action: "Masuk dan ambil data Anda", "Log in and take your data along";
        mistake: "Jika ini keliru, balas surel ini sebelum tanggal tersebut.",
            "If this is a mistake, answer this mail before that day.";
        closing: "Salam,", "Kind regards,";
        team: "Tim HotelHub", "The HotelHub team";
    }
}

#[derive(Template)]
#[template(path = "deletion_mail.html")]
struct Html<'a> {
    language: &'static str,
    subject: &'a str,
    greeting: &'a str,
    body: &'a str,
    login: &'a str,
    texts: &'static Texts,
}

/// Writes the letter.
///
/// # Errors
/// Fails if the HTML cannot be written.
pub(super) fn write(recipient: &Recipient, login: &str) -> Result<Letter, askama::Error> {
    let texts = Texts::of(recipient.language);
    let day = recipient.deleted_from.format("%Y-%m-%d").to_string();
    let filled = |text: &str| {
        let text = text.replace("{company}", &recipient.company_name);
        text.replace("{owner}", &recipient.owner_name).replace("{day}", &day)
    };
    let (subject, greeting, body) =
        (filled(texts.subject), filled(texts.greeting), filled(texts.body));
    let text = format!(
        "{greeting}\n\n{body}\n\n{}\n{login}\n\n{}\n\n{}\n{}\n",
        texts.take, texts.mistake, texts.closing, texts.team
    );
    let language = recipient.language.code();
    let html = Html { language, subject: &subject, greeting: &greeting, body: &body, login, texts };
    let html = html.render()?;
    let (name, address) = (recipient.owner_name.clone(), recipient.owner_email.clone());
    Ok(Letter { name, address, subject, text, html })
}

#[cfg(test)]
mod tests {
    use hotelhub_http::language::Language;

    use super::*;

    #[test]
    fn the_letter_names_the_day_and_the_way_to_the_data() {
        let recipient = |language| Recipient {
            company_name: "Mandala".to_owned(),
            owner_name: "Wayan Sudana".to_owned(),
            owner_email: "wayan@mandala.example".to_owned(),
            language,
            host: "mandala.hotelhub.id".to_owned(),
            deleted_from: "2026-04-01T03:00:00Z".parse().unwrap(),
        };
        let login = "https://mandala.hotelhub.id/login";
        let letter = write(&recipient(Language::En), login).unwrap();
        assert_eq!(letter.subject, "The data of Mandala will be deleted on 2026-04-01");
        for text in [&letter.text, &letter.html] {
            assert!(text.contains(login) && text.contains("2026-04-01 (UTC)"), "{text}");
        }
        let letter = write(&recipient(Language::Id), login).unwrap();
        assert_eq!(letter.subject, "Data Mandala akan dihapus pada 2026-04-01");
    }
}
