//! What a tenant database holds: its tables as the catalogue describes them, what acts on their rows
//! by itself, its files, and all of it as a bundle.

pub(crate) mod audit;
mod csv;
pub(crate) mod dump;
pub(crate) mod files;
pub(crate) mod load;
pub(crate) mod rules;
pub(crate) mod tables;
