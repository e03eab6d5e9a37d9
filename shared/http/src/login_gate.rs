//! Pages for people who are logged in: everybody else is sent to the login.

use actix_web::{
    Error, FromRequest, Handler, HttpRequest, HttpResponse, http::header::LOCATION, web::Payload,
};

use crate::error::{ApiError, ApiResult};

/// The path of the page where people log in.
#[derive(Clone, Copy, Debug)]
pub struct LoginGate(pub &'static str);

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
                    Err(error) if is_unauthenticated(&error) => Ok(self.to_login()),
                    other => other,
                }
            }
        }
    }

    /// Leads to the login.
    #[must_use]
    pub fn to_login(self) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((LOCATION, self.0)).finish()
    }
}

fn is_unauthenticated(error: &Error) -> bool {
    error.as_error::<ApiError>().is_some_and(|it| it.code() == "UNAUTHENTICATED")
}
