//! What may be done to a tenant now, and what not, and why.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Tenant,
    life_cycle::{Action, Reminder, Suspension},
    life_routes::standing,
};
use crate::{operations::Progress, retention::Retention};

/// An action, and whether it is possible from where the tenant stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PossibleAction {
    /// As in the path of the API, with `delete` for the method.
    pub(crate) name: &'static str,
    pub(crate) is_possible: bool,
    /// Why it is not possible.
    pub(crate) why_not: Option<String>,
}

/// The names, and what each can be: one way that is possible is enough.
const ACTIONS: [(&str, &[Action]); 7] = [
    ("suspend", &[Action::Suspend(Suspension::Essential), Action::Suspend(Suspension::Stopped)]),
    ("resume", &[Action::Resume]),
    ("activate", &[Action::Activate]),
    ("access", &[Action::Remind(Reminder::On), Action::Remind(Reminder::Off)]),
    ("move", &[Action::Move]),
    ("churn", &[Action::Churn]),
    ("delete", &[Action::Delete]),
];

/// All of them, with their answers. Roles are not looked at: they are another question.
pub(super) fn possible_actions(
    tenant: &Tenant,
    newest: Option<&Progress>,
    retention: Option<&Retention>,
) -> Vec<PossibleAction> {
    let standing = standing(tenant, false);
    let is_busy = newest.is_some_and(|it| !it.state.is_over());
    let judged = ACTIONS.into_iter().map(|(name, ways)| {
        let mut refusals = Vec::new();
        for way in ways {
            match standing.after(*way) {
                Ok(_) => refusals.clear(),
                Err(refused) => refusals.push(refused.to_string()),
            }
            if refusals.is_empty() {
                break;
            }
        }
        if name == "delete" && retention.is_some_and(|it| it.hold.is_some()) {
            refusals.push("its deletion is held back; release it first".to_owned());
        }
        let is_long = matches!(name, "move" | "delete");
        let busy = "another operation of this tenant is not over; wait for it".to_owned();
        let why_not = refusals.into_iter().next().or_else(|| (is_long && is_busy).then_some(busy));
        PossibleAction { name, is_possible: why_not.is_none(), why_not }
    });
    judged.chain(retention.into_iter().flat_map(about_deletion)).collect()
}

/// Of a churned tenant whose data is there.
fn about_deletion(retention: &Retention) -> [PossibleAction; 2] {
    let is_held = retention.hold.is_some();
    let release = (!is_held).then(|| "nobody holds its deletion back".to_owned());
    [
        PossibleAction {
            name: "hold-deletion",
            is_possible: !is_held,
            why_not: is_held.then(|| "its deletion is held back already".to_owned()),
        },
        PossibleAction { name: "release-deletion", is_possible: is_held, why_not: release },
    ]
}
