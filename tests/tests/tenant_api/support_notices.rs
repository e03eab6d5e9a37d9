//! What the hotel's pages tell of support, and whom.

use platform_tests::platform::VENDOR_EMAIL;

use crate::{
    house::{TestHotel, shared},
    page_visitor::PageVisitor,
    support::{ask, enter, vendor},
    support_ends::{set_standing, somebody},
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

#[tokio::test]
async fn all_of_support_that_is_inside_is_told_to_everybody_there() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let admin = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;
    let clerk = person(&it, "front_desk").await;
    set_standing(&owner, "yes").await;
    let (email, ayu) = somebody(&house, &admin).await;

    let first = enter(&admin, &it, &ask(&admin, &it, 60).await).await;
    let second = enter(&ayu, &it, &ask(&ayu, &it, 60).await).await;

    for visitor in [&owner, &clerk] {
        let desk = visitor.open("/").await.expect_status(200).unwrap();
        assert!(desk.body.contains(VENDOR_EMAIL) && desk.body.contains(&email), "{}", desk.body);
        assert_eq!(desk.body.matches("Dukungan sedang di dalam").count(), 2);
    }
    for (support, own, other) in [(&first, VENDOR_EMAIL, &*email), (&second, &*email, VENDOR_EMAIL)]
    {
        let desk = support.open("/").await.unwrap().expect_status(200).unwrap();
        let (oneself, others) = desk.body.split_once("Dukungan sedang di dalam").unwrap();
        assert!(oneself.contains("Anda masuk sebagai dukungan") && oneself.contains(own));
        assert!(others.contains(other), "{}", desk.body);
        assert_eq!(desk.body.matches("action=\"/support-access/leave\"").count(), 1);
    }
    first.send("/support-access/leave", &[]).await.unwrap().expect_status(303).unwrap();
    assert_eq!(owner.open("/").await.body.matches("Dukungan sedang di dalam").count(), 1);
}
