//! Who may do what: every operation of the vendor's API, as every role and as nobody.

use std::fmt::Write as _;

use platform_tests::client::{Answer, Site};
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::{Ground, Vendor};

/// A hotel that is there, so that nothing is turned away before it is asked who sends it.
const HOTEL: &str = "surya";
/// What nobody has.
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A body that is well formed; what it says is refused later than who says it.
fn body_of(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "suspend" | "churn" | "hold-deletion" | "release-deletion" => json!({ "reason": "x" }),
        "access" => json!({ "access": "odd", "reason": "x" }),
        "set-aside" => json!({ "tenant": "nobody" }),
        // Of one tenant: support may pause no more than that.
        "job-pauses" => json!({ "tenant": "nobody", "reason": "x" }),
        "domains" => json!({ "hostname": "www.example.com" }),
        "fleet-migrations" => json!({ "workers": 0 }),
        "support-access" => json!({ "reason": "" }),
        "users" => json!({ "email": "", "name": "", "role": "" }),
        "role" => json!({ "role": "owner" }),
        "restore" => json!({ "end": "discard" }),
        "allowed-addresses" => json!({ "addresses": [] }),
        "password" => json!({ "current_password": "", "password": "" }),
        "totp" => json!({ "password": "" }),
        "confirm" | "recovery-codes" | "reset" => json!({ "totp": "" }),
        "db-hosts" => json!({
            "name": "", "address": "", "port": 0, "admin_url": "", "max_databases": 0,
            "max_connections": 0,
        }),
        _ => json!({}),
    }
}

/// The operations of the API that need a vendor's token, from the document that promises them.
async fn operations(site: &Site) -> Vec<(Method, String)> {
    let document = site.get("/openapi.json").await.unwrap().json().unwrap();
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let of_vendors =
            methods.as_object().unwrap().iter().filter(|(_, it)| {
                it["security"][0]["vendor"].is_array() && !path.ends_with("/logout")
            });
        of_vendors.map(|(method, _)| (method.to_uppercase().parse().unwrap(), path.clone()))
    });
    all.collect()
}

async fn send(site: &Site, method: &Method, path: &str) -> Answer {
    let named = |part| match part {
        "{tenant}" => HOTEL,
        _ if str::starts_with(part, '{') => NOBODY,
        _ => part,
    };
    let named = path.split('/').map(named).collect::<Vec<_>>().join("/");
    let request = site.request(method.clone(), &named);
    let bare = *method == Method::GET || *method == Method::DELETE;
    let request = if bare { request } else { request.json(&body_of(path)) };
    Answer::of(request).await.unwrap()
}

#[tokio::test]
async fn each_role_may_do_what_the_table_says() {
    let ground = Ground::new().await;
    ground.open_hotel(HOTEL).await;
    let mut people = Vec::new();
    for role in Vendor::ALL {
        people.push(ground.vendor_of(role).await);
    }
    let roles = Vendor::ALL.map(|it| format!("{:12}", it.as_str())).concat();
    let mut table = format!("{:58}{}\n", "", roles.trim_end());
    for (method, path) in operations(ground.site()).await {
        let nobody = send(ground.site(), &method, &path).await;
        assert_eq!((nobody.status.as_u16(), &*nobody.error_code()), (401, "UNAUTHENTICATED"));
        let mut row = String::new();
        for site in &people {
            let answer = send(site, &method, &path).await;
            let may = match (answer.status.as_u16(), &*answer.error_code()) {
                (403, "FORBIDDEN") => "-",
                // What one may is not always possible; and nobody answers for the hotel here.
                (200..300 | 404 | 409 | 422 | 503, _) => "yes",
                _ => panic!("{method} {path}: {} {}", answer.status, answer.body),
            };
            let is_head = row.is_empty();
            assert!(!is_head || may == "yes", "a super administrator may do all: {method} {path}");
            write!(row, "{may:12}").unwrap();
        }
        let name = format!("{:7}{path}", method.as_str());
        writeln!(table, "{name:58}{}", row.trim_end()).unwrap();
    }
    insta::assert_snapshot!("roles", table);
}
