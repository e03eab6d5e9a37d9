//! Jobs of hotels that may not do them now: held, and done once when they may.

use std::time::Duration;

use platform_tests::{mail::Fault, platform::Role, waiting::eventually};

use crate::house::{House, TestHotel};

const SOON: Duration = Duration::from_secs(60);

/// State, attempts, and how often it crashed, of the only confirmation.
async fn job(it: &TestHotel) -> (String, i32, i32) {
    let sql = "SELECT state, attempt, crash_count FROM jobs \
               WHERE kind = 'reservation_confirmation'";
    let rows = it.sql(sql).await;
    assert_eq!(rows.len(), 1);
    (rows[0].get(0), rows[0].get(1), rows[0].get(2))
}

async fn wait_for_state(it: &TestHotel, state: &str) {
    let what = format!("the job to be {state}");
    let waited = eventually(SOON, &what, async || (job(it).await.0 == state).then_some(())).await;
    if let Err(error) = waited {
        panic!("{error}; it is {:?}", job(it).await);
    }
}

fn guest(it: &TestHotel) -> String {
    format!("{}@example.com", it.tenant)
}

fn mails(house: &House, it: &TestHotel) -> usize {
    house.stage.mail.store().list().iter().filter(|mail| mail.is_to(&guest(it))).count()
}

async fn book(it: &TestHotel) {
    let room_type = it.sells(1).await;
    let body = TestHotel::booking(&room_type, 3, 1, &guest(it));
    let answer = it.site().post(&it.path("reservations"), &body).await.unwrap();
    answer.expect_status(201).unwrap();
    wait_for_state(it, "queued").await;
}

#[tokio::test]
async fn a_confirmation_waits_while_the_access_forbids_it_and_is_then_sent_once() {
    let mut house = House::with(&[]).await;
    house.platform.stop_role(Role::TenantWork).await.unwrap();
    house.platform.stop_role(Role::TenantSchedule).await.unwrap();
    let mut hotels = Vec::new();
    for (access, then) in [
        ("full", "done"),
        ("grace", "done"),
        ("essential", "held"),
        ("read_only", "queued"),
        ("stopped", "held"),
    ] {
        let it = house.open_hotel().await;
        book(&it).await;
        it.set_row(access).await;
        hotels.push((it, access, then));
    }
    house.platform.stop_role(Role::Provisioner).await.unwrap();

    house.platform.start_role(Role::TenantWork).await.unwrap();

    for (it, access, then) in &hotels {
        wait_for_state(it, then).await;
        let (_, attempt, _) = job(it).await;
        assert_eq!(attempt, i32::from(*then == "done"), "{access}: no try is lost");
    }
    // A tick changes nothing while it is forbidden, and a suspended hotel's days go on.
    let days = "SELECT count(*) FROM jobs WHERE kind = 'open_business_day'";
    for (it, access, then) in &hotels {
        it.let_be_late("open_business_day", 1).await;
        let ticks = house.figure(Role::TenantWork, "job_ticks_total").await;
        house.tick(it).await;
        let ticked = async || {
            (house.figure(Role::TenantWork, "job_ticks_total").await > ticks).then_some(())
        };
        eventually(SOON, "the tick", ticked).await.unwrap();
        // It may have been another one, of before the worker's start.
        let begins = !matches!(*access, "read_only" | "stopped");
        let begun = async || {
            let begun: i64 = it.sql(days).await[0].get(0);
            (begun == i64::from(begins)).then_some(())
        };
        eventually(SOON, "the day to begin where it may", begun).await.unwrap();
        assert_eq!(job(it).await.0, *then, "{access}");
        assert_eq!(mails(&house, it), usize::from(*then == "done"), "{access}");
    }

    for (it, _, _) in &hotels {
        it.set_row("full").await;
        for _ in 0..3 {
            house.tick(it).await;
        }
    }
    for (it, access, _) in &hotels {
        wait_for_state(it, "done").await;
        assert_eq!(job(it).await, ("done".to_owned(), 1, 0), "{access}");
        assert_eq!(mails(&house, it), 1, "{access}");
    }
}

#[tokio::test]
async fn the_routes_word_holds_a_job_as_well_while_the_feed_vouches_for_it() {
    let mut house = House::with(&[]).await;
    house.platform.stop_role(Role::TenantWork).await.unwrap();
    let it = house.open_hotel().await;
    book(&it).await;
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    let set = async |access: &str| {
        let tenant = &it.tenant;
        house
            .control_sql(&format!("UPDATE tenants SET access = '{access}' WHERE id = '{tenant}'"))
            .await;
    };
    set("essential").await;

    house.platform.start_role(Role::TenantWork).await.unwrap();
    wait_for_state(&it, "held").await;
    house.tick(&it).await;
    let set = async |access: &str| {
        let tenant = &it.tenant;
        house
            .control_sql(&format!("UPDATE tenants SET access = '{access}' WHERE id = '{tenant}'"))
            .await;
    };
    set("full").await;
    let sent = async || {
        house.tick(&it).await;
        (job(&it).await.0 == "done").then_some(())
    };
    eventually(SOON, "the mail", sent).await.unwrap();

    assert_eq!((job(&it).await.1, mails(&house, &it)), (1, 1));
}

#[tokio::test]
async fn an_outcome_that_a_moves_pause_stops_is_written_at_the_new_place() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    // A mail is waited for for twenty seconds: what takes long comes first.
    house.platform.stop_role(Role::Provisioner).await.unwrap();
    house.stage.mail.set_fault(Fault::Hold).await;
    let room_type = it.sells(1).await;
    let body = TestHotel::booking(&room_type, 3, 1, &guest(&it));
    it.site().post(&it.path("reservations"), &body).await.unwrap().expect_status(201).unwrap();
    house.stage.mail.wait_for_hanging_client(SOON).await.unwrap();

    it.pause_writers().await;
    house.stage.mail.set_fault(Fault::None).await;
    let awaited = async || {
        (house.figure(Role::TenantWork, "tenant_moves_awaited_total").await > 0.0).then_some(())
    };
    eventually(SOON, "the worker to meet the pause", awaited).await.unwrap();
    house.move_in_place(&it).await;

    wait_for_state(&it, "done").await;
    assert_eq!(job(&it).await, ("done".to_owned(), 1, 0));
    assert_eq!(mails(&house, &it), 1);
}
