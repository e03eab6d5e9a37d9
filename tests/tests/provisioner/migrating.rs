//! One tenant database is migrated while its hotel works: locks, indexes, and what is said of a
//! failure.

use std::time::{Duration, Instant};

use migrations::{History, MigrateError};
use platform_tests::postgres::{PostgresServer, Preset, connect};
use tokio_postgres::Client;

const LOCK_TIMEOUT: Duration = Duration::from_millis(150);
const ROOMS: (&str, &str) = ("V1__rooms", "CREATE TABLE rooms (id int, floor int);");
const INDEX: (&str, &str) = (
    "V2__rooms_by_floor",
    "-- no transaction\nCREATE INDEX CONCURRENTLY rooms_by_floor ON rooms (floor);",
);

#[tokio::test]
async fn readers_stand_behind_a_migration_no_longer_than_its_lock_timeout() {
    let (server, client) = database().await;
    let history = history(&[ROOMS, ("V2__beds", "ALTER TABLE rooms ADD COLUMN beds int;")]);
    history.apply(&client, 1, LOCK_TIMEOUT).await.unwrap();
    let holder = session(&server).await;
    holder.simple_query("BEGIN; SELECT count(*) FROM rooms").await.unwrap();
    let reader = session(&server).await;

    let migrate = async {
        let refused = history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap_err();
        assert_eq!(refused.sqlstate().unwrap().code(), "55P03", "{refused}");
    };
    let mut longest = Duration::ZERO;
    let read = async {
        loop {
            let began = Instant::now();
            reader.query_one("SELECT count(*) FROM rooms", &[]).await.unwrap();
            longest = longest.max(began.elapsed());
        }
    };
    tokio::select! { () = migrate => {}, () = read => {} }

    // As long as the holder stays, if the migration's wait had no end; an index may wait for 5 s.
    assert!(longest < Duration::from_secs(4), "a reader waited {longest:?}");
    holder.simple_query("COMMIT").await.unwrap();
    let applied = history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap();
    assert_eq!((applied.version, applied.migrations), (2, vec!["V2__beds".to_owned()]));
    assert!(history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap().migrations.is_empty());
}

#[tokio::test]
async fn a_failure_names_migration_and_statement_and_leaves_what_was_before() {
    let (server, client) = database().await;
    let wrong = "-- Two statements.\nALTER TABLE rooms ADD COLUMN beds int;\n\nDROP TABLE ghosts;";
    let history = history(&[ROOMS, ("V2__wrong", wrong)]);

    let refused = history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap_err();

    assert_eq!(refused.to_string(), "apply V2__wrong, line 4 (`DROP TABLE ghosts`)");
    assert_eq!(refused.sqlstate().unwrap().code(), "42P01");
    let sql = "SELECT (SELECT max(version) FROM refinery_schema_history),
           (SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'rooms')";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, i32>(1)), (1, 2));
    // The lock is free again.
    let lock = "SELECT pg_try_advisory_lock($1)";
    let other = session(&server).await;
    let row = other.query_one(lock, &[&migrations::TENANT_SCHEMA_LOCK]).await.unwrap();
    assert!(row.get::<_, bool>(0));
}

#[tokio::test]
async fn an_index_that_a_broken_try_left_behind_is_built_anew() {
    let (server, client) = database().await;
    let history = history(&[ROOMS, INDEX]);
    history.apply(&client, 1, LOCK_TIMEOUT).await.unwrap();
    client.simple_query("INSERT INTO rooms VALUES (1, 1), (2, 1)").await.unwrap();
    // A unique index over equal rows fails and stays, invalid.
    let broken = "CREATE UNIQUE INDEX CONCURRENTLY rooms_by_floor ON rooms (floor)";
    client.simple_query(broken).await.unwrap_err();
    assert_eq!(index(&client).await, (false, true));

    history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap();

    assert_eq!(index(&client).await, (true, false));
    drop(server);
}

