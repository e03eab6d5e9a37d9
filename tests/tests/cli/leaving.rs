//! A hotel leaves one platform with everything and moves in at another: both answer the same.

use std::{io::Cursor, os::unix::fs::PermissionsExt as _, path::PathBuf};

use chrono::TimeDelta;
use hotelhub_bundle::{BundleWriter, FORMAT, FORMAT_VERSION, Manifest, TenantEntry};
use hotelhub_core::{clock::Clock, ids::TenantId};
use platform_tests::{
    client::{Answer, Hotel, Signup, stay},
    platform::{HOTEL_DEADLINE, Platform, Role, Stage, VENDOR_EMAIL},
    postgres::{Preset, connect},
    waiting::eventually,
};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::operator::{Operator, Said};

const PICTURE: &[u8] = b"\x89PNG of a room";

/// A platform, and an operator who is logged in to it.
struct Place {
    operator: Operator,
    platform: Platform,
    stage: Stage,
}

impl Place {
    async fn new() -> Self {
        let stage = Stage::new(Preset::Fast).await.unwrap();
        // No night comes meanwhile.
        let far = (Clock::system().now() + TimeDelta::hours(12)).format("%H").to_string();
        let mut builder = stage.platform(1).unwrap().env("BACKUP_HOUR", &far);
        for role in [Role::TenantWork, Role::TenantSchedule] {
            builder = builder.without(role);
        }
        let platform = builder.start().await.unwrap();
        let operator = Operator::new();
        let url = platform.setup().control_public_url();
        let login = ["--url", &url, "login", "--email", VENDOR_EMAIL];
        operator.run_with(&login, platform.vendor_password()).await.done();
        Self { operator, platform, stage }
    }

    async fn run(&self, line: &str) -> Said {
        self.operator.run(&line.split(' ').collect::<Vec<_>>()).await
    }

    /// Where the hotel's files are.
    async fn files_of(&self, slug: &str) -> PathBuf {
        let tenant = self.run(&format!("tenant show {slug} --json")).await.json();
        let storage: Url = self.platform.setup().storage_url().parse().unwrap();
        let tenant = tenant["id"].as_str().unwrap();
        storage.to_file_path().unwrap().join(format!("tenants/{tenant}/files"))
    }

    /// How the last restore drill ended, and what was wrong.
    async fn drilled(&self) -> Option<(Value, Value)> {
        let drills = self.run("backup drills --json").await.json();
        let drills = drills.as_array().unwrap();
        // One that broke off says nothing, and is tried again after ten minutes.
        let broken = drills.iter().filter(|it| it["state"] == "broken_off").count();
        self.platform.move_clock(i64::try_from(broken).unwrap() * 11 * 60).unwrap();
        let last =
            drills.first().filter(|it| it["state"] == "passed" || it["state"] == "failed")?;
        Some((last["state"].clone(), last["error"].clone()))
    }

    async fn open(&self, slug: &str) -> (Signup, Hotel) {
        let signup = Signup::of(slug);
        let control = self.platform.control().unwrap();
        let hotel = control.open_hotel(&signup, HOTEL_DEADLINE).await.unwrap();
        (signup, hotel)
    }
}

/// What is read and not compared, and why.
const NOT_COMPARED: &[(&str, &str)] = &[
    ("/api/v1/me", "names the tenant, which is another one there"),
    ("/api/v1/jobs", "what was open is dead after an import"),
    ("/api/v1/jobs/summary", "what was open is dead after an import"),
    ("/api/v1/jobs/{job_id}", "what was open is dead after an import"),
    ("/api/v1/exports", "an export is this platform's"),
    ("/api/v1/exports/{export_id}", "an export is this platform's"),
    ("/api/v1/exports/{export_id}/bundle", "an export is this platform's"),
    ("/api/v1/audit", "the log goes on with the import itself"),
    ("/api/v1/audit/verify", "the log goes on with the import itself"),
    ("/api/v1/audit/export", "the log goes on with the import itself"),
    ("/tls/allow", "an edge asks it, for any name"),
];

/// What a hotel has that is asked for by name.
struct Things {
    property: String,
    room_type: String,
    reservation: String,
    guest: String,
    nights: (String, String),
}

