//! `/openapi.json`: what programs may ask, with every body and refusal.

use actix_web::{HttpResponse, web::ServiceConfig};
use hotelhub_http::endpoint::Endpoint;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use crate::{db_hosts, routes_feed, signup, tenants, vendor_users};

#[derive(OpenApi)]
#[openapi(
    info(title = "HotelHub control plane", description = "Signup and the vendor's API."),
    paths(
        signup::routes::sign_up,
        signup::routes::show_signup,
        signup::events::follow_signup,
        signup::routes::show_slug,
        vendor_users::routes::log_in,
        vendor_users::routes::refresh,
        vendor_users::routes::log_out,
        vendor_users::routes::show_me,
        tenants::routes::list_tenants,
        tenants::routes::show_tenant,
        db_hosts::routes::list_db_hosts,
        db_hosts::routes::add_db_host,
        routes_feed::routes::show_routes,
    ),
    modifiers(&Tokens)
)]
struct Api;

/// The two kinds of bearer token.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for name in ["vendor", "replica"] {
            let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The document.
#[must_use]
pub fn document() -> Document {
    Api::openapi()
}

/// Adds the route.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/openapi.json").get(show_document).register(app);
}

async fn show_document() -> HttpResponse {
    HttpResponse::Ok().json(document())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_api_is_described() {
        let described = document().paths.paths;
        for path in [
            "/api/v1/signup",
            "/api/v1/signup/{tenant_id}",
            "/api/v1/slugs/{slug}",
            "/api/v1/auth/login",
            "/api/v1/auth/refresh",
            "/api/v1/auth/logout",
            "/api/v1/me",
            "/api/v1/tenants",
            "/api/v1/tenants/{tenant_id}",
            "/api/v1/db-hosts",
            "/upcall/v1/routes",
        ] {
            assert!(described.contains_key(path), "{path}");
        }
    }
}
