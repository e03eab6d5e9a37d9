//! The vendor's panel, as a browser without scripts sees it: who gets in, who may do what, and what
//! is said where something cannot be done.

use std::fmt::Write as _;

use platform_tests::{
    client::{Answer, PageVisitor, Site},
    platform::{PANEL_HOST, VENDOR_EMAIL},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::{FEED_TOKEN, Ground, Vendor};

/// What a form holds.
type Fields<'a> = &'a [(&'a str, &'a str)];

const LOGIN: &str = "/panel/login";
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
/// A pause of all hotels.
const OF_ALL: &str = "01890a5d-ac96-774b-bcce-b302099a8058";
const EARLY: &str = "2026-01-31T17:05:00Z";

pub(crate) fn panel(ground: &Ground) -> Site {
    ground.site().on_host(PANEL_HOST)
}

pub(crate) async fn person(ground: &Ground, role: Vendor) -> PageVisitor {
    let email = format!("{}@hotelhub.localhost", role.as_str());
    let password = ground.make_vendor(&email, role.as_str()).await;
    PageVisitor::log_in(&panel(ground), LOGIN, &email, &password).await.unwrap()
}

pub(crate) fn heap(kind: &str, state: &str, count: i64) -> Value {
    json!({ "kind": kind, "state": state, "peer": "channex", "error_code": "HTTP_500",
        "count": count, "oldest_at": EARLY })
}

pub(crate) async fn report(ground: &Ground, tenant: &str, heaps: Value) {
    let body = json!({ "tenant_id": tenant, "looked_at": EARLY, "heaps": heaps });
    let reported = ground.site().with_token(FEED_TOKEN).post("/upcall/v1/jobs", &body).await;
    reported.unwrap().expect_status(204).unwrap();
}

pub(crate) async fn open(visitor: &PageVisitor, path: &str) -> Answer {
    visitor.open(path).await.unwrap().expect_status(200).unwrap()
}

#[tokio::test]
async fn only_a_login_of_this_very_panel_gets_in_and_its_end_is_an_end() {
    let ground = Ground::new().await;
    let site = &panel(&ground);
    let password = ground.make_vendor(VENDOR_EMAIL, "super_admin").await;
    let stranger = PageVisitor::stranger(site);
    let home = stranger.open("/").await.unwrap();
    assert_eq!(home.header("location"), "/panel", "nobody signs up at the panel");
    for path in ["/signup", &format!("/signup/{NOBODY}"), "/panel/nowhere", "/panel/jobs/"] {
        let nothing = stranger.open(path).await.unwrap();
        assert_eq!(nothing.status, 404, "{path}");
        assert!(nothing.body.contains("href=\"/panel\""), "{}", nothing.body);
    }
    for path in [LOGIN, "/panel/jobs"] {
        let elsewhere = PageVisitor::stranger(ground.site()).open(path).await.unwrap();
        assert_eq!(elsewhere.status, 404, "the panel is on its own host");
    }
    for path in ["/panel", "/panel/jobs", "/panel/job-pauses", "/panel/tenants/x/jobs"] {
        let sent_away = stranger.open(path).await.unwrap().expect_status(303).unwrap();
        assert_eq!(sent_away.header("location"), LOGIN, "{path}");
    }
    for (email, password) in [(VENDOR_EMAIL, "wrong"), ("nobody@hotelhub.localhost", &*password)] {
        let fields = [("email", email), ("password", password)];
        let refused = stranger.send(LOGIN, &fields).await.unwrap().expect_status(401).unwrap();
        assert!(refused.body.contains("Alamat email atau kata sandi salah."), "{}", refused.body);
        assert!(refused.body.contains(email) && refused.header("set-cookie").is_empty());
    }
    let fields = [("email", VENDOR_EMAIL), ("password", &*password)];
    for from in ["same-site", "cross-site", "none"] {
        assert_eq!(stranger.send_from(from, LOGIN, &fields).await.unwrap().status, 403, "{from}");
    }

    let visitor = PageVisitor::log_in(site, LOGIN, VENDOR_EMAIL, &password).await.unwrap();
    let page = open(&visitor, "/panel/jobs").await;
    assert!(
        page.body.contains("Ayu") && page.body.contains("<h1>Pekerjaan latar</h1>"),
        "{}",
        page.body
    );
    // Neither secret is good for the other's door.
    assert_eq!(visitor.open("/api/v1/me").await.unwrap().status, 401);
    for secret in [visitor.secret().to_owned(), format!("page {}", visitor.secret())] {
        let refresh = json!({ "refresh_token": secret });
        assert_eq!(site.post("/api/v1/auth/refresh", &refresh).await.unwrap().status, 401);
    }
    open(&visitor, "/panel/jobs").await;
    let login = json!({ "email": VENDOR_EMAIL, "password": password });
    let tokens = site.post("/api/v1/auth/login", &login).await.unwrap().data().unwrap();
    for token in ["access_token", "refresh_token"] {
        let with_token = visitor.with_secret(tokens[token].as_str().unwrap());
        assert_eq!(with_token.open("/panel/jobs").await.unwrap().status, 303, "{token}");
    }

    assert_eq!(visitor.send_from("same-site", "/panel/logout", &[]).await.unwrap().status, 403);
    open(&visitor, "/panel/jobs").await;
    let left = visitor.send("/panel/logout", &[]).await.unwrap().expect_status(303).unwrap();
    assert!(left.header("set-cookie").contains("Max-Age=0"), "{:?}", left.headers);
    assert_eq!(visitor.open("/panel/jobs").await.unwrap().header("location"), LOGIN);

    let visitor = PageVisitor::log_in(site, LOGIN, VENDOR_EMAIL, &password).await.unwrap();
    let again = visitor.send(LOGIN, &fields).await.unwrap().expect_status(303).unwrap();
    assert_eq!(again.header("location"), "/panel");
    let replaced = visitor.open("/panel/jobs").await.unwrap();
    assert_eq!(replaced.header("location"), LOGIN, "the session of before has ended");
    let late = PageVisitor::log_in(site, LOGIN, VENDOR_EMAIL, &password).await.unwrap();
    let lasts = "SELECT expires_at - created_at = interval '12 hours' FROM vendor_sessions \
                 ORDER BY created_at DESC LIMIT 1";
    assert!(ground.database.query_one(lasts, &[]).await.unwrap().get::<_, bool>(0));
    let over = "UPDATE vendor_sessions SET expires_at = now()";
    ground.database.execute(over, &[]).await.unwrap();
    assert_eq!(late.open("/panel/jobs").await.unwrap().header("location"), LOGIN);
    let visitor = PageVisitor::log_in(site, LOGIN, VENDOR_EMAIL, &password).await.unwrap();
    let disable = "UPDATE vendor_users SET disabled_at = now()";
    ground.database.execute(disable, &[]).await.unwrap();
    assert_eq!(visitor.open("/panel/jobs").await.unwrap().header("location"), LOGIN);
}

#[tokio::test]
async fn jobs_of_the_fleet_are_filtered_paged_and_never_believed() {
    let ground = Ground::new().await;
    let visitor = person(&ground, Vendor::ReadOnly).await;
    assert!(open(&visitor, "/panel/jobs").await.body.contains("Tidak ada pekerjaan seperti itu."));
    let (surya, candi) = (ground.open_hotel("surya").await, ground.open_hotel("candi").await);
    report(&ground, &surya, json!([heap("<b>push", "dead", 3), heap("mail", "held", 40)])).await;
    let kinds = (0..50).map(|it| heap(&format!("kind_{it}"), "retrying", 1)).collect::<Vec<_>>();
    report(&ground, &candi, json!(kinds)).await;

    let page = open(&visitor, "/panel/jobs?lang=en").await;
    for words in ["<dt>Failed</dt><dd class=\"figure\">3<", "figure\">40<", "figure\">50<"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.body.contains("2026-02-01 00:05 WIB") && !page.body.contains("<b>push"));
    let link =
        "/panel/tenants/surya/jobs?state=held&#38;kind=mail&#38;peer=channex&#38;error=HTTP_500";
    assert!(page.body.contains(link), "{}", page.body);
    assert!(!page.body.contains("/panel/jobs/retry"), "who may only look is shown no way to steer");
    let (_, next) = page.body.split_once("rel=\"next\" href=\"").unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let rest = open(&visitor, &next).await;
    assert_eq!(rest.body.matches("<code>kind_").count(), 2, "{}", rest.body);
    assert!(!rest.body.contains("rel=\"next\""));

    let held = open(&visitor, "/panel/jobs?state=held&tenant=surya&order=oldest&kind=").await;
    assert!(held.body.contains("<code>mail</code>") && !held.body.contains("<code>kind_"));
    let unknown = visitor.open("/panel/jobs?tenant=nowhere&lang=en").await.unwrap();
    assert!(unknown.body.contains("tenant: there is no such tenant"), "{}", unknown.body);
    assert!(unknown.status == 422 && unknown.body.contains("value=\"nowhere\""));
    let old = open(&visitor, "/panel/jobs?age=24h&tenant=surya&lang=en").await;
    assert!(old.body.contains("<code>mail</code>"), "{}", old.body);
    assert!(old.body.contains("href=\"/panel/tenants/surya/jobs\""), "all of its jobs are linked");
    for odd in ["state=odd", "cursor=x", "age=48h", "order=odd"] {
        let refused = visitor.open(&format!("/panel/jobs?{odd}")).await.unwrap();
        assert_eq!(refused.status, 422, "{odd}");
        assert!(refused.body.contains("<h1>") && !refused.body.contains("<table"), "{odd}");
    }
    for odd in ["/panel/tenants/surya/jobs?state=odd", "/panel/jobs?state=dead&state=held"] {
        let refused = visitor.open(odd).await.unwrap();
        assert!(refused.status.is_client_error(), "{odd}: {}", refused.status);
        assert!(refused.body.contains("<h1>") && refused.body.contains("<code>"), "{odd}");
        assert!(!refused.body.contains("TENANT_UNREACHABLE"), "{odd}");
    }
}

#[tokio::test]
async fn jobs_are_held_back_once_and_let_go_once() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let visitor = person(&ground, Vendor::SuperAdmin).await;
    let fields = [("tenant", "surya"), ("class", "mail"), ("kind", ""), ("reason", "<i>slow")];
    let send =
        async |fields: &[(&str, &str)]| visitor.send("/panel/job-pauses", fields).await.unwrap();

    let (one, two) = tokio::join!(send(&fields), send(&fields));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{} {}", one.body, two.body);
    let refused = if one.status == 409 { &one } else { &two };
    assert!(refused.body.contains("JOBS_ALREADY_PAUSED") && !refused.body.contains("<i>slow"));
    let page = open(&visitor, "/panel/job-pauses?done=pause&lang=en").await;
    assert!(page.body.contains("role=\"status\">The jobs are held back."), "{}", page.body);
    assert!(page.body.contains("Every kind") && page.body.contains("<code>mail</code>"));

    for (filter, is_shown) in [("tenant=surya&class=mail", true), ("kind=push", false)] {
        let page = open(&visitor, &format!("/panel/job-pauses?{filter}")).await;
        assert_eq!(page.body.contains("/resume\""), is_shown, "{filter}");
    }
    for odd in ["tenant=nowhere", "class=odd", "cursor=x"] {
        let refused = visitor.open(&format!("/panel/job-pauses?{odd}")).await.unwrap();
        assert_eq!(refused.status, 422, "{odd}");
    }
    let nothing = [("tenant", ""), ("class", ""), ("kind", ""), ("reason", "typed in vain")];
    let nothing = send(&nothing).await.expect_status(422).unwrap();
    assert!(nothing.body.contains("value=\"typed in vain\""), "what was typed is kept");
    let stranger = [("tenant", "nowhere"), ("reason", "x")];
    assert_eq!(send(&stranger).await.status, 422);
    assert_eq!(ground.count("SELECT count(*) FROM job_pauses").await, 1);

    let (_, resume) = page.body.split_once("action=\"/panel/job-pauses/").unwrap();
    let resume = format!("/panel/job-pauses/{}", resume.split('"').next().unwrap());
    let lifted = visitor.send(&resume, &[]).await.unwrap().expect_status(303).unwrap();
    assert_eq!(lifted.header("location"), "/panel/job-pauses?done=resume");
    assert_eq!(visitor.send(&resume, &[]).await.unwrap().status, 404);
    let open_pauses = "SELECT count(*) FROM job_pauses WHERE lifted_at IS NULL";
    assert_eq!(ground.count(open_pauses).await, 0);
}

