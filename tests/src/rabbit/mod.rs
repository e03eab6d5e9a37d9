//! RabbitMQ: a private node, what can be done to it, and its queues seen from outside.

mod node;
mod queues;
mod steering;

pub use self::{
    node::{RabbitAddress, RabbitNode, accepts},
    queues::{Depth, Queues, Taken},
    steering::QueueState,
};
