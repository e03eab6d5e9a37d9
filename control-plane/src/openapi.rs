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

use crate::{
    attention, db_hosts, fleet_migrations, job_pauses, jobs, operations, routes_feed, signup,
    tenants, vendor_users,
};

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
        attention::routes::show_attention,
        tenants::routes::list_tenants,
        tenants::routes::show_tenant,
        signup::vendor_routes::create_tenant,
        tenants::life_routes::suspend_tenant,
        tenants::life_routes::resume_tenant,
        tenants::life_routes::activate_tenant,
        tenants::life_routes::remind_tenant,
        tenants::life_routes::churn_tenant,
        tenants::operation_routes::move_tenant,
        tenants::operation_routes::delete_tenant,
        operations::routes::list_operations,
        operations::routes::show_operation,
        operations::routes::follow_operation,
        db_hosts::routes::list_db_hosts,
        db_hosts::routes::add_db_host,
        db_hosts::routes::show_db_host,
        db_hosts::change_routes::change_db_host,
        db_hosts::change_routes::remove_db_host,
        db_hosts::state_routes::cordon_db_host,
        db_hosts::state_routes::uncordon_db_host,
        db_hosts::state_routes::drain_db_host,
        fleet_migrations::routes::list_fleet_migrations,
        fleet_migrations::routes::create_fleet_migration,
        fleet_migrations::routes::show_fleet_migration,
        fleet_migrations::routes::follow_fleet_migration,
        fleet_migrations::action_routes::resume_fleet_migration,
        fleet_migrations::action_routes::cancel_fleet_migration,
        fleet_migrations::action_routes::set_tenant_aside,
        fleet_migrations::tenant_routes::list_fleet_tenants,
        job_pauses::routes::list_job_pauses,
        job_pauses::routes::pause_jobs,
        job_pauses::routes::resume_jobs,
        jobs::hotel_routes::list_tenant_jobs,
        jobs::hotel_routes::summarize_tenant_jobs,
        jobs::hotel_routes::retry_tenant_jobs,
        jobs::hotel_routes::retry_tenant_job,
        jobs::hotel_routes::cancel_tenant_job,
        jobs::heap_routes::list_job_heaps,
        jobs::heap_routes::count_jobs,
        jobs::retry_routes::retry_jobs,
        jobs::report_routes::report_jobs,
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
            "/api/v1/attention",
            "/api/v1/tenants",
            "/api/v1/tenants/{tenant}",
            "/api/v1/tenants/{tenant}/suspend",
            "/api/v1/tenants/{tenant}/resume",
            "/api/v1/tenants/{tenant}/activate",
            "/api/v1/tenants/{tenant}/access",
            "/api/v1/tenants/{tenant}/churn",
            "/api/v1/tenants/{tenant}/move",
            "/api/v1/operations",
            "/api/v1/operations/{operation_id}",
            "/api/v1/operations/{operation_id}/events",
            "/api/v1/db-hosts",
            "/api/v1/db-hosts/{db_host}",
            "/api/v1/db-hosts/{db_host}/cordon",
            "/api/v1/db-hosts/{db_host}/uncordon",
            "/api/v1/db-hosts/{db_host}/drain",
            "/api/v1/fleet-migrations",
            "/api/v1/fleet-migrations/{id}",
            "/api/v1/fleet-migrations/{id}/events",
            "/api/v1/fleet-migrations/{id}/tenants",
            "/api/v1/fleet-migrations/{id}/resume",
            "/api/v1/fleet-migrations/{id}/cancel",
            "/api/v1/fleet-migrations/{id}/set-aside",
            "/api/v1/job-pauses",
            "/api/v1/job-pauses/{id}",
            "/api/v1/tenants/{tenant}/jobs",
            "/api/v1/tenants/{tenant}/jobs/summary",
            "/api/v1/tenants/{tenant}/jobs/retry",
            "/api/v1/tenants/{tenant}/jobs/{job_id}/retry",
            "/api/v1/tenants/{tenant}/jobs/{job_id}/cancel",
            "/api/v1/jobs",
            "/api/v1/jobs/stats",
            "/api/v1/jobs/retry",
            "/upcall/v1/jobs",
            "/upcall/v1/routes",
        ] {
            assert!(described.contains_key(path), "{path}");
        }
    }
}
