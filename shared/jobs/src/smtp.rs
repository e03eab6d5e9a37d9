//! What a mail server's answer means for a job.

use lettre::transport::smtp::Error;

use crate::outcome::JobError;

/// How a try ends whose mail the server did not take. A 5xx is its last word; other answers may
/// pass; silence costs no try.
#[must_use]
pub fn not_sent(error: Error) -> JobError {
    if error.is_permanent() {
        JobError::fail("SMTP_REFUSED", error)
    } else if error.is_transient() || error.is_response() || error.is_client() {
        JobError::retry("SMTP", error)
    } else {
        JobError::peer_down("SMTP_DOWN", error)
    }
}
