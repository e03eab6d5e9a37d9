//! A hotel's own domain: claimed, looked at, preferred and released.

use platform_tests::{
    dns::DnsServer,
    platform::{Role, Stage, VENDOR_EMAIL},
    postgres::Preset,
};

use crate::operator::Operator;

const NAME: &str = "www.hotelsurya.com";

#[tokio::test]
async fn a_domain_goes_live_and_away_by_the_command_line() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let dns = DnsServer::start().await.unwrap();
    let builder = stage.platform(1).unwrap().env("DNS_SERVERS", &dns.address());
    let mut platform = builder.without(Role::TenantSchedule).start().await.unwrap();
    let signup = platform_tests::client::Signup::of("surya");
    let host = platform.control().unwrap().sign_up(&signup).await.unwrap().host;
    let operator = Operator::new();
    let url = platform.setup().control_public_url();
    let login = ["--url", &url, "login", "--email", VENDOR_EMAIL];
    operator.run_with(&login, platform.vendor_password()).await.done();
    let run = async |line: &str| operator.run(&line.split(' ').collect::<Vec<_>>()).await;

    let said = run(&format!("domain add surya {NAME}")).await.done();
    assert!(
        said.contains(&format!("_hotelhub-challenge.{NAME}")) && said.contains(&host),
        "{said}"
    );
    let refused = run("domain add surya surya").await.refused(1);
    assert!(refused.contains("needs a dot"), "{refused}");
    let shown = run(&format!("--json domain show surya {NAME}")).await.done();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let token = shown["records"][0]["value"].as_str().unwrap();
    let early = run(&format!("domain primary surya {NAME}")).await.refused(1);
    assert!(early.contains("nobody would") && early.contains("`hotelhub domain show"), "{early}");
    dns.zone().set_txt(&format!("_hotelhub-challenge.{NAME}"), &[token]);
    dns.zone().set_cname(NAME, &host);
    let said = run(&format!("domain verify surya {NAME}")).await.done();
    assert!(said.contains("state      live") && said.contains("Nothing is to be done"), "{said}");
    let said = run(&format!("domain primary surya {NAME}")).await.done();
    assert!(said.contains("primary    yes"), "{said}");
    let list = run("domain list --state live --kind custom").await.done();
    let row: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row, [NAME, "surya", "live", "none", "none", "yes"]);
    assert_eq!(
        run(&format!("domain release surya {NAME}")).await.done(),
        format!("{NAME} is released\n")
    );
    assert_eq!(run("domain list --tenant surya --kind custom").await.done(), "no domains\n");
    platform.stop().await.unwrap();
}