impl Things {
    /// Where one reads them.
    fn place(&self, path: &str) -> String {
        let (from, to) = &self.nights;
        let place = path
            .replace("{property_id}", &self.property)
            .replace("{reservation_id}", &self.reservation)
            .replace("{guest_id}", &self.guest);
        match path.rsplit('/').next() {
            Some("rates") => {
                format!("{place}?room_type_id={}&from={from}&to={to}", self.room_type)
            }
            Some("availability") => format!("{place}?arrival={from}&departure={to}&adults=2"),
            _ => place,
        }
    }
}

/// Everything that the hotel answers to one who reads, by its path.
async fn answers(hotel: &Hotel, things: &Things) -> Vec<(String, Value)> {
    let document = hotel.site().get("/openapi.json").await.unwrap().json().unwrap();
    let paths = document["paths"].as_object().unwrap();
    for (path, why) in NOT_COMPARED {
        assert!(paths.contains_key(*path), "{path} is not there: {why} says nothing");
    }
    let mut found = Vec::new();
    for (path, methods) in paths {
        let is_left_out = NOT_COMPARED.iter().any(|(it, _)| it == path);
        if is_left_out || methods.get("get").is_none() {
            continue;
        }
        let place = things.place(path);
        assert!(!place.contains('{'), "say what is asked for at {path}, or why it is not compared");
        let answer = hotel.site().get(&place).await.unwrap().expect_status(200).unwrap();
        found.push((place, answer.data().unwrap()));
    }
    assert!(found.len() >= 10, "{found:?}");
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
    let booked =
        hotel.reserve(&property, &kind, (&arrival, &departure), "budi@example.com").await.unwrap();
    let id = |name: &str| booked[name].as_str().unwrap().to_owned();
    let things = Things {
        property: property.clone(),
        room_type: kind.clone(),
        reservation: id("id"),
        guest: id("guest_id"),
        nights: stay(2, 5),
    };
    let before = answers(&hotel, &things).await;
    let picture = old.files_of("mandala").await.join("kamar/caf\u{e9} ~1.png");
    std::fs::create_dir_all(picture.parent().unwrap()).unwrap();
    std::fs::write(&picture, PICTURE).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mandala.zip");
    let file = file.to_str().unwrap();
    let said = old.run(&format!("tenant export mandala --output {file}")).await;
    assert!(said.err.contains("back_up"), "{}", said.err);
    assert!(said.done().starts_with("wrote "));
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it has the data of guests");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    let again = old.run(&format!("tenant export mandala --output {file}")).await.refused(2);
    assert!(again.contains("is there already"), "{again}");

    // Beside the hotel that has its place there first: only to be looked at.
    let (resident, _) = new.open("mandala").await;
    new.run(&format!("tenant import mandala {file}")).await.done();
    let control = new.platform.control().unwrap();
    let preview = control.hotel("mandala--preview.hotelhub.localhost").unwrap();
    let preview = preview.log_in(&signup.owner_email, &signup.password).await.unwrap();
    assert_eq!(answers(&preview, &things).await, before);
    let path = format!("/api/v1/properties/{property}/room-types");
    let body = json!({ "code": "STD", "name": "Standard", "max_adults": 2, "max_children": 0 });
    let refused = preview.site().post(&path, &body).await.unwrap();
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (403, "TENANT_PREVIEW"));
    let export = preview.site().post("/api/v1/exports", &json!({})).await.unwrap();
    assert_eq!((export.status.as_u16(), &*export.error_code()), (403, "TENANT_PREVIEW"));
    let stranger = control.hotel("mandala.hotelhub.localhost").unwrap();
    assert!(stranger.log_in(&signup.owner_email, "not-the-password").await.is_err());

    // And now in its place.
    let said = new.run("tenant restore mandala --end swap").await.done();
    assert!(said.starts_with("restore_tenant is done: ") && !said.contains(['{', '"']), "{said}");
    assert!(said.contains("of the hotel `mandala`"), "{said}");
    let moved = stranger.log_in(&signup.owner_email, &signup.password).await.unwrap();
    assert_eq!(answers(&moved, &things).await, before);
    let picture = new.files_of("mandala").await.join("kamar/caf\u{e9} ~1.png");
    assert_eq!(std::fs::read(picture).unwrap(), PICTURE);
    let (arrival, departure) = stay(5, 1);
    moved.reserve(&property, &kind, (&arrival, &departure), "budi@example.com").await.unwrap();
    let list = new.run("backup list --tenant mandala --json").await.json();
    assert_eq!(list[0]["kind"], "before_restore", "what {} had is kept", resident.slug);
    let drilled = eventually(HOTEL_DEADLINE, "a restore drill", async || new.drilled().await);
    assert_eq!(drilled.await.unwrap(), (json!("passed"), Value::Null), "it can be restored");

    // A day later and a little, if no night had come.
    let standing = async || new.run("backup summary --json").await.json();
    assert_eq!(standing().await["overdue"], 0);
    let control = connect(&new.stage.postgres.urls().unwrap().control).await.unwrap();
    let late = "UPDATE tenants SET ready_at = ready_at - interval '27 hours';
         UPDATE backups SET taken_at = taken_at - interval '27 hours'";
    control.simple_query(late).await.unwrap();
    let late = standing().await;
    assert_eq!((&late["overdue"], &late["fresh"]), (&json!(1), &json!(0)), "{late}");
}

