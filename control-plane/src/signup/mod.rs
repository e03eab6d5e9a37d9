//! Signup: somebody asks for a hotel of their own, by the page or by the API.
//!
//! A signup is one transaction that writes what should be; the provisioner makes it so and records
//! its steps, which the progress page and the API show. Page and API go through the same door
//! ([`service::sign_up`]) and refuse for the same reasons.

mod draft;
pub(crate) mod events;
mod form;
pub(crate) mod page_routes;
mod page_templates;
mod regions;
mod reserved;
pub(crate) mod routes;
mod service;
mod slug;
mod status;
pub(crate) mod texts;
pub(crate) mod vendor_routes;

pub(crate) use form::FormFields;
pub(crate) use page_routes::{form, tenant_of};
pub(crate) use page_templates::SignupPage;
pub(crate) use service::{SignUp, SignUpError, sign_up};
pub(crate) use slug::Slug;
