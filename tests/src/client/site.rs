//! One host of the platform, reached on a loopback port whatever its name.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hotelhub_core::calls::USED_AGAIN;
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{HOST, HeaderMap},
    redirect::Policy,
};
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A host name, the port that serves it, and perhaps a token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Site {
    http: reqwest::Client,
    port: u16,
    host: String,
    token: Option<String>,
}

impl Site {
    /// The host `host`, served on `port` of the loopback address. Follows no redirects.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made on this machine.
    pub fn new(port: u16, host: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .pool_idle_timeout(USED_AGAIN)
            .build()
            .context("make an HTTP client")?;
        Ok(Self { http, port, host: host.to_owned(), token: None })
    }

    /// The same server under another name, without the token.
    #[must_use]
    pub fn on_host(&self, host: &str) -> Self {
        Self { host: host.to_owned(), token: None, ..self.clone() }
    }

    /// The same site with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The host name.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The access token, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request to be completed by the caller, with host and token set.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = self.http.request(method, url).header(HOST, &self.host);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request without body.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// Sends a request without body, to delete.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// Sends a JSON body.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    /// Sends a JSON body, to replace.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::of(self.request(Method::PUT, path).json(body)).await
    }

    /// Sends a JSON body, to change.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::of(self.request(Method::PATCH, path).json(body)).await
    }

    /// Logs in and gives the site with the access token.
    ///
    /// # Errors
    /// Fails if the service refuses.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Self> {
        let body = serde_json::json!({ "email": email, "password": password });
        let data = self.post("/api/v1/auth/login", &body).await?.expect_status(200)?.data()?;
        let token = data.get("access_token").and_then(Value::as_str);
        Ok(self.with_token(token.context("the login's answer has no access_token")?))
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
    request: String,
}

impl Answer {
    /// Sends `request` and reads the answer to its end.
    ///
    /// # Errors
    /// Fails if no whole answer comes.
    pub async fn of(request: RequestBuilder) -> Result<Self> {
        let (http, request) = request.build_split();
        let request = request.context("a malformed request")?;
        let name = format!("{} {}", request.method(), request.url().path());
        let answer = http.execute(request).await.with_context(|| name.clone())?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.text().await.with_context(|| name.clone())?;
        Ok(Self { status, headers, body, request: name })
    }

    /// The answer, if its status is this one.
    ///
    /// # Errors
    /// Fails with the body if it is not.
    pub fn expect_status(self, status: u16) -> Result<Self> {
        if self.status.as_u16() != status {
            let shown: String = self.body.chars().take(600).collect();
            bail!("{}: {} instead of {status}: {shown}", self.request, self.status);
        }
        Ok(self)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Fails with the body if it is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body)
            .with_context(|| format!("{}: no JSON: {}", self.request, self.body))
    }

    /// The `data` of a successful answer.
    ///
    /// # Errors
    /// Fails if the answer is not a successful one in our envelope.
    pub fn data(&self) -> Result<Value> {
        let body = self.json()?;
        match (body.get("success"), body.get("data")) {
            (Some(Value::Bool(true)), Some(data)) => Ok(data.clone()),
            _ => bail!("{}: {}: {}", self.request, self.status, self.body),
        }
    }

    /// The code of a refusal; empty if the answer is none.
    #[must_use]
    pub fn error_code(&self) -> String {
        let body = self.json().unwrap_or_default();
        body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A header as text; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }
}
