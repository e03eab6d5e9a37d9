//! Style sheets and scripts that are part of the program, served under names that change with
//! their content, so that browsers may keep them for ever.

use actix_web::{HttpResponse, http::header, web::ServiceConfig};
use hotelhub_core::keys::sha256;

use crate::endpoint::Endpoint;

/// A file that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its name, e.g. `design.css`.
    pub name: &'static str,
    /// Its content.
    pub content: &'static str,
}

/// The design system that all our pages share.
pub const DESIGN: Asset =
    Asset { name: "design.css", content: include_str!("../assets/design.css") };

impl Asset {
    /// The path that pages link to.
    #[must_use]
    pub fn path(&self) -> String {
        let sum = sha256(self.content.as_bytes());
        let tag: String = sum.iter().take(6).map(|it| format!("{it:02x}")).collect();
        format!("/assets/{tag}/{}", self.name)
    }

    const fn content_type(self) -> &'static str {
        match self.name.as_bytes() {
            [.., b'.', b'j', b's'] => "text/javascript; charset=utf-8",
            [.., b'.', b's', b'v', b'g'] => "image/svg+xml",
            _ => "text/css; charset=utf-8",
        }
    }

    /// Serves the file at its path.
    pub fn register(self, app: &mut ServiceConfig) {
        let answer = move || {
            let response = HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, self.content_type()))
                .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
                .body(self.content);
            std::future::ready(response)
        };
        Endpoint::at(&self.path()).get(answer).register(app);
    }
}
