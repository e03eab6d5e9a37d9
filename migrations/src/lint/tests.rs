//! For each rule what it refuses, and what it asks for instead; and every migration of ours.

use std::{fs, path::Path};

use super::{Migration, check};

/// The last file that is older than the lint: it makes the first tables.
const BEFORE_THE_LINT: i32 = 4;

/// The faults of `sql` as version 9, after a file that made `rooms`.
fn faults(sql: &str) -> Vec<String> {
    let earlier = Migration {
        version: 8,
        sql: "CREATE TABLE rooms (id int); CREATE TABLE guests (id int);
              CREATE TABLE attic (id int); DROP TABLE attic; ALTER TABLE guests RENAME TO people;
              CREATE VIEW upper_rooms AS SELECT id FROM rooms;
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
    (
        "-- no transaction\n-- contract: a unused since V7\nDROP INDEX CONCURRENTLY a",
        "say IF EXISTS",
    ),
    ("-- no transaction\nDROP INDEX CONCURRENTLY IF EXISTS a", "say `-- contract: a unused"),
    ("ALTER TABLE rooms ADD COLUMN a int NOT NULL", "give it a constant default"),
    ("ALTER TABLE rooms ADD a int NOT NULL", "give it a constant default"),
    ("ALTER TABLE rooms ADD COLUMN a uuid DEFAULT gen_random_uuid()", "fill it by a job"),
    ("ALTER TABLE rooms ADD COLUMN a timestamptz DEFAULT clock_timestamp()", "fill it by a job"),
    ("ALTER TABLE rooms ADD a text DEFAULT 'R-' || gen_random_uuid()", "be one constant"),
    ("ALTER TABLE rooms ADD a timestamptz DEFAULT now() + random() * '1 day'", "be one constant"),
    ("ALTER TABLE rooms ADD a int NOT NULL DEFAULT 1 + floor(random())::int", "be one constant"),
    ("ALTER TABLE rooms ADD a numeric DEFAULT '1'::numeric(3, 1) + random()", "be one constant"),
    ("ALTER TABLE rooms ADD a float[] DEFAULT ARRAY[random()]", "be one constant"),
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
    ("CREATE DOMAIN storey AS int CHECK (VALUE > 0)", "give the column a check"),
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
    ("ALTER TABLE rooms ALTER COLUMN number DROP DEFAULT", "say `-- contract: DEFAULT OF number"),
    ("ALTER TABLE rooms ALTER number SET DEFAULT NULL", "say `-- contract: DEFAULT OF number"),
    ("REVOKE ALL ON rooms FROM hotel_app", "`rooms` is still used"),
    ("REVOKE SELECT (number), UPDATE ON TABLE rooms FROM hotel_app", "`rooms` is still used"),
    ("REVOKE SELECT ON a, beds FROM PUBLIC, hotel_app", "say `-- contract: beds"),
    ("REVOKE INSERT, DELETE ON rooms FROM hotel_app", "say `-- contract: DELETE ON rooms"),
    ("REVOKE UPDATE (floor) ON rooms FROM hotel_app", "say `-- contract: UPDATE ON rooms"),
    ("REVOKE EXECUTE ON FUNCTION f(int, text) FROM PUBLIC", "say `-- contract: f unused"),
    ("REVOKE clerk FROM hotel_app", "say `-- contract: clerk"),
    ("LOCK TABLE rooms", "stops its hotel"),
    ("VACUUM FULL rooms", "autovacuum"),
    ("CLUSTER rooms", "rewrites the table"),
    ("REINDEX TABLE rooms", "CONCURRENTLY"),
    ("TRUNCATE rooms", "leave the rows to a job"),
    ("UPDATE rooms SET floor = 1", "leave it to a job"),
    ("DELETE FROM ONLY rooms", "leave it to a job"),
    ("UPDATE rooms SET floor = 1 WHERE true", "leave it to a job"),
    ("UPDATE rooms SET floor = 1 WHERE floor IS NULL", "leave it to a job"),
    ("UPDATE rooms SET floor = 1 WHERE id = 7 OR true", "leave it to a job"),
    ("UPDATE rooms SET floor = 1 WHERE 'a' = 'a'", "leave it to a job"),
    ("UPDATE rooms SET floor = (SELECT 1 WHERE id = 7)", "leave it to a job"),
    ("UPDATE rooms SET floor = 1 FROM beds WHERE beds.id = 7", "leave it to a job"),
    ("DELETE FROM rooms WHERE id IN (SELECT 7)", "leave it to a job"),
    ("DELETE FROM rooms USING beds WHERE beds.id = 7", "leave it to a job"),
    (
        "CREATE TABLE IF NOT EXISTS rooms (id int); GRANT SELECT ON rooms TO hotel_app;
         UPDATE rooms SET floor = 1",
        "leave it to a job",
    ),
    ("CREATE TABLE a (id int)", "GRANT … ON a TO hotel_app"),
    ("CREATE TABLE a (id int);\n-- no grant:\nCREATE TABLE b (id int)", "GRANT … ON b"),
    ("DO $$ BEGIN EXECUTE 'LOCK TABLE rooms'; END $$", "write plain statements"),
    ("COMMIT", "split it into two files"),
    ("SET lock_timeout = 0", "set by who runs it"),
    ("ALTER TABLE rooms SET LOGGED", "teach the lint"),
    ("ALTER ROLE hotel_app SUPERUSER", "teach the lint"),
];

/// What takes its time, beside something that holds a lock meanwhile.
const NOT_ALONE: &[&str] = &[
    "ALTER TABLE rooms ADD CONSTRAINT a CHECK (b > 0) NOT VALID;
     ALTER TABLE rooms VALIDATE CONSTRAINT a",
    "ALTER TABLE rooms ADD COLUMN b int; ALTER TABLE rooms VALIDATE CONSTRAINT beds_known",
    "ALTER TABLE rooms VALIDATE CONSTRAINT beds_known; ALTER TABLE rooms ADD COLUMN b int",
    "ALTER TABLE rooms ADD COLUMN b int; UPDATE rooms SET b = 1 WHERE id = 7",
    "ALTER TABLE rooms ADD COLUMN b int; DELETE FROM rooms WHERE id = 7",
    "ALTER TABLE people ADD COLUMN b int; INSERT INTO rooms SELECT 1",
    "ALTER TABLE people ADD COLUMN b int; INSERT INTO rooms TABLE beds",
    "CREATE TABLE a (id int REFERENCES rooms); INSERT INTO a SELECT id FROM rooms",
    "CREATE TABLE a AS SELECT * FROM rooms;
     CREATE TRIGGER t AFTER INSERT ON rooms EXECUTE FUNCTION f()",
    "DELETE FROM upper_rooms WHERE id = 7; COMMENT ON TABLE rooms IS 'Rooms.'",
];

const ALLOWED: &[&str] = &[
    "-- no transaction\nCREATE UNIQUE INDEX CONCURRENTLY a ON rooms (id);\n",
    "-- no transaction\n-- contract: a unused since V7\nDROP INDEX CONCURRENTLY IF EXISTS a;",
    "CREATE TABLE a (id int);\nGRANT SELECT, INSERT ON b, a TO hotel_app;\n\
     CREATE INDEX a_by_id ON a (id);\nALTER TABLE a ALTER COLUMN id SET NOT NULL;\n\
     UPDATE a SET id = 1;\nDROP TABLE a;",
    "-- no grant: only its owner reads it.\nCREATE TABLE IF NOT EXISTS a (id int);",
    "ALTER TABLE rooms ADD COLUMN a int, ADD COLUMN b numeric(10, 2) NOT NULL DEFAULT -1;",
    "ALTER TABLE rooms ADD COLUMN a text NOT NULL DEFAULT 'not null'::text;",
    "ALTER TABLE rooms ADD COLUMN a timestamptz NOT NULL DEFAULT now();",
    "ALTER TABLE rooms ADD a numeric DEFAULT -1.5::numeric(3, 1) NOT NULL, ADD b int;",
    "ALTER TABLE rooms ADD a float[] DEFAULT '{}'::double precision[] CONSTRAINT b NOT NULL;",
    "ALTER TABLE rooms ADD a timestamptz DEFAULT '2030-01-01'::timestamp with time zone NULL;",
    "ALTER TABLE rooms ADD CONSTRAINT a CHECK (b > 0) NOT VALID;",
    "ALTER TABLE rooms ADD CONSTRAINT a FOREIGN KEY (b) REFERENCES beds NOT VALID;",
    "ALTER TABLE rooms VALIDATE CONSTRAINT beds_known, VALIDATE CONSTRAINT floor_known;",
    "ALTER TABLE rooms VALIDATE CONSTRAINT beds_known;\n-- no grant: kept for the owner.\n\
     CREATE TABLE a (id int);",
    "ALTER TABLE rooms ADD CONSTRAINT a UNIQUE USING INDEX b;",
    "ALTER TABLE rooms ALTER COLUMN floor SET NOT NULL;",
    "ALTER TABLE rooms ALTER COLUMN floor SET DEFAULT 1, ALTER beds DROP NOT NULL;",
    "-- contract: floor unused since V7\nALTER TABLE rooms DROP COLUMN floor;",
    "INSERT INTO rooms SELECT 1;",
    "UPDATE rooms SET floor = 1 WHERE id = 7;",
    "UPDATE rooms SET floor = (1 + 2) WHERE rooms.id = -7::int AND number IN ('7', '8');",
    "INSERT INTO rooms VALUES (1), (2); INSERT INTO beds DEFAULT VALUES;",
    "CREATE TABLE attic (id int);\nGRANT SELECT ON attic TO hotel_app;\nDELETE FROM attic;\n\
     ALTER TABLE rooms ADD COLUMN a int;",
    "-- contract: DEFAULT OF number unused since V7\nALTER TABLE rooms ALTER number DROP DEFAULT;",
    "-- contract: DELETE ON rooms unused since V7\nREVOKE DELETE ON rooms FROM hotel_app;",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n\
     REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;",
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
fn what_takes_its_time_is_alone_with_the_tables_in_use() {
    for sql in NOT_ALONE {
        let faults = faults(sql);
        assert!(faults.iter().any(|it| it.contains("it takes its time")), "{sql}\n{faults:#?}");
    }
    let in_one = faults("ALTER TABLE rooms ADD COLUMN b int, VALIDATE CONSTRAINT beds_known");
    assert!(in_one.iter().any(|it| it.contains("VALIDATE in a file of its own")), "{in_one:#?}");
}

/// Tenant databases are used by more than the hotels' own program.
#[test]
fn what_any_program_of_ours_uses_is_not_taken_away() {
    let sources = sources();
    for sql in [
        "-- contract: generation unused since V5\nALTER TABLE tenant_identity DROP COLUMN generation",
        "-- contract: lease_until unused since V5\nALTER TABLE jobs DROP COLUMN lease_until",
        "-- contract: move_pause unused since V5\nDROP TABLE move_pause",
    ] {
        let refusals = check(Migration { version: 9, sql }, &[], &sources);
        assert!(refusals.iter().any(|it| it.fault.contains("is still used")), "{sql}");
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
    let sources = sources();
    let mut faults = Vec::new();
    for (position, file) in files.iter().enumerate() {
        if file.version > BEFORE_THE_LINT {
            let refusals = check(*file, &files[..position], &sources);
            faults.extend(refusals.iter().map(|it| format!("V{}, {it}", file.version)));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// All programs that have SQL for tenant databases.
fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["tenant-api/src", "shared", "provisioner/src"];
    folders.iter().flat_map(|it| read_sources(&root.join(it))).collect()
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
