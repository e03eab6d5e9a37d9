//! One-time links of support: what is one, and what opening something else can be made to do.

use serde_json::json;

use crate::{
    house::shared,
    page_visitor::PageVisitor,
    support::{ask, vendor},
};

#[tokio::test]
async fn what_is_no_link_has_no_page_and_leads_no_form_elsewhere() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    let grant = ask(&vendor, &it, 240).await;
    let allow = format!("support-access%2F{}%2Fallow", grant["id"].as_str().unwrap());
    let (up, odd) = (format!("..%2F{allow}"), format!("%2e%2e%2f{allow}"));
    let long = "a".repeat(65);

    for text in [&*up, &*odd, "..%2Flogout", "..%5clogout", "%2Fevil.example", "short", &*long] {
        let link = format!("/support/{text}");
        let shown = owner.open(&link).await.expect_status(404).unwrap();
        assert!(!shown.body.contains("<form"), "{text}: {}", shown.body);
        assert_eq!(owner.send(&link, &[]).await.status, 404, "{text}");
    }
    // Nothing is said of whether a link is good until it is used.
    let shown = owner.open(&format!("/support/{}", "a".repeat(43))).await;
    let shown = shown.expect_status(200).unwrap();
    assert!(shown.body.contains("<form method=\"post\" class=\"card\">"), "{}", shown.body);

    let still = ask(&vendor, &it, 240).await;
    assert_eq!((&still["id"], &still["state"]), (&grant["id"], &json!("requested")));
    assert_eq!(owner.open("/").await.status, 200, "nobody was logged out");
}