#[tokio::test]
async fn a_hotel_that_does_not_answer_is_said_on_the_page() {
    let ground = Ground::new().await;
    let surya = ground.open_hotel("surya").await;
    ground.sign_up("candi").await;
    report(&ground, &surya, json!([heap("push", "dead", 3)])).await;
    let visitor = person(&ground, Vendor::SuperAdmin).await;

    for path in ["", "/retry?state=dead"] {
        let page = visitor.open(&format!("/panel/tenants/surya/jobs{path}")).await.unwrap();
        assert!(page.status == 503 && page.body.contains("TENANT_UNREACHABLE"), "{}", page.body);
    }
    let page = visitor.open("/panel/tenants/candi/jobs").await.unwrap();
    assert!(page.status == 409 && page.body.contains("TENANT_NOT_READY"), "{}", page.body);
    assert_eq!(visitor.open("/panel/tenants/nowhere/jobs").await.unwrap().status, 404);

    let counted = open(&visitor, "/panel/jobs/retry?kind=push&lang=en").await;
    assert!(counted.body.contains("Jobs that match: 3"), "{}", counted.body);
    let none = open(&visitor, "/panel/jobs/retry?kind=odd&lang=en").await;
    assert!(
        none.body.contains("There is nothing to try again.")
            && !none.body.contains("<form method=\"post\" action=\"/panel/jobs/retry\"")
    );
    let wish = [("kind", "push"), ("per_minute", "60"), ("after", "")];
    let tried = visitor.send("/panel/jobs/retry?lang=en", &wish).await.unwrap();
    let tried = tried.expect_status(200).unwrap();
    assert!(tried.body.contains("Jobs tried again: 0"), "{}", tried.body);
    assert!(tried.body.contains("TENANT_UNREACHABLE"), "{}", tried.body);
    let odd = [("age", "48h"), ("kind", "push")];
    for path in ["/panel/jobs/retry", "/panel/tenants/surya/jobs/retry"] {
        let refused = visitor.send(path, &odd).await.unwrap();
        assert!(refused.status == 422 && refused.body.contains("age: "), "{}", refused.body);
    }
    for odd in ["0", "6001", "many"] {
        let refused = visitor.send("/panel/jobs/retry", &[("per_minute", odd)]).await.unwrap();
        assert!(refused.status == 422 && refused.body.contains("per_minute: "), "{odd}");
    }
}

