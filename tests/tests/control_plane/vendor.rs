//! The vendor's API: logins, sessions, roles, tenants and database hosts.

use platform_tests::{
    client::{Answer, Signup, Site},
    platform::VENDOR_EMAIL,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::Ground;

async fn log_in(site: &Site, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    site.post("/api/v1/auth/login", &body).await.unwrap()
}

async fn refresh(site: &Site, token: &Value) -> Answer {
    site.post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await.unwrap()
}

fn db_host(name: &str) -> Value {
    json!({
        "name": name, "address": "127.0.0.1", "port": 5432, "max_databases": 10,
        "max_connections": 50, "admin_url": "postgres://admin:hunter2@127.0.0.1/postgres",
    })
}

#[tokio::test]
async fn a_wrong_login_says_nothing_about_who_works_here() {
    let ground = Ground::new().await;
    let password = ground.make_vendor(VENDOR_EMAIL, "support").await;
    let wrong = log_in(ground.site(), VENDOR_EMAIL, "wrong").await;
    let nobody = log_in(ground.site(), "nobody@example.com", "wrong").await;

    assert_eq!((wrong.status.as_u16(), &*wrong.error_code()), (401, "INVALID_CREDENTIALS"));
    let message = |it: &Answer| it.json().unwrap()["error"]["message"].clone();
    assert_eq!((nobody.status, message(&nobody)), (wrong.status, message(&wrong)));
    let upper = VENDOR_EMAIL.to_uppercase();
    assert_eq!(log_in(ground.site(), &upper, &password).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    let ground = Ground::new().await;
    let password = ground.make_vendor(VENDOR_EMAIL, "support").await;
    let first = log_in(ground.site(), VENDOR_EMAIL, &password).await.data().unwrap();
    let second = refresh(ground.site(), &first["refresh_token"]).await.data().unwrap();
    let site = ground.site().with_token(second["access_token"].as_str().unwrap());
    assert_eq!(site.get("/api/v1/me").await.unwrap().status, 200);

    assert_eq!(refresh(ground.site(), &first["refresh_token"]).await.status, 401);

    assert_eq!(refresh(ground.site(), &second["refresh_token"]).await.status, 401);
    assert_eq!(site.get("/api/v1/me").await.unwrap().status, 401);
    assert_eq!(refresh(ground.site(), &json!("invented")).await.status, 401);
}

#[tokio::test]
async fn a_logout_counts_at_the_next_request() {
    let ground = Ground::new().await;
    let site = ground.vendor().await;
    let me = site.get("/api/v1/me").await.unwrap().data().unwrap();
    assert_eq!(me["user"]["email"], VENDOR_EMAIL);
    assert_eq!(me["roles"], json!(["super_admin"]));

    let gone = site.post("/api/v1/auth/logout", &json!({})).await.unwrap();

    assert_eq!(gone.status, 204);
    assert_eq!(site.get("/api/v1/me").await.unwrap().status, 401);
    for token in ["x", "a.b.c", ""] {
        let answer = ground.site().with_token(token).get("/api/v1/me").await.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.error_code()), (401, "UNAUTHENTICATED"));
    }
}

#[tokio::test]
async fn tenants_are_searched_filtered_and_paged() {
    let ground = Ground::new().await;
    for slug in ["mandala", "surya", "100-percent"] {
        ground.control.sign_up(&Signup::of(slug)).await.unwrap();
    }
    let site = ground.vendor().await;
    let list = async |query: &str| {
        site.get(&format!("/api/v1/tenants{query}"))
            .await
            .unwrap()
            .expect_status(200)
            .unwrap()
            .json()
            .unwrap()
    };
    let slugs = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap();
        rows.iter().map(|it| it["slug"].as_str().unwrap().to_owned()).collect()
    };

    let first = list("?limit=2").await;
    assert_eq!(
        (slugs(&first), &first["meta"]["total"]),
        (vec!["100-percent".into(), "surya".into()], &json!(3))
    );
    let next = first["meta"]["next_cursor"].as_str().unwrap();
    let last = list(&format!("?limit=2&cursor={next}")).await;
    assert_eq!(
        (slugs(&last), &last["meta"]["next_cursor"]),
        (vec!["mandala".into()], &Value::Null)
    );
    assert_eq!(slugs(&list("?q=SURY").await), ["surya"]);
    assert!(slugs(&list("?q=%25").await).is_empty(), "a typed % is no wildcard");
    assert!(slugs(&list("?provisioning=ready").await).is_empty());
    assert_eq!(slugs(&list("?status=trial").await).len(), 3);
    for bad in ["?limit=0", "?limit=1000000", "?cursor=x", "?status=odd"] {
        let answer = site.get(&format!("/api/v1/tenants{bad}")).await.unwrap();
        assert_eq!(answer.status, 422, "{bad}: {}", answer.body);
    }

    let id = first["data"][0]["id"].as_str().unwrap();
    let one = site.get(&format!("/api/v1/tenants/{id}")).await.unwrap().data().unwrap();
    assert_eq!(
        (&one["plan"], &one["operation"]["kind"]),
        (&json!("growth"), &json!("create_tenant"))
    );
    assert!(!one.to_string().contains("argon2"), "{one}");
    let nobody = "/api/v1/tenants/01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(site.get(nobody).await.unwrap().status, 404);
}

#[tokio::test]
async fn only_super_administrators_add_database_hosts_and_secrets_stay_sealed() {
    let ground = Ground::new().await;
    let admin = ground.vendor().await;
    for role in ["support", "finance", "read_only"] {
        let email = format!("{role}@hotelhub.localhost");
        let password = ground.make_vendor(&email, role).await;
        let site = ground.site().log_in(&email, &password).await.unwrap();
        let answer = site.post("/api/v1/db-hosts", &db_host("a")).await.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.error_code()), (403, "FORBIDDEN"), "{role}");
        assert_eq!(site.get("/api/v1/db-hosts").await.unwrap().status, 200);
    }

    let add = async |body: &Value| {
        let request = admin.request(Method::POST, "/api/v1/db-hosts").json(body);
        Answer::of(request.header("Idempotency-Key", "h-1")).await.unwrap()
    };
    let added = add(&db_host("jakarta-1")).await.expect_status(201).unwrap();
    let again = add(&db_host("jakarta-1")).await.json().unwrap();
    assert_eq!(again, added.json().unwrap());
    assert_eq!(add(&db_host("jakarta-2")).await.error_code(), "IDEMPOTENCY_KEY_REUSED");
    let taken = admin.post("/api/v1/db-hosts", &db_host("jakarta-1")).await.unwrap();
    assert_eq!((taken.status.as_u16(), &*taken.error_code()), (409, "DB_HOST_NAME_TAKEN"));
    let mut wrong = db_host("x");
    wrong["port"] = json!(0);
    wrong["admin_url"] = json!("http://x");
    let refused = admin.post("/api/v1/db-hosts", &wrong).await.unwrap();
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (422, "VALIDATION_FAILED"));
    wrong["role"] = json!("owner");
    assert_eq!(admin.post("/api/v1/db-hosts", &wrong).await.unwrap().status, 400);

    let shown = admin.get("/api/v1/db-hosts").await.unwrap();
    assert_eq!(shown.data().unwrap().as_array().unwrap().len(), 1);
    assert!(!shown.body.contains("hunter2") && !added.body.contains("hunter2"));
    let stored =
        ground.count("SELECT count(*) FROM db_hosts WHERE sealed_admin_url LIKE '%hunter2%'");
    assert_eq!(stored.await, 0);
}
