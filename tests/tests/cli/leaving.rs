//! A hotel leaves one platform with everything and moves in at another: both answer the same.

use platform_tests::{
    client::{Answer, Hotel, Signup, stay},
    platform::{HOTEL_DEADLINE, Platform, Role, Stage, VENDOR_EMAIL},
    postgres::Preset,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::operator::{Operator, Said};

/// A platform, and an operator who is logged in to it.
struct Place {
    operator: Operator,
    platform: Platform,
    _stage: Stage,
}

impl Place {
    async fn new() -> Self {
        let stage = Stage::new(Preset::Fast).await.unwrap();
        let mut builder = stage.platform(1).unwrap();
        for role in [Role::TenantWork, Role::TenantSchedule] {
            builder = builder.without(role);
        }
        let platform = builder.start().await.unwrap();
        let operator = Operator::new();
        let url = platform.setup().control_public_url();
        let login = ["--url", &url, "login", "--email", VENDOR_EMAIL];
        operator.run_with(&login, platform.vendor_password()).await.done();
        Self { operator, platform, _stage: stage }
    }

    async fn run(&self, line: &str) -> Said {
        self.operator.run(&line.split(' ').collect::<Vec<_>>()).await
    }

    async fn open(&self, slug: &str) -> (Signup, Hotel) {
        let signup = Signup::of(slug);
        let control = self.platform.control().unwrap();
        let hotel = control.open_hotel(&signup, HOTEL_DEADLINE).await.unwrap();
        (signup, hotel)
    }
}

/// Everything that the hotel answers to one who reads, by its path.
async fn answers(hotel: &Hotel) -> Vec<(String, Value)> {
    let property = hotel.first_property().await.unwrap();
    let of = |rest: &str| format!("/api/v1/properties/{property}/{rest}");
    let mut found = Vec::new();
    for path in [
        "/api/v1/properties".to_owned(),
        of("room-types"),
        of("rooms"),
        of("reservations"),
        "/api/v1/guests".to_owned(),
    ] {
        let answer = hotel.site().get(&path).await.unwrap();
        if answer.status.as_u16() == 404 {
            continue;
        }
        found.push((path.clone(), answer.expect_status(200).unwrap().data().unwrap()));
    }
    assert!(found.len() >= 4, "{found:?}");
    found
}

#[tokio::test]
async fn a_hotel_leaves_with_everything_and_answers_the_same_elsewhere() {
    let (old, new) = tokio::join!(Place::new(), Place::new());
    let (signup, hotel) = old.open("mandala").await;
    let hotel = hotel.log_in(&signup.owner_email, &signup.password).await.unwrap();
    let property = hotel.first_property().await.unwrap();
    let kind = hotel.add_room_type(&property, "DLX").await.unwrap();
    for number in ["101", "102"] {
        hotel.add_room(&property, &kind, number).await.unwrap();
    }
    let (from, to) = stay(0, 30);
    hotel.set_rate(&property, &kind, (&from, &to), 900_000).await.unwrap();
    let (arrival, departure) = stay(3, 2);
    hotel.reserve(&property, &kind, (&arrival, &departure), "budi@example.com").await.unwrap();
    let before = answers(&hotel).await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mandala.zip");
    let file = file.to_str().unwrap();
    let said = old.run(&format!("tenant export mandala --output {file}")).await;
    assert!(said.err.contains("back_up"), "{}", said.err);
    assert!(said.done().starts_with("wrote "));
    let again = old.run(&format!("tenant export mandala --output {file}")).await.refused(2);
    assert!(again.contains("is there already"), "{again}");

    // Beside the hotel that has its place there first: only to be looked at.
    let (resident, _) = new.open("mandala").await;
    new.run(&format!("tenant import mandala {file}")).await.done();
    let control = new.platform.control().unwrap();
    let preview = control.hotel("mandala--preview.hotelhub.localhost").unwrap();
    let preview = preview.log_in(&signup.owner_email, &signup.password).await.unwrap();
    assert_eq!(answers(&preview).await, before);
    let path = format!("/api/v1/properties/{property}/room-types");
    let body = json!({ "code": "STD", "name": "Standard", "max_adults": 2, "max_children": 0 });
    let refused = preview.site().post(&path, &body).await.unwrap();
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (403, "TENANT_PREVIEW"));
    let export = preview.site().post("/api/v1/exports", &json!({})).await.unwrap();
    assert_eq!((export.status.as_u16(), &*export.error_code()), (403, "TENANT_PREVIEW"));
    let stranger = control.hotel("mandala.hotelhub.localhost").unwrap();
    assert!(stranger.log_in(&signup.owner_email, "not-the-password").await.is_err());

    // And now in its place.
    new.run("tenant restore mandala --end swap").await.done();
    let moved = stranger.log_in(&signup.owner_email, &signup.password).await.unwrap();
    assert_eq!(answers(&moved).await, before);
    let (arrival, departure) = stay(5, 1);
    moved.reserve(&property, &kind, (&arrival, &departure), "budi@example.com").await.unwrap();
    let list = new.run("backup list --tenant mandala --json").await.json();
    assert_eq!(list[0]["kind"], "before_restore", "what {} had is kept", resident.slug);
    let drills = new.run("backup drills").await.done();
    assert!(drills.contains("TENANT") || drills.contains("no drills"), "{drills}");
}

#[tokio::test]
async fn what_is_no_bundle_is_refused_before_anything_is_asked_for() {
    let place = Place::new().await;
    place.open("mandala").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.zip");
    std::fs::write(&file, b"PK\x03\x04 and then nothing").unwrap();
    let line = format!("tenant import mandala {} --end swap", file.display());
    let refused = place.run(&line).await.refused(1);
    assert!(refused.contains("(BUNDLE_REFUSED)") && refused.contains("whole ZIP"), "{refused}");
    let none = place.run("operation list --tenant mandala --kind restore_tenant").await.done();
    assert_eq!(none, "no operations\n");
    let missing = place.run("tenant import mandala /nowhere/at/all.zip").await;
    assert!(missing.refused(1).contains("read the file"));

    // Only those who may.
    let vendor = place.platform.vendor().await.unwrap();
    let request = vendor.site().request(Method::POST, "/api/v1/tenants/mandala/import?end=discard");
    assert_eq!(Answer::of(request).await.unwrap().error_code(), "VALIDATION_FAILED");
    let request = vendor.site().request(Method::POST, "/api/v1/tenants/nobody/import");
    assert_eq!(Answer::of(request).await.unwrap().status, 404);
}
