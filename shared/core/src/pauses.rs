//! What the vendor holds back: jobs of a tenant, of a class or of a kind, until the pause is lifted.
//!
//! Pauses travel with the routes, so a worker knows of them also after a restart without a control
//! plane.

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;

/// Which jobs are held back: those to which all that is set applies. A pause with nothing set holds
/// back all jobs of all tenants; the control plane makes none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pause {
    /// Of this tenant; `None`: of every tenant.
    pub tenant: Option<TenantId>,
    /// Of this class; `None`: of every class.
    pub class: Option<String>,
    /// Of this kind; `None`: of every kind.
    pub kind: Option<String>,
}

impl Pause {
    /// Tells whether it holds back jobs of this kind, of this tenant.
    #[must_use]
    pub fn covers(&self, tenant: TenantId, class: &str, kind: &str) -> bool {
        self.tenant.is_none_or(|it| it == tenant)
            && self.class.as_deref().is_none_or(|it| it == class)
            && self.kind.as_deref().is_none_or(|it| it == kind)
    }
}

/// All pauses that stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pauses(pub Vec<Pause>);

impl Pauses {
    /// Tells whether a pause holds back jobs of this kind, of this tenant.
    #[must_use]
    pub fn covers(&self, tenant: TenantId, class: &str, kind: &str) -> bool {
        self.0.iter().any(|it| it.covers(tenant, class, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(tenant: Option<TenantId>, class: Option<&str>, kind: Option<&str>) -> Pauses {
        let owned = |it: Option<&str>| it.map(str::to_owned);
        Pauses(vec![Pause { tenant, class: owned(class), kind: owned(kind) }])
    }

    #[test]
    fn a_pause_covers_that_to_which_all_of_it_applies() {
        let (mandala, surya) = (TenantId::generate(), TenantId::generate());
        let covered = |pauses: &Pauses| {
            [(mandala, "mail", "letter"), (mandala, "pdf", "bill"), (surya, "mail", "letter")]
                .map(|(tenant, class, kind)| pauses.covers(tenant, class, kind))
        };

        assert_eq!(covered(&Pauses::default()), [false, false, false]);
        assert_eq!(covered(&pause(Some(mandala), None, None)), [true, true, false]);
        assert_eq!(covered(&pause(None, Some("mail"), None)), [true, false, true]);
        assert_eq!(covered(&pause(None, None, Some("bill"))), [false, true, false]);
        assert_eq!(covered(&pause(Some(mandala), Some("mail"), None)), [true, false, false]);
        assert_eq!(covered(&pause(Some(surya), Some("pdf"), None)), [false, false, false]);
    }
}
