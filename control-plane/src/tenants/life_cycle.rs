//! What may happen to a tenant: the one place that says what an action makes of where it stands.
//! No I/O here.

use hotelhub_core::life::{Access, Provisioning, RefusedTransition, Status};

/// What the vendor may do to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Stop new business. Of one that is suspended already: allow it less, or more.
    Suspend(Suspension),
    /// Take a suspension back.
    Resume,
    /// Let a trial become a customer.
    Activate,
    /// Remind of a payment, or stop reminding.
    Remind(Reminder),
    /// End the relation.
    Churn,
    /// Put the data on another database host.
    Move,
    /// Make a backup of the data.
    BackUp,
    /// Put a backup in the place of the data, or beside it.
    Restore,
    /// Remove the data for good.
    Delete,
}

/// What a suspended tenant is left with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspension {
    /// What guests in the house need.
    Essential,
    /// Nothing but billing and export.
    Stopped,
}

/// Whether a tenant in use is reminded to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reminder {
    Off,
    On,
}

/// Where a tenant stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) status: Status,
    pub(crate) provisioning: Provisioning,
    pub(crate) access: Access,
    /// The trial's time is not over, and the tenant never was more than a trial.
    pub(crate) is_trial_left: bool,
}

/// An action that is not possible from where the tenant stands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedAction {
    #[error("this needs a tenant that is `ready`, and this one is `{0}`")]
    NotReady(Provisioning),
    #[error("this needs a tenant that is `{needed}`, and this one is `{found}`")]
    Elsewhere { needed: &'static str, found: Status },
    #[error("only a churned tenant is deleted, and this one is `{0}`")]
    NotChurned(Status),
    #[error(transparent)]
    Transition(#[from] RefusedTransition),
}

impl Standing {
    /// The status and the access that `action` leads to.
    ///
    /// # Errors
    /// Refuses every action that is not possible from here.
    pub(crate) fn after(self, action: Action) -> Result<(Status, Access), RefusedAction> {
        let Self { status, provisioning, access, is_trial_left } = self;
        if action == Action::Delete && status != Status::Churned {
            return Err(RefusedAction::NotChurned(status));
        }
        if provisioning != Provisioning::Ready {
            return Err(RefusedAction::NotReady(provisioning));
        }
        match action {
            Action::Suspend(to) if status == Status::Suspended => {
                Ok((status, access.moved_to(to.access())?))
            }
            Action::Suspend(to) => {
                Ok((status.moved_to(Status::Suspended)?, settled(access, to.access())?))
            }
            Action::Resume => {
                self.needs(&[Status::Suspended], "suspended")?;
                let back = if is_trial_left { Status::Trial } else { Status::Active };
                Ok((status.moved_to(back)?, settled(access, Access::Full)?))
            }
            Action::Activate => {
                self.needs(&[Status::Trial], "trial")?;
                Ok((status.moved_to(Status::Active)?, settled(access, Access::Full)?))
            }
            Action::Remind(to) => {
                self.needs(&[Status::Trial, Status::Active], "trial` or `active")?;
                Ok((status, access.moved_to(to.access())?))
            }
            Action::Churn => {
                Ok((status.moved_to(Status::Churned)?, settled(access, Access::Stopped)?))
            }
            Action::Move | Action::BackUp | Action::Restore | Action::Delete => {
                Ok((status, access))
            }
        }
    }

    fn needs(self, possible: &[Status], needed: &'static str) -> Result<(), RefusedAction> {
        if possible.contains(&self.status) {
            return Ok(());
        }
        Err(RefusedAction::Elsewhere { needed, found: self.status })
    }
}

impl Suspension {
    const fn access(self) -> Access {
        match self {
            Self::Essential => Access::Essential,
            Self::Stopped => Access::Stopped,
        }
    }
}

impl Reminder {
    const fn access(self) -> Access {
        match self {
            Self::Off => Access::Full,
            Self::On => Access::Grace,
        }
    }
}

/// The access that comes with a new status; it may be the one that there was.
fn settled(from: Access, to: Access) -> Result<Access, RefusedTransition> {
    if from == to { Ok(to) } else { from.moved_to(to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 11] = [
        Action::Suspend(Suspension::Essential),
        Action::Suspend(Suspension::Stopped),
        Action::Resume,
        Action::Activate,
        Action::Remind(Reminder::Off),
        Action::Remind(Reminder::On),
        Action::Churn,
        Action::Move,
        Action::BackUp,
        Action::Restore,
        Action::Delete,
    ];

    /// What each action makes of a tenant that is ready; `-` is a refusal, `=` changes nothing.
    /// Resumed before its trial is over, a tenant that never paid is a trial again: see below.
    #[rustfmt::skip]
    const READY: &str = "
        status    access    | suspend             suspend(stopped)  resume      activate    remind(off) remind(on)   churn           move back-up restore delete
        trial     full      | suspended/essential suspended/stopped -           active/full -           trial/grace  churned/stopped =    =       =       -
        trial     grace     | suspended/essential suspended/stopped -           active/full trial/full  -            churned/stopped =    =       =       -
        trial     essential | suspended/essential suspended/stopped -           active/full trial/full  trial/grace  churned/stopped =    =       =       -
        trial     read_only | suspended/essential suspended/stopped -           active/full trial/full  trial/grace  churned/stopped =    =       =       -
        trial     stopped   | suspended/essential suspended/stopped -           active/full trial/full  trial/grace  churned/stopped =    =       =       -
        active    full      | suspended/essential suspended/stopped -           -           -           active/grace churned/stopped =    =       =       -
        active    grace     | suspended/essential suspended/stopped -           -           active/full -            churned/stopped =    =       =       -
        active    essential | suspended/essential suspended/stopped -           -           active/full active/grace churned/stopped =    =       =       -
        active    read_only | suspended/essential suspended/stopped -           -           active/full active/grace churned/stopped =    =       =       -
        active    stopped   | suspended/essential suspended/stopped -           -           active/full active/grace churned/stopped =    =       =       -
        suspended full      | suspended/essential suspended/stopped active/full -           -           -            churned/stopped =    =       =       -
        suspended grace     | suspended/essential suspended/stopped active/full -           -           -            churned/stopped =    =       =       -
        suspended essential | -                   suspended/stopped active/full -           -           -            churned/stopped =    =       =       -
        suspended read_only | suspended/essential suspended/stopped active/full -           -           -            churned/stopped =    =       =       -
        suspended stopped   | suspended/essential -                 active/full -           -           -            churned/stopped =    =       =       -
        churned   full      | -                   -                 -           -           -           -            -               =    =       =       =
        churned   grace     | -                   -                 -           -           -           -            -               =    =       =       =
        churned   essential | -                   -                 -           -           -           -            -               =    =       =       =
        churned   read_only | -                   -                 -           -           -           -            -               =    =       =       =
        churned   stopped   | -                   -                 -           -           -           -            -               =    =       =       =
    ";

    fn standings() -> Vec<Standing> {
        let provisioning = Provisioning::Ready;
        let all = Status::ALL.iter().flat_map(|status| {
            Access::ALL.iter().map(|access| Standing {
                status: *status,
                provisioning,
                access: *access,
                is_trial_left: false,
            })
        });
        all.collect()
    }

    fn cell(standing: Standing, action: Action) -> String {
        match standing.after(action) {
            Ok(it) if it == (standing.status, standing.access) => "=".to_owned(),
            Ok((status, access)) => format!("{status}/{access}"),
            Err(_) => "-".to_owned(),
        }
    }

    #[test]
    fn each_action_does_what_the_table_says() {
        let rows: Vec<&str> = READY.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
        assert_eq!(rows.len() - 1, standings().len());
        for (standing, row) in standings().into_iter().zip(&rows[1..]) {
            let cells: Vec<String> = ACTIONS.iter().map(|it| cell(standing, *it)).collect();
            let shown = format!("{} {} | {}", standing.status, standing.access, cells.join(" "));
            let said = row.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(shown, said);
        }
    }

    #[test]
    fn a_trial_that_is_left_changes_only_what_a_resume_leads_to() {
        for standing in standings() {
            let trying = Standing { is_trial_left: true, ..standing };
            for action in ACTIONS {
                let resumed = action == Action::Resume && standing.status == Status::Suspended;
                if resumed {
                    assert_eq!(trying.after(action), Ok((Status::Trial, Access::Full)));
                } else {
                    assert_eq!(cell(trying, action), cell(standing, action), "{standing:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_happens_to_a_tenant_that_is_not_ready() {
        for standing in standings() {
            for provisioning in Provisioning::ALL.iter().filter(|it| **it != Provisioning::Ready) {
                let standing = Standing { provisioning: *provisioning, ..standing };
                for action in ACTIONS {
                    assert!(standing.after(action).is_err(), "{action:?} of {standing:?}");
                }
            }
        }
    }
}
