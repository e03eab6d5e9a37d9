//! The two group roles of a server, and the databases that no tenant may enter.

use hotelhub_core::sql::Query as _;
use tokio_postgres::{Error, error::SqlState};

use super::DbHost;
use crate::session::Session;

/// Makes the roles that all tenant databases share: `hotel_app`, which holds the grants and which
/// login roles inherit, and `hotel_owner`, which owns the databases and runs the migrations.
pub(super) async fn ensure(session: &Session) -> Result<(), Error> {
    let row = session
        .query_one(
            "SELECT to_regrole('hotel_app') IS NULL, to_regrole('hotel_owner') IS NULL,
               coalesce(pg_has_role(to_regrole('hotel_owner'), 'MEMBER'), false)",
            &[],
        )
        .await?;
    let (no_app, no_owner, is_member): (bool, bool, bool) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if no_app {
        unless_exists(session.run("CREATE ROLE hotel_app NOLOGIN").await)?;
    }
    if no_owner {
        unless_exists(session.run("CREATE ROLE hotel_owner NOLOGIN").await)?;
    }
    if !is_member {
        session.run("GRANT hotel_owner TO CURRENT_USER").await?;
    }
    Ok(())
}

/// Another provisioner was faster.
fn unless_exists(made: Result<(), Error>) -> Result<(), Error> {
    match made {
        Err(error) if error.code() == Some(&SqlState::DUPLICATE_OBJECT) => Ok(()),
        made => made,
    }
}

/// Takes everybody's right to connect away from the databases that come with a server, where our
/// login may; says so where it may not, since one of the two layers between tenants is missing
/// there.
pub(super) async fn close_doors(session: &Session, host: &DbHost) -> Result<(), Error> {
    let open = session
        .query(
            "SELECT format('%I', datname) FROM pg_database
             WHERE datname IN ('postgres', 'template1', current_database()) AND datallowconn
               AND has_database_privilege('public', oid, 'CONNECT')",
            &[],
        )
        .await?;
    for row in open {
        let name: String = row.try_get(0)?;
        // The login itself may have come through the door that is closed.
        let close = format!(
            "GRANT CONNECT ON DATABASE {name} TO CURRENT_USER;
             REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"
        );
        match session.run(&close).await {
            Ok(()) => {}
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                tracing::warn!(
                    db_host = host.name,
                    database = name,
                    "everybody may connect here and our login may not change it: \
                 REVOKE CONNECT ON DATABASE … FROM PUBLIC as its owner"
                )
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
