//! Database hosts: what they hold, and what they are used for.

use serde_json::{Value, json};

use crate::{
    ground::{Ground, Vendor},
    panel::{open, person},
};

#[tokio::test]
async fn a_host_says_what_it_holds_and_whether_it_is_reached() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.open_hotel_on("one", "mandala").await;
    ground.open_hotel_on("one", "surya").await;
    ground.add_host("two").await;
    let warm = "INSERT INTO databases (id, db_host_id, generation, schema_version, state) \
                SELECT gen_random_uuid(), id, 1, 5, \
                  unnest(ARRAY['warm', 'warm', 'making', 'discarding']) \
                FROM db_hosts WHERE name = 'two'";
    ground.database.execute(warm, &[]).await.unwrap();
    let retired = "INSERT INTO databases \
                     (id, tenant_id, db_host_id, generation, schema_version, state) \
                   SELECT gen_random_uuid(), d.tenant_id, h.id, 1, 5, 'retired' \
                   FROM databases d, db_hosts h WHERE d.state = 'assigned' AND h.name = 'two'";
    ground.database.execute(retired, &[]).await.unwrap();
    let report = "INSERT INTO db_host_reports (db_host_id, is_reachable, error) \
                  SELECT id, false, 'connection refused' FROM db_hosts WHERE name = 'two'";
    ground.database.execute(report, &[]).await.unwrap();

    let hosts = vendor.get("/api/v1/db-hosts").await.unwrap().data().unwrap();

    let told = |host: &Value| {
        let names = ["name", "databases", "warm", "leaving", "is_reachable", "error"];
        json!(names.map(|it| host[it].clone()))
    };
    assert_eq!(told(&hosts[0]), json!(["one", 2, 0, 0, null, null]));
    assert_eq!(told(&hosts[1]), json!(["two", 0, 2, 3, false, "connection refused"]));
    for name in ["two", hosts[1]["id"].as_str().unwrap()] {
        let one = vendor.get(&format!("/api/v1/db-hosts/{name}")).await.unwrap().data().unwrap();
        assert_eq!(one, hosts[1]);
    }
    assert_eq!(vendor.get("/api/v1/db-hosts/three").await.unwrap().status, 404);

    // What waits for a tenant on a server that takes none any more is on its way out too.
    let drained = vendor.post("/api/v1/db-hosts/two/drain", &json!({})).await.unwrap();
    let wanted = json!(["two", 0, 0, 6, false, "connection refused"]);
    assert_eq!(told(&drained.data().unwrap()), wanted);
}

#[tokio::test]
async fn a_host_is_cordoned_drained_and_used_again() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.add_host("one").await;
    for (action, state) in [
        ("cordon", "cordoned"),
        ("cordon", "cordoned"),
        ("drain", "draining"),
        ("uncordon", "active"),
        ("drain", "draining"),
        ("cordon", "cordoned"),
        ("uncordon", "active"),
    ] {
        let path = format!("/api/v1/db-hosts/one/{action}");
        let host = vendor.post(&path, &json!({})).await.unwrap().expect_status(200).unwrap();
        assert_eq!(host.data().unwrap()["state"], state);
    }
    let unknown = vendor.post("/api/v1/db-hosts/two/drain", &json!({})).await.unwrap();
    assert_eq!((unknown.status.as_u16(), &*unknown.error_code()), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn a_preview_is_no_old_copy_but_holds_its_host_up() {
    let ground = Ground::new().await;
    ground.open_hotel_on("one", "surya").await;
    let made = "INSERT INTO databases \
                  (id, tenant_id, db_host_id, generation, schema_version, state) \
                SELECT gen_random_uuid(), tenant_id, db_host_id, 1, 5, \
                  unnest(ARRAY['preview', 'discarding']) FROM databases";
    ground.database.execute(made, &[]).await.unwrap();
    let vendor = ground.vendor().await;
    let drained = vendor.post("/api/v1/db-hosts/one/drain", &json!({})).await.unwrap();
    let host = drained.data().unwrap();
    assert_eq!((&host["leaving"], &host["previews"]), (&json!(2), &json!(1)));
    let refused = vendor.delete("/api/v1/db-hosts/one").await.unwrap();
    assert!(refused.body.contains("2 that are still to be dropped, 1 of them previews"));

    let visitor = person(&ground, Vendor::ReadOnly).await;
    let path = format!("/panel/hosts/{}?lang=en", host["id"].as_str().unwrap());
    let page = open(&visitor, &path).await;
    for words in [
        "<dt>Old copies to be dropped</dt><dd>1</dd>",
        "<dt>Previews</dt><dd>1</dd>",
        "1 databases, 1 old copies and 1 previews are left.",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
}

#[tokio::test]
async fn hosts_are_paged_by_name_as_every_other_list_is() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    for name in ["b", "c", "a"] {
        ground.add_host(name).await;
    }
    let (mut names, mut query) = (Vec::new(), "limit=1".to_owned());
    loop {
        let page = vendor.get(&format!("/api/v1/db-hosts?{query}")).await.unwrap();
        let page = page.expect_status(200).unwrap().json().unwrap();
        assert_eq!(page["meta"]["total"], 3);
        assert_eq!(page["data"].as_array().unwrap().len(), 1);
        names.push(page["data"][0]["name"].as_str().unwrap().to_owned());
        let Some(cursor) = page["meta"]["next_cursor"].as_str() else { break };
        query = format!("limit=1&cursor={cursor}");
    }
    assert_eq!(names, ["a", "b", "c"]);
    for odd in ["limit=0", "limit=201", "cursor=x"] {
        let refused = vendor.get(&format!("/api/v1/db-hosts?{odd}")).await.unwrap();
        assert_eq!((refused.status.as_u16(), &*refused.error_code()), (422, "VALIDATION_FAILED"));
    }
    for odd in ["limit=-1", "nonsense=1"] {
        let refused = vendor.get(&format!("/api/v1/db-hosts?{odd}")).await.unwrap();
        assert_eq!(refused.error_code(), "MALFORMED_REQUEST", "{odd}");
    }
}
