//! Pages for people who are logged in: everybody else is sent to the login.

use actix_web::{
    Error, FromRequest, Handler, HttpRequest, HttpResponse, http::header::LOCATION, web::Payload,
};
use hotelhub_http::error::{ApiError, ApiResult};

/// `page`, where a missing or ended session leads to the login instead of to an error.
///
/// The arguments are read in here, because it is reading them that finds no session.
pub(super) fn behind_login<F, Args>(
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
                Err(error) if is_unauthenticated(&error) => Ok(to_login()),
                other => other,
            }
        }
    }
}

fn is_unauthenticated(error: &Error) -> bool {
    error.as_error::<ApiError>().is_some_and(|it| it.code() == "UNAUTHENTICATED")
}

pub(super) fn to_login() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, "/login")).finish()
}
