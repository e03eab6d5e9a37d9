//! A person with a browser that runs no scripts: follows links, fills in forms, keeps cookies.

use platform_tests::client::{Answer, Site};
use reqwest::Method;

use crate::house::{PASSWORD, TestHotel};

/// Somebody on a hotel's pages.
pub(crate) struct PageVisitor {
    site: Site,
    cookie: String,
}

impl PageVisitor {
    /// Somebody who has not logged in.
    pub(crate) fn stranger(it: &TestHotel) -> Self {
        Self { site: it.site().on_host(it.site().host()), cookie: String::new() }
    }

    /// The owner, logged in on the page.
    pub(crate) async fn owner(it: &TestHotel) -> Self {
        Self::person(it, &it.email).await
    }

    /// Somebody with the owner's password, logged in on the page.
    pub(crate) async fn person(it: &TestHotel, email: &str) -> Self {
        let mut visitor = Self::stranger(it);
        let answer = visitor.send("/login", &[("email", email), ("password", PASSWORD)]).await;
        let answer = answer.expect_status(303).unwrap();
        assert_eq!(answer.header("location"), "/");
        let set = answer.header("set-cookie").to_owned();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
        visitor.cookie = set.split(';').next().unwrap().to_owned();
        visitor
    }

    /// The same browser on another hotel's host, with its cookie brought along.
    pub(crate) fn moved_to(&self, other: &TestHotel) -> Self {
        Self { site: self.site.on_host(other.site().host()), cookie: self.cookie.clone() }
    }

    /// Opens a page.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        let request = self.site.request(Method::GET, path).header("accept", "text/html");
        Answer::of(request.header("cookie", &self.cookie)).await.unwrap()
    }

    /// Sends a form, as a page of the same origin does.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send_from("same-origin", path, fields).await
    }

    /// Sends a form from a page of this kind of site.
    pub(crate) async fn send_from(
        &self,
        site: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let request = self.site.request(Method::POST, path).header("accept", "text/html");
        let request = request.header("cookie", &self.cookie).header("sec-fetch-site", site);
        Answer::of(request.form(fields)).await.unwrap()
    }
}

/// The value of the hidden field with this name in the form that goes to `action`.
pub(crate) fn hidden(page: &Answer, action: &str, name: &str) -> String {
    let form = page.body.split(&format!("action=\"{action}\"")).nth(1).unwrap_or_default();
    let field = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    field.split('"').next().unwrap_or_default().to_owned()
}
