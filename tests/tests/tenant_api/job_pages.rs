//! The page of jobs, as people without scripts use it.

use platform_tests::client::Answer;

use crate::{
    house::{TestHotel, run_script, shared},
    job_rows::{insert, state_of},
    page_visitor::{PageVisitor, hidden},
    pages::assert_page,
};

/// Presses `retry` or `cancel` beside a job on this page.
async fn press(visitor: &PageVisitor, page: &Answer, job: &str, action: &str) -> Answer {
    let path = format!("/jobs/{job}/{action}");
    let fields = ["form_key", "state"].map(|name| (name, hidden(page, &path, name)));
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    visitor.send(&path, &fields).await
}

async fn epoch(it: &TestHotel, job: &str) -> i32 {
    it.sql(&format!("SELECT epoch FROM jobs WHERE id = '{job}'")).await[0].get(0)
}

#[tokio::test]
async fn people_read_in_their_language_what_is_the_matter_and_what_to_do() {
    let house = shared().await;
    let it = house.open_hotel().await;
    insert(&it, "held").await;
    let retried = insert(&it, "retry_wait").await;
    let mail = insert(&it, "dead").await;
    let rename =
        "UPDATE jobs SET kind = 'reservation_confirmation', last_error_code = 'SMTP_REFUSED'";
    it.sql(&format!("{rename} WHERE id = '{mail}'")).await;
    let sql =
        "UPDATE jobs SET finished_at = '2026-08-17T06:05:00Z', run_at = '2030-01-31T16:30:00Z'";
    it.sql(sql).await;
    let owner = PageVisitor::owner(&it).await;

    let indonesian = owner.open("/jobs").await.expect_status(200).unwrap();
    let english = owner.open("/jobs?lang=en").await.expect_status(200).unwrap();

    // Bali is eight hours ahead.
    for (page, words) in [
        (
            &indonesian,
            [
                "Pekerjaan latar",
                "Perlu perhatian Anda: 1",
                "Surel konfirmasi reservasi",
                "Tamu belum menerima konfirmasi reservasinya.",
                "Dijeda oleh penyedia layanan",
                "Dicoba lagi Jum, 1 Feb 2030, 00:30",
                "Sen, 17 Agu 2026, 14:05",
                "Coba lagi semuanya",
                "Batalkan",
            ],
        ),
        (
            &english,
            [
                "Background jobs",
                "Needs your attention: 1",
                "Reservation confirmation mail",
                "The guest has not received the confirmation.",
                "Paused by the provider",
                "Tried again Fri, 1 Feb 2030, 00:30",
                "Mon, 17 Aug 2026, 14:05",
                "Try all again",
                "Cancel",
            ],
        ),
    ] {
        assert_page(page);
        for words in words {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        for code in ["SMTP_REFUSED", "push_rates"] {
            assert!(page.body.contains(code), "{code}");
        }
    }
    let failed = owner.open("/jobs?state=dead&lang=en").await.expect_status(200).unwrap();
    assert!(failed.body.contains("value=\"dead\" selected") && !failed.body.contains(&retried));
    assert!(failed.body.contains(&format!("/jobs/{mail}/retry")));
    let none = owner.open("/jobs?state=done&lang=en").await.expect_status(200).unwrap();
    assert!(none.body.contains("There are no such jobs."), "{}", none.body);
    let odd = owner.open("/jobs?state=odd&lang=en").await.expect_status(200).unwrap();
    assert!(odd.body.contains(&retried), "a filter that is not understood filters nothing");
}

#[tokio::test]
async fn one_press_of_a_button_tries_again_or_cancels_and_two_do_no_more() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let (dead, held) = (insert(&it, "dead").await, insert(&it, "held").await);
    let others = [insert(&it, "dead").await, insert(&it, "dead").await];
    let owner = PageVisitor::owner(&it).await;
    let desk = owner.open("/").await.expect_status(200).unwrap();
    assert!(desk.body.contains("href=\"/jobs\""), "the menu leads to the jobs");
    let page = owner.open("/jobs").await.expect_status(200).unwrap();
    let filtered = owner.open("/jobs?state=held").await.expect_status(200).unwrap();

    let (one, two) =
        tokio::join!(press(&owner, &page, &dead, "retry"), press(&owner, &page, &dead, "retry"));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303), "{}", two.body);
    assert_eq!(one.header("location"), two.header("location"));
    assert_eq!(epoch(&it, &dead).await, 2, "two clicks are one retry");
    let told = owner.open(&format!("{}&lang=en", one.header("location"))).await;
    assert!(told.body.contains("role=\"status\">Tried again: 1<"), "{}", told.body);

    let cancelled = press(&owner, &filtered, &held, "cancel").await.expect_status(303).unwrap();
    assert!(cancelled.header("location").contains("state=held"), "the filter stays");
    assert_eq!(state_of(&it, &held).await, "cancelled");

    let all = [("form_key", hidden(&page, "/jobs/retry", "form_key"))];
    let all = all.each_ref().map(|(name, value)| (*name, value.as_str()));
    let all = owner.send("/jobs/retry", &all).await.expect_status(303).unwrap();
    assert!(all.header("location").contains("count=2"), "{}", all.header("location"));
    for job in &others {
        assert_eq!(epoch(&it, job).await, 2);
    }
    let empty = owner.open("/jobs?lang=en").await.expect_status(200).unwrap();
    assert!(!empty.body.contains("Needs your attention"), "{}", empty.body);
}

