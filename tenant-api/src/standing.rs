//! What the hotel may do now, as far as one request knows it.
//!
//! The truth is the hotel's own row `tenant_identity.access`. The route is the fast path: while the
//! feed is connected the stricter of the two counts, so that a suspension is felt before the row is
//! written; while it is cut the row alone does.

use std::{cell::Cell, rc::Rc};

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
    web::Data,
};
use hotelhub_core::{life::Access, routes::Route};

use crate::{access::stricter, app::App, site::route_of};

const BILLING_STATE: HeaderName = HeaderName::from_static("x-billing-state");

/// The access of one request's hotel: first the route's word, then the row's as well.
#[derive(Clone)]
pub(crate) struct Standing {
    /// The route's word, while the feed vouches for it.
    route: Option<Access>,
    now: Rc<Cell<Access>>,
}

impl Standing {
    /// The standing of a request for the hotel of `route`; the same one however often it is asked.
    pub(crate) fn of(req: &HttpRequest, app: &App, route: &Route) -> Self {
        if let Some(known) = req.extensions().get::<Self>() {
            return known.clone();
        }
        let vouched = app.feed.is_connected().then_some(route.access);
        let standing = Self { route: vouched, now: Rc::new(Cell::new(route.access)) };
        req.extensions_mut().insert(standing.clone());
        standing
    }

    /// Takes note of the row's word; what counts from here on.
    pub(crate) fn learn(&self, row: Access) -> Access {
        let now = self.route.map_or(row, |route| stricter(route, row));
        self.now.set(now);
        now
    }

    /// What counts, as far as it is known.
    pub(crate) fn now(&self) -> Access {
        self.now.get()
    }

    /// Whether the route alone says that nothing is served.
    pub(crate) fn is_stopped_by_route(&self) -> bool {
        self.route == Some(Access::Stopped)
    }
}

/// Says on every answer of a hotel how its subscription stands, if it does not stand well.
pub(crate) fn billing_state(req: &HttpRequest, headers: &mut HeaderMap) {
    let known = req.extensions().get::<Standing>().map(Standing::now);
    let access = known.or_else(|| Some(route_of(req.app_data::<Data<App>>()?, req)?.access));
    let state = match access {
        Some(Access::Grace) => "past_due",
        Some(Access::Essential) => "suspended",
        Some(Access::Stopped) => "stopped",
        Some(Access::Full | Access::ReadOnly) | None => return,
    };
    headers.insert(BILLING_STATE, HeaderValue::from_static(state));
}
