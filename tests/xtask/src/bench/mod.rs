//! `cargo xtask bench`: what was promised in figures, each beside its reference from the same run.
//!
//! A figure means nothing on another machine, a ratio does: both sides of it are measured here, at
//! the same time, against the same server. That server keeps production's settings, so it waits
//! for its disk. The programs, the references and the clients are all built with the profile that
//! is measured, so the first thing this does is to build, and to become the `xtask` of that build.

mod backups;
mod bare;
mod building;
mod chaos;
mod clones;
mod fleet;
mod hashing;
mod jobs;
mod moving;
mod panel;
mod push;
mod queries;
mod report;
mod requests;
mod samples;
mod signup;
mod theatre;
mod tls_allow;
mod wrk;

use anyhow::{Result, bail};
use clap::ValueEnum;

pub(crate) use self::bare::{Args as BareServerArgs, serve as serve_bare};
pub(crate) use self::tls_allow::{BareAllowArgs, serve_bare_allow};
use self::{
    building::Profile,
    report::Report,
    theatre::{Scene, Theatre},
};
use crate::{
    install::{self, Package},
    say,
    up::asked_to_stop,
};

/// What to measure, and how built.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Measure only this.
    name: Option<Name>,
    /// How the programs are built.
    #[arg(long, default_value = "release")]
    profile: Profile,
    /// Of `backups`: the sizes.
    #[command(flatten)]
    backups: backups::Sizes,
    /// They are built, and this is the executable that was built with them.
    #[arg(long, hide = true)]
    built: bool,
}

/// One benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// From the signup's form to the first page of one's own hotel.
    Signup,
    /// The same with copies made ahead: in turn, and five a second during a fleet migration.
    WarmSignup,
    /// Reading one row of one's hotel, as often as it goes.
    Requests,
    /// A thousand hotels: a fleet migration, requests to all of them, a crash, a new replica.
    Fleet,
    /// From a suspension to the refusals of four replicas.
    Push,
    /// Whether names may have certificates, at a thousand questions a second.
    TlsAllow,
    /// Background jobs: drained, in time, and fair.
    Jobs,
    /// The fault tests of background jobs at full size; only if asked for.
    JobsChaos,
    /// A gigabyte goes to another server while its hotel works.
    Move,
    /// The vendor's list of ten thousand hotels.
    Panel,
    /// Backups of many small hotels and of a large one, and back again.
    Backups,
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::WarmSignup => "warm-signup",
            Self::Requests => "requests",
            Self::Fleet => "fleet",
            Self::Push => "push",
            Self::TlsAllow => "tls-allow",
            Self::Jobs => "jobs",
            Self::JobsChaos => "jobs-chaos",
            Self::Move => "move",
            Self::Panel => "panel",
            Self::Backups => "backups",
        }
    }
}

/// Builds, then measures one benchmark or all, each on servers of its own.
pub(crate) async fn bench(args: Args) -> Result<()> {
    let only = args.name;
    if !args.built {
        return building::build_and_become(
            args.profile,
            only.map(Name::text),
            &args.backups.args(),
        )
        .await;
    }
    if only == Some(Name::JobsChaos) {
        return tokio::select! {
            met = chaos::run(args.profile) => met,
            () = asked_to_stop() => bail!("interrupted: what had been started was killed"),
        };
    }
    for name in Name::value_variants() {
        if only.is_none_or(|it| it == *name) && *name != Name::JobsChaos {
            tokio::select! {
                measured = measure(*name, &args) => measured?,
                () = asked_to_stop() => bail!("interrupted: what had been started was killed"),
            }
        }
    }
    Ok(())
}

async fn measure(name: Name, args: &Args) -> Result<()> {
    let profile = args.profile;
    say::line(format_args!("{} ({})", name.text(), profile.text()));
    let folder = building::folder()?;
    let needs = [Package::Postgres, Package::Rabbitmq, Package::Wrk];
    install::ensure(&folder, &needs).await?;
    let mut report = Report::new(name.text(), profile.text());
    let mut theatre = Theatre::open(scene(name)).await?;
    match name {
        Name::Signup => Box::pin(signup::measure(&theatre, &mut report)).await?,
        Name::WarmSignup => Box::pin(signup::warm::measure(&mut theatre, &mut report)).await?,
        Name::Requests => Box::pin(requests::measure(&theatre, &mut report)).await?,
        Name::Fleet => Box::pin(fleet::measure(&mut theatre, &mut report)).await?,
        Name::Push => Box::pin(push::measure(&theatre, &mut report)).await?,
        Name::TlsAllow => Box::pin(tls_allow::measure(&theatre, &mut report)).await?,
        Name::Jobs => Box::pin(jobs::measure(&mut theatre, &mut report)).await?,
        Name::JobsChaos => {}
        Name::Move => Box::pin(moving::measure(&theatre, &mut report)).await?,
        Name::Panel => Box::pin(panel::measure(&theatre, &mut report)).await?,
        Name::Backups => {
            Box::pin(backups::measure(&theatre, args.backups, &mut report)).await?;
        }
    }
    theatre.close().await?;
    report.show();
    report.keep(&folder)
}

/// No copies ahead.
const NO_POOL: [(&str, &str); 2] = [("WARM_POOL_MIN", "0"), ("WARM_POOL_MAX", "0")];

fn scene(name: Name) -> Scene {
    match name {
        Name::Signup | Name::Requests | Name::Move | Name::TlsAllow => {
            Scene { env: &NO_POOL, ..Scene::default() }
        }
        Name::Panel => panel::SCENE,
        Name::WarmSignup => signup::warm::SCENE,
        Name::Fleet => fleet::SCENE,
        Name::JobsChaos => Scene::default(),
        Name::Jobs => jobs::SCENE,
        Name::Backups => backups::SCENE,
        Name::Push => Scene { more_replicas: 3, env: &NO_POOL, ..Scene::default() },
    }
}
