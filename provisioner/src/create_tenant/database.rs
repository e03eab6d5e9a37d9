//! The database and its login role of a tenant that found no warm copy: made, opened to the one
//! role, and dropped again.

use hotelhub_core::sql::Query as _;
use tokio_postgres::error::SqlState;

use super::{Work, placement};
use crate::{
    copies::{self, unless},
    engine::StepError,
    session::Session,
};

/// Copies the template. Nothing takes longer, so what can be done meanwhile is: the tenant is
/// announced, and the verifier of the password is made.
pub(super) async fn create_database(work: &mut Work, control: &Session) -> Result<(), StepError> {
    work.site(control).await?;
    work.begin_verifier()?;
    let (operation, copy) = (work.operation, work.copy()?.clone());
    let template = async {
        let current = "SELECT name FROM templates WHERE db_host_id = $1 AND is_current";
        match control.query_opt(current, &[&copy.host.id]).await? {
            Some(row) => Ok(row.try_get::<_, String>(0)?),
            None => Err(StepError::NotYet("the template is being built".to_owned())),
        }
    }
    .await?;
    let site = work.site(control).await?;
    let make = copies::create_database(&site.session, copy.id, &template);
    tokio::try_join!(make, placement::announce(operation, control))?;
    Ok(())
}

/// Drops all that was made.
pub(super) async fn drop_all(work: &mut Work, control: &Session) -> Result<(), StepError> {
    // A copy is claimed, and the claim is on disk, before anything is made.
    let Some(copy) = &work.copy else { return Ok(()) };
    if copy.is_assigned {
        return Err(StepError::Never("the tenant was published".to_owned()));
    }
    let id = copy.id;
    Ok(copies::drop_all(&work.site(control).await?.session, id).await?)
}

/// Opens the database to its owner, and to nobody else, in one transaction.
pub(super) async fn open_database(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let open = copies::open_database(work.copy()?.id);
    Ok(work.site(control).await?.session.run(&format!("{LATER} {open}")).await?)
}

/// Makes the login role, which may not enter yet, and meanwhile enters as the owner.
pub(super) async fn create_role(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let verifier = work.verifier().await?;
    let create = format!("{LATER} {}", copies::create_role(work.copy()?.id, &verifier));
    let (site, door) = work.site_and_door(control).await?;
    let made = async { unless(site.session.run(&create).await, &SqlState::DUPLICATE_OBJECT) };
    let entered = async { Ok(door.open().await?) };
    let ((), session) = tokio::try_join!(made, entered)?;
    work.keep_inside(session);
    Ok(())
}

/// Lets the role in. This commit is waited for, and takes with it to the disk what was made since
/// the copy.
pub(super) async fn grant_access(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let grant = copies::grant_access(work.copy()?.id);
    Ok(work.site(control).await?.session.run(&grant).await?)
}

/// Leaves a transaction's commit to be flushed with a later one.
const LATER: &str = "SELECT set_config('synchronous_commit', 'off', true);";
