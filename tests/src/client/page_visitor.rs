//! A person with a browser that runs no scripts: follows links, fills in forms, keeps a cookie.

use anyhow::{Context as _, Result};
use reqwest::Method;

use super::{Answer, Site};

/// Somebody on a site's pages.
#[derive(Clone, Debug)]
pub struct PageVisitor {
    site: Site,
    cookie: String,
}

impl PageVisitor {
    /// Somebody who has not logged in.
    #[must_use]
    pub fn stranger(site: &Site) -> Self {
        Self { site: site.on_host(site.host()), cookie: String::new() }
    }

    /// Somebody who logs in with the form at `path`.
    ///
    /// # Errors
    /// Fails if the login is refused, or its cookie is one that scripts or other sites get hold of.
    pub async fn log_in(site: &Site, path: &str, email: &str, password: &str) -> Result<Self> {
        let stranger = Self::stranger(site);
        let fields = [("email", email), ("password", password)];
        let answer = stranger.send(path, &fields).await?.expect_status(303)?;
        let set = answer.header("set-cookie");
        anyhow::ensure!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
        let cookie = set.split(';').next().context("a login without a cookie")?;
        Ok(Self { cookie: cookie.to_owned(), ..stranger })
    }

    /// The same browser on another site, with its cookie brought along.
    #[must_use]
    pub fn moved_to(&self, other: &Site) -> Self {
        Self { site: other.on_host(other.host()), cookie: self.cookie.clone() }
    }

    /// What the cookie holds.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.cookie.split_once('=').map_or("", |(_, secret)| secret)
    }

    /// The same person with another cookie of the same name.
    #[must_use]
    pub fn with_secret(&self, secret: &str) -> Self {
        let name = self.cookie.split('=').next().unwrap_or_default();
        Self { site: self.site.clone(), cookie: format!("{name}={secret}") }
    }

    /// Opens a page.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn open(&self, path: &str) -> Result<Answer> {
        let request = self.site.request(Method::GET, path).header("accept", "text/html");
        Answer::of(request.header("cookie", &self.cookie)).await
    }

    /// Sends a form, as a page of the same origin does.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        self.send_from("same-origin", path, fields).await
    }

    /// Sends a form from a page of this kind of site.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn send_from(
        &self,
        site: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer> {
        let request = self.site.request(Method::POST, path).header("accept", "text/html");
        let request = request.header("cookie", &self.cookie).header("sec-fetch-site", site);
        Answer::of(request.form(fields)).await
    }
}

/// The value of the hidden field with this name in the form that goes to `action`; empty if there is
/// none.
#[must_use]
pub fn hidden(page: &Answer, action: &str, name: &str) -> String {
    let form = page.body.split(&format!("action=\"{action}\"")).nth(1).unwrap_or_default();
    let field = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    field.split('"').next().unwrap_or_default().to_owned()
}
