//! What cannot succeed is undone, wholly, and the slug is free again.

use platform_tests::postgres::Preset;

use crate::{
    gates::{Mischief, prepare_mischief, set_mischief, template_name},
    ground::{Ground, stop},
};

#[tokio::test]
async fn a_permanent_failure_undoes_everything_and_frees_the_slug() {
    let ground = Ground::new(Preset::Durable).await;
    let provisioner = ground.start("provisioner").await;
    template_name(&ground).await;
    prepare_mischief(&ground).await;

    for table in ["tenant_identity", "properties", "users"] {
        set_mischief(&ground, Mischief::Refuse(table)).await;
        let asked = ground.ask("mandala").await;
        ground.wait_until(asked, "failed").await;

        ground.assert_nothing_stray().await;
        let row = ground
            .control
            .query_one(
                "SELECT t.owner_password_hash IS NULL, r.last_error,
                   (SELECT max(attempts) FROM operation_steps WHERE operation_id = $2
                      AND name IN ('write_identity', 'seed', 'create_owner')),
                   NOT EXISTS (SELECT FROM domains WHERE tenant_id = $1 AND released_at IS NULL)
                 FROM tenants t, operation_runs r WHERE t.id = $1 AND r.operation_id = $2",
                &[&asked.tenant, &asked.operation],
            )
            .await
            .unwrap();
        assert!(row.get::<_, bool>(0), "the password is gone");
        assert!(row.get::<_, &str>(1).contains("refused by the test"), "{row:?}");
        assert!(row.get::<_, i32>(2) >= 3, "it was tried three times");
        assert!(row.get::<_, bool>(3), "the host name is free");
        set_mischief(&ground, Mischief::None).await;
    }

    let asked = ground.ask("mandala").await;
    ground.wait_until(asked, "ready").await;
    ground.assert_nothing_stray().await;
    stop(provisioner).await;
}

#[tokio::test]
async fn a_region_that_does_not_exist_fails_the_operation_and_nothing_else() {
    let ground = Ground::new(Preset::Fast).await;
    let lost = ground.ask("atlantis").await;
    let sql = "UPDATE tenants SET region = 'ID-XX' WHERE id = $1";
    ground.control.execute(sql, &[&lost.tenant]).await.unwrap();
    let found = ground.ask("mandala").await;

    let provisioner = ground.start("provisioner").await;

    ground.wait_until(lost, "failed").await;
    ground.wait_until(found, "ready").await;
    ground.assert_nothing_stray().await;
    stop(provisioner).await;
}
