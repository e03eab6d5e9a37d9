//! Builds with the profile that is measured, and goes on as the `xtask` of that build.

use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::{say, state::workspace, tool::Tool};

/// How the programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Profile {
    /// As they are shipped.
    Release,
    /// As they are tested: quick to build; its figures are worth nothing.
    Dev,
}

impl Profile {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    /// Its folder among those that cargo builds to.
    fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

/// Where cargo builds to. Not always in the workspace: a developer may have set another place.
fn target() -> Result<PathBuf> {
    let here = std::env::current_exe().context("find our own executable")?;
    here.ancestors().nth(2).map(Path::to_owned).context("our own executable stands nowhere")
}

/// Where results and logs are kept.
pub(super) fn folder() -> Result<PathBuf> {
    let folder = target()?.join("bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}

/// Builds everything, and replaces this process by the `xtask` that was built.
pub(super) async fn build_and_become(
    profile: Profile,
    name: Option<&str>,
    sizes: &[String],
) -> Result<()> {
    let build = Tool::cargo(&folder()?.join("build.log"))
        .args(&["build", "--profile", profile.text(), "--workspace", "--bins"])
        .in_folder(&workspace()?)
        .run();
    let what = format!("building ({})", profile.text());
    say::during(&what, build).await.context("the build failed: mend it and run again")?;
    let xtask = target()?.join(profile.folder()).join("xtask");
    let mut command = Command::new(&xtask);
    command.args(["bench", "--built", "--profile", profile.text()]).args(name).args(sizes);
    let error = command.exec();
    bail!("become {}: {error}", xtask.display())
}