#[tokio::test]
async fn a_unique_index_that_cannot_be_built_leaves_nothing_behind() {
    let (server, client) = database().await;
    let unique =
        "-- no transaction\nCREATE UNIQUE INDEX CONCURRENTLY rooms_by_floor ON rooms (floor);";
    let history = history(&[ROOMS, ("V2__rooms_by_floor", unique)]);
    history.apply(&client, 1, LOCK_TIMEOUT).await.unwrap();
    client.simple_query("INSERT INTO rooms VALUES (1, 1), (2, 1)").await.unwrap();

    let refused = history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap_err();

    assert_eq!(refused.sqlstate().unwrap().code(), "23505", "{refused}");
    assert!(!has_index(&client).await, "an invalid index refuses rows, too");
    client.simple_query("UPDATE rooms SET floor = id").await.unwrap();
    history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap();
    assert_eq!(index(&client).await, (true, true));
    drop(server);
}

#[tokio::test]
async fn an_index_that_was_dropped_by_a_try_without_a_line_in_the_record_is_no_trouble() {
    let (server, client) = database().await;
    let dropping = "-- no transaction\nDROP INDEX CONCURRENTLY IF EXISTS rooms_by_floor;";
    let history = history(&[ROOMS, INDEX, ("V3__no_index", dropping)]);
    history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap();
    // As far as a try comes that is killed before it writes its line.
    client.simple_query("DROP INDEX CONCURRENTLY rooms_by_floor").await.unwrap();

    let applied = history.apply(&client, 3, LOCK_TIMEOUT).await.unwrap();

    assert_eq!((applied.version, has_index(&client).await), (3, false));
    drop(server);
}

#[tokio::test]
async fn an_index_whose_line_in_the_record_was_lost_is_not_built_twice() {
    let (server, client) = database().await;
    let history = history(&[ROOMS, INDEX]);
    history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap();
    let oid = "SELECT to_regclass('rooms_by_floor')::oid";
    let before: u32 = client.query_one(oid, &[]).await.unwrap().get(0);
    let forget = "DELETE FROM refinery_schema_history WHERE version = 2";
    client.simple_query(forget).await.unwrap();

    history.apply(&client, 2, LOCK_TIMEOUT).await.unwrap();

    assert_eq!(client.query_one(oid, &[]).await.unwrap().get::<_, u32>(0), before);
    drop(server);
}

#[tokio::test]
async fn a_database_that_is_being_moved_or_was_altered_is_refused() {
    let (server, client) = database().await;
    let head = migrations::tenant_head();
    migrations::migrate_tenant(&client, head, LOCK_TIMEOUT).await.unwrap();
    let move_begins = "CREATE TRIGGER move_changes AFTER UPDATE ON rooms FOR EACH ROW
         EXECUTE FUNCTION note_move_change('id')";
    client.simple_query(move_begins).await.unwrap();
    let forget = format!("DELETE FROM refinery_schema_history WHERE version = {head}");
    client.simple_query(&forget).await.unwrap();

    let moving = migrations::migrate_tenant(&client, head, LOCK_TIMEOUT).await.unwrap_err();
    assert!(matches!(moving, MigrateError::Moving), "{moving}");
    let alter = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2";
    client.simple_query(alter).await.unwrap();
    let altered = migrations::migrate_tenant(&client, head, LOCK_TIMEOUT).await.unwrap_err();
    assert!(matches!(altered, MigrateError::History(_)), "{altered}");
    drop(server);
}

/// Whether the index is valid, and whether it is unique.
async fn index(client: &Client) -> (bool, bool) {
    let sql = "SELECT indisvalid, indisunique FROM pg_index
         WHERE indexrelid = to_regclass('rooms_by_floor')::oid";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

async fn has_index(client: &Client) -> bool {
    let sql = "SELECT to_regclass('rooms_by_floor') IS NOT NULL";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

fn history(files: &[(&str, &str)]) -> History {
    History::of_files(files).unwrap()
}

async fn database() -> (PostgresServer, Client) {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let client = session(&server).await;
    client.simple_query("CREATE ROLE hotel_app NOLOGIN").await.ok();
    (server, client)
}

async fn session(server: &PostgresServer) -> Client {
    connect(&server.urls().unwrap().superuser).await.unwrap()
}
