//! Support access by the command line: asked for, allowed, used and ended.

use platform_tests::{
    client::{PageVisitor, Signup},
    platform::{HOTEL_DEADLINE, Role, Stage, VENDOR_EMAIL},
    postgres::Preset,
};

use crate::operator::Operator;

#[tokio::test]
async fn support_asks_gets_a_link_once_it_may_and_ends_its_stay() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let builder = stage.platform(1).unwrap().without(Role::TenantSchedule);
    let mut platform = builder.without(Role::TenantWork).start().await.unwrap();
    let (control, signup) = (platform.control().unwrap(), Signup::of("surya"));
    let taken = control.sign_up(&signup).await.unwrap();
    control.wait_ready(&taken.tenant_id, HOTEL_DEADLINE).await.unwrap();
    let operator = Operator::new();
    let url = platform.setup().control_public_url();
    let login = ["--url", &url, "login", "--email", VENDOR_EMAIL];
    operator.run_with(&login, platform.vendor_password()).await.done();
    let access =
        async |rest: &[&str]| operator.run(&[&["tenant", "support-access"], rest].concat()).await;

    assert_eq!(access(&["list", "surya"]).await.done(), "nobody asked\n");
    let short = access(&["request", "surya", "--reason", "x"]).await.refused(1);
    assert!(short.contains("(VALIDATION_FAILED)\n  reason: "), "{short}");
    let ask = ["request", "surya", "--reason", "room types of ticket 4711", "--minutes", "30"];
    let said = access(&ask).await.done();
    let id = said.split(' ').nth(2).unwrap();
    assert_eq!(said, format!("support access {id} is requested\n"));
    let early = access(&["enter", "surya", id]).await.refused(1);
    assert!(early.contains("(SUPPORT_ACCESS_OVER)"), "{early}");

    let hotel = control.hotel(&taken.host).unwrap();
    let owner = PageVisitor::log_in(hotel.site(), "/login", &signup.owner_email, &signup.password);
    let allowed = owner.await.unwrap().send(&format!("/support-access/{id}/allow"), &[]).await;
    allowed.unwrap().expect_status(303).unwrap();
    let said = access(&["enter", "surya", id]).await.done();
    let link = said.trim_end().rsplit_once("/support/").unwrap().1;
    let stranger = PageVisitor::stranger(hotel.site());
    stranger.send(&format!("/support/{link}"), &[]).await.unwrap().expect_status(303).unwrap();
    let list = access(&["list", "surya"]).await.done();
    let row: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..4], [id, VENDOR_EMAIL, "allowed", "30"]);

    let ended = access(&["end", "surya", id]).await.done();
    assert!(ended.starts_with(&format!("support access {id} is ended")), "{ended}");
    let twice = access(&["end", "surya", id]).await.refused(1);
    assert!(twice.contains("(SUPPORT_ACCESS_OVER)"), "{twice}");
    assert!(access(&["list", "nobody"]).await.refused(1).contains("(NOT_FOUND)"));
    platform.stop().await.unwrap();
}
