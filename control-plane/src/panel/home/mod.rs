//! `/panel`: what needs somebody's attention now, each with the way there.

mod texts;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use chrono::{DateTime, Utc};
use hotelhub_http::{error::ApiResult, language::Language};

use self::texts::HomeTexts;
use super::{
    audit::{fault_name, link_to_row},
    operations::progress::{said, took},
    shell::{Shell, day, moment, short},
    states::{Shown as _, kind},
};
use crate::{
    app::App,
    attention::{self, Attention, EndingTrial, HostFinding},
    audit::BrokenChain,
    db_hosts::HostState,
    domains::{self, UntoldFailure},
    fleet_migrations::{self, FleetMigration},
    operations::Progress,
    pages::respond,
    retention::UntoldOwner,
    vendor_users::page_session::Visitor,
};

/// How many hotels are in a status, and the link to them.
struct Figure {
    name: &'static str,
    href: String,
    count: String,
}

/// Something to look at.
struct Item {
    /// `bad`, `warn` or `busy`.
    tone: &'static str,
    text: String,
    href: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "panel/home.html")]
struct Page {
    shell: Shell,
    w: &'static HomeTexts,
    figures: Vec<Figure>,
    trouble: Vec<Item>,
    running: Vec<Item>,
    trials: Vec<Item>,
}

/// Shows it.
pub(super) async fn show_home(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
) -> ApiResult<HttpResponse> {
    let now = attention::now(&app, &vendor).await?;
    let shell = Shell::inside(&req, vendor);
    let page = page(shell, now, app.clock.now());
    respond(&req, StatusCode::OK, &page)
}

fn page(shell: Shell, now: Attention, at: DateTime<Utc>) -> Page {
    let (language, w) = (shell.language, HomeTexts::of(shell.language));
    let figure = |it: attention::StatusCount| Figure {
        name: it.status.badge(language).name,
        href: format!("/panel/tenants?status={}", it.status),
        count: language.number(it.count),
    };
    let (mut trouble, mut running) = (Vec::new(), Vec::new());
    trouble.extend(now.broken_audit_chain.as_ref().map(|it| broken_item(it, language)));
    trouble.extend(now.audit_walk_overdue_since.map(|it| overdue_walk_item(it, w)));
    for host in &now.db_hosts {
        let item = host_item(host, language);
        if item.tone == "busy" { running.push(item) } else { trouble.push(item) }
    }
    if let Some(run) = &now.fleet_migration {
        let item = fleet_item(run, language);
        if item.tone == "busy" { running.push(item) } else { trouble.push(item) }
    }
    trouble.extend(count_items(&now, language));
    trouble.extend(now.untold_owners.into_iter().map(|it| untold_item(it, w)));
    trouble.extend(now.untold_failures.into_iter().map(|it| untold_failure_item(it, w)));
    for it in now.open_operations.iter().chain(&now.undone_operations) {
        let item = operation_item(it, language, at);
        if item.tone == "busy" { running.push(item) } else { trouble.push(item) }
    }
    Page {
        figures: now.tenants.into_iter().map(figure).collect(),
        trouble,
        running,
        trials: now.ending_trials.into_iter().map(|it| trial_item(it, w, at)).collect(),
        shell,
        w,
    }
}

fn broken_item(it: &BrokenChain, language: Language) -> Item {
    let w = HomeTexts::of(language);
    let kind = fault_name(&it.kind, language);
    let row = it.seq.to_string();
    let found = w.audit_broken_why.replace("{found}", &moment(it.since));
    Item {
        tone: "bad",
        text: w.audit_broken.replace("{row}", &row).replace("{kind}", kind),
        href: link_to_row(it.seq),
        detail: match it.whole_at {
            Some(at) => format!("{found} {}", w.audit_was_whole.replace("{at}", &moment(at))),
            None => found,
        },
    }
}

fn overdue_walk_item(since: DateTime<Utc>, w: &HomeTexts) -> Item {
    Item {
        tone: "bad",
        text: w.audit_overdue.to_owned(),
        href: "/panel/audit".to_owned(),
        detail: w.audit_overdue_why.replace("{since}", &moment(since)),
    }
}

