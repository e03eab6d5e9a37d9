//! The mail catcher as a process of its own: `up` starts it and shows its pages.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use platform_tests::mail::{Catcher, MailStore, serve_pages};

/// Where to listen and where to keep.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where mail is taken.
    #[arg(long)]
    smtp: SocketAddr,
    /// Where it is shown.
    #[arg(long)]
    http: SocketAddr,
    /// Where it is kept.
    #[arg(long)]
    dir: PathBuf,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(args: Args) -> Result<()> {
    let store = MailStore::open(&args.dir)?;
    let catcher = Catcher::listen(args.smtp, store.clone()).await?;
    serve_pages(args.http, store).await?;
    drop(catcher);
    Ok(())
}
