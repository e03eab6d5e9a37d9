//! Pages are led to the hotel's primary name.
//!
//! Only to a domain of the hotel's own: the platform's name is primary by default, and a domain that
//! nobody has made primary yet is served like it. Only what people look at is led: a form that was
//! sent, and whatever programs ask, is answered on any of the hotel's names. Only to a name that leads
//! here, and that has a certificate if hotels are reached over TLS. Sessions are kept by name: who is
//! logged in on another one logs in again.
//!
//! Nobody is led in a circle: the primary name leads nowhere but from the plain port to TLS, and that
//! only who certainly came without it, not through an edge that ends TLS before us.

use actix_web::{HttpRequest, http::Method, web::Data};
use hotelhub_core::{life::Provisioning, routes::Route};
use hotelhub_http::{hop::is_plain, server::wants_page};

use crate::{app::App, config::Addresses, site::route_by_host};

/// What is answered on every name: where certificate authorities look, and what a page that was
/// answered here is made of.
const EVERYWHERE: [&str; 2] = ["/.well-known/", "/assets/"];

/// Where a request is led instead of being answered here.
pub(crate) fn primary_address(req: &HttpRequest) -> Option<String> {
    if !matches!(*req.method(), Method::GET | Method::HEAD)
        || !wants_page(req)
        || EVERYWHERE.iter().any(|it| req.path().starts_with(it))
    {
        return None;
    }
    let app = req.app_data::<Data<App>>()?;
    let (host, route) = route_by_host(app, req)?;
    let over_tls = app.addresses.over_tls();
    let primary = primary_of(&route, &app.addresses).unwrap_or(host.as_str());
    // Where this program serves TLS itself, nobody stays on the plain port.
    let is_to_change = app.serves_tls && over_tls && is_plain(req);
    let is_certified = || route.domain(primary).is_some_and(|it| it.certified);
    let rest = req.uri().path_and_query().map_or("/", |it| it.as_str());
    (primary != host.as_str() || is_to_change && is_certified())
        .then(|| format!("{}{rest}", app.addresses.of_hotel(primary)))
}

/// The name that people are led to, if there is one to which they can be.
fn primary_of<'a>(route: &'a Route, addresses: &Addresses) -> Option<&'a str> {
    if route.provisioning != Provisioning::Ready {
        return None;
    }
    let primary = route.domains.iter().find(|it| it.primary)?;
    let opens = primary.live && (primary.certified || !addresses.over_tls());
    (opens && !addresses.is_of_platform(&primary.hostname)).then_some(&*primary.hostname)
}

#[cfg(test)]
mod tests {
    use hotelhub_core::{
        ids::TenantId,
        life::{Access, Status},
        routes::RouteDomain,
    };

    use super::*;

    fn route(live: bool, certified: bool) -> Route {
        let domain = |hostname: &str, primary, live, certified| RouteDomain {
            hostname: hostname.to_owned(),
            primary,
            live,
            certified,
        };
        Route {
            tenant_id: TenantId::generate(),
            slug: "mandala".to_owned(),
            company_name: "Hotel".to_owned(),
            status: Status::Trial,
            provisioning: Provisioning::Ready,
            access: Access::Full,
            domains: vec![
                domain("www.hotelmandala.com", true, live, certified),
                domain("mandala.hotelhub.id", false, true, true),
            ],
            placement: None,
            preview_of: None,
        }
    }

    #[test]
    fn nobody_is_led_to_a_name_that_would_not_open() {
        let (tls, plain) = (Addresses::of_a_test("https"), Addresses::of_a_test("http"));
        assert_eq!(primary_of(&route(true, true), &tls), Some("www.hotelmandala.com"));
        assert_eq!(primary_of(&route(true, false), &tls), None);
        assert_eq!(primary_of(&route(true, false), &plain), Some("www.hotelmandala.com"));
        assert_eq!(primary_of(&route(false, true), &tls), None);
        let pending = Route { provisioning: Provisioning::Pending, ..route(true, true) };
        assert_eq!(primary_of(&pending, &tls), None);
        let mut own = route(true, true);
        own.domains.iter_mut().for_each(|it| it.primary = !it.primary);
        assert_eq!(primary_of(&own, &tls), None, "nobody chose the platform's name");
        let routed = route(false, true);
        assert_eq!(routed.primary_host(), Some("mandala.hotelhub.id"), "links avoid it too");
    }
}
