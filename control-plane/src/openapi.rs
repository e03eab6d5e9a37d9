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
    attention, audit, backups, db_hosts, domains, exports, fleet_migrations, job_pauses, jobs,
    operations, retention, routes_feed, signup, support_access, tenants, vendor_users,
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
        vendor_users::account_routes::change_password,
        vendor_users::account_routes::begin_totp,
        vendor_users::account_routes::confirm_totp,
        vendor_users::account_routes::renew_recovery_codes,
        vendor_users::account_routes::reset_totp,
        vendor_users::user_routes::list_users,
        vendor_users::user_routes::create_user,
        vendor_users::user_routes::show_user,
        vendor_users::user_routes::change_user_role,
        vendor_users::user_routes::disable_user,
        vendor_users::user_routes::enable_user,
        vendor_users::user_routes::reset_user_password,
        vendor_users::user_routes::reset_user_totp,
        vendor_users::user_routes::allow_user_addresses,
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
        tenants::delete_routes::delete_tenant,
        retention::routes::hold_deletion,
        retention::routes::release_deletion,
        backups::routes::list_backups,
        backups::routes::summarize_backups,
        backups::routes::list_drills,
        backups::routes::show_preview,
        backups::routes::show_deletion,
        backups::bundle_routes::export_tenant,
        backups::bundle_routes::download_bundle,
        backups::restore_routes::restore_tenant,
        backups::restore_routes::import_tenant,
        exports::routes::list_exports,
        exports::routes::show_export,
        exports::routes::ask_for_export,
        exports::routes::download_export,
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
        domains::routes::list_domains,
        domains::tenant_routes::list_tenant_domains,
        domains::tenant_routes::claim_domain,
        domains::tenant_routes::show_domain,
        domains::tenant_routes::verify_domain,
        domains::tenant_routes::make_domain_primary,
        domains::tenant_routes::release_domain,
        domains::tls_routes::allow_certificate,
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
        support_access::routes::list_support_access,
        support_access::routes::request_support_access,
        support_access::routes::enter_as_support,
        support_access::routes::end_support_access,
        audit::routes::list_audit_entries,
        audit::routes::verify_audit_log,
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
    #[expect(clippy::too_many_lines, reason = "a list, and a line that goes through it")]
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
            "/api/v1/account/password",
            "/api/v1/account/totp",
            "/api/v1/account/totp/confirm",
            "/api/v1/account/totp/recovery-codes",
            "/api/v1/account/totp/reset",
            "/api/v1/users",
            "/api/v1/users/{user}",
            "/api/v1/users/{user}/role",
            "/api/v1/users/{user}/disable",
            "/api/v1/users/{user}/enable",
            "/api/v1/users/{user}/reset-password",
            "/api/v1/users/{user}/reset-totp",
            "/api/v1/users/{user}/allowed-addresses",
            "/api/v1/attention",
            "/api/v1/tenants",
            "/api/v1/tenants/{tenant}",
            "/api/v1/tenants/{tenant}/suspend",
            "/api/v1/tenants/{tenant}/resume",
            "/api/v1/tenants/{tenant}/activate",
            "/api/v1/tenants/{tenant}/access",
            "/api/v1/tenants/{tenant}/churn",
            "/api/v1/tenants/{tenant}/hold-deletion",
            "/api/v1/tenants/{tenant}/release-deletion",
            "/api/v1/tenants/{tenant}/move",
            "/api/v1/backups",
            "/api/v1/backups/summary",
            "/api/v1/restore-drills",
            "/api/v1/tenants/{tenant}/preview",
            "/api/v1/tenants/{tenant}/deletion",
            "/api/v1/tenants/{tenant}/export",
            "/api/v1/tenants/{tenant}/backups/{backup}/bundle",
            "/api/v1/tenants/{tenant}/restore",
            "/api/v1/tenants/{tenant}/import",
            "/api/v1/operations",
            "/api/v1/operations/{operation_id}",
            "/api/v1/operations/{operation_id}/events",
            "/api/v1/db-hosts",
            "/api/v1/db-hosts/{db_host}",
            "/api/v1/db-hosts/{db_host}/cordon",
            "/api/v1/db-hosts/{db_host}/uncordon",
            "/api/v1/db-hosts/{db_host}/drain",
            "/api/v1/domains",
            "/api/v1/tenants/{tenant}/domains",
            "/api/v1/tenants/{tenant}/domains/{domain}",
            "/api/v1/tenants/{tenant}/domains/{domain}/verify",
            "/api/v1/tenants/{tenant}/domains/{domain}/primary",
            "/tls/allow",
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
            "/api/v1/tenants/{tenant}/support-access",
            "/api/v1/tenants/{tenant}/support-access/{id}/enter",
            "/api/v1/tenants/{tenant}/support-access/{id}/end",
            "/api/v1/audit",
            "/api/v1/audit/verify",
            "/upcall/v1/tenants/{tenant_id}/exports",
            "/upcall/v1/tenants/{tenant_id}/exports/{export_id}",
            "/upcall/v1/tenants/{tenant_id}/exports/{export_id}/bundle",
            "/upcall/v1/jobs",
            "/upcall/v1/routes",
        ] {
            assert!(described.contains_key(path), "{path}");
        }
    }
}
