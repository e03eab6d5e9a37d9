//! For each rule what it refuses, and what it asks for instead; and every migration of ours.

use std::{fs, path::Path};

use super::{Migration, check};

/// The last file that is older than the lint: it makes the first tables.
const BEFORE_THE_LINT: i32 = 4;

/// The faults of `sql` as version 9, after a file that made `rooms`.
fn faults(sql: &str) -> Vec<String> {
    let earlier = Migration {
        version: 8,
        sql: "CREATE TABLE rooms (id int);
              ALTER TABLE rooms ADD CONSTRAINT floor_known CHECK (floor IS NOT NULL) NOT VALID,
                ADD CONSTRAINT beds_known CHECK (beds IS NOT NULL) NOT VALID;",
    };
    let validated = "ALTER TABLE rooms VALIDATE CONSTRAINT floor_known;";
    let validated = Migration { version: 8, sql: validated };
    let sources = ["SELECT id, number FROM rooms".to_owned()];
    let refusals = check(Migration { version: 9, sql }, &[earlier, validated], &sources);
    refusals.into_iter().map(|it| it.to_string()).collect()
}

/// Each with a part of what is said about it.
const REFUSED: &[(&str, &str)] = &[
    ("CREATE INDEX a ON rooms (id)", "CREATE INDEX CONCURRENTLY, in a file of its own"),
    ("CREATE UNIQUE INDEX a ON ONLY public.rooms (id)", "CREATE INDEX CONCURRENTLY"),
    ("CREATE INDEX CONCURRENTLY a ON rooms (id)", "begin the file with `-- no transaction`"),
    ("DROP INDEX CONCURRENTLY a", "begin the file with `-- no transaction`"),
    ("-- no transaction\nCREATE INDEX CONCURRENTLY a ON rooms (id); SELECT 1", "nothing else"),
    ("-- no transaction\nALTER TABLE rooms ADD COLUMN a int", "nothing else"),
    ("-- no transaction\nCREATE INDEX CONCURRENTLY ON rooms (id)", "name the index"),
    ("-- no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON rooms (id)", "leave IF NOT"),
    ("DROP INDEX a", "DROP INDEX CONCURRENTLY"),
    ("ALTER TABLE rooms ADD COLUMN a int NOT NULL", "give it a constant default"),
    ("ALTER TABLE rooms ADD a int NOT NULL", "give it a constant default"),
    ("ALTER TABLE rooms ADD COLUMN a uuid DEFAULT gen_random_uuid()", "fill it by a job"),
    ("ALTER TABLE rooms ADD COLUMN a timestamptz DEFAULT clock_timestamp()", "fill it by a job"),
    ("ALTER TABLE rooms ADD COLUMN a bigserial", "fill it by a job"),
    ("ALTER TABLE rooms ADD COLUMN a int GENERATED ALWAYS AS IDENTITY", "fill it by a job"),
    ("ALTER TABLE rooms ADD COLUMN a int CHECK (a > 0)", "CHECK … NOT VALID"),
    ("ALTER TABLE rooms ADD COLUMN a int REFERENCES beds", "FOREIGN KEY … NOT VALID"),
    ("ALTER TABLE rooms ADD COLUMN a int UNIQUE", "USING INDEX"),
    ("ALTER TABLE rooms ADD COLUMN b int, ADD COLUMN a int PRIMARY KEY", "USING INDEX"),
    ("ALTER TABLE rooms ALTER COLUMN floor TYPE bigint", "add another column"),
    ("ALTER TABLE rooms ALTER floor SET DATA TYPE bigint", "add another column"),
    ("ALTER TABLE rooms ALTER COLUMN beds SET NOT NULL", "CHECK (beds IS NOT NULL) NOT VALID"),
    ("ALTER TABLE rooms ADD CONSTRAINT a CHECK (b > 0)", "add it NOT VALID"),
    ("ALTER TABLE rooms ADD CHECK (b > 0)", "add it NOT VALID"),
    ("ALTER TABLE rooms ADD FOREIGN KEY (b) REFERENCES beds", "add it NOT VALID"),
    ("ALTER TABLE rooms ADD CONSTRAINT a UNIQUE (b)", "USING INDEX"),
    ("ALTER TABLE rooms ADD PRIMARY KEY (b)", "USING INDEX"),
    ("ALTER TABLE rooms ADD CONSTRAINT a EXCLUDE USING gist (b WITH =)", "make a new table"),
    (
        "ALTER TABLE rooms ADD CONSTRAINT a CHECK (b > 0) NOT VALID;
         ALTER TABLE rooms VALIDATE CONSTRAINT a",
        "in the next file",
    ),
    ("DROP TABLE rooms", "`rooms` is still used, in `SELECT id, number FROM rooms`"),
    ("-- contract: rooms unused since V3\nDROP TABLE rooms", "is still used"),
    ("DROP TABLE beds", "say `-- contract: beds unused since V…`"),
    ("-- contract: beds unused since V9\nDROP TABLE beds", "before V9"),
    ("-- contract: floor unused since V8\nDROP TABLE beds", "say `-- contract: beds"),
    ("ALTER TABLE rooms DROP COLUMN number", "is still used"),
    ("ALTER TABLE rooms DROP floor", "say `-- contract: floor"),
    ("ALTER TABLE rooms DROP CONSTRAINT floor_known", "say `-- contract: floor_known"),
    ("ALTER TABLE rooms RENAME COLUMN floor TO storey", "say `-- contract: floor"),
    ("ALTER TABLE rooms RENAME number TO label", "is still used"),
    ("ALTER TABLE rooms RENAME TO chambers", "is still used"),
    ("DROP FUNCTION old_function(int)", "say `-- contract: old_function"),
    ("LOCK TABLE rooms", "stops its hotel"),
    ("VACUUM FULL rooms", "autovacuum"),
    ("CLUSTER rooms", "rewrites the table"),
    ("REINDEX TABLE rooms", "CONCURRENTLY"),
    ("TRUNCATE rooms", "leave the rows to a job"),
    ("UPDATE rooms SET floor = 1", "leave it to a job"),
    ("DELETE FROM ONLY rooms", "leave it to a job"),
    ("CREATE TABLE a (id int)", "GRANT … ON a TO hotel_app"),
    ("CREATE TABLE a (id int);\n-- no grant:\nCREATE TABLE b (id int)", "GRANT … ON b"),
    ("DO $$ BEGIN EXECUTE 'LOCK TABLE rooms'; END $$", "write plain statements"),
    ("COMMIT", "split it into two files"),
    ("SET lock_timeout = 0", "set by who runs it"),
    ("ALTER TABLE rooms SET LOGGED", "teach the lint"),
    ("ALTER ROLE hotel_app SUPERUSER", "teach the lint"),
];

