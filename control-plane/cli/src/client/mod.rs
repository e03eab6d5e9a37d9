//! The control plane's API over HTTP: the login goes along, an expired one is renewed once.

mod answer;
mod transfer;

use std::{net::Ipv4Addr, time::Duration};

use hotelhub_core::{calls::USED_AGAIN, errors::Chain};
use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT_LANGUAGE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

pub(crate) use self::answer::Reply;
use crate::{
    failure::Failure,
    session::{Session, SessionFile},
    settings::Settings,
};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// The greatest page that the API gives.
const PAGE: u64 = 200;

/// A control plane, and who speaks to it.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    login: Login,
}

#[derive(Debug)]
enum Login {
    /// A token that was made for a machine.
    Machine(SecretString),
    /// A session that is renewed when it expires.
    Person(SessionFile),
    /// No place to keep a session.
    Nobody,
}

/// What a login or a renewal gives.
#[derive(Deserialize)]
struct Tokens {
    access_token: SecretString,
    refresh_token: SecretString,
}

impl Client {
    /// The control plane that was named, or set, or logged in to last.
    ///
    /// # Errors
    /// Fails if there is none, or its address is not one of HTTP.
    pub(crate) fn new(named: Option<&Url>, settings: &Settings) -> Result<Self, Failure> {
        let file = settings.session_file.clone().map(SessionFile);
        let url = match named.or(settings.url.as_ref()) {
            Some(url) => url.clone(),
            None => {
                let session = file.as_ref().map(SessionFile::load).transpose()?.flatten();
                let unknown = || {
                    Failure::Usage(
                        "it is not known where the control plane is: give --url or HOTELHUB_URL"
                            .to_owned(),
                    )
                };
                session.ok_or_else(unknown)?.url
            }
        };
        if url.host_str().is_none() || !["http", "https"].contains(&url.scheme()) {
            return Err(Failure::Usage(format!("`{url}` is no address of the form https://host")));
        }
        let login = match (&settings.token, file) {
            (Some(token), _) => Login::Machine(token.clone()),
            (None, Some(file)) => Login::Person(file),
            (None, None) => Login::Nobody,
        };
        Ok(Self { http: http(&url)?, url, login })
    }

