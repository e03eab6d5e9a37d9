//! All that the hotel has, for its owner to take along: one open bundle.
//!
//! The bundle is made by the platform, which reads the hotel's database as a whole; this program only
//! asks for it, through the control plane, in the name of the tenant of the host that the owner is
//! at. Who may ask, and that somebody did, is decided and recorded in the hotel's own database first.
//! A stopped hotel's owner may, too: that is how one leaves.

mod control;
mod model;
mod routes;
mod service;

pub(crate) use self::{
    control::ControlPlane,
    model::{Export, State},
    routes::{
        __path_ask_for_export, __path_download_export, __path_list_exports, __path_show_export,
        register,
    },
    service::{ask, download, list},
};
