//! The reference of `tls-allow`: one bare actix-web handler that reads the question, looks at nothing
//! and says no. A process of its own, with as many workers as the product has.

use std::net::Ipv4Addr;

use actix_web::{
    App, HttpResponse, HttpServer,
    web::{Query, get},
};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// Where to listen.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    port: u16,
}

#[derive(Deserialize)]
struct AllowQuery {
    domain: String,
}

/// As long as the product's.
#[derive(Serialize)]
struct Answer {
    success: bool,
    error: Refusal,
}

#[derive(Serialize)]
struct Refusal {
    code: &'static str,
    message: &'static str,
    domain: String,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(args: Args) -> Result<()> {
    HttpServer::new(|| App::new().route("/tls/allow", get().to(refuse)))
        .shutdown_timeout(1)
        .bind((Ipv4Addr::LOCALHOST, args.port))
        .context("listen")?
        .run()
        .await
        .context("serve")
}

async fn refuse(query: Query<AllowQuery>) -> HttpResponse {
    let error = Refusal {
        code: "DOMAIN_UNKNOWN",
        message: "no certificate may be issued for this name",
        domain: query.into_inner().domain,
    };
    HttpResponse::NotFound().json(Answer { success: false, error })
}
