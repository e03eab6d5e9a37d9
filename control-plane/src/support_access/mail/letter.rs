//! The words of the mail about a request of support, in both languages, as text and as HTML.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use super::{super::model::SupportGrant, store::Request};
use crate::mails::Letter;

/// Western Indonesia's time is so far ahead of UTC.
const WIB: TimeDelta = TimeDelta::hours(7);

hotelhub_http::catalogue! {
    /// The texts of the mail.
    Texts {
        subject: "Dukungan HotelHub meminta akses ke {company}",
            "HotelHub's support asks to come into {company}";
        greeting: "Halo {owner},", "Hello {owner},";
        asks: "{person} ({email}) dari dukungan HotelHub ingin masuk ke {company} selama {minutes} menit sejak diizinkan.",
            "{person} ({email}) of HotelHub's support would like to come into {company} for {minutes} minutes, counted from your consent.";
        why: "Alasannya:", "The reason:";
        waits: "Permintaan ini menunggu jawaban sampai {until}; setelah itu gugur dengan sendirinya.",
            "The request waits for an answer until {until}, and lapses by itself then.";
        action: "Lihat permintaannya, lalu izinkan atau tolak",
            "See the request, and allow or refuse it";
        unexpected: "Tanpa izin Anda tidak ada yang masuk. Jika Anda tidak mengharapkan ini, tolak saja.",
            "Nobody comes in without your consent. If you do not expect this, refuse it.";
        closing: "Salam,", "Kind regards,";
        team: "Tim HotelHub", "The HotelHub team";
    }
}

#[derive(Template)]
#[template(path = "support_mail.html")]
struct Page<'a> {
    language: &'static str,
    subject: &'a str,
    greeting: &'a str,
    asks: &'a str,
    reason: &'a str,
    waits: &'a str,
    link: &'a str,
    texts: &'static Texts,
}

/// Who is told of what.
pub(super) struct Told<'a> {
    pub(super) request: &'a Request,
    pub(super) grant: &'a SupportGrant,
    /// When the request lapses.
    pub(super) until: DateTime<Utc>,
    /// Where it is answered.
    pub(super) link: &'a str,
}

impl Told<'_> {
    /// Writes the mail.
    pub(super) fn write(&self) -> Result<Letter, askama::Error> {
        let Self { request, grant, link, .. } = *self;
        let texts = Texts::of(request.language);
        let (subject, greeting) = (self.filled(texts.subject), self.filled(texts.greeting));
        let (asks, waits) = (self.filled(texts.asks), self.filled(texts.waits));
        let reason = &*grant.reason;
        let text = format!(
            "{greeting}\n\n{asks}\n\n{} {reason}\n\n{waits}\n\n{}:\n{link}\n\n{}\n\n{}\n{}\n",
            texts.why, texts.action, texts.unexpected, texts.closing, texts.team
        );
        let page = Page {
            language: request.language.code(),
            subject: &subject,
            greeting: &greeting,
            asks: &asks,
            reason,
            waits: &waits,
            link,
            texts,
        };
        let html = page.render()?;
        let (name, address) = (request.owner_name.clone(), request.owner_email.clone());
        Ok(Letter { name, address, subject, text, html })
    }

    fn filled(&self, text: &str) -> String {
        let until = (self.until + WIB).format("%Y-%m-%d %H:%M WIB").to_string();
        text.replace("{until}", &until)
            .replace("{minutes}", &self.grant.minutes.to_string())
            .replace("{email}", &self.grant.vendor_email)
            .replace("{person}", &self.grant.vendor_name)
            .replace("{owner}", &self.request.owner_name)
            .replace("{company}", &self.request.company_name)
    }
}

#[cfg(test)]
mod tests {
    use hotelhub_http::language::Language;
    use uuid::Uuid;

    use super::*;

    fn written(language: Language) -> Letter {
        let request = Request {
            slug: "mandala".to_owned(),
            company_name: "Mandala".to_owned(),
            owner_name: "Wayan Sudana".to_owned(),
            owner_email: "wayan@mandala.example".to_owned(),
            language,
            host: "mandala.hotelhub.id".to_owned(),
            asked_by: "ayu@hotelhub.id".to_owned(),
        };
        let requested_at = "2026-01-31T17:05:00Z".parse().unwrap();
        let grant = SupportGrant {
            id: Uuid::nil(),
            vendor_user_id: Uuid::nil(),
            vendor_email: "ayu@hotelhub.id".to_owned(),
            vendor_name: "Ayu Lestari".to_owned(),
            reason: "<b>the room types of ticket 4711".to_owned(),
            minutes: 45,
            state: "requested".to_owned(),
            requested_at,
            decided_at: None,
            decided_by: None,
            expires_at: None,
            entered_at: None,
            ended_at: None,
            ended_by: None,
        };
        let link = "https://mandala.hotelhub.id/support-access";
        let until = requested_at + TimeDelta::hours(24);
        Told { request: &request, grant: &grant, until, link }.write().unwrap()
    }

    #[test]
    fn the_mail_says_who_asks_why_for_how_long_and_where_to_answer() {
        let mail = written(Language::En);
        assert_eq!(mail.subject, "HotelHub's support asks to come into Mandala");
        for words in [
            "Ayu Lestari (ayu@hotelhub.id)",
            "45 minutes",
            "until 2026-02-02 00:05 WIB",
            "https://mandala.hotelhub.id/support-access",
        ] {
            assert!(mail.text.contains(words) && mail.html.contains(words), "{words}: {mail:?}");
        }
        assert!(mail.text.contains("ticket 4711") && !mail.html.contains("<b>the"), "{mail:?}");
        assert!(written(Language::Id).subject.starts_with("Dukungan HotelHub meminta akses"));
    }
}
