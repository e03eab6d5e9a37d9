//! What the hotel's pages tell of support, and whom.

use crate::{
    house::{TestHotel, shared},
    page_visitor::PageVisitor,
    support::{ask, vendor},
};

const ASKS: &str = "Dukungan meminta izin masuk";

/// Whether the front desk tells this person that support asks, with the way to the answer.
async fn is_told(visitor: &PageVisitor) -> bool {
    let desk = visitor.open("/").await.expect_status(200).unwrap();
    let notice = desk.body.split(ASKS).nth(1).and_then(|it| it.split("</p>").next());
    notice.is_some_and(|it| it.contains("href=\"/support-access\""))
}

async fn person(it: &TestHotel, role: &str) -> PageVisitor {
    PageVisitor::person(it, &it.add_person(role).await).await
}

#[tokio::test]
async fn whoever_may_let_support_in_is_told_that_it_asks() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    let (clerk, manager) = (person(&it, "front_desk").await, person(&it, "manager").await);
    assert!(!is_told(&owner).await, "nobody asks");

    let grant = ask(&vendor, &it, 30).await;

    assert!(is_told(&owner).await && is_told(&manager).await);
    assert!(!is_told(&clerk).await, "it is not the clerk's to answer");
    let there = owner.open("/support-access").await.expect_status(200).unwrap();
    assert!(!there.body.contains(ASKS), "it is seen there already");
    let refuse = format!("/support-access/{}/refuse", grant["id"].as_str().unwrap());
    manager.send(&refuse, &[]).await.expect_status(303).unwrap();
    assert!(!is_told(&owner).await, "it is answered");

    ask(&vendor, &it, 30).await;
    it.sql("UPDATE support_grants SET lapses_at = now() - interval '1 second'").await;
    assert!(!is_told(&owner).await, "it has lapsed");
}
