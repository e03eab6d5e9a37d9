//! What a hotel finds in its database on the first day.

use platform_tests::postgres::Preset;

use crate::ground::{Ground, stop};

#[tokio::test]
async fn a_new_hotel_has_its_region_its_property_and_its_owner() {
    let ground = Ground::new(Preset::Fast).await;
    let provisioner = ground.start("provisioner").await;
    let asked = ground.ask("puri-mandala-ubud").await;
    ground.wait_until(asked, "ready").await;
    stop(provisioner).await;

    let inside = ground.superuser(&ground.database_of(asked).await).await;
    let row = inside
        .query_one(
            "SELECT jsonb_build_object(
               'identity', (SELECT to_jsonb(i) - 'database_id' - 'tenant_id'
                            FROM tenant_identity i),
               'property', (SELECT to_jsonb(p) - 'id' - 'created_at' FROM properties p),
               'day_is_today_there', (SELECT business_date
                   = (opened_at AT TIME ZONE (SELECT time_zone FROM properties))::date
                 FROM business_days),
               'tax', (SELECT jsonb_agg(to_jsonb(t) - 'id' ORDER BY regime) FROM tax_rules t),
               'service', (SELECT to_jsonb(s) - 'property_id' FROM service_charge_rules s),
               'rate_plan', (SELECT to_jsonb(r) - 'id' - 'property_id' - 'created_at'
                             FROM rate_plans r),
               'owner', (SELECT to_jsonb(u) - 'id' - 'created_at' FROM users u),
               'roles', (SELECT jsonb_agg(role) FROM user_roles),
               'permissions', (SELECT count(*) FROM role_permissions WHERE role = 'owner')
                 = (SELECT count(*) FROM permissions))",
            &[],
        )
        .await
        .unwrap();
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!("content", row.get::<_, serde_json::Value>(0));
    });

    let row = ground
        .control
        .query_one(
            "SELECT t.ready_at IS NOT NULL, t.owner_password_hash IS NULL, r.generation,
               r.schema_version, r.provisioning
             FROM tenants t JOIN routes r ON r.tenant_id = t.id WHERE t.id = $1",
            &[&asked.tenant],
        )
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0) && row.get::<_, bool>(1));
    assert_eq!((row.get::<_, i32>(2), row.get::<_, &str>(4)), (1, "ready"));
    let head =
        inside.query_one("SELECT max(version) FROM refinery_schema_history", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(3), head.get::<_, i32>(0));
}
