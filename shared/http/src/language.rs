//! The language of a page: how it writes numbers, and catalogues that hold every text in both.

use actix_web::{FromRequest, HttpRequest, cookie::Cookie, dev::Payload, http::header};
use hotelhub_core::{money::Rupiah, numbers::grouped};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

const COOKIE: &str = "language";

/// A language that people read our pages in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Bahasa Indonesia.
    #[default]
    Id,
    /// English.
    En,
}

impl Language {
    /// The code for `lang` attributes, cookies and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }

    /// Its name, in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "Bahasa Indonesia",
            Self::En => "English",
        }
    }

    /// The language with this code; Bahasa Indonesia for any other text.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        if code == "en" { Self::En } else { Self::Id }
    }

    /// The other one, for the switch on the page.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Id => Self::En,
            Self::En => Self::Id,
        }
    }

    /// A whole number as it is read in it, e.g. `12.345` or `12,345`.
    #[must_use]
    pub fn number(self, number: i64) -> String {
        grouped(number, self.thousands_mark())
    }

    /// An amount of money as it is read in it, e.g. `Rp1.250.000` or `Rp1,250,000`.
    #[must_use]
    pub fn rupiah(self, amount: Rupiah) -> String {
        amount.written(self.thousands_mark())
    }

    /// What stands between thousands.
    const fn thousands_mark(self) -> char {
        match self {
            Self::Id => '.',
            Self::En => ',',
        }
    }

    /// What `?lang=`, else the cookie, else the browser's settings ask for.
    #[must_use]
    pub fn of(req: &HttpRequest) -> Self {
        let kept = || req.cookie(COOKIE).map(|it| Self::from_code(it.value()));
        let preferred = || {
            let accepted = req.headers().get(header::ACCEPT_LANGUAGE);
            Self::preferred(accepted.and_then(|it| it.to_str().ok()).unwrap_or_default())
        };
        Self::chosen(req).or_else(kept).unwrap_or_else(preferred)
    }

    /// What `?lang=` asks for: a choice to keep.
    #[must_use]
    pub fn chosen(req: &HttpRequest) -> Option<Self> {
        let asked = req.query_string().split('&').find_map(|it| it.strip_prefix("lang="));
        asked.map(Self::from_code)
    }

    /// The address of the same page in this language; of `home` or `login`, if this one is the answer
    /// to a form.
    #[must_use]
    pub fn switch(self, req: &HttpRequest, (home, login): (&str, &str)) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let path = match req.path() {
            path if req.method().is_safe() => {
                let pairs = form_urlencoded::parse(req.query_string().as_bytes());
                query.extend_pairs(pairs.filter(|(name, _)| name != "lang"));
                path
            }
            path if path == login => login,
            _ => home,
        };
        query.append_pair("lang", self.code());
        format!("{}?{}", on_this_host(path), query.finish())
    }

    /// The first of our languages that a browser lists.
    fn preferred(accept_language: &str) -> Self {
        accept_language
            .split(',')
            .filter_map(|it| match it.trim().get(..2) {
                Some("id") => Some(Self::Id),
                Some("en") => Some(Self::En),
                _ => None,
            })
            .next()
            .unwrap_or_default()
    }

    /// A cookie that keeps the choice for a year.
    #[must_use]
    pub fn cookie(self) -> Cookie<'static> {
        Cookie::build(COOKIE, self.code())
            .path("/")
            .http_only(true)
            .same_site(actix_web::cookie::SameSite::Lax)
            .max_age(actix_web::cookie::time::Duration::days(365))
            .finish()
    }
}

impl FromRequest for Language {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self::of(req)))
    }
}

/// A path that was asked for, as an address of this very host.
///
/// Browsers take two slashes at its beginning for another host's name, a backslash for a slash, and a
/// tab for nothing.
fn on_this_host(path: &str) -> String {
    let is_of_no_name = |it: char| matches!(it, '/' | '\\') || it.is_control();
    format!("/{}", path.trim_start_matches(is_of_no_name))
}

/// Declares a catalogue of texts: one struct with a field per text, and both languages of it.
///
/// A text that is missing in one language does not compile.
#[macro_export]
macro_rules! catalogue {
    ($(#[$meta:meta])* $vis:vis $name:ident { $($key:ident: $id:literal, $en:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $name { $(#[doc = $id] $vis $key: &'static str,)+ }

        impl $name {
            /// The texts in one language.
            $vis const fn of(language: $crate::language::Language) -> &'static Self {
                const ID: $name = $name { $($key: $id,)+ };
                const EN: $name = $name { $($key: $en,)+ };
                match language {
                    $crate::language::Language::Id => &ID,
                    $crate::language::Language::En => &EN,
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn of(uri: &str, cookie: Option<&str>, accept: &str) -> Language {
        let mut req = TestRequest::with_uri(uri).insert_header(("accept-language", accept));
        if let Some(code) = cookie {
            req = req.cookie(Cookie::new(COOKIE, code.to_owned()));
        }
        Language::of(&req.to_http_request())
    }

    #[test]
    fn a_choice_beats_a_habit_beats_the_browser() {
        assert_eq!(of("/", None, "de-DE, en;q=0.8, id;q=0.5"), Language::En);
        assert_eq!(of("/", Some("id"), "en"), Language::Id);
        assert_eq!(of("/?lang=en", Some("id"), "id"), Language::En);
        assert_eq!(of("/", None, ""), Language::Id);
    }

    #[test]
    fn numbers_and_money_are_written_as_in_the_readers_language() {
        assert_eq!(Language::Id.number(1_234_567), "1.234.567");
        assert_eq!(Language::En.number(1_234_567), "1,234,567");
        assert_eq!(Language::Id.rupiah(Rupiah::new(1_250_000)), "Rp1.250.000");
        assert_eq!(Language::En.rupiah(Rupiah::new(1_250_000)), "Rp1,250,000");
    }

    #[test]
    fn the_language_switch_keeps_what_was_asked_for() {
        let places = ("/", "/login");
        let req = TestRequest::with_uri("/reservations?q=a%26b&lang=id").to_http_request();
        assert_eq!(Language::En.switch(&req, places), "/reservations?q=a%26b&lang=en");

        for (uri, there) in [("/book", "/?lang=id"), ("/login", "/login?lang=id")] {
            let answer_to_a_form = TestRequest::post().uri(uri).to_http_request();
            assert_eq!(Language::Id.switch(&answer_to_a_form, places), there);
        }
    }

    #[test]
    fn the_language_switch_leads_to_no_other_host() {
        for uri in ["//evil.example/", "///evil.example/", "/\\evil.example/", "/\\/evil.example/"]
        {
            let req = TestRequest::with_uri(uri).to_http_request();
            let link = Language::En.switch(&req, ("/", "/login"));
            assert_eq!(link, "/evil.example/?lang=en", "{uri}");
        }
        for (path, address) in [
            ("/\t/evil.example", "/evil.example"),
            ("\n//evil.example", "/evil.example"),
            ("//", "/"),
            ("*", "/*"),
            ("", "/"),
            ("/rooms//101", "/rooms//101"),
        ] {
            assert_eq!(on_this_host(path), address, "{path:?}");
        }
    }
}
