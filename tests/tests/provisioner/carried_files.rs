//! A hotel's files go with its rows: into a backup, beside a preview, into the hotel's place, and
//! away with what was refused or discarded.

use std::{collections::BTreeMap, path::PathBuf};

use hotelhub_bundle::TableEntry;
use platform_tests::postgres::Preset;
use serde_json::json;

use crate::{importing::rewritten, shelf::Shelf};

impl Shelf {
    fn folder(&self, name: &str) -> PathBuf {
        self.two.ground.storage().join(format!("tenants/{}/{name}", self.hotel.tenant))
    }

    fn write_file(&self, name: &str, content: &str) {
        let path = self.folder("files").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// What lies in a folder of the tenant's, by its name.
    fn files_in(&self, name: &str) -> BTreeMap<String, String> {
        let folder = self.folder(name);
        let objects = self.objects();
        let below = objects.iter().filter_map(|it| Some((it, it.strip_prefix(&folder).ok()?)));
        below
            .map(|(path, name)| {
                let text = std::fs::read_to_string(path).unwrap();
                (name.to_string_lossy().into_owned(), text)
            })
            .collect()
    }
}

fn files<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

const INVOICE: &str = "faktur/2026/caf\u{e9} ~1 100%.pdf";
/// A name that no entry of an archive has.
const SHOT: &str = "foto/2026-11-22 10:15\\1.png";

#[tokio::test]
async fn files_come_back_with_the_rows_and_newer_ones_stay() {
    let shelf = Shelf::new(Preset::Fast).await;
    shelf.write_file("logo.png", "old");
    shelf.write_file(INVOICE, "invoice");
    shelf.write_file(SHOT, "shot");
    let backup = shelf.back_up().await;
    shelf.write_file("logo.png", "newer");
    for lost in [INVOICE, SHOT] {
        std::fs::remove_file(shelf.folder("files").join(lost)).unwrap();
    }

    let show = json!({ "backup_id": backup, "end": "preview" });
    shelf.done("restore_tenant", show, "done").await;
    assert_eq!(shelf.files_in("files"), files([("logo.png", "newer")]), "nothing has changed");
    assert_eq!(shelf.files_in("copies").len(), 3, "they are there for the preview");

    shelf.done("restore_tenant", json!({ "end": "swap" }), "done").await;
    let wanted = files([("logo.png", "newer"), (INVOICE, "invoice"), (SHOT, "shot")]);
    assert_eq!(shelf.files_in("files"), wanted);
    assert!(shelf.files_in("copies").is_empty());
}

#[tokio::test]
async fn files_of_what_was_discarded_or_refused_go() {
    let shelf = Shelf::new(Preset::Fast).await;
    shelf.write_file("logo.png", "logo");
    let backup = shelf.back_up().await;
    let show = json!({ "backup_id": backup, "end": "preview" });
    shelf.done("restore_tenant", show, "done").await;
    assert_eq!(shelf.files_in("copies").len(), 1);
    shelf.done("restore_tenant", json!({ "end": "discard" }), "done").await;
    assert!(shelf.files_in("copies").is_empty());

    // Rows that no hotel can have, found after the files were written.
    let whole = std::fs::read(shelf.object_of(backup)).unwrap();
    let bad = |entry: &mut TableEntry, text: Vec<u8>| match &*entry.name {
        "reservations" => {
            String::from_utf8(text).unwrap().replacen("confirmed", "x", 1).into_bytes()
        }
        _ => text,
    };
    let wish = shelf.bring(&rewritten(&whole, |_| {}, bad), "swap");
    shelf.done("restore_tenant", wish, "undone").await;
    assert!(shelf.files_in("copies").is_empty() && shelf.files_in("imports").is_empty());
    assert_eq!(shelf.files_in("files"), files([("logo.png", "logo")]));
}