fn bomb() -> Vec<u8> {
    let mut writer = BundleWriter::begin(Cursor::new(Vec::new())).unwrap();
    writer.begin_table("guests").unwrap();
    for _ in 0..32 {
        writer.write(&vec![b'0'; 1 << 20]).unwrap();
    }
    writer.end_table("guests", vec!["id".to_owned()], 1);
    let head = Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        taken_at: chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        tenant: TenantEntry {
            id: TenantId::generate(),
            slug: "mandala".to_owned(),
            company_name: "Hotel Mandala".to_owned(),
            language: "id".to_owned(),
        },
        schema_version: 1,
        schema_checksum: String::new(),
        tables: Vec::new(),
        sequences: Vec::new(),
        files: Vec::new(),
    };
    writer.finish(head).unwrap().0.into_inner()
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
    // One that unpacks to a thousand times its size.
    std::fs::write(&file, bomb()).unwrap();
    let line = format!("tenant import mandala {} --end swap", file.display());
    let refused = place.run(&line).await.refused(1);
    assert!(refused.contains("(BUNDLE_REFUSED)") && refused.contains("100 times"), "{refused}");
    let missing = place.run("tenant import mandala /nowhere/at/all.zip").await;
    assert!(missing.refused(1).contains("read the file"));

    // Only those who may.
    let vendor = place.platform.vendor().await.unwrap();
    let request = vendor.site().request(Method::POST, "/api/v1/tenants/mandala/import?end=discard");
    assert_eq!(Answer::of(request).await.unwrap().error_code(), "VALIDATION_FAILED");
    let request = vendor.site().request(Method::POST, "/api/v1/tenants/nobody/import");
    assert_eq!(Answer::of(request).await.unwrap().status, 404);
}

#[tokio::test]
async fn a_bundle_of_another_hotel_is_refused_unless_it_is_meant_and_is_on_record_then() {
    let place = Place::new().await;
    place.open("mandala").await;
    place.open("surya").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mandala.zip");
    let file = file.to_str().unwrap();
    place.run(&format!("tenant export mandala --output {file}")).await.done();

    let import = format!("tenant import surya {file} --end swap");
    let refused = place.run(&import).await.refused(1);
    assert!(refused.contains("(BUNDLE_OF_ANOTHER_HOTEL)"), "{refused}");
    assert!(refused.contains("`mandala`") && refused.contains("--of-another-hotel"), "{refused}");
    let none = place.run("operation list --tenant surya --kind restore_tenant").await.done();
    assert_eq!(none, "no operations\n");
    let uploads = place.files_of("surya").await.with_file_name("imports");
    let left = std::fs::read_dir(uploads).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing of it is kept");

    place.run(&format!("{import} --of-another-hotel")).await.done();
    let control = connect(&place.stage.postgres.urls().unwrap().control).await.unwrap();
    let sql = "SELECT o.wish -> 'origin' ->> 'slug', r.figures -> 'origin' ->> 'slug',
           a.details::jsonb -> 'wish' -> 'origin' ->> 'slug',
           o.wish -> 'origin' ->> 'tenant_id' = (SELECT id::text FROM tenants WHERE slug = 'mandala')
         FROM operations o JOIN operation_runs r ON r.operation_id = o.id
         JOIN audit_log a ON a.tenant_id = o.tenant_id AND a.action = 'tenant.restore'
         WHERE o.kind = 'restore_tenant'";
    let row = control.query_one(sql, &[]).await.unwrap();
    for column in 0..3_usize {
        assert_eq!(row.get::<_, &str>(column), "mandala", "{column}");
    }
    assert!(row.get::<_, bool>(3));
    // The hotel's own comes in without a word.
    place.run(&format!("tenant import mandala {file}")).await.done();
}