#[tokio::test]
async fn a_job_that_has_changed_meanwhile_is_shown_as_it_stands_now() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let (dead, held) = (insert(&it, "dead").await, insert(&it, "held").await);
    let owner = PageVisitor::owner(&it).await;
    let page = owner.open("/jobs?state=dead&lang=en").await.expect_status(200).unwrap();
    let whole = owner.open("/jobs?lang=en").await.expect_status(200).unwrap();

    insert(&it, "ready").await;
    it.sql("UPDATE jobs SET dedupe_key = 'rates' WHERE state IN ('ready', 'dead')").await;
    let replaced = press(&owner, &page, &dead, "retry").await;
    it.sql("UPDATE jobs SET state = 'done' WHERE state IN ('held', 'dead')").await;
    let over = press(&owner, &whole, &held, "cancel").await;
    let done = press(&owner, &page, &dead, "retry").await;

    for (answer, words) in [
        (&replaced, "Pekerjaan yang lebih baru melakukan hal yang sama."),
        (&over, "Pekerjaan ini sudah berubah."),
        (&done, "Pekerjaan ini sudah berubah."),
    ] {
        assert_eq!(answer.status, 409, "{words}");
        assert_page(answer);
        let alert = format!("role=\"alert\">{words}");
        assert!(answer.body.contains(&alert), "{words}: {}", answer.body);
    }
    assert!(replaced.body.contains("value=\"dead\" selected"), "the filter stays");
    let never = uuid::Uuid::new_v4();
    let unknown = owner.send(&format!("/jobs/{never}/retry"), &[("form_key", "k")]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn who_may_not_act_sees_no_button_and_who_may_not_look_no_page() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let job = insert(&it, "dead").await;
    let visitor = PageVisitor::owner(&it).await;
    let page = visitor.open("/jobs").await.expect_status(200).unwrap();
    assert!(page.body.contains("action=\"/jobs/retry\""));

    it.set_row("read_only").await;
    let moving = visitor.open("/jobs").await.expect_status(200).unwrap();
    it.set_row("essential").await;
    let suspended = visitor.open("/jobs").await.expect_status(200).unwrap();
    it.set_row("full").await;
    it.sql("UPDATE user_roles SET role = 'front_desk'").await;
    let looking = visitor.open("/jobs").await.expect_status(200).unwrap();
    let refused = press(&visitor, &page, &job, "retry").await;
    it.sql("UPDATE user_roles SET role = 'housekeeping'").await;
    let shut = visitor.open("/jobs").await;
    let desk = visitor.open("/").await.expect_status(200).unwrap();

    for without in [&moving, &looking] {
        assert!(without.body.contains("push_rates"));
        assert!(!without.body.contains("method=\"post\" action=\"/jobs"), "{}", without.body);
    }
    let button = format!("/jobs/{job}/retry");
    assert!(suspended.body.contains(&button), "what guests wait for goes on");
    assert_eq!((refused.status.as_u16(), shut.status.as_u16()), (403, 403));
    assert!(!desk.body.contains("href=\"/jobs\""));
    assert_eq!(state_of(&it, &job).await, "dead");
}

#[tokio::test]
async fn many_jobs_are_read_page_by_page() {
    let house = shared().await;
    let it = house.open_hotel().await;
    run_script(
        &it.session().await,
        "INSERT INTO jobs (id, kind, class, state, max_attempts, payload, finished_at)
         SELECT gen_random_uuid(), 'push_rates', 'default', 'dead', 5, '{}', now()
         FROM generate_series(1, 60)",
    )
    .await;
    let owner = PageVisitor::owner(&it).await;

    let first = owner.open("/jobs?state=dead").await.expect_status(200).unwrap();
    let next = first.body.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = owner.open(&next).await.expect_status(200).unwrap();

    let rows = |page: &Answer| page.body.matches("scope=\"row\"").count();
    assert_eq!((rows(&first), rows(&second)), (50, 10));
    assert!(second.body.contains("value=\"dead\" selected"), "the filter stays");
    assert!(!second.body.contains("rel=\"next\""));
}
