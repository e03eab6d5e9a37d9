//! `/panel/jobs`, `/panel/job-pauses` and `/panel/tenants/{tenant}/jobs`: background jobs are looked
//! for, tried again, cancelled, held back and let go.

mod answers;
mod heaps;
mod hotel;
mod hotel_retry;
mod pauses;
mod retry;
mod texts;

use hotelhub_http::endpoint::{Endpoint, Routes};

use super::GATE;

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/jobs").get(GATE.behind(heaps::list_heaps)).register(scope);
    Endpoint::at("/jobs/retry")
        .get(GATE.behind(retry::count_jobs))
        .post(GATE.behind(retry::retry_jobs))
        .register(scope);
    Endpoint::at("/job-pauses")
        .get(GATE.behind(pauses::list_pauses))
        .post(GATE.behind(pauses::pause_jobs))
        .register(scope);
    Endpoint::at("/job-pauses/{id}/resume").post(GATE.behind(pauses::resume_jobs)).register(scope);
    let of_hotel = |rest| Endpoint::at(&format!("/tenants/{{tenant}}/jobs{rest}"));
    of_hotel("").get(GATE.behind(hotel::list_jobs)).register(scope);
    of_hotel("/retry")
        .get(GATE.behind(hotel_retry::count_jobs))
        .post(GATE.behind(hotel_retry::retry_jobs))
        .register(scope);
    of_hotel("/{job_id}/retry").post(GATE.behind(hotel::retry_job)).register(scope);
    of_hotel("/{job_id}/cancel").post(GATE.behind(hotel::cancel_job)).register(scope);
}
