//! What was done, to what.

use hotelhub_core::ids::{TenantId, UserId};
use serde_json::{Map, Value};

/// One thing that was done.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(super) action: &'static str,
    pub(super) subject: Option<(&'static str, String)>,
    pub(super) tenant: Option<TenantId>,
    pub(super) details: Map<String, Value>,
}

impl Event {
    /// An action is `what.verb`, e.g. `tenant.suspend`.
    pub(crate) fn of(action: &'static str) -> Self {
        Self { action, subject: None, tenant: None, details: Map::new() }
    }

    /// To this thing.
    pub(crate) fn on(mut self, kind: &'static str, id: impl ToString) -> Self {
        self.subject = Some((kind, id.to_string()));
        self
    }

    /// To this tenant.
    pub(crate) fn on_tenant(self, id: TenantId) -> Self {
        self.of_tenant(Some(id)).on("tenant", id)
    }

    /// To one of the vendor's people.
    pub(crate) fn on_vendor_user(self, id: UserId) -> Self {
        self.on("vendor_user", id)
    }

    /// To something that belongs to this tenant.
    pub(crate) fn of_tenant(mut self, id: Option<TenantId>) -> Self {
        self.tenant = id;
        self
    }

    /// With what is worth knowing of it; never a secret.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}
