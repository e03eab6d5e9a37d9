//! Which plan a hotel is on, for how many rooms, at what price.

mod entity;
mod model;
mod store;

pub(crate) use self::{
    model::{Cycle, Subscription, TRIAL, TrialSubscription, price},
    store::{find_latest, follow, insert_trial, is_trialing},
};