fn host_item(host: &HostFinding, language: Language) -> Item {
    let w = HomeTexts::of(language);
    let (tone, text) = match host {
        HostFinding { is_away: true, .. } => ("bad", w.host_away),
        HostFinding { state: HostState::Draining, .. } => ("busy", w.host_draining),
        HostFinding { is_full: true, .. } => ("warn", w.host_full),
        _ => ("warn", w.host_cordoned),
    };
    let databases = w
        .databases
        .replace("{count}", &language.number(host.databases))
        .replace("{most}", &language.number(host.max_databases.into()));
    Item {
        tone,
        text: text.replace("{name}", &host.name),
        href: format!("/panel/hosts/{}", host.id),
        detail: match &host.error {
            Some(error) if host.is_away => short(error),
            _ => databases,
        },
    }
}

fn fleet_item(run: &FleetMigration, language: Language) -> Item {
    let w = HomeTexts::of(language);
    let quarantined: i64 = run.rings.iter().map(|it| it.quarantined).sum();
    let in_quarantine = w.quarantined.replace("{count}", &language.number(quarantined));
    let (tone, text, detail) = match run.state {
        fleet_migrations::State::Halted => {
            let why = run.halt_reason.as_deref().map(short);
            ("bad", w.fleet_halted.to_owned(), why.unwrap_or_default())
        }
        state if state.is_over() => ("warn", in_quarantine, String::new()),
        _ if quarantined > 0 => ("busy", w.fleet_running.to_owned(), in_quarantine),
        _ => ("busy", w.fleet_running.to_owned(), String::new()),
    };
    Item { tone, text, href: format!("/panel/fleet/{}", run.id), detail }
}

fn operation_item(it: &Progress, language: Language, at: DateTime<Utc>) -> Item {
    let detail = match &it.last_error {
        Some(error) => short(error),
        None => format!("{} · {}", said(it, language), took(it, language, at)),
    };
    Item {
        tone: if it.last_error.is_some() || it.state.is_over() { "bad" } else { "busy" },
        text: format!("{}: {}", kind(&it.kind, language), it.slug),
        href: format!("/panel/operations/{}", it.id),
        detail,
    }
}

/// What is only counted here, and told where the link leads.
fn count_items(now: &Attention, language: Language) -> Vec<Item> {
    let w = HomeTexts::of(language);
    let counts = [
        (now.dead_jobs, w.dead_jobs, w.dead_jobs_why, "/panel/jobs?state=dead"),
        (now.overdue_backups, w.overdue_backups, w.overdue_backups_why, "/panel/backups"),
        (now.failing_backups, w.failing_backups, w.failing_backups_why, "/panel/backups"),
        (
            now.failed_drills,
            w.failed_drills,
            w.failed_drills_why,
            "/panel/backups/drills?state=failed",
        ),
        (
            now.stuck_domains,
            w.stuck_domains,
            w.stuck_domains_why,
            "/panel/domains?state=stuck&kind=custom",
        ),
    ];
    let item = |(count, text, why, href): (i64, &str, &str, &str)| Item {
        tone: "bad",
        text: text.replace("{count}", &language.number(count)),
        href: href.to_owned(),
        detail: why.to_owned(),
    };
    counts.into_iter().filter(|(count, ..)| *count > 0).map(item).collect()
}

fn untold_item(it: UntoldOwner, w: &HomeTexts) -> Item {
    Item {
        tone: "warn",
        text: w.owner_untold.replace("{company}", &it.company_name),
        href: format!("/panel/tenants/{}", it.slug),
        detail: w.owner_untold_why.replace("{address}", &it.owner_email),
    }
}

fn untold_failure_item(it: UntoldFailure, w: &HomeTexts) -> Item {
    Item {
        tone: "warn",
        text: w.failure_untold.replace("{domain}", &domains::shown(&it.hostname)),
        href: format!("/panel/tenants/{}/domains", it.slug),
        detail: w.failure_untold_why.replace("{address}", &it.owner_email),
    }
}

fn trial_item(it: EndingTrial, w: &HomeTexts, at: DateTime<Utc>) -> Item {
    let is_over = it.trial_ends_at < at;
    let ends = if is_over { w.ended } else { w.ends };
    Item {
        tone: if is_over { "warn" } else { "" },
        text: format!("{} · {}", it.slug, it.company_name),
        href: format!("/panel/tenants/{}", it.slug),
        detail: ends.replace("{day}", &day(it.trial_ends_at)),
    }
}
