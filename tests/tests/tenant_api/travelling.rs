//! A hotel moves to another database server and back, by the real provisioner, while people work.

use std::time::Duration;

use platform_tests::{
    client::{ControlPlane, Site},
    postgres::{PostgresServer, Preset},
    waiting::eventually,
};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::house::House;

/// A move waits for the new server's template first.
const MOVE: Duration = Duration::from_secs(300);

#[tokio::test]
async fn nobody_who_works_meanwhile_loses_a_write_or_sees_a_failure() {
    let house = House::with(&[("RATE_LIMIT_API_PER_MINUTE", "0")]).await;
    let it = house.open_hotel().await;
    let second = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let vendor = house.platform.vendor().await.unwrap();
    vendor.add_database_host("second", &second.urls().unwrap(), 100).await.unwrap();

    let home = CancellationToken::new();
    let mut people = JoinSet::new();
    for number in 0..2 {
        people.spawn(add_guests(it.site().clone(), number, home.clone()));
    }
    let mut readers = JoinSet::new();
    readers.spawn(read_properties(it.site().clone(), home.clone()));
    for server in ["second", "local"] {
        move_to(&vendor, &it.tenant, server).await;
    }
    home.cancel();
    let added: i64 = people.join_all().await.into_iter().sum();
    let read: u32 = readers.join_all().await.into_iter().sum();

    let sql = "SELECT count(*), count(DISTINCT email) FROM guests";
    let row = it.sql(sql).await.remove(0);
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (added, added), "each once");
    assert!(added > 20 && read > 20, "{added} added, {read} read");
}

async fn move_to(vendor: &ControlPlane, tenant: &str, server: &str) {
    let path = format!("/api/v1/tenants/{tenant}/move");
    let asked = vendor.site().post(&path, &json!({ "db_host": server })).await.unwrap();
    let operation = asked.expect_status(202).unwrap().data().unwrap();
    let path = format!("/api/v1/operations/{}", operation["id"].as_str().unwrap());
    let done = async || {
        let now = vendor.site().get(&path).await.unwrap().data().unwrap();
        assert!(now["state"] != "undone" && now["state"] != "undoing", "{now}");
        (now["state"] == "done").then_some(())
    };
    eventually(MOVE, "the move", done).await.unwrap();
}

/// Adds guests; how many were said to be added. A pause that is longer than a request waits for may
/// tell it to come back, and nothing else may happen.
async fn add_guests(site: Site, person: usize, home: CancellationToken) -> i64 {
    let mut added = 0;
    for number in 0.. {
        if home.is_cancelled() {
            break;
        }
        let email = format!("tamu-{person}-{number}@example.com");
        let guest = json!({ "full_name": "Ni Luh", "email": email });
        let answer = site.post("/api/v1/guests", &guest).await.unwrap();
        match answer.status.as_u16() {
            201 => added += 1,
            503 => assert_eq!(answer.error_code(), "TENANT_READ_ONLY"),
            other => panic!("{other}: {}", answer.body),
        }
    }
    added
}

async fn read_properties(site: Site, home: CancellationToken) -> u32 {
    let mut read = 0;
    while !home.is_cancelled() {
        let answer = site.get("/api/v1/properties").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        read += 1;
    }
    read
}
