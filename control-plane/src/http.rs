//! Every route of the control plane.

use actix_web::web::{Data, ServiceConfig};
use hotelhub_http::limits::Verified;

use crate::{
    app::App, attention, audit, backups, db_hosts, domains, exports, fleet_migrations,
    health::health, job_pauses, jobs, openapi, operations, pages, panel, retention, routes_feed,
    signup, support_access, tenants, vendor_users,
};

/// Adds all routes.
pub(crate) fn routes(app: &App) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let health = health(app);
    let app = Data::new(app.clone());
    move |config| {
        config.app_data(app.clone());
        config.app_data(Verified(vendor_users::has_verified_token));
        health.clone().register(config);
        openapi::register(config);
        pages::register_assets(config);
        panel::register(config, &app.panel);
        signup::page_routes::register(config);
        signup::routes::register(config);
        vendor_users::routes::register(config);
        backups::register(config);
        exports::routes::register(config);
        vendor_users::register_account(config);
        vendor_users::user_routes::register(config);
        attention::routes::register(config);
        tenants::routes::register(config);
        tenants::life_routes::register(config);
        tenants::operation_routes::register(config);
        retention::routes::register(config);
        operations::routes::register(config);
        db_hosts::routes::register(config);
        db_hosts::state_routes::register(config);
        domains::routes::register(config);
        domains::tenant_routes::register(config);
        domains::tls_routes::register(config);
        fleet_migrations::routes::register(config);
        fleet_migrations::action_routes::register(config);
        fleet_migrations::tenant_routes::register(config);
        job_pauses::routes::register(config);
        jobs::hotel_routes::register(config);
        jobs::heap_routes::register(config);
        jobs::retry_routes::register(config);
        jobs::report_routes::register(config);
        audit::routes::register(config);
        support_access::routes::register(config);
        routes_feed::routes::register(config);
    }
}
