//! Bundles of ours are read back whole; what anybody did to one is refused, with its reason.

use std::io::{Cursor, Write as _};

use chrono::{DateTime, Utc};
use hotelhub_core::ids::TenantId;
use proptest::prelude::*;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    Bundle, BundleWriter, Checked, FORMAT, FORMAT_VERSION, FileEntry, Limits, Manifest, Refused,
    TableEntry, TenantEntry, WriteError,
};

const GUESTS: &[u8] = b"id,name,note\n1,\"Budi \"\"B\"\" Santoso\",\n2,Wayan,\"\"\n";
const LOGO: &[u8] = b"\x89PNG\r\n\x1a\n";

fn head() -> Manifest {
    Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        taken_at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        tenant: TenantEntry {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse::<TenantId>().unwrap(),
            slug: "mandala".to_owned(),
            company_name: "Hotel Mandala".to_owned(),
            language: "id".to_owned(),
        },
        schema_version: 7,
        schema_checksum: "abc".to_owned(),
        tables: Vec::new(),
        sequences: Vec::new(),
        files: Vec::new(),
    }
}

fn bundle() -> Vec<u8> {
    let mut writer = BundleWriter::begin(Cursor::new(Vec::new())).unwrap();
    writer.begin_table("guests").unwrap();
    for piece in GUESTS.chunks(7) {
        writer.write(piece).unwrap();
    }
    writer.end_table("guests", vec!["id".into(), "name".into(), "note".into()], 2);
    writer.begin_table("rooms").unwrap();
    writer.write(b"id\n").unwrap();
    writer.end_table("rooms", vec!["id".into()], 0);
    writer.add_file("logo/kecil.png", LOGO).unwrap();
    let (written, manifest) = writer.finish(head()).unwrap();
    assert_eq!(manifest.rows(), 2);
    written.into_inner()
}

fn open(bytes: &[u8]) -> Result<Bundle<Cursor<&[u8]>>, Refused> {
    let mut bundle = Bundle::open(Cursor::new(bytes), &Limits::default())?;
    bundle.verify()?;
    Ok(bundle)
}

/// An archive as somebody else may make it.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sha256(bytes: &[u8]) -> String {
    let mut checked = Checked::default();
    checked.add(bytes);
    checked.sha256()
}

fn promising(name: &str, content: &[u8]) -> Manifest {
    let bytes = u64::try_from(content.len()).unwrap();
    let (name, kept_as) = (name.to_owned(), None);
    let file = FileEntry { name, kept_as, bytes, sha256: sha256(content) };
    Manifest { files: vec![file], ..head() }
}

fn refusal(manifest: &Manifest, entries: &[(&str, &[u8])]) -> Refused {
    let json = serde_json::to_vec(manifest).unwrap();
    let all: Vec<(&str, &[u8])> =
        entries.iter().copied().chain([("manifest.json", &*json)]).collect();
    open(&archive(&all)).unwrap_err()
}

#[test]
fn what_was_written_is_read_back() {
    let bytes = bundle();
    let mut bundle = open(&bytes).unwrap();
    assert_eq!(bundle.manifest().tables[0].columns, ["id", "name", "note"]);
    let mut read = Vec::new();
    let take = |piece: &[u8]| {
        read.extend_from_slice(piece);
        Ok(())
    };
    bundle.read_table("guests", take).unwrap();
    assert_eq!(read, GUESTS);
    let mut read = Vec::new();
    bundle
        .read_file("logo/kecil.png", |piece| {
            read.extend_from_slice(piece);
            Ok(())
        })
        .unwrap();
    assert_eq!(read, LOGO);
    assert!(matches!(bundle.read_table("users", |_| Ok(())), Err(Refused::Missing(_))));
}

#[test]
fn what_was_cut_off_is_refused_wherever_the_cut_is() {
    let bytes = bundle();
    for end in 0..bytes.len() {
        let refused = open(&bytes[..end]).unwrap_err();
        assert!(matches!(refused, Refused::NotWhole(_)), "{end}: {refused}");
    }
}

proptest! {
    /// Not every byte of an archive means something; what is accepted must say the same.
    #[test]
    fn a_changed_byte_is_refused_or_changes_nothing(
        at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        let whole = bundle();
        let mut bytes = whole.clone();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let before = open(&whole).unwrap().manifest().clone();
        if let Ok(read) = open(&bytes) {
            // A manifest is compressed text with a checksum: one byte cannot change it unseen.
            prop_assert_eq!(read.manifest(), &before);
        }
    }

    #[test]
    fn no_noise_is_a_bundle(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(open(&bytes).is_err());
    }
}

