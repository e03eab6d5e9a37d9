//! Stops a provisioner at a chosen point by means of the database: a trigger that waits for a
//! lock, or sleeps, where it is about to write. At a gate it waits for as long as the test wants: its
//! own limit for locks does not count there.

use platform_tests::{postgres::connect, waiting::eventually};
use tokio_postgres::Client;

use crate::ground::{Ground, SOON};

const LOCK: i64 = 4711;

/// A closed gate in the control database: whoever makes the awaited change waits for it.
pub(crate) struct Gate {
    holder: Client,
    table: &'static str,
}

impl Gate {
    /// Closes a gate before rows of `table` that are written by `event` and meet `condition`.
    pub(crate) async fn close(
        ground: &Ground,
        table: &'static str,
        event: &str,
        condition: &str,
    ) -> Self {
        let holder = connect(&ground.server.urls().unwrap().control).await.unwrap();
        let sql = format!(
            "CREATE OR REPLACE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql
             SET lock_timeout = 0 AS $$
             BEGIN
               PERFORM pg_advisory_xact_lock_shared({LOCK});
               RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
             END $$;
             CREATE TRIGGER test_gate BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition})
             EXECUTE FUNCTION test_gate();
             SELECT pg_advisory_lock({LOCK})"
        );
        holder.simple_query(&sql).await.unwrap();
        Self { holder, table }
    }

    /// Closes a gate before a step is recorded as running.
    pub(crate) async fn before_step(ground: &Ground, step: &str) -> Self {
        let condition = format!("NEW.name = '{step}' AND NEW.state = 'running'");
        Self::close(ground, "operation_steps", "INSERT OR UPDATE", &condition).await
    }

    /// Waits until somebody stands at the gate.
    pub(crate) async fn wait_for_arrival(&self) {
        let what = format!("somebody at the gate of {}", self.table);
        eventually(SOON, &what, async || (self.standing().await > 0).then_some(())).await.unwrap();
    }

    /// Waits until the server has found out that whoever stood at the gate is dead; what it was
    /// about to write is not written then.
    pub(crate) async fn wait_for_retreat(&self) {
        let what = format!("nobody at the gate of {}", self.table);
        eventually(SOON, &what, async || (self.standing().await == 0).then_some(())).await.unwrap();
    }

    /// Opens the gate: what waits there is written, even for a client that is dead by now.
    pub(crate) async fn open(self) {
        let open = format!("SELECT pg_advisory_unlock({LOCK})");
        self.holder.simple_query(&open).await.unwrap();
        let table = self.table;
        let remove = format!("DROP TRIGGER test_gate ON {table}");
        self.holder.simple_query(&remove).await.unwrap();
    }

    async fn standing(&self) -> i64 {
        let sql = format!(
            "SELECT count(*) FROM pg_locks
             WHERE locktype = 'advisory' AND objid = {LOCK} AND NOT granted"
        );
        self.holder.query_one(&sql, &[]).await.unwrap().get(0)
    }
}

/// What the tables of a new tenant database do when the provisioner writes to them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mischief {
    /// The first write to the table sleeps until its session is ended.
    Sleep(&'static str),
    /// Every write to the table is refused.
    Refuse(&'static str),
    /// All is well.
    None,
}

/// Puts triggers into the template that obey [`set_mischief`]. The template must be there.
pub(crate) async fn prepare_mischief(ground: &Ground) {
    let template = template_name(ground).await;
    let superuser = ground.superuser("postgres").await;
    let open = format!("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS true");
    superuser.simple_query(&open).await.unwrap();
    let inside = ground.superuser(&template).await;
    let triggers: String = ["tenant_identity", "properties", "users"]
        .iter()
        .map(|table| {
            format!(
                "CREATE TRIGGER test_mischief BEFORE INSERT ON {table}
                 FOR EACH ROW EXECUTE FUNCTION test_mischief();"
            )
        })
        .collect();
    let function = "CREATE FUNCTION test_mischief() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF current_setting('test.sleep', true) = TG_TABLE_NAME THEN
             PERFORM pg_sleep(600);
           END IF;
           IF current_setting('test.refuse', true) = TG_TABLE_NAME THEN
             RAISE EXCEPTION 'refused by the test';
           END IF;
           RETURN NEW;
         END $$;";
    inside.simple_query(&format!("{function} {triggers}")).await.unwrap();
    drop(inside);
    let gone = "SELECT 1 FROM pg_stat_activity WHERE datname = $1";
    eventually(SOON, "our session in the template to end", async || {
        superuser.query(gone, &[&template]).await.unwrap().is_empty().then_some(())
    })
    .await
    .unwrap();
    let close = format!("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS false");
    superuser.simple_query(&close).await.unwrap();
}

/// Sets what happens in databases that are entered from now on.
pub(crate) async fn set_mischief(ground: &Ground, mischief: Mischief) {
    let set = match mischief {
        Mischief::Sleep(table) => {
            format!("ALTER ROLE hotelhub_provisioner SET test.sleep = {table}")
        }
        Mischief::Refuse(table) => {
            format!("ALTER ROLE hotelhub_provisioner SET test.refuse = {table}")
        }
        Mischief::None => "ALTER ROLE hotelhub_provisioner RESET ALL".to_owned(),
    };
    ground.superuser("postgres").await.simple_query(&set).await.unwrap();
}

/// Waits until a session of the provisioner is seen in this state on the tenants' server.
pub(crate) async fn wait_for_session(ground: &Ground, condition: &str) {
    wait_for_session_as(&ground.superuser("postgres").await, condition).await;
}

/// As [`wait_for_session`], over a session that is there already: for what does not last long.
pub(crate) async fn wait_for_session_as(superuser: &Client, condition: &str) {
    let sql = format!(
        "SELECT 1 FROM pg_stat_activity
         WHERE application_name = 'provisioner' AND state = 'active' AND ({condition})"
    );
    let seen = eventually(SOON, condition, async || {
        (!superuser.query(&sql, &[]).await.unwrap().is_empty()).then_some(())
    });
    if let Err(late) = seen.await {
        let sql = "SELECT string_agg(concat_ws(' ', state, wait_event, left(query, 60)), chr(10))
             FROM pg_stat_activity WHERE application_name = 'provisioner'";
        let sessions = superuser.query_one(sql, &[]).await.unwrap();
        panic!("{late:#}\n{}", sessions.get::<_, Option<String>>(0).unwrap_or_default());
    }
}

/// Waits until a provisioner that was killed has no session on the tenants' server any more: until then
/// its last statements may still be at work.
pub(crate) async fn wait_for_no_session(ground: &Ground) {
    let superuser = ground.superuser("postgres").await;
    let sql = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'provisioner'";
    eventually(SOON, "the sessions of a dead provisioner to end", async || {
        superuser.query(sql, &[]).await.unwrap().is_empty().then_some(())
    })
    .await
    .unwrap();
}

/// The name of the current template, once there is one.
pub(crate) async fn template_name(ground: &Ground) -> String {
    let sql = "SELECT name FROM templates WHERE is_current";
    eventually(SOON, "a template", async || {
        let row = ground.control.query_opt(sql, &[]).await.unwrap();
        row.map(|it| it.get::<_, String>(0))
    })
    .await
    .unwrap()
}
