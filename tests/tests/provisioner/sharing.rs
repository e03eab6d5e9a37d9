//! Several provisioners share the work.

use platform_tests::postgres::Preset;

use crate::{
    gates::template_name,
    ground::{Ground, stop},
};

#[tokio::test]
async fn two_provisioners_make_each_of_twenty_hotels_once() {
    let ground = Ground::new(Preset::Durable).await;
    // Both build the first template, too: one of them does.
    let (one, two) = (ground.start("one").await, ground.start("two").await);
    template_name(&ground).await;

    let mut all = Vec::new();
    for number in 0..20 {
        all.push(ground.ask(&format!("hotel-{number}")).await);
    }
    for asked in &all {
        ground.wait_until(*asked, "ready").await;
    }

    ground.assert_nothing_stray().await;
    let row = ground
        .control
        .query_one(
            "SELECT count(*), (SELECT count(*) FROM databases), (SELECT count(*) FROM templates)
             FROM operation_steps WHERE state = 'done'",
            &[],
        )
        .await
        .unwrap();
    // The schema of the template is at its head, so `migrate` is skipped.
    assert_eq!(row.get::<_, i64>(0), 20 * 9);
    assert_eq!((row.get::<_, i64>(1), row.get::<_, i64>(2)), (20, 1));
    // No step was run twice, unless one of its operation failed: a server that did not answer for three
    // seconds gets nothing for a while.
    let told = format!("{}{}", one.printed(), two.printed());
    let twice = "SELECT DISTINCT operation_id::text FROM operation_steps WHERE attempts > 1";
    for row in ground.control.query(twice, &[]).await.unwrap() {
        let id: &str = row.get(0);
        let failed = ["a step failed", "an operation cannot go on"];
        let is_why = |it: &str| it.contains(id) && failed.iter().any(|why| it.contains(why));
        assert!(told.lines().any(is_why), "{id} has a step that was run twice");
    }
    stop(one).await;
    stop(two).await;
}

#[tokio::test]
async fn two_migrations_at_once_take_turns() {
    let ground = Ground::new(Preset::Fast).await;
    let deadline = crate::ground::SOON;
    let sql = "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION hotelhub_control";
    ground.superuser_on_control().await.simple_query(sql).await.unwrap();

    let (one, two) = (ground.launch("one", "migrate"), ground.launch("two", "migrate"));
    let (one, two) = tokio::join!(one.run(deadline), two.run(deadline));

    one.unwrap();
    two.unwrap();
}
