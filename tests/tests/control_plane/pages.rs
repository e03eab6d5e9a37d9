//! The signup pages, as a browser without scripts sees them.

use platform_tests::client::{Answer, Signup};
use reqwest::Method;

use crate::ground::Ground;

/// What a browser sends for the form.
fn fields(page: &str, slug: &str) -> Vec<(String, String)> {
    let signup = serde_json::to_value(Signup::of(slug)).unwrap();
    let mut fields: Vec<(String, String)> = signup
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    let (_, rest) = page.split_once(r#"name="request_key" value=""#).unwrap();
    fields.push(("request_key".to_owned(), rest.split('"').next().unwrap().to_owned()));
    fields
}

async fn send(ground: &Ground, site: &str, fields: &[(String, String)]) -> Answer {
    let request = ground.site().request(Method::POST, "/signup").form(fields);
    Answer::of(request.header("Sec-Fetch-Site", site)).await.unwrap()
}

#[tokio::test]
async fn a_person_signs_up_without_scripts() {
    let ground = Ground::new().await;
    let page = ground.site().get("/").await.unwrap().expect_status(200).unwrap();
    assert!(page.body.contains(r#"lang="id""#) && page.body.contains("Daftarkan hotel Anda"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let fields = fields(&page.body, "mandala");

    let sent = send(&ground, "same-origin", &fields).await.expect_status(303).unwrap();
    let progress = sent.header("location").to_owned();
    let twice = send(&ground, "same-origin", &fields).await.expect_status(303).unwrap();
    assert_eq!(twice.header("location"), progress, "a second click made a second hotel");
    assert_eq!(ground.count("SELECT count(*) FROM tenants").await, 1);

    let waiting = ground.site().get(&progress).await.unwrap().expect_status(200).unwrap();
    assert!(waiting.body.contains(r#"http-equiv="refresh" content="1""#), "{}", waiting.body);
    ground.call_ready(progress.rsplit('/').next().unwrap()).await;
    let ready = ground.site().get(&progress).await.unwrap();
    assert!(ready.body.contains("http://mandala.hotelhub.localhost"), "{}", ready.body);
    assert!(!ready.body.contains(r#"content="1""#), "it still waits: {}", ready.body);
}

#[tokio::test]
async fn a_form_with_faults_comes_back_as_it_was_typed() {
    let ground = Ground::new().await;
    let page = ground.site().get("/signup?lang=en").await.unwrap();
    assert!(page.header("set-cookie").starts_with("language=en"), "{:?}", page.headers);
    assert!(page.body.contains("Rp50,000"), "{}", page.body);
    let mut fields = fields(&page.body, "admin");
    for (name, value) in &mut fields {
        match name.as_str() {
            "company_name" => *value = "<script>alert(1)</script>".to_owned(),
            "password" => *value = "hunter2hunter2".to_owned(),
            _ => {}
        }
    }

    let request = ground.site().request(Method::POST, "/signup?lang=en").form(&fields);
    let again = Answer::of(request.header("Sec-Fetch-Site", "same-origin")).await.unwrap();

    assert_eq!(again.status, 422);
    assert!(again.body.contains(r##"href="#slug""##), "no summary: {}", again.body);
    assert!(again.body.contains("This address is kept for the platform"), "{}", again.body);
    assert!(again.body.contains(r#"value="Wayan Sudana""#), "{}", again.body);
    assert!(!again.body.contains("hunter2") && !again.body.contains("<script>alert"));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let ground = Ground::new().await;
    let page = ground.site().get("/signup").await.unwrap();
    let fields = fields(&page.body, "mandala");
    for site in ["same-site", "cross-site", "none"] {
        let answer = send(&ground, site, &fields).await;
        assert_eq!(answer.status, 403, "{site}");
        assert!(answer.header("content-type").starts_with("text/html"));
    }
    assert_eq!(ground.count("SELECT count(*) FROM tenants").await, 0);
}

#[tokio::test]
async fn style_and_scripts_may_be_kept_for_ever() {
    let ground = Ground::new().await;
    let page = ground.site().get("/signup").await.unwrap();
    let mut found = 0;
    for link in page.body.split('"').filter(|it| it.starts_with("/assets/")) {
        let asset = ground.site().get(link).await.unwrap().expect_status(200).unwrap();
        assert!(asset.header("cache-control").contains("immutable"), "{link}");
        found += 1;
    }
    assert_eq!(found, 3);
}