#[test]
fn a_row_that_was_changed_is_found() {
    let manifest = promising("a.csv", b"id\n1\n");
    let refused = refusal(&manifest, &[("files/a.csv", b"id\n2\n")]);
    assert!(matches!(refused, Refused::Changed(name) if name == "files/a.csv"));
    let longer = refusal(&manifest, &[("files/a.csv", b"id\n1\n2\n")]);
    assert!(matches!(longer, Refused::Changed(_)));
    let shorter = refusal(&manifest, &[("files/a.csv", b"id\n")]);
    assert!(matches!(shorter, Refused::Changed(_)));
}

#[test]
fn names_that_lead_outside_are_refused() {
    for name in ["../../etc/cron.d/x", "/etc/passwd", "a/../../x", "..\\x", "C:x"] {
        let refused = refusal(&promising(name, b"x"), &[(&format!("files/{name}"), b"x")]);
        assert!(matches!(refused, Refused::BadName(_)), "{name}: {refused}");
    }
    let refused = refusal(&head(), &[("../x", b"x")]);
    assert!(matches!(refused, Refused::Unnamed(_)), "{refused}");
    let table = TableEntry {
        name: "pg_catalog.pg_authid; --".to_owned(),
        columns: Vec::new(),
        rows: 0,
        bytes: 0,
        sha256: String::new(),
    };
    let refused = refusal(&Manifest { tables: vec![table], ..head() }, &[]);
    assert!(matches!(refused, Refused::BadName(_)), "{refused}");
}

