//! The hotel's program as a process: who gets in, what is sold, what reaches the guest, and what
//! people see on its pages. Real servers, real programs, and only the public way in.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever a helper of a test does not find should stop the test"
)]

mod access;
mod answers;
mod certificates;
mod days;
mod exports;
mod faults;
mod holding;
mod hosts;
mod house;
mod isolation;
mod job_access;
mod job_pages;
mod job_pauses;
mod job_rows;
mod jobs;
mod mails;
mod moving;
mod names;
mod page_visitor;
mod pages;
mod repeats;
mod routes;
mod secure_ground;
mod selling;
mod standing;
mod strangers;
mod support;
mod support_ends;
mod support_links;
mod support_mails;
mod support_notices;
mod traces;
mod travelling;
mod versions;
