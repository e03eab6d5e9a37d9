//! What may be done to a hotel, in the words of its pages.

use super::texts::TenantTexts;

/// An action with a page of its own that asks whether one is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Suspend,
    Resume,
    Activate,
    Access,
    Move,
    Churn,
    Delete,
    Hold,
    Release,
}

impl Action {
    const ALL: [Self; 9] = [
        Self::Suspend,
        Self::Resume,
        Self::Activate,
        Self::Access,
        Self::Move,
        Self::Churn,
        Self::Delete,
        Self::Hold,
        Self::Release,
    ];

    /// The action of this name, as the API lists it.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Activate => "activate",
            Self::Access => "access",
            Self::Move => "move",
            Self::Churn => "churn",
            Self::Delete => "delete",
            Self::Hold => "hold-deletion",
            Self::Release => "release-deletion",
        }
    }

    /// What the role needs, as at the API.
    pub(super) const fn permission(self) -> &'static str {
        match self {
            Self::Churn | Self::Delete | Self::Hold | Self::Release => "tenants.end",
            _ => "tenants.write",
        }
    }

    /// Whether it cannot be taken back.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::Churn | Self::Delete)
    }

    /// On the hotel's page.
    pub(super) const fn link_text(self, w: &TenantTexts) -> &'static str {
        match self {
            Self::Suspend => w.suspend,
            Self::Resume => w.resume,
            Self::Activate => w.activate,
            Self::Access => w.set_access,
            Self::Move => w.move_it,
            Self::Churn => w.churn,
            Self::Delete => w.delete,
            Self::Hold => w.hold,
            Self::Release => w.release,
        }
    }

    pub(super) fn title(self, w: &TenantTexts, slug: &str) -> String {
        let title = match self {
            Self::Suspend => w.suspend_title,
            Self::Resume => w.resume_title,
            Self::Activate => w.activate_title,
            Self::Access => w.access_title,
            Self::Move => w.move_title,
            Self::Churn => w.churn_title,
            Self::Delete => w.delete_title,
            Self::Hold => w.hold_title,
            Self::Release => w.release_title,
        };
        title.replace("{slug}", slug)
    }

    /// What will happen.
    pub(super) fn consequences(self, w: &TenantTexts) -> Vec<&'static str> {
        match self {
            Self::Suspend => vec![w.suspend_1, w.suspend_2, w.suspend_3, w.suspend_4],
            Self::Resume => vec![w.resume_1, w.resume_2, w.resume_3],
            Self::Activate => vec![w.activate_1, w.activate_2],
            Self::Access => vec![w.access_1, w.suspend_2],
            Self::Move => vec![w.move_1, w.move_2, w.move_3],
            Self::Churn => vec![w.churn_1, w.churn_2, w.churn_3],
            Self::Delete => vec![w.delete_1, w.delete_2, w.delete_3, w.delete_4],
            Self::Hold => vec![w.hold_1, w.hold_2],
            Self::Release => vec![w.release_1, w.release_2],
        }
    }

    /// The button.
    pub(super) const fn button(self, w: &TenantTexts) -> &'static str {
        match self {
            Self::Suspend => w.suspend_go,
            Self::Resume => w.resume_go,
            Self::Activate => w.activate_go,
            Self::Access => w.access_go,
            Self::Move => w.move_go,
            Self::Churn => w.churn_go,
            Self::Delete => w.delete_go,
            Self::Hold => w.hold_go,
            Self::Release => w.release_go,
        }
    }

    /// Whether it has a reason; `Some(true)` if it needs one.
    pub(super) const fn reason(self) -> Option<bool> {
        match self {
            Self::Suspend | Self::Access | Self::Churn | Self::Hold | Self::Release => Some(true),
            Self::Resume => Some(false),
            Self::Delete => Some(false),
            Self::Activate | Self::Move => None,
        }
    }

    /// What was done, for the page that is shown after it.
    pub(super) fn told(name: &str, w: &TenantTexts) -> Option<&'static str> {
        Some(match Self::of(name)? {
            Self::Suspend => w.told_suspend,
            Self::Resume => w.told_resume,
            Self::Activate => w.told_activate,
            Self::Access => w.told_access,
            Self::Churn => w.told_churn,
            Self::Hold => w.told_hold,
            Self::Release => w.told_release,
            Self::Move | Self::Delete => return None,
        })
    }
}
