//! The caught mail as pages, for people who try the platform.

use std::{fmt::Write as _, net::SocketAddr};

use actix_web::{
    App, HttpResponse, HttpServer,
    http::header::CONTENT_SECURITY_POLICY,
    web::{Data, Path, get},
};
use anyhow::{Context as _, Result};

use super::{CaughtMail, MailStore};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;\
    padding:0 1rem;color:#1b1b1b}table{border-collapse:collapse;width:100%}\
    td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ddd}\
    pre{white-space:pre-wrap;background:#f6f5f2;padding:1rem}\
    iframe{width:100%;height:40rem;border:1px solid #ddd}";

/// Serves the messages of `store` until SIGTERM or SIGINT.
///
/// # Errors
/// Fails if the address is taken.
pub async fn serve(address: SocketAddr, store: MailStore) -> Result<()> {
    HttpServer::new(move || {
        App::new()
            .app_data(Data::new(store.clone()))
            .route("/", get().to(list))
            .route("/api/mails", get().to(list_as_json))
            .route("/mails/{number}.eml", get().to(raw))
            .route("/mails/{number}", get().to(show))
    })
    .workers(1)
    .shutdown_timeout(1)
    .bind(address)
    .with_context(|| format!("show mail on {address}"))?
    .run()
    .await
    .context("show mail")
}

async fn list(store: Data<MailStore>) -> HttpResponse {
    let mut rows = String::new();
    for mail in store.list().iter().rev() {
        write!(
            rows,
            "<tr><td>{0}</td><td><a href=\"/mails/{0}\">{1}</a></td><td>{2}</td></tr>",
            mail.number,
            escape(&mail.subject),
            escape(&mail.to.join(", ")),
        )
        .unwrap_or_default();
    }
    page(
        "Caught mail",
        &format!("<table><tr><th>#</th><th>Subject</th><th>To</th></tr>{rows}</table>"),
    )
}

async fn list_as_json(store: Data<MailStore>) -> HttpResponse {
    HttpResponse::Ok().json(store.list())
}

async fn show(number: Path<u32>, store: Data<MailStore>) -> HttpResponse {
    match store.find(*number) {
        Some(mail) => page(&mail.subject, &body(&mail)),
        None => HttpResponse::NotFound().body("no such mail"),
    }
}

async fn raw(number: Path<u32>, store: Data<MailStore>) -> HttpResponse {
    match store.raw(*number) {
        Ok(raw) => HttpResponse::Ok().content_type("message/rfc822").body(raw),
        Err(_unknown) => HttpResponse::NotFound().body("no such mail"),
    }
}

fn body(mail: &CaughtMail) -> String {
    let html = mail.html.as_deref().map_or_else(String::new, |html| {
        // Sandboxed without exceptions: no script of a mail runs, no form of it is sent.
        format!("<h2>HTML</h2><iframe sandbox srcdoc=\"{}\"></iframe>", escape(html))
    });
    format!(
        "<table><tr><th>From</th><td>{}</td></tr><tr><th>To</th><td>{}</td></tr>\
         <tr><th>Message-ID</th><td>{}</td></tr></table><pre>{}</pre>{html}\
         <p><a href=\"/\">All mail</a> · <a href=\"/mails/{}.eml\">Source</a></p>",
        escape(&mail.from),
        escape(&mail.to.join(", ")),
        escape(&mail.message_id),
        escape(&mail.text),
        mail.number,
    )
}

fn page(title: &str, body: &str) -> HttpResponse {
    let title = escape(title);
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
        ))
        .body(format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
             <style>{STYLE}</style><h1>{title}</h1>{body}</html>"
        ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
