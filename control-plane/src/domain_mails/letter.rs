//! The words of mails about domains, in both languages, as text and as HTML.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use super::News;
use crate::{
    domains::{Domain, GRACE, Record},
    mails::Letter,
    tenants::Tenant,
};

/// Western Indonesia's time is so far ahead of UTC.
const WIB: TimeDelta = TimeDelta::hours(7);

hotelhub_http::catalogue! {
    /// The texts of mails about domains.
    Texts {
        greeting: "Halo {owner},", "Hello {owner},";
        lost_subject: "Domain {domain} tidak berfungsi", "The domain {domain} does not work";
        lost: "Domain {domain} dari {company} tidak lagi menunjuk ke HotelHub, atau buktinya tidak ada lagi di DNS.",
            "The domain {domain} of {company} does not lead to HotelHub any more, or its proof is gone from DNS.";
        until: "Halaman hotel masih terbuka di sana sampai {until}.",
            "The hotel's pages still open there until {until}.";
        closed: "Halaman hotel tidak lagi terbuka di sana.", "The hotel's pages do not open there any more.";
        insecure_subject: "Domain {domain} tidak punya sertifikat", "The domain {domain} has no certificate";
        insecure: "Sertifikat untuk domain {domain} dari {company} tidak dapat dibuat atau diperpanjang, sehingga browser memperingatkan tamu Anda.",
            "The certificate for the domain {domain} of {company} cannot be made or renewed, so that browsers warn your guests.";
        ours: "Kami sedang memeriksanya. Tidak ada yang perlu Anda lakukan.",
            "We look into it. There is nothing for you to do.";
        works_subject: "Domain {domain} berfungsi lagi", "The domain {domain} works again";
        works: "Domain {domain} dari {company} berfungsi lagi. Tidak ada yang perlu dilakukan.",
            "The domain {domain} of {company} works again. Nothing is to be done.";
        found: "sekarang", "now";
        nothing: "tidak ada", "nothing";
        own: "Hotel Anda selalu terbuka di", "Your hotel always opens at";
        closing: "Salam,", "Kind regards,";
        team: "Tim HotelHub", "The HotelHub team";
    }
}

/// A record as it is to stand in DNS.
struct Line {
    kind: &'static str,
    name: String,
    value: String,
    /// What stands there now; empty if nothing does.
    found: String,
}

#[derive(Template)]
#[template(path = "domain_mail.html")]
struct Page<'a> {
    language: &'static str,
    subject: &'a str,
    greeting: &'a str,
    paragraphs: &'a [String],
    lines: &'a [Line],
    own: &'a str,
    texts: &'static Texts,
}

/// Who is told of what.
pub(super) struct Told<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) domain: &'a Domain,
    /// The address of the hotel on the platform's own name.
    pub(super) own: &'a str,
    pub(super) now: DateTime<Utc>,
}

impl Told<'_> {
    /// Writes the mail.
    pub(super) fn write(&self, news: News) -> Result<Letter, askama::Error> {
        let Self { tenant, domain, own, .. } = *self;
        let texts = Texts::of(tenant.language);
        let (subject, paragraphs, lines) = match news {
            News::Works => (texts.works_subject, vec![self.filled(texts.works)], Vec::new()),
            News::Failed if domain.failing_since.is_some() => {
                let said = vec![self.filled(texts.lost), self.routed(texts), self.to_do()];
                (texts.lost_subject, said, self.wrong_records())
            }
            News::Failed => {
                let said = vec![self.filled(texts.insecure), self.to_do()];
                (texts.insecure_subject, said, self.wrong_records())
            }
        };
        let (subject, greeting) = (self.filled(subject), self.filled(texts.greeting));
        let record = |it: &Line| {
            let found = if it.found.is_empty() { texts.nothing } else { &it.found };
            format!("{}  {}  {}  ({}: {found})", it.kind, it.name, it.value, texts.found)
        };
        let records = lines.iter().map(record);
        let body: Vec<String> = paragraphs.iter().cloned().chain(records).collect();
        let text = format!(
            "{greeting}\n\n{}\n\n{} {own}\n\n{}\n{}\n",
            body.join("\n\n"),
            texts.own,
            texts.closing,
            texts.team
        );
        let page = Page {
            language: tenant.language.code(),
            subject: &subject,
            greeting: &greeting,
            paragraphs: &paragraphs,
            lines: &lines,
            own,
            texts,
        };
        let html = page.render()?;
        let (name, address) = (tenant.owner_name.clone(), tenant.owner_email.clone());
        Ok(Letter { name, address, subject, text, html })
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{domain}", &self.domain.shown)
            .replace("{company}", &self.tenant.company_name)
            .replace("{owner}", &self.tenant.owner_name)
    }

    /// Until when people reach the hotel by a name that fails.
    fn routed(&self, texts: &Texts) -> String {
        let until = self.domain.failing_since.map(|it| it + GRACE).filter(|it| *it > self.now);
        match until.filter(|_| self.domain.is_verified) {
            Some(until) => {
                let until = (until + WIB).format("%Y-%m-%d %H:%M WIB").to_string();
                texts.until.replace("{until}", &until)
            }
            None => texts.closed.to_owned(),
        }
    }

    /// What the owner can do about it. Logs are for us to look at.
    fn to_do(&self) -> String {
        let next = self.domain.next_action.code;
        match next.as_str() {
            "check_certificate" => Texts::of(self.tenant.language).ours.to_owned(),
            _ => next.text(self.tenant.language).to_owned(),
        }
    }

    fn wrong_records(&self) -> Vec<Line> {
        let wrong = self.domain.records.iter().filter(|it| it.is_right == Some(false));
        let line = |it: &Record| Line {
            kind: it.kind,
            name: it.name.clone(),
            value: it.value.clone(),
            found: it.found.join(", "),
        };
        wrong.map(line).collect()
    }
}
