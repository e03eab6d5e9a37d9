//! Who may do what at the panel: every page and every form of it, as every role and as nobody.

use std::{fmt::Write as _, fs, path::Path};

use platform_tests::{
    client::{Answer, PageVisitor},
    platform::PANEL_HOST,
};

use crate::{domain_ground::Domains, ground::Vendor};

/// What nobody has.
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
/// The list that the program's own test keeps equal to its routes.
const PAGES: &str = "control-plane/src/panel/snapshots/control_plane__panel__tests__pages.snap";
/// What is there for whoever comes.
const OPEN: [&str; 2] = ["/panel/login", "/panel/logout"];
/// Everybody's own.
const OWN: &str = "/panel/account";
/// A hotel that is there, so that no form is turned away before it is asked who sends it.
const HOTEL: &str = "surya";
/// What else a path can say, where it says what is to be done.
const WORDS: [(&str, &[&str]); 3] = [
    (
        "/panel/tenants/{tenant}/actions/{action}",
        &["suspend", "resume", "activate", "access", "move", "churn", "delete"],
    ),
    ("/panel/tenants/{tenant}/preview/{end}", &["swap", "discard"]),
    ("/panel/hosts/{host}/{action}", &["cordon", "uncordon", "drain"]),
];

fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let list = fs::read_to_string(root.join(PAGES)).unwrap();
    let lines = list.lines().filter_map(|it| it.split_once(' '));
    let pages =
        lines.filter(|(method, path)| ["GET", "POST"].contains(method) && path.starts_with('/'));
    pages.flat_map(|(method, path)| spelled(path).map(move |it| (method.to_owned(), it))).collect()
}

/// The path once for each word that it can say.
fn spelled(path: &str) -> impl Iterator<Item = String> {
    let words = WORDS.iter().find(|(it, _)| *it == path).map_or(&[][..], |(_, words)| *words);
    let (front, _) = path.rsplit_once('/').unwrap();
    let each: Vec<String> = words.iter().map(|it| format!("{front}/{it}")).collect();
    if each.is_empty() { vec![path.to_owned()] } else { each }.into_iter()
}

/// A domain of the hotel that is there for this role alone: to release one is to have it no more.
fn domain_of(role: Vendor) -> String {
    format!("{}.example.com", role.as_str().replace('_', "-"))
}

/// Whether it is asked of a domain that is there.
fn is_real(path: &str) -> bool {
    path.starts_with("/panel/tenants/{tenant}/domains")
}

async fn ask(visitor: &PageVisitor, role: Vendor, (method, path): (&str, &str)) -> Answer {
    let domain = domain_of(role);
    let named = |part| match part {
        "{tenant}" => HOTEL,
        "{host}" => "one",
        "{domain}" => &domain,
        _ if str::starts_with(part, '{') => NOBODY,
        _ => part,
    };
    let named = path.split('/').map(named).collect::<Vec<_>>().join("/");
    match method {
        "GET" => visitor.open(&named).await.unwrap(),
        // Of one hotel: support may hold back no more than that.
        _ => visitor.send(&named, &[("tenant", "nobody")]).await.unwrap(),
    }
}

#[tokio::test]
async fn each_role_may_open_and_send_what_the_table_says() {
    let objects = tempfile::tempdir().unwrap();
    let objects = format!("file://{}", objects.path().display());
    let it = Domains::with(&[("STORAGE_URL", &objects)]).await;
    it.ground.open_hotel(HOTEL).await;
    let panel = it.ground.site().on_host(PANEL_HOST);
    let stranger = PageVisitor::stranger(&panel);
    let mut people = Vec::new();
    for role in Vendor::ALL {
        let email = format!("{}@hotelhub.localhost", role.as_str());
        let password = it.ground.make_vendor(&email, role.as_str()).await;
        let login = PageVisitor::log_in(&panel, "/panel/login", &email, &password).await;
        people.push(login.unwrap());
        it.claim(HOTEL, &domain_of(role)).await;
    }
    let roles = Vendor::ALL.map(|it| format!("{:12}", it.as_str())).concat();
    let mut table = format!("{:58}{}\n", "", roles.trim_end());
    let pages = pages();
    assert!(pages.len() > 20, "the list is not where it was: {PAGES}");
    for (method, path) in pages {
        if OPEN.iter().any(|it| path.starts_with(it)) {
            continue;
        }
        let nobody = ask(&stranger, Vendor::SuperAdmin, (&method, &path)).await;
        assert_eq!(nobody.header("location"), "/panel/login", "{method} {path}: {}", nobody.body);
        let mut row = String::new();
        for (role, visitor) in Vendor::ALL.into_iter().zip(&people) {
            let answer = ask(visitor, role, (&method, &path)).await;
            let may = match answer.status.as_u16() {
                403 => "-",
                404 if is_real(&path) => panic!("{method} {path}: what is there is not found"),
                // Nobody answers for the hotel here.
                200 | 303 | 404 | 409 | 422 | 503 => "yes",
                odd => panic!("{method} {path}: {odd} {}", answer.body),
            };
            assert!(may == "yes" || role.as_str() != "super_admin", "{method} {path}");
            let changes = method == "POST" && !path.starts_with(OWN);
            let looks = matches!(role, Vendor::Finance | Vendor::ReadOnly);
            assert!(may == "-" || !(changes && looks), "{method} {path}: {role:?} only looks");
            write!(row, "{may:12}").unwrap();
        }
        let name = format!("{method:7}{path}");
        writeln!(table, "{name:58}{}", row.trim_end()).unwrap();
    }
    insta::assert_snapshot!("panel_roles", table);
    let left: Vec<String> = it.claimed(HOTEL).await;
    assert_eq!(left, [domain_of(Vendor::ReadOnly), domain_of(Vendor::Finance)]);
}
