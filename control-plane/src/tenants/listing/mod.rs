//! The list of tenants: searched, filtered, sorted, a page at a time, however many there are.

mod model;
mod store;

use hotelhub_http::error::{ApiError, ApiResult};

pub(crate) use self::model::{Filter, Listed, Sort, Text, Total};
use self::model::{Narrowed, Place};
use crate::{app::App, database::database_failed, db_hosts, paging, plans};

/// Which page, of which tenants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) text: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) provisioning: Option<String>,
    pub(crate) access: Option<String>,
    /// The slug of a plan.
    pub(crate) plan: Option<String>,
    /// Name or id.
    pub(crate) db_host: Option<String>,
    pub(crate) sort: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u64>,
}

/// One page of tenants.
pub(crate) struct Page {
    pub(crate) rows: Vec<Listed>,
    pub(crate) next: Option<String>,
    pub(crate) total: Total,
}

/// One page of tenants, and how many there are where that is cheap to know.
///
/// # Errors
/// Refuses what is no filter, order or cursor, and says of which parameter.
pub(crate) async fn page(app: &App, wanted: Wanted) -> ApiResult<Page> {
    let limit = paging::limit(wanted.limit)?;
    let sort: Sort = paging::parsed("sort", wanted.sort.as_deref())?.unwrap_or_default();
    let after: Option<Place> = paging::read_cursor(wanted.cursor.as_deref())?;
    if after.as_ref().is_some_and(|it| !it.is_of(sort)) {
        return Err(ApiError::invalid("cursor", "is of another order; begin again without it"));
    }
    let filter = filter(app, &wanted).await?;
    let narrowed = narrow(app, filter).await?;
    // One row more than the page says whether there is a next one.
    let (rows, total) = tokio::join!(
        store::list(&app.db, &narrowed, (sort, after), limit + 1),
        store::count(&app.db, &narrowed)
    );
    let (mut rows, total) = (rows.map_err(database_failed)?, total.map_err(database_failed)?);
    let next = paging::cut(&mut rows, limit, |it| Place::at(sort, it))?;
    Ok(Page { rows, next, total })
}

/// The first few whom `text` means, those whose slug begins with it first.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn suggest(app: &App, text: &str, limit: u64) -> ApiResult<Vec<Listed>> {
    let Some(text) = Text::of(text, &app.addresses.base_domain) else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    if let Some(slug) = text.beginning() {
        rows = store::list_beginning(&app.db, &slug, limit).await.map_err(database_failed)?;
    }
    if u64::try_from(rows.len()).is_ok_and(|it| it >= limit) {
        return Ok(rows);
    }
    let narrowed = narrow(app, Filter { text: Some(text), ..Filter::default() }).await?;
    let found = store::list(&app.db, &narrowed, (Sort::Newest, None), limit).await;
    for it in found.map_err(database_failed)? {
        if !rows.iter().any(|known| known.tenant.id == it.tenant.id) {
            rows.push(it);
        }
    }
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

async fn filter(app: &App, wanted: &Wanted) -> ApiResult<Filter> {
    let plan = match &wanted.plan {
        None => None,
        Some(slug) => {
            let plans = plans::list(&app.db).await.map_err(database_failed)?;
            let found = plans.into_iter().find(|it| it.slug == *slug).map(|it| it.id);
            Some(found.ok_or_else(|| ApiError::invalid("plan", "there is no such plan"))?)
        }
    };
    let db_host = match &wanted.db_host {
        None => None,
        Some(name) => {
            let found = db_hosts::find_named(&app.db, name).await.map_err(database_failed)?;
            let unknown = || ApiError::invalid("db_host", "there is no such database host");
            Some(found.ok_or_else(unknown)?.id)
        }
    };
    Ok(Filter {
        text: wanted.text.as_deref().and_then(|it| Text::of(it, &app.addresses.base_domain)),
        status: paging::parsed("status", wanted.status.as_deref())?,
        provisioning: paging::parsed("provisioning", wanted.provisioning.as_deref())?,
        access: paging::parsed("access", wanted.access.as_deref())?,
        plan,
        db_host,
    })
}

/// Few whom a text means are found first, and only they are looked at from then on. Of many, a page
/// is full before long, whichever order they are read in.
async fn narrow(app: &App, filter: Filter) -> ApiResult<Narrowed> {
    let few = match &filter.text {
        Some(text) => store::find_few(&app.db, text).await.map_err(database_failed)?,
        None => None,
    };
    Ok(Narrowed { filter, few })
}
