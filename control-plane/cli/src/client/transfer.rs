//! Files that come and go: bundles are too large for memory and for the limits of small answers.

use std::{path::Path, time::Duration};

use aws_lc_rs::digest::{Context, SHA256};
use reqwest::{Body, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{fs::File, io::AsyncWriteExt as _};

use super::{Client, Login, Reply};
use crate::failure::Failure;

/// Where the control plane says the checksum of what it sends.
const SHA256_HEADER: &str = "X-Bundle-SHA256";
/// As long as the data is large; a connection that is gone is noticed before.
const LIMIT: Duration = Duration::from_secs(12 * 60 * 60);

impl Client {
    /// Writes what stands at `path` into a file that is not there yet. It appears when it is whole and
    /// has the checksum that the control plane said, for its owner only; its size in bytes.
    ///
    /// # Errors
    /// Fails if the control plane refuses or breaks off, the file cannot be written, or what came is
    /// another one.
    pub(crate) async fn download(&self, path: &[&str], to: &Path) -> Result<u64, Failure> {
        let request = self.authorized(self.http.get(self.place(path)?)).await?;
        let mut response = request.send().await.map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return Err(refusal_of(response, self).await);
        }
        let promised = response.headers().get(SHA256_HEADER).cloned();
        let local = |error: std::io::Error| Failure::local("write the file", &error);
        let folder = to.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let part = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder);
        let (file, part) = part.map_err(local)?.into_parts();
        let mut file = File::from_std(file);
        let (mut bytes, mut hash) = (0, Context::new(&SHA256));
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            file.write_all(&piece).await.map_err(local)?;
            hash.update(&piece);
            bytes += u64::try_from(piece.len()).unwrap_or_default();
        }
        file.sync_all().await.map_err(local)?;
        let seen: String =
            hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        if promised.is_none_or(|it| it.as_bytes() != seen.as_bytes()) {
            return Err(Failure::failed(
                "the file that came is not the one that the control plane has: it was damaged or \
                 changed on its way",
                "nothing was kept of it; run the command again",
            ));
        }
        part.persist_noclobber(to).map_err(|failed| local(failed.error))?;
        Ok(bytes)
    }

    /// Sends a file.
    ///
    /// # Errors
    /// Fails if the control plane refuses or does not answer, or the file cannot be read.
    pub(crate) async fn upload(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        from: &Path,
    ) -> Result<Reply, Failure> {
        let local = |error: std::io::Error| Failure::local("read the file", &error);
        let file = File::open(from).await.map_err(local)?;
        let request = self
            .http
            .post(self.place(path)?)
            .query(query)
            .header("Content-Type", "application/zip")
            .header("Idempotency-Key", uuid::Uuid::new_v4().to_string())
            .body(Body::from(file));
        self.send(self.authorized(request).await?).await
    }

    /// With a login that is good now: a body that is streamed cannot be sent twice.
    async fn authorized(&self, request: RequestBuilder) -> Result<RequestBuilder, Failure> {
        let token: Option<SecretString> = match &self.login {
            Login::Machine(token) => Some(token.clone()),
            Login::Nobody => None,
            Login::Person(file) => {
                self.get(&["me"], &[]).await?;
                self.session_of(file)?.map(|it| it.access_token)
            }
        };
        let request = request.timeout(LIMIT);
        Ok(match token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        })
    }
}

async fn refusal_of(response: Response, client: &Client) -> Failure {
    match Reply::read_from(response).await {
        Ok(Err(refusal)) => refusal,
        Ok(Ok(_)) => Failure::failed(
            "the control plane's answer was not understood".to_owned(),
            "take this program in the control plane's version",
        ),
        Err(error) => client.unreachable(error),
    }
}
