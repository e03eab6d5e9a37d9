//! Pages for people who are logged in: everybody else is sent to the login.

use actix_web::{
    Error, FromRequest, Handler, HttpRequest, HttpResponse, http::header::LOCATION, web::Payload,
};

use crate::error::{ApiError, ApiResult};

/// Where people are sent who may not see a page yet.
#[derive(Clone, Copy, Debug)]
pub struct LoginGate {
    /// The path of the page where people log in.
    pub login: &'static str,
    /// For other refusals, by their code: the path of the page where something is to be done first.
    pub first: &'static [(&'static str, &'static str)],
}

impl LoginGate {
    /// `page`, where a missing or ended session leads to the login instead of to an error.
    ///
    /// The arguments are read in here, because it is reading them that finds no session.
    pub fn behind<F, Args>(
        self,
        page: F,
    ) -> impl Handler<(HttpRequest, Payload), Output = Result<HttpResponse, Error>>
    where
        F: Handler<Args, Output = ApiResult<HttpResponse>>,
        Args: FromRequest + 'static,
    {
        move |req: HttpRequest, payload: Payload| {
            let page = page.clone();
            async move {
                let answered = match Args::from_request(&req, &mut payload.into_inner()).await {
                    Ok(arguments) => page.call(arguments).await.map_err(Error::from),
                    Err(error) => Err(error.into()),
                };
                match answered {
                    Err(error) => self.place_of(&error).map(see).ok_or(error),
                    answer => answer,
                }
            }
        }
    }

    /// Leads to the login.
    #[must_use]
    pub fn to_login(self) -> HttpResponse {
        see(self.login)
    }

    fn place_of(self, error: &Error) -> Option<&'static str> {
        let code = error.as_error::<ApiError>()?.code();
        if code == "UNAUTHENTICATED" {
            return Some(self.login);
        }
        self.first.iter().find(|(it, _)| *it == code).map(|(_, place)| *place)
    }
}

fn see(place: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}