#[test]
fn a_file_of_any_stored_name_comes_back_under_it() {
    let names = ["a:b.png", "a\\b.png", "100%.png", "100%25.png", "a%3Ab.png", "caf\u{e9}/\u{85}"];
    let longest = "x:".repeat(512);
    let mut writer = BundleWriter::begin(Cursor::new(Vec::new())).unwrap();
    for name in names.into_iter().chain([&*longest]) {
        writer.add_file(name, name.as_bytes()).unwrap();
    }
    for bad in ["../x", "/x", "a//b", "a\nb", ""] {
        let refused = writer.add_file(bad, LOGO).unwrap_err();
        assert!(refused.to_string().contains(&format!("{bad:?}")), "{refused}");
        assert!(!refused.is_of_the_machine());
    }
    let bytes = writer.finish(head()).unwrap().0.into_inner();
    let mut bundle = open(&bytes).unwrap();
    let files = bundle.manifest().files.clone();
    let kept: Vec<&str> = files.iter().map(FileEntry::kept_name).collect();
    assert_eq!(kept, names.into_iter().chain([&*longest]).collect::<Vec<_>>());
    for file in &files {
        let mut read = Vec::new();
        bundle
            .read_file(&file.name, |piece| {
                read.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        assert_eq!(read, file.kept_name().as_bytes());
    }
    assert!(matches!(
        BundleWriter::begin(Cursor::new(Vec::new())).unwrap().begin_table("pg_catalog.x"),
        Err(WriteError::BadName(_))
    ));
}

#[test]
fn a_stored_name_that_is_not_the_entrys_is_refused() {
    for (name, kept_as) in [("a", "b"), ("a%3Ab", "a:c"), ("x", "../x"), ("..%5Cx", "../x")] {
        let mut manifest = promising(name, b"x");
        manifest.files[0].kept_as = Some(kept_as.to_owned());
        let refused = refusal(&manifest, &[(&format!("files/{name}"), b"x")]);
        assert!(matches!(refused, Refused::BadName(_)), "{name}: {refused}");
    }
    // Two entries for one place.
    let mut twice = promising("a%25", b"x");
    twice.files[0].kept_as = Some("a%".to_owned());
    twice.files.extend(promising("a%", b"x").files);
    let refused = refusal(&twice, &[("files/a%25", b"x"), ("files/a%", b"x")]);
    assert!(matches!(refused, Refused::Twice(_)), "{refused}");
}

#[test]
fn a_manifest_that_no_reader_takes_is_not_written() {
    let mut head = head();
    head.tenant.company_name = "x".repeat(64 << 20);
    let writer = BundleWriter::begin(Cursor::new(Vec::new())).unwrap();
    let refused = writer.finish(head).unwrap_err();
    assert!(matches!(refused, WriteError::TooMany { .. }), "{refused}");
    assert!(refused.to_string().contains("readers take 67108864"), "{refused}");
}

#[test]
fn entries_and_manifest_name_the_same() {
    let refused = refusal(&promising("a", b"x"), &[]);
    assert!(matches!(refused, Refused::Missing(_)), "{refused}");
    let refused = refusal(&head(), &[("files/a", b"x")]);
    assert!(matches!(refused, Refused::Unnamed(_)), "{refused}");
    let mut twice = promising("a", b"x");
    twice.files.push(twice.files[0].clone());
    assert!(matches!(refusal(&twice, &[("files/a", b"x")]), Refused::Twice(_)));
    assert!(matches!(open(&archive(&[("a", b"x")])), Err(Refused::NoManifest)));
}

#[test]
fn a_bomb_is_not_unpacked() {
    // 64 MiB of zeros are 64 KiB in the archive.
    let zeros = vec![0; 64 << 20];
    let refused = refusal(&promising("a", &zeros), &[("files/a", &zeros)]);
    assert!(matches!(refused, Refused::Bomb { .. }), "{refused}");
    // A manifest that says less than there is: reading ends where the promise does.
    let refused = refusal(&promising("a", b"x"), &[("files/a", &zeros)]);
    assert!(matches!(refused, Refused::Changed(_)), "{refused}");
    let mut huge = promising("a", b"x");
    huge.files[0].bytes = u64::MAX;
    let refused = refusal(&huge, &[("files/a", b"x")]);
    assert!(matches!(refused, Refused::TooLarge { .. }), "{refused}");
    let mut around = promising("a", b"x");
    around.files.push(FileEntry { name: "b".to_owned(), ..huge.files[0].clone() });
    let refused = refusal(&around, &[("files/a", b"x"), ("files/b", b"")]);
    assert!(matches!(refused, Refused::TooLarge { .. }), "{refused}");
}

#[test]
fn a_bundle_over_a_limit_is_refused_and_one_of_our_own_is_not() {
    let bytes = bundle();
    let entries = u64::try_from(zip::ZipArchive::new(Cursor::new(&bytes)).unwrap().len()).unwrap();
    let open = |limits: Limits| Bundle::open(Cursor::new(&bytes), &limits);
    let usual = Limits::default();
    assert!(open(Limits { entries, ..usual }).is_ok());
    let refused = open(Limits { entries: entries - 1, ..usual }).unwrap_err();
    assert!(matches!(refused, Refused::TooMany { .. }), "{refused}");
    let refused = open(Limits { bytes: 10, ..usual }).unwrap_err();
    assert!(matches!(refused, Refused::TooLarge { limit: 10 }), "{refused}");

    let zeros = vec![0; 64 << 20];
    let json = serde_json::to_vec(&promising("a", &zeros)).unwrap();
    let dense = archive(&[("files/a", &zeros), ("manifest.json", &json)]);
    let refused = Bundle::open(Cursor::new(&dense), &usual).unwrap_err();
    assert!(matches!(refused, Refused::Bomb { ratio } if ratio == usual.ratio), "{refused}");
    let mut own = Bundle::open(Cursor::new(&dense), &Limits::of_our_own()).unwrap();
    own.verify().unwrap();
}

/// What a reader keeps of so many entries would be many times the file.
#[test]
fn an_archive_of_nothing_but_entries_is_refused_before_they_are_read() {
    let limits = Limits::default();
    let mut end = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff".to_vec();
    end.extend([0; 10]);
    let refused = Bundle::open(Cursor::new(&end), &Limits { entries: 65_534, ..limits });
    assert!(matches!(refused, Err(Refused::TooMany { limit: 65_534 })), "{refused:?}");
}

#[test]
fn another_format_is_named() {
    let refused = refusal(&Manifest { format: "frappe".to_owned(), ..head() }, &[]);
    assert!(refused.to_string().contains("`frappe`"), "{refused}");
    let newer = Manifest { format_version: FORMAT_VERSION + 1, ..head() };
    let refused = refusal(&newer, &[]);
    assert!(matches!(refused, Refused::NewerFormat { .. }), "{refused}");
    let none = archive(&[("manifest.json", b"{}")]);
    assert!(matches!(open(&none), Err(Refused::OtherFormat(_))));
    let broken = archive(&[("manifest.json", b"{\"format\":\"hotelhub-bundle\"}")]);
    assert!(matches!(open(&broken), Err(Refused::Manifest(_))));
}

#[test]
fn a_time_far_from_ours_is_refused() {
    for taken_at in [DateTime::<Utc>::MAX_UTC, DateTime::UNIX_EPOCH] {
        let refused = refusal(&Manifest { taken_at, ..head() }, &[]);
        assert!(matches!(refused, Refused::OtherTime), "{refused}");
    }
}

#[test]
fn what_cannot_be_read_is_not_told_at_its_full_length() {
    let json = format!("{{\"format\":\"hotelhub-bundle\",\"tenant\":\"{}\"}}", "[".repeat(100_000));
    let refused = open(&archive(&[("manifest.json", json.as_bytes())])).unwrap_err();
    assert!(matches!(refused, Refused::Manifest(_)), "{refused}");
    assert!(refused.to_string().len() < 500, "{refused}");
}

#[test]
fn a_link_or_a_folder_is_no_entry() {
    let manifest = promising("a", b"x");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    zip.start_file("manifest.json", options).unwrap();
    zip.write_all(&serde_json::to_vec(&manifest).unwrap()).unwrap();
    zip.add_symlink("files/a", "/etc/passwd", options).unwrap();
    let refused = open(&zip.finish().unwrap().into_inner()).unwrap_err();
    assert!(matches!(refused, Refused::NotPlain(_)), "{refused}");
}
