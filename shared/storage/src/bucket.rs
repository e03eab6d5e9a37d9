//! The two clients of a bucket, and how long each waits.

use std::time::Duration;

use object_store::{
    ClientOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
};
use secrecy::ExposeSecret as _;

use crate::{Bucket, StorageError};

/// How long a storage may take. One that is slow is not one that is away: what is large has no limit
/// for all of it, only for how long nothing comes.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One try of a small call.
    pub attempt: Duration,
    /// A small call, retries included.
    pub call: Duration,
    /// Writing one part of a large object, retries included.
    pub part: Duration,
    /// Silence in the middle of a large object that is read.
    pub silence: Duration,
    /// Putting the parts of a large object together: some storages copy them all first.
    pub completion: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(8),
            call: Duration::from_secs(20),
            // 16 MiB over a line of half a megabit.
            part: Duration::from_mins(5),
            silence: Duration::from_mins(1),
            completion: Duration::from_mins(60),
        }
    }
}

const CONNECT: Duration = Duration::from_secs(3);
const RETRIES: usize = 2;

/// The client of small objects: every try ends soon.
pub(crate) fn small(bucket: &Bucket, patience: &Patience) -> Result<AmazonS3, StorageError> {
    let options = options(bucket).with_timeout(patience.attempt);
    let retry = retry(patience.call);
    Ok(builder(bucket).with_client_options(options).with_retry(retry).build()?)
}

/// The client of large objects: whoever calls it watches that something comes.
pub(crate) fn large(bucket: &Bucket, patience: &Patience) -> Result<AmazonS3, StorageError> {
    let options = options(bucket).with_timeout_disabled();
    let retry = retry(patience.part);
    Ok(builder(bucket).with_client_options(options).with_retry(retry).build()?)
}

fn options(bucket: &Bucket) -> ClientOptions {
    let allow_http = bucket.endpoint.as_ref().is_some_and(|it| it.scheme() == "http");
    ClientOptions::new().with_connect_timeout(CONNECT).with_allow_http(allow_http)
}

fn retry(within: Duration) -> RetryConfig {
    RetryConfig { max_retries: RETRIES, retry_timeout: within, ..RetryConfig::default() }
}

fn builder(bucket: &Bucket) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(bucket.access_key_id.expose_secret())
        .with_secret_access_key(bucket.secret_access_key.expose_secret());
    if let Some(token) = &bucket.session_token {
        builder = builder.with_token(token.expose_secret());
    }
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    builder
}
