//! Jobs that call the ledger, which plays an outside system.

use std::time::Duration;

use hotelhub_core::{ids::PropertyId, life::Access};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait},
    outcome::{JobError, Outcome},
    peers::{Budget, Peer},
};
use reqwest::{StatusCode, header::RETRY_AFTER};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenant_api::worker::{HotelJob, Try};

use super::{OPEN, plain::WORDS};

/// Below the time limit of a try.
const ANSWER: Duration = Duration::from_secs(4);

static LEDGER: Peer = Peer { name: "ledger", per_property: None, shared: None };
static LIMITED: Peer = Peer {
    name: "limited-ledger",
    per_property: Some(Budget { calls: 5, window: Duration::from_secs(4) }),
    shared: None,
};

static SHARED: Peer = Peer {
    name: "shared-ledger",
    per_property: None,
    shared: Some(Budget { calls: 6, window: Duration::from_secs(2) }),
};

/// Where the ledger is.
pub(crate) struct Ledger {
    url: Option<String>,
    client: reqwest::Client,
}

impl Ledger {
    pub(crate) fn new(url: Option<String>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(ANSWER).build()?;
        Ok(Self { url, client })
    }

    async fn call(&self, effect: &str, work: &Try<'_>) -> Result<Outcome, JobError> {
        let Some(url) = &self.url else {
            return Err(JobError::fail("LEDGER", "LEDGER_URL is not set"));
        };
        let sent = self
            .client
            .post(format!("{url}/calls"))
            .header("Idempotency-Key", work.idempotency_key())
            .headers(work.trace_headers())
            .json(&json!({ "effect": effect }))
            .send()
            .await;
        let answer = sent.map_err(|error| JobError::peer_down("LEDGER_DOWN", error))?;
        match answer.status() {
            StatusCode::TOO_MANY_REQUESTS => {
                let after = answer.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
                let after = after.and_then(|it| it.parse().ok()).unwrap_or(1);
                let text = format!("the ledger said to come back in {after} s");
                Err(JobError::rate_limited("LEDGER_LIMIT", Duration::from_secs(after), text))
            }
            status if status.is_success() => Ok(Outcome::Done(json!({ "effect": effect }))),
            status if status.is_client_error() => {
                Err(JobError::fail("LEDGER_REFUSED", status.to_string()))
            }
            status => Err(JobError::retry("LEDGER_FAULT", status.to_string())),
        }
    }
}

macro_rules! calls {
    ($($(#[$meta:meta])* $name:ident of $peer:ident = $kind:expr;)+) => { $(
        $(#[$meta])*
        #[derive(Serialize, Deserialize)]
        pub(crate) struct $name {
            effect: String,
        }

        impl HotelJob for $name {
            const KIND: &'static Kind = &$kind;
            const RUNS_UNDER: &'static [Access] = OPEN;
            const PEERS: &'static [&'static Peer] = &[&$peer];
            type Tools = Ledger;

            fn called(&self) -> Option<(&'static Peer, Option<PropertyId>)> {
                Some((&$peer, None))
            }

            async fn run(self, ledger: &Ledger, work: &Try<'_>) -> Result<Outcome, JobError> {
                ledger.call(&self.effect, work).await
            }
        }
    )+ };
}

const CALL: Kind = Kind {
    name: "test_call",
    class: Class::OtaIngest,
    priority: 0,
    tries: 5,
    timeout: Duration::from_secs(5),
    ladder: &[Wait::S2],
    words: WORDS,
};

calls!(
    /// Calls the ledger once.
    TestCall of LEDGER = CALL;

    /// Calls the ledger once, within a budget.
    TestLimitedCall of LIMITED =
        Kind { name: "test_limited_call", class: Class::OtaSync, ..CALL };

    /// Calls the ledger once, within a budget of all hotels.
    TestSharedCall of SHARED = Kind { name: "test_shared_call", class: Class::OtaSync, ..CALL };

    /// Calls the ledger and hears nothing for longer than it has time: it has less than the ledger is
    /// waited for.
    TestPatientCall of LEDGER =
        Kind { name: "test_patient_call", timeout: Duration::from_secs(2), ..CALL };
);
