//! Reads and steers jobs in the hotel's database.

mod reading;
mod steering;
mod stopped;

pub(crate) use self::{
    reading::{Heap, count, find, list, summarize},
    steering::{SteerError, cancel, pause_of, retry_one, retry_some},
    stopped::{Stopped, count_stopped},
};
