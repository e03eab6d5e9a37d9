//! A replica's routes while the control plane and its database are away.

use std::time::Duration;

use platform_tests::{client::Site, platform::Role, postgres::connect, waiting::eventually};

use crate::house::{House, PASSWORD};

const SERVE: Role = Role::TenantServe(0);
const SOON: Duration = Duration::from_secs(60);

/// What `/readyz` says.
async fn checks(house: &House) -> serde_json::Value {
    let site = Site::new(house.platform.setup().tenant_ports[0], "localhost").unwrap();
    site.get("/readyz").await.unwrap().json().unwrap()["checks"].clone()
}

/// Lets nobody into the control database any more.
async fn stop_control_database(house: &House) {
    let urls = house.stage.postgres.urls().unwrap();
    let superuser = connect(&urls.superuser).await.unwrap();
    let close = "ALTER DATABASE hotelhub_control ALLOW_CONNECTIONS false";
    superuser.execute(close, &[]).await.unwrap();
    assert!(connect(&urls.control).await.is_err(), "the control database is away");
}

#[tokio::test]
async fn a_brand_new_replica_serves_with_the_control_plane_and_its_database_stopped() {
    let storage = tempfile::tempdir().unwrap();
    let url = format!("file://{}", storage.path().display());
    let mut house = House::publishing(&url).await;
    let it = house.open_hotel().await;
    let published = storage.path().join("routes.json");
    let is_published = async || {
        let text = std::fs::read_to_string(&published).unwrap_or_default();
        (text.contains(&it.tenant) && text.contains("database_id")).then_some(())
    };
    eventually(SOON, "the published routes", is_published).await.unwrap();
    let before = checks(&house).await;
    assert_eq!(before["route_feed"], "ok");
    assert!(before["route_feed_cut_since"].is_null() && before["routes_age_seconds"].is_u64());

    for role in [Role::Provisioner, Role::ControlWork, Role::ControlServe, SERVE] {
        house.platform.kill_role(role).await.unwrap();
    }
    stop_control_database(&house).await;
    let own = house.platform.setup().folder.join(format!("{}-routes.json", SERVE.name()));
    std::fs::remove_file(&own).unwrap();

    house.platform.start_role(SERVE).await.unwrap();

    let printed = house.platform.program(SERVE).unwrap().printed();
    assert!(printed.contains("started from the copy in object storage"), "{printed}");
    let again = it.hotel.log_in(&it.email, PASSWORD).await.unwrap();
    assert_eq!(again.first_property().await.unwrap(), it.property);
    let cut = checks(&house).await;
    assert_eq!(cut["route_feed"], "cut");
    assert!(cut["route_feed_cut_since"].is_string(), "{cut}");
    assert!(cut["routes_age_seconds"].is_u64(), "{cut}");
}
