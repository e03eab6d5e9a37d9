//! `cargo xtask up`: from nothing to a hotel with a reservation, and back to nothing running.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use platform_tests::{
    platform::{BASE_DOMAIN, Platform, Setup, VENDOR_EMAIL, programs_folder},
    process::stop_registered,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, interval},
};

use crate::{
    demo::{self, Demo},
    install, say,
    servers::{Existing, Mail, Servers},
    state::{State, public_ports, workspace},
    tool::Tool,
};

/// What a killed run left behind gets this long to stop.
const LEFT_BEHIND: Duration = Duration::from_secs(20);

/// Everything that runs.
struct Running {
    platform: Platform,
    mail: Mail,
    servers: Servers,
    demo: Demo,
    is_first: bool,
}

/// Starts everything and the demo; then waits for Ctrl-C, or with `once` goes on at once; then
/// stops everything.
pub(crate) async fn up(once: bool) -> Result<()> {
    let begun = Instant::now();
    let state = State::take()?;
    let mut running = tokio::select! {
        running = start(&state) => running?,
        () = asked_to_stop() => bail!("interrupted: what had been started was killed"),
    };
    let outcome = match show(&state, &running, begun.elapsed()) {
        Ok(()) if !once => wait(&mut running.platform).await,
        shown => shown,
    };
    let stopped = say::during("stopping", stop(&mut running)).await;
    outcome.and(stopped)
}

async fn start(state: &State) -> Result<Running> {
    say::line(format_args!("HotelHub: state in {}", state.folder.display()));
    state.check_disk()?;
    let left = stop_registered(&state.path("pids"), LEFT_BEHIND).await?;
    if !left.is_empty() {
        say::line(format_args!("  stopped what an earlier run left behind: {}", left.join(", ")));
    }
    let (control_port, tenant_port) = public_ports()?;
    let existing = Existing::read()?;
    install::ensure(&state.folder, &existing.needs()).await?;
    let is_first = !state.path("vendor.json").exists();

    let (servers, ()) = tokio::try_join!(Servers::start(state, &existing), build(state))?;
    let mail = Mail::start(state).await?;
    let setup = Setup::new(
        &state.folder,
        servers.postgres.clone(),
        servers.amqp_url.clone(),
        mail.smtp_url(),
        (control_port, vec![tenant_port]),
    )?;
    let platform =
        say::during("migrating and starting the programs", Platform::builder(setup).start());
    let platform = platform.await?;
    let demo = demo::open(state, &platform, &mail).await?;
    Ok(Running { platform, mail, servers, demo, is_first })
}

async fn build(state: &State) -> Result<()> {
    let build = Tool::cargo(&state.path("build.log"))
        .args(&["build", "--workspace", "--bins"])
        .in_folder(&workspace()?)
        .run();
    say::during("building", build).await.context("the build failed: mend it and run again")?;
    Ok(())
}

fn show(state: &State, running: &Running, time: Duration) -> Result<()> {
    let Running { platform, mail, demo, is_first, .. } = running;
    let setup = platform.setup();
    let hotel = setup.tenant_public_url(&demo.host);
    let another = setup.tenant_public_url(&format!("{{slug}}.{BASE_DOMAIN}"));
    let password = if *is_first {
        platform.vendor_password().to_owned()
    } else {
        format!("(kept in {})", state.path("vendor.json").display())
    };
    let confirmation = match demo.mail {
        Some(number) => format!("{}/mails/{number}", mail.page()),
        None => mail.page(),
    };
    let operator = programs_folder()?.join("hotelhub");
    let login = format!(
        "{} --url {} login --email {VENDOR_EMAIL}",
        operator.display(),
        setup.control_public_url()
    );
    let lines = [
        ("Control plane", setup.control_public_url()),
        ("Vendor's panel", format!("{}/panel", setup.panel_public_url())),
        ("  vendor login", format!("{VENDOR_EMAIL}  {password}")),
        ("Command line", login),
        ("Demo hotel", hotel),
        ("  owner login", format!("{}  {}", demo.owner_email, demo.owner_password)),
        ("Other hotels", another),
        ("Confirmation", confirmation),
        ("All mail", mail.page()),
        ("Logs", format!("{}/*.log", state.folder.display())),
    ];
    say::line(format_args!("\nUp after {}.", say::seconds(time)));
    for (name, value) in lines {
        say::line(format_args!("  {name:<16} {value}"));
    }
    Ok(())
}

/// Waits until Ctrl-C, SIGTERM, or the death of a program.
async fn wait(platform: &mut Platform) -> Result<()> {
    say::line("\nCtrl-C stops everything; the data is kept. `cargo xtask reset` deletes it.");
    let mut looks = interval(Duration::from_secs(1));
    let asked = asked_to_stop();
    let mut asked = std::pin::pin!(asked);
    loop {
        tokio::select! {
            () = &mut asked => return Ok(()),
            _ = looks.tick() => {
                let ended = platform.ended();
                if !ended.is_empty() {
                    bail!("{}", ended.join("\n"));
                }
            }
        }
    }
}

/// Programs first, then what they depend on; all are asked, the first fault is told.
async fn stop(running: &mut Running) -> Result<()> {
    let programs = running.platform.stop().await;
    let mail = running.mail.stop().await;
    let servers = running.servers.stop().await;
    programs.and(mail).and(servers)
}

/// Ends with Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut term)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the signals end us as they always do.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = term.recv() => {}
    }
}
