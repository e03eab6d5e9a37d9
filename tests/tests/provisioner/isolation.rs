//! Two layers between tenants, each tried with the other one off; and what a tenant's login may
//! do in its own database.

use std::fmt::Write as _;

use platform_tests::{
    postgres::{Preset, connect},
    waiting::eventually,
};

use crate::{
    gates::template_name,
    ground::{Asked, Ground, SOON, stop},
};

const WRONG_LAYER: &str = "28000";
const NOT_GRANTED: &str = "42501";
const CLOSED: &str = "55000";

#[tokio::test]
async fn a_tenants_login_enters_no_other_database_by_either_layer() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.start("provisioner").await;
    let template = template_name(&ground).await;
    let (one, two) = (ground.ask("one").await, ground.ask("two").await);
    ground.wait_until(one, "ready").await;
    ground.wait_until(two, "ready").await;
    stop(provisioner).await;
    let neighbour = ground.database_of(two).await;
    let others = [&*neighbour, "postgres", "template1", "hotelhub_control", &template];
    let own = ground.tenant_url(one, &ground.database_of(one).await).await;
    connect(&own).await.unwrap();

    // Both layers.
    for other in others {
        assert_eq!(refusal(&ground, one, other).await, WRONG_LAYER, "{other}");
    }

    // The rules of the server opened: the grants hold.
    let superuser = ground.superuser("postgres").await;
    let rules: String = superuser.query_one("SHOW hba_file", &[]).await.unwrap().get(0);
    let before = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, "host all all 127.0.0.1/32 scram-sha-256\n").unwrap();
    superuser.simple_query("SELECT pg_reload_conf()").await.unwrap();
    eventually(SOON, "the new rules", async || {
        (refusal(&ground, one, "postgres").await != WRONG_LAYER).then_some(())
    })
    .await
    .unwrap();
    for other in others {
        let expected = if other == template { CLOSED } else { NOT_GRANTED };
        assert_eq!(refusal(&ground, one, other).await, expected, "{other}");
    }
    connect(&own).await.unwrap();

    // The grants given away: the rules hold.
    std::fs::write(&rules, before).unwrap();
    superuser.simple_query("SELECT pg_reload_conf()").await.unwrap();
    let open = format!("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS true");
    superuser.simple_query(&open).await.unwrap();
    for other in others {
        let grant = format!("GRANT CONNECT ON DATABASE {other} TO PUBLIC");
        superuser.simple_query(&grant).await.unwrap();
    }
    eventually(SOON, "the old rules", async || {
        (refusal(&ground, one, "postgres").await == WRONG_LAYER).then_some(())
    })
    .await
    .unwrap();
    for other in others {
        assert_eq!(refusal(&ground, one, other).await, WRONG_LAYER, "{other}");
    }
    connect(&own).await.unwrap();
}

#[tokio::test]
async fn a_tenants_login_can_do_what_the_grants_say_and_no_more() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.start("provisioner").await;
    let (one, two) = (ground.ask("one").await, ground.ask("two").await);
    ground.wait_until(one, "ready").await;
    ground.wait_until(two, "ready").await;
    stop(provisioner).await;
    let own = ground.database_of(one).await;
    let hotel = connect(&ground.tenant_url(one, &own).await).await.unwrap();

    let neighbour = ground.database_of(two).await;
    for refused in [
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION dblink",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "SET ROLE hotel_owner",
        &format!("SET ROLE {neighbour}"),
        "DROP TABLE reservations",
        "DELETE FROM reservation_events",
        "UPDATE tenant_identity SET access = 'full'",
        "COPY users TO PROGRAM 'id'",
        "SELECT pg_read_file('/etc/passwd')",
    ] {
        let outcome = hotel.simple_query(refused).await;
        let error = outcome.expect_err(refused);
        assert_eq!(error.code().unwrap().code(), NOT_GRANTED, "{refused}");
    }
    insta::assert_snapshot!("privileges", privileges(&hotel).await);

    let superuser = ground.superuser("postgres").await;
    let row = superuser
        .query_one(
            "SELECT rolpassword LIKE 'SCRAM-SHA-256$%', rolconnlimit, rolinherit,
               array_to_string(rolconfig, ' ')
             FROM pg_authid LEFT JOIN pg_db_role_setting s ON s.setrole = pg_authid.oid
             CROSS JOIN LATERAL (SELECT s.setconfig AS rolconfig) AS config
             WHERE rolname = $1",
            &[&own],
        )
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0), "only a verifier is stored");
    assert_eq!((row.get::<_, i32>(1), row.get::<_, bool>(2)), (16, true));
    assert_eq!(
        row.get::<_, &str>(3),
        "statement_timeout=15s idle_in_transaction_session_timeout=20s lock_timeout=5s"
    );
}

/// The code with which the server refuses the tenant's login at another database.
async fn refusal(ground: &Ground, asked: Asked, database: &str) -> String {
    let url = ground.tenant_url(asked, database).await;
    match connect(&url).await {
        Ok(_) => "it was let in".to_owned(),
        Err(error) => error.code().unwrap().code().to_owned(),
    }
}

/// Every table and sequence, and what the session's own login may do with it.
async fn privileges(hotel: &tokio_postgres::Client) -> String {
    let sql = "SELECT c.relname::text, array_to_string(ARRAY(
             SELECT CASE WHEN has_table_privilege(c.oid, word) THEN word ELSE '-' END
             FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS word
           ), ' ')
         FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
         ORDER BY c.relname";
    let mut text = String::new();
    for row in hotel.query(sql, &[]).await.unwrap() {
        writeln!(text, "{:<24} {}", row.get::<_, &str>(0), row.get::<_, &str>(1)).unwrap();
    }
    text
}
