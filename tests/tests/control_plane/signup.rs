//! Signup by the API: who gets a slug, what is refused and why, and repeats.

use platform_tests::client::{Answer, Signup, SignupStatus};
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::Ground;

fn body(slug: &str) -> Value {
    serde_json::to_value(Signup::of(slug)).unwrap()
}

fn with(slug: &str, field: &str, value: Value) -> Value {
    let mut body = body(slug);
    body[field] = value;
    body
}

async fn send(ground: &Ground, body: &Value) -> Answer {
    ground.site().post("/api/v1/signup", body).await.unwrap()
}

async fn send_with_key(ground: &Ground, body: &Value, key: &str) -> Answer {
    let request = ground.site().request(Method::POST, "/api/v1/signup").json(body);
    Answer::of(request.header("Idempotency-Key", key)).await.unwrap()
}

fn details(answer: &Answer) -> Value {
    answer.json().unwrap()["error"]["details"].clone()
}

#[tokio::test]
async fn a_signup_writes_all_that_should_be_and_is_followed_to_its_end() {
    let ground = Ground::new().await;

    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();

    assert_eq!(taken.host, "mandala.hotelhub.localhost");
    assert!(taken.status_url.ends_with(&format!("/api/v1/signup/{}", taken.tenant_id)));
    let row = ground
        .database
        .query_one(
            "SELECT t.provisioning, t.status, t.owner_password_hash LIKE '$argon2id$%', s.price_idr,
               s.current_period_end - s.current_period_start = interval '14 days',
               d.hostname, d.is_verified AND d.is_primary, o.kind
             FROM tenants t JOIN subscriptions s ON s.tenant_id = t.id
             JOIN domains d ON d.tenant_id = t.id JOIN operations o ON o.tenant_id = t.id",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), ("pending", "trial", true));
    assert_eq!((row.get::<_, i64>(3), row.get(4)), (1_000_000, true));
    assert_eq!(row.get::<_, &str>(5), "mandala.hotelhub.localhost");
    assert_eq!((row.get(6), row.get(7)), (true, "create_tenant"));

    let status = ground.control.signup_status(&taken.tenant_id).await.unwrap();
    assert_eq!((status.state.as_str(), status.login_url), ("pending", None));
    ground.call_ready(&taken.tenant_id).await;
    let SignupStatus { state, login_url, ready_in_ms, .. } =
        ground.control.signup_status(&taken.tenant_id).await.unwrap();
    assert_eq!(state, "ready");
    let login = login_url.unwrap();
    assert!(login.starts_with("http://mandala.hotelhub.localhost:"), "{login}");
    assert!(ready_in_ms.is_some());

    let path = "/t/Mandala";
    let redirect = ground.site().get(path).await.unwrap().expect_status(308).unwrap();
    assert!(redirect.header("location").starts_with("http://mandala.hotelhub.localhost:"));
    ground.site().get("/t/nobody").await.unwrap().expect_status(404).unwrap();
}

#[tokio::test]
async fn two_signups_in_the_same_instant_are_one_hotel() {
    let ground = Ground::new().await;
    for round in 0..10 {
        let body = body(&format!("mandala-{round}"));
        let (one, other) = tokio::join!(send(&ground, &body), send(&ground, &body));

        let (won, lost) = if one.status == 202 { (one, other) } else { (other, one) };
        assert_eq!(won.status, 202, "{}", won.body);
        assert_eq!((lost.status.as_u16(), lost.error_code()), (409, "SLUG_TAKEN".to_owned()));
        assert_eq!(details(&lost)["suggestions"].as_array().unwrap().len(), 3, "{}", lost.body);
    }
    assert_eq!(ground.count("SELECT count(*) FROM tenants").await, 10);
    assert_eq!(ground.count("SELECT count(*) FROM operations").await, 10);
}

#[tokio::test]
async fn a_slug_that_cannot_be_had_is_refused_with_its_own_code() {
    let ground = Ground::new().await;
    let refused = [
        ("admin", 422, "SLUG_RESERVED"),
        ("ADMIN", 422, "SLUG_RESERVED"),
        ("ａdmin", 422, "SLUG_RESERVED"),
        ("ad\u{ad}min", 422, "SLUG_RESERVED"),
        ("ad\u{200b}min", 422, "SLUG_RESERVED"),
        ("ab", 422, "SLUG_INVALID"),
        ("-abc", 422, "SLUG_INVALID"),
        ("a--b", 422, "SLUG_INVALID"),
        ("xn--lpha-43d", 422, "SLUG_INVALID"),
        ("\u{430}lpha", 422, "SLUG_INVALID"),
        ("a.b.c", 422, "SLUG_INVALID"),
    ];
    for (slug, status, code) in refused {
        let answer = send(&ground, &with("mandala", "slug", json!(slug))).await;
        assert_eq!((answer.status.as_u16(), &*answer.error_code()), (status, code), "{slug:?}");
    }
    assert_eq!(ground.count("SELECT count(*) FROM tenants").await, 0);

    ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    for (slug, state) in
        [("MANDALA", "taken"), ("admin", "reserved"), ("a--b", "invalid"), ("surya", "free")]
    {
        let answer = ground.site().get(&format!("/api/v1/slugs/{slug}")).await.unwrap();
        let data = answer.data().unwrap();
        assert_eq!(data["state"], state, "{slug}");
        let offers = data["suggestions"].as_array().unwrap();
        assert_eq!(offers.is_empty(), state == "free", "{data}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let ground = Ground::new().await;
    let answer = send(&ground, &json!({})).await;
    assert_eq!((answer.status.as_u16(), &*answer.error_code()), (422, "VALIDATION_FAILED"));
    assert_eq!(details(&answer).as_object().unwrap().len(), 10, "{}", answer.body);

    for (field, value) in [
        ("password", json!("password1")),
        ("password", json!("mandala")),
        ("owner_email", json!("wayan@mandala")),
        ("owner_phone", json!("call me")),
        ("rooms", json!(51)),
        ("rooms", json!(0)),
        ("plan", json!("free")),
        ("billing_cycle", json!("weekly")),
        ("region", json!("ID-XX")),
    ] {
        let answer = send(&ground, &with("mandala", field, value.clone())).await;
        assert_eq!(&*answer.error_code(), "VALIDATION_FAILED", "{field} {value}");
        let details = details(&answer);
        assert!(details[field].is_array(), "{field} {value}: {details}");
        assert_eq!(details.as_object().unwrap().len(), 1, "{details}");
    }
}

#[tokio::test]
async fn a_repeated_signup_is_one_hotel_and_one_answer() {
    let ground = Ground::new().await;

    let first = send_with_key(&ground, &body("mandala"), "k-1").await.expect_status(202).unwrap();
    let again = send_with_key(&ground, &body("mandala"), "k-1").await.expect_status(202).unwrap();
    assert_eq!(first.json().unwrap(), again.json().unwrap());

    let other = send_with_key(&ground, &body("surya"), "k-1").await;
    let code = other.error_code();
    assert_eq!((other.status.as_u16(), &*code), (422, "IDEMPOTENCY_KEY_REUSED"));
    assert!(!other.body.contains("mandala"), "another person's signup shows: {}", other.body);

    let other = with("mandala", "password", json!("another-word-for-the-door"));
    assert_eq!(send_with_key(&ground, &other, "k-1").await.status, 422);
    assert_eq!(ground.count("SELECT count(*) FROM tenants").await, 1);
}

#[tokio::test]
async fn repeats_in_the_same_instant_make_one_hotel() {
    let ground = Ground::new().await;
    let body = body("mandala");
    let send = || send_with_key(&ground, &body, "k-1");
    let answers: [Answer; 4] = tokio::join!(send(), send(), send(), send()).into();

    let taken: Vec<&Answer> = answers.iter().filter(|it| it.status == 202).collect();
    assert!(!taken.is_empty());
    let first = taken[0].json().unwrap();
    assert!(taken.iter().all(|it| it.json().unwrap() == first));
    for busy in answers.iter().filter(|it| it.status != 202) {
        assert_eq!(busy.error_code(), "IDEMPOTENCY_KEY_IN_FLIGHT", "{}", busy.body);
        assert_eq!(busy.header("retry-after"), "1");
    }
    assert_eq!(ground.count("SELECT count(*) FROM tenants").await, 1);
}

#[tokio::test]
async fn a_hotel_that_could_not_be_made_leaves_its_slug_free() {
    let ground = Ground::new().await;
    let first = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    for state in ["provisioning", "failed"] {
        let sql = "SELECT move_provisioning($1::text::uuid, $2)";
        ground.database.query_one(sql, &[&first.tenant_id, &state]).await.unwrap();
    }

    let second = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();

    assert_ne!(first.tenant_id, second.tenant_id);
    let status = ground.control.signup_status(&first.tenant_id).await.unwrap();
    assert_eq!((status.state.as_str(), status.login_url), ("failed", None));
}

#[tokio::test]
async fn the_name_of_a_hotel_that_was_deleted_rests_before_another_has_it() {
    let ground = Ground::new().await;
    let end = async |id: &str| {
        let states = ["provisioning", "ready", "deleting", "deleted"];
        ground.move_provisioning(id, &states).await;
    };
    end(&ground.sign_up("mandala").await).await;
    ground.sign_up("surya").await;

    let resting = send(&ground, &body("mandala")).await;
    let held = send(&ground, &body("surya")).await;
    assert_eq!((resting.status.as_u16(), &*resting.error_code()), (409, "SLUG_TAKEN"));
    assert_eq!(details(&resting)["slug"], details(&held)["slug"], "strangers learn no more");
    let asked = async || {
        let answer = ground.site().get("/api/v1/slugs/mandala").await.unwrap();
        let data = answer.data().unwrap();
        (data["state"].clone(), data["suggestions"][0].as_str().unwrap_or_default().to_owned())
    };
    let (state, offer) = asked().await;
    assert_eq!(state, "taken");
    end(&ground.sign_up(&offer).await).await;
    assert_ne!(asked().await.1, offer, "what rests is not offered");

    // The vendor's people are told why, and from when on.
    let vendor = ground.vendor().await;
    let refused = vendor.post("/api/v1/tenants", &body("mandala")).await.unwrap();
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (409, "SLUG_TAKEN"));
    assert!(details(&refused)["slug"].to_string().contains(" UTC"), "{}", refused.body);
    let faulty = with("mandala", "rooms", json!(0));
    let refused = vendor.post("/api/v1/tenants", &faulty).await.unwrap();
    assert_eq!(refused.error_code(), "VALIDATION_FAILED");
    assert!(details(&refused)["slug"].to_string().contains(" UTC"), "{}", refused.body);

    let almost = "UPDATE domains SET released_at = released_at - interval '29 days'";
    ground.database.execute(almost, &[]).await.unwrap();
    assert_eq!(send(&ground, &body("mandala")).await.error_code(), "SLUG_TAKEN");
    let over = "UPDATE domains SET released_at = released_at - interval '2 days'";
    ground.database.execute(over, &[]).await.unwrap();
    assert_eq!(asked().await.0, "free");
    ground.sign_up("mandala").await;
}