#[tokio::test]
async fn each_role_may_do_at_the_panel_what_it_may_at_the_api() {
    let ground = Ground::new().await;
    ground.open_hotel("surya").await;
    let mut people = Vec::new();
    for role in Vendor::ALL {
        people.push(person(&ground, role).await);
    }
    let of_surya = |rest: &str| format!("/panel/tenants/surya/jobs{rest}");
    let nobody = |action| of_surya(&format!("/{NOBODY}/{action}"));
    let resume = format!("/panel/job-pauses/{NOBODY}/resume");
    let of_all = [("class", "mail"), ("reason", "x")];
    let insert = "INSERT INTO job_pauses (id, class, reason, created_by) \
                  SELECT $1::text::uuid, 'tax', 'x', id FROM vendor_users LIMIT 1";
    ground.database.execute(insert, &[&OF_ALL]).await.unwrap();
    let resume_all = format!("/panel/job-pauses/{OF_ALL}/resume");
    let routes: [(Method, String, Fields<'_>); 13] = [
        (Method::GET, "/panel/jobs".to_owned(), &[]),
        (Method::GET, "/panel/jobs/retry".to_owned(), &[]),
        (Method::POST, "/panel/jobs/retry".to_owned(), &[]),
        (Method::GET, of_surya(""), &[]),
        (Method::GET, of_surya("/retry"), &[]),
        (Method::POST, of_surya("/retry"), &[]),
        (Method::POST, nobody("retry"), &[]),
        (Method::POST, nobody("cancel"), &[]),
        (Method::GET, "/panel/job-pauses".to_owned(), &[]),
        (Method::POST, "/panel/job-pauses".to_owned(), &[("tenant", "nobody"), ("reason", "x")]),
        (Method::POST, "/panel/job-pauses".to_owned(), &of_all),
        (Method::POST, resume, &[]),
        (Method::POST, resume_all, &[]),
    ];
    let roles = Vendor::ALL.map(|it| format!("{:12}", it.as_str())).concat();
    let mut table = format!("{:58}{}\n", "", roles.trim_end());
    for (method, path, fields) in routes {
        let mut row = Vec::new();
        // Who may most comes last: what is done is not there for the next.
        for visitor in people.iter().rev() {
            let answer = match method {
                Method::GET => visitor.open(&path).await.unwrap(),
                _ => visitor.send(&path, fields).await.unwrap(),
            };
            row.push(match answer.status.as_u16() {
                403 => format!("{:12}", "-"),
                200 | 303 | 404 | 422 | 503 => format!("{:12}", "yes"),
                _ => panic!("{method} {path}: {} {}", answer.status, answer.body),
            });
        }
        row.reverse();
        let path = path.replace(NOBODY, "{id}").replace(OF_ALL, "{id of all}");
        let of_all = if fields == of_all { " of all" } else { "" };
        let name = format!("{:7}{path}{of_all}", method.as_str());
        writeln!(table, "{name:58}{}", row.concat().trim_end()).unwrap();
    }
    insta::assert_snapshot!("panel_roles", table);
}