const ALLOWED: &[&str] = &[
    "-- no transaction\nCREATE UNIQUE INDEX CONCURRENTLY a ON rooms (id);\n",
    "-- no transaction\n-- Used by nobody.\nDROP INDEX CONCURRENTLY IF EXISTS a;",
    "CREATE TABLE a (id int);\nGRANT SELECT, INSERT ON b, a TO hotel_app;\n\
     CREATE INDEX a_by_id ON a (id);\nALTER TABLE a ALTER COLUMN id SET NOT NULL;\n\
     UPDATE a SET id = 1;\nDROP TABLE a;",
    "-- no grant: only its owner reads it.\nCREATE TABLE IF NOT EXISTS a (id int);",
    "ALTER TABLE rooms ADD COLUMN a int, ADD COLUMN b numeric(10, 2) NOT NULL DEFAULT -1;",
    "ALTER TABLE rooms ADD COLUMN a text NOT NULL DEFAULT 'not null'::text;",
    "ALTER TABLE rooms ADD COLUMN a timestamptz NOT NULL DEFAULT now();",
    "ALTER TABLE rooms ADD CONSTRAINT a CHECK (b > 0) NOT VALID;",
    "ALTER TABLE rooms ADD CONSTRAINT a FOREIGN KEY (b) REFERENCES beds NOT VALID;",
    "ALTER TABLE rooms VALIDATE CONSTRAINT beds_known;",
    "ALTER TABLE rooms ADD CONSTRAINT a UNIQUE USING INDEX b;",
    "ALTER TABLE rooms ALTER COLUMN floor SET NOT NULL;",
    "ALTER TABLE rooms ALTER COLUMN floor SET DEFAULT 1, ALTER beds DROP NOT NULL;",
    "-- contract: floor unused since V7\nALTER TABLE rooms DROP COLUMN floor;",
    "INSERT INTO rooms SELECT 1;",
    "UPDATE rooms SET floor = 1 WHERE id = 7;",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ UPDATE rooms SET floor = 1; $$;",
];

#[test]
fn what_would_stop_a_hotel_is_refused_and_told_what_to_do_instead() {
    for (sql, part) in REFUSED {
        let faults = faults(sql);
        assert!(faults.iter().any(|it| it.contains(part)), "{sql}\n{faults:#?}");
    }
}

#[test]
fn what_harms_nobody_is_allowed() {
    for sql in ALLOWED {
        assert_eq!(faults(sql), Vec::<String>::new(), "{sql}");
    }
}

#[test]
fn every_migration_of_a_tenant_database_passes() {
    let files = crate::TENANT.migrations();
    let files: Vec<Migration<'_>> = files
        .iter()
        .map(|it| Migration { version: it.version(), sql: it.sql().unwrap_or_default() })
        .collect();
    let sources = read_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tenant-api/src"));
    assert!(sources.iter().any(|it| it.contains("reservations")), "the sources were found");
    let mut faults = Vec::new();
    for (position, file) in files.iter().enumerate() {
        if file.version > BEFORE_THE_LINT {
            let refusals = check(*file, &files[..position], &sources);
            faults.extend(refusals.iter().map(|it| format!("V{}, {it}", file.version)));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn read_sources(folder: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.extend(read_sources(&path));
        } else {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
    sources
}
