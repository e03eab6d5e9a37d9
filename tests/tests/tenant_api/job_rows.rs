//! Jobs as rows that stand in some state, and how a hotel's people ask for them.

use platform_tests::client::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::TestHotel;

/// A job in this state; its id. It is of a kind that no program knows, and not due, so that it
/// stays as it is.
pub(crate) async fn insert(it: &TestHotel, state: &str) -> String {
    let sql = format!(
        "INSERT INTO jobs (id, kind, class, state, attempt, max_attempts, payload, run_at, held_for,
           queued_at, lease_owner, lease_until, finished_at, last_error_code, last_error_text)
         SELECT gen_random_uuid(), 'push_rates', 'default', '{state}', 1, 5, '{{}}',
           now() + interval '1 day',
           CASE WHEN '{state}' = 'held' THEN 'pause' END,
           CASE WHEN '{state}' IN ('queued', 'retry_wait', 'running') THEN now() END,
           CASE WHEN '{state}' = 'running' THEN 'a test' END,
           CASE WHEN '{state}' = 'running' THEN now() + interval '1 day' END,
           CASE WHEN '{state}' IN ('done', 'dead', 'cancelled') THEN now() END,
           'TIMEOUT', 'the try took longer than 30 s'
         RETURNING id::text"
    );
    it.sql(&sql).await[0].get(0)
}

/// The hotel's jobs that this query lets through.
pub(crate) async fn list(it: &TestHotel, query: &str) -> Vec<Value> {
    let found = it.site().get(&format!("/api/v1/jobs?{query}")).await.unwrap();
    found.expect_status(200).unwrap().data().unwrap().as_array().unwrap().clone()
}

/// Where a job stands, by its row.
pub(crate) async fn state_of(it: &TestHotel, job: &str) -> String {
    it.sql(&format!("SELECT state FROM jobs WHERE id = '{job}'")).await[0].get(0)
}

/// Asks for `retry` or `cancel` of a job.
pub(crate) async fn ask(it: &TestHotel, job: &str, action: &str) -> Answer {
    it.site().post(&format!("/api/v1/jobs/{job}/{action}"), &json!({})).await.unwrap()
}

/// The same with an `Idempotency-Key`.
pub(crate) async fn repeat(it: &TestHotel, path: &str, key: &str, body: &Value) -> Answer {
    let request = it.site().request(Method::POST, path).header("idempotency-key", key).json(body);
    Answer::of(request).await.unwrap()
}