    /// The address of the control plane.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Reads what stands at `path` below `/api/v1`.
    ///
    /// # Errors
    /// Fails if the control plane refuses or does not answer.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Reply, Failure> {
        self.ask(Method::GET, path, query, None).await
    }

    /// Reads a list: one page of it, or with `all` every page.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn list(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        all: bool,
    ) -> Result<Reply, Failure> {
        if !all {
            return self.get(path, query).await;
        }
        let limit = ("limit", PAGE.to_string());
        let usual = query.iter().filter(|(name, _)| *name != "limit").cloned();
        let usual: Vec<_> = usual.chain([limit]).collect();
        let mut whole = self.get(path, &usual).await?;
        while let Some(cursor) = whole.take_cursor() {
            let next: Vec<_> = usual.iter().cloned().chain([("cursor", cursor)]).collect();
            whole.append(self.get(path, &next).await?);
        }
        Ok(whole)
    }

    /// Asks for a change.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> Result<Reply, Failure> {
        self.ask(Method::POST, path, &[], Some(body)).await
    }

    /// Asks for something to be different.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn patch(&self, path: &[&str], body: &Value) -> Result<Reply, Failure> {
        self.ask(Method::PATCH, path, &[], Some(body)).await
    }

    /// Asks for an end.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<Reply, Failure> {
        self.ask(Method::DELETE, path, &[], None).await
    }

    /// Asks for an end, and says how.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn delete_with(&self, path: &[&str], body: &Value) -> Result<Reply, Failure> {
        self.ask(Method::DELETE, path, &[], Some(body)).await
    }

    /// Logs in and keeps the session.
    ///
    /// # Errors
    /// Fails if the login is refused or the session cannot be kept.
    pub(crate) async fn log_in(
        &self,
        email: &str,
        password: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<Reply, Failure> {
        let file = match &self.login {
            Login::Person(file) => file,
            Login::Machine(_) => {
                let what = "HOTELHUB_TOKEN is set, so that a session would not be used: unset it";
                return Err(Failure::Usage(what.to_owned()));
            }
            Login::Nobody => {
                let what = "there is no place for a session: set XDG_CONFIG_HOME or HOME";
                return Err(Failure::Usage(what.to_owned()));
            }
        };
        let mut body = json!({ "email": email, "password": password.expose_secret() });
        if let (Some(code), Some(fields)) = (code, body.as_object_mut()) {
            fields.insert("totp".to_owned(), code.expose_secret().into());
        }
        let request = self.http.post(self.place(&["auth", "login"])?).json(&body);
        let tokens: Tokens = self.send(request).await?.read()?;
        let _turn = file.take_turn()?;
        file.save(&self.session(email, tokens))?;
        self.get(&["me"], &[]).await
    }

    /// Ends the session, here and there; `false` if there was none.
    ///
    /// # Errors
    /// Fails if the control plane does not answer: the session is kept then.
    pub(crate) async fn log_out(&self) -> Result<bool, Failure> {
        let Login::Person(file) = &self.login else { return Ok(false) };
        if file.load()?.is_none() {
            return Ok(false);
        }
        match self.post(&["auth", "logout"], &json!({})).await {
            // One that has ended already needs no end.
            Err(Failure::Refused(it)) if it.status == 401 => {}
            ended => drop(ended?),
        }
        file.remove().map(|()| true)
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let place = self.place(path)?;
        // The same for a repeat after a renewed login: the change happens once.
        let key = uuid::Uuid::new_v4().to_string();
        let request = |token: Option<&SecretString>| {
            let mut request = self.http.request(method.clone(), place.clone()).query(query);
            if let Some(token) = token {
                request = request.bearer_auth(token.expose_secret());
            }
            if method != Method::GET {
                request = request.header("Idempotency-Key", &key);
            }
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        match &self.login {
            Login::Machine(token) => self.send(request(Some(token))).await,
            Login::Nobody => self.send(request(None)).await,
            Login::Person(file) => {
                let session = self.session_of(file)?;
                match self.send(request(session.as_ref().map(|it| &it.access_token))).await {
                    Err(Failure::Refused(it)) if it.is_of_login() && session.is_some() => {
                        let token = self.renew(file, session).await?;
                        self.send(request(token.as_ref())).await
                    }
                    answered => answered,
                }
            }
        }
    }

    /// The session, if it is one with this control plane.
    fn session_of(&self, file: &SessionFile) -> Result<Option<Session>, Failure> {
        Ok(file.load()?.filter(|it| it.url == self.url))
    }

    /// A new access token for an expired one, unless another command was faster.
    async fn renew(
        &self,
        file: &SessionFile,
        expired: Option<Session>,
    ) -> Result<Option<SecretString>, Failure> {
        let _turn = file.take_turn()?;
        let Some(session) = self.session_of(file)? else { return Ok(None) };
        let current = session.access_token.expose_secret();
        if expired.is_none_or(|it| it.access_token.expose_secret() != current) {
            return Ok(Some(session.access_token));
        }
        let body = json!({ "refresh_token": session.refresh_token.expose_secret() });
        let request = self.http.post(self.place(&["auth", "refresh"])?).json(&body);
        let tokens: Tokens = self.send(request).await?.read()?;
        let renewed = self.session(&session.email, tokens);
        file.save(&renewed)?;
        Ok(Some(renewed.access_token))
    }

    fn session(&self, email: &str, tokens: Tokens) -> Session {
        let Tokens { access_token, refresh_token } = tokens;
        Session { url: self.url.clone(), email: email.to_owned(), access_token, refresh_token }
    }

    /// The address of `path` below `/api/v1`. A name that would lead elsewhere is refused.
    fn place(&self, path: &[&str]) -> Result<Url, Failure> {
        let mut place = self.url.clone();
        place.set_query(None);
        place.set_fragment(None);
        if let Some(odd) = path.iter().find(|it| ["", ".", ".."].contains(&it.trim())) {
            return Err(Failure::Usage(format!("`{odd}` names nothing")));
        }
        if let Ok(mut segments) = place.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        Ok(place)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply, Failure> {
        let answered = async { Reply::read_from(request.send().await?).await };
        answered.await.map_err(|error| self.unreachable(error))?
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        Failure::Unreachable {
            what: format!("{} does not answer: {}", self.url, Chain(&error.without_url())),
            next: "check the address and that the control plane runs, then run it again".to_owned(),
        }
    }
}

/// Redirects are not followed: the token belongs to one place. What the control plane says stands
/// among our own words, so it is asked for in our language. Names below `localhost` are this machine
/// even where its resolver does not know that.
fn http(url: &Url) -> Result<reqwest::Client, Failure> {
    let mut http = reqwest::Client::builder()
        .redirect(Policy::none())
        .default_headers(HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static("en"))]))
        .connect_timeout(CONNECT_LIMIT)
        .timeout(ANSWER_LIMIT)
        .pool_idle_timeout(USED_AGAIN)
        .user_agent(concat!("hotelhub/", env!("CARGO_PKG_VERSION")));
    if let Some(host) = url.host_str().filter(|it| it.ends_with(".localhost")) {
        http = http.no_proxy().resolve(host, (Ipv4Addr::LOCALHOST, 0).into());
    }
    http.build().map_err(|error| Failure::local("make an HTTP client", &error))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn client(url: &str) -> Client {
        let settings = Settings::read(&BTreeMap::new()).unwrap();
        Client::new(Some(&url.parse().unwrap()), &settings).unwrap()
    }

    #[test]
    fn a_name_stays_inside_its_place() {
        let place = |url, name| client(url).place(&["tenants", name]).map(String::from);
        assert_eq!(place("http://c:8000", "a").unwrap(), "http://c:8000/api/v1/tenants/a");
        assert_eq!(
            place("http://c/hub/", "a/b?c").unwrap(),
            "http://c/hub/api/v1/tenants/a%2Fb%3Fc"
        );
        for odd in ["", " ", ".", ".."] {
            assert!(place("http://c", odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_address_is_needed_and_is_one_of_http() {
        let settings = Settings::read(&BTreeMap::new()).unwrap();
        for url in [None, Some("ftp://c"), Some("file:///etc")] {
            let url = url.map(|it| it.parse().unwrap());
            let refused = Client::new(url.as_ref(), &settings);
            assert!(matches!(refused, Err(Failure::Usage(_))), "{url:?}");
        }
    }
}
