//! From a request's host to the hotel it is for.

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest, dev::Payload, http::StatusCode, http::header, web::Data,
};
use futures_util::future::{Either, LocalBoxFuture};
use hotelhub_core::{
    ids::TenantId,
    life::{Access, Provisioning},
    routes::Route,
};
use hotelhub_http::error::{ApiError, ApiResult};
use hotelhub_tenancy::{
    db::{ConnectTenantError, TenantDb},
    feed::Feed,
    host::{HostError, Hostname, requested_host},
    pools::OpenTenantError,
    routes::Routes,
};

use crate::{
    access::{READ_ONLY, Refusal, admit},
    app::App,
    standing::Standing,
};

/// How long a request waits for a hotel that is being made.
const ARRIVAL: Duration = Duration::from_millis(500);

/// The hotel that a request was sent to, with the way to its data.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) route: Arc<Route>,
    pub(crate) db: TenantDb,
    pub(crate) app: Data<App>,
    pub(crate) standing: Standing,
}

impl Site {
    pub(crate) fn of(req: &HttpRequest) -> Result<Self, ApiError> {
        let app = req.app_data::<Data<App>>().ok_or_else(|| ApiError::internal("no app data"))?;
        let host = host_of(req).map_err(|error| ApiError::malformed(error.to_string()))?;
        let route = app.routes.resolve(&host).ok_or_else(unknown_host)?;
        let standing = Standing::of(req, app, &route);
        Self::open(app.clone(), route, standing)
    }

    /// The same request's hotel by another route.
    pub(crate) fn at(&self, route: Arc<Route>) -> ApiResult<Self> {
        Self::open(self.app.clone(), route, self.standing.clone())
    }

    fn open(app: Data<App>, route: Arc<Route>, standing: Standing) -> ApiResult<Self> {
        match route.provisioning {
            Provisioning::Ready => {}
            Provisioning::Pending | Provisioning::Provisioning => {
                return Err(ApiError::unavailable(
                    "TENANT_PROVISIONING",
                    "this hotel is being prepared; come back in a moment",
                    1,
                ));
            }
            Provisioning::Failed | Provisioning::Deleting | Provisioning::Deleted => {
                return Err(unknown_host());
            }
        }
        let db = app.pools.open(&route).map_err(cannot_open)?;
        Ok(Self { route, db, app, standing })
    }

    /// The answer to what the hotel may not do now.
    pub(crate) fn refuse(&self, refusal: Refusal) -> ApiError {
        let refusal = if self.is_preview() { Refusal::Preview } else { refusal };
        refusal.answer(&self.app.addresses.control)
    }

    /// What the pages call the hotel: a preview's name says of when it is.
    pub(crate) fn name(&self) -> String {
        let company = &self.route.company_name;
        match self.route.preview_of {
            Some(at) => format!("{company} · {}", at.format("%Y-%m-%d %H:%M UTC")),
            None => company.clone(),
        }
    }

    /// Whether this only shows a backup.
    pub(crate) fn is_preview(&self) -> bool {
        self.route.preview_of.is_some()
    }

    /// Refuses who may not log in now. Into a preview everybody may who could when it was made.
    pub(crate) fn admit(&self, access: Access, is_owner: bool) -> ApiResult<()> {
        let access = self.standing.learn(access);
        if self.is_preview() {
            return Ok(());
        }
        admit(access, is_owner).map_err(|it| self.refuse(it))
    }

    /// Refuses at once, without a look at the data, if the route says that nothing is served.
    pub(crate) fn refuse_if_stopped(&self) -> ApiResult<()> {
        if self.standing.is_stopped_by_route() {
            Err(self.refuse(Refusal::Stopped))
        } else {
            Ok(())
        }
    }

    /// Refuses what a hotel that is yet to be migrated cannot do.
    pub(crate) fn require_schema(&self, least: i32) -> ApiResult<()> {
        if self.has_schema(least) {
            return Ok(());
        }
        Err(ApiError::unavailable(
            "TENANT_UPDATING",
            "this part of the hotel is being updated; come back in some minutes",
            60,
        ))
    }

    /// Whether the hotel's schema is this one or newer.
    pub(crate) fn has_schema(&self, least: i32) -> bool {
        self.route.placement.as_ref().is_some_and(|it| it.schema_version >= least)
    }

    /// The audience of this hotel's tokens.
    pub(crate) fn audience(&self) -> String {
        audience_of(self.route.tenant_id)
    }
}

/// The audience of a hotel's tokens.
pub(crate) fn audience_of(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

impl FromRequest for Site {
    type Error = ApiError;
    type Future = OnceArrived<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        once_arrived(req, Self::of)
    }
}

/// What is found of a request: at once, or when the hotel's route has arrived.
pub(crate) type OnceArrived<T> = Either<Ready<ApiResult<T>>, LocalBoxFuture<'static, ApiResult<T>>>;

/// Finds `of` a request, and waits a moment if its hotel may just have been made: whoever was told
/// that it is ready may be here before the route is.
pub(crate) fn once_arrived<T: 'static>(
    req: &HttpRequest,
    of: fn(&HttpRequest) -> ApiResult<T>,
) -> OnceArrived<T> {
    let found = of(req);
    let on_its_way = match &found {
        Err(error) => OnItsWay::after(error, req),
        Ok(_) => None,
    };
    let Some(on_its_way) = on_its_way else { return Either::Left(ready(found)) };
    let req = req.clone();
    Either::Right(Box::pin(async move {
        on_its_way.wait().await;
        of(&req)
    }))
}

/// What may be on its way here.
enum OnItsWay {
    /// The route of a hotel that is not known yet.
    Unknown(Box<Feed>),
    /// The news that a hotel is ready.
    Unready(Routes, TenantId),
}

impl OnItsWay {
    fn after(error: &ApiError, req: &HttpRequest) -> Option<Self> {
        let app = req.app_data::<Data<App>>()?;
        match (error.code(), route_of(app, req)) {
            (UNKNOWN_HOST, None) => Some(Self::Unknown(Box::new(app.feed.clone()))),
            ("TENANT_PROVISIONING", Some(route)) => {
                Some(Self::Unready(app.routes.clone(), route.tenant_id))
            }
            _ => None,
        }
    }

    async fn wait(self) {
        match self {
            Self::Unknown(feed) => feed.catch_up().await,
            Self::Unready(routes, tenant) => {
                let is_made = |route: &Route| route.provisioning == Provisioning::Ready;
                routes.wait_for(tenant, ARRIVAL, is_made).await;
            }
        }
    }
}

/// The route of the host that a request was sent to.
pub(crate) fn route_of(app: &App, req: &HttpRequest) -> Option<Arc<Route>> {
    Some(route_by_host(app, req)?.1)
}

/// The host that a request was sent to, and its route.
pub(crate) fn route_by_host(app: &App, req: &HttpRequest) -> Option<(Hostname, Arc<Route>)> {
    let host = host_of(req).ok()?;
    let route = app.routes.resolve(&host)?;
    Some((host, route))
}

/// The host that a request was sent to, whosever it is.
pub(crate) fn host_of(req: &HttpRequest) -> Result<Hostname, HostError> {
    let headers = req.headers().get_all(header::HOST).map(header::HeaderValue::as_bytes);
    requested_host(headers, req.uri().authority().map(|it| it.as_str()))
}

/// The hotel that a request's log lines name.
pub(crate) fn tenant_of(req: &HttpRequest) -> Option<TenantId> {
    Some(route_of(req.app_data::<Data<App>>()?, req)?.tenant_id)
}

/// The code of the answer where no hotel is.
pub(crate) const UNKNOWN_HOST: &str = "TENANT_UNKNOWN";

fn unknown_host() -> ApiError {
    ApiError::refused(
        StatusCode::NOT_FOUND,
        UNKNOWN_HOST,
        "no hotel has this address; check its spelling, or sign up for it",
    )
}

fn cannot_open(error: OpenTenantError) -> ApiError {
    match error {
        OpenTenantError::NotPlaced => {
            ApiError::unavailable("TENANT_PROVISIONING", "this hotel is being prepared", 1)
        }
        OpenTenantError::SchemaVersion(_) => {
            ApiError::unavailable("TENANT_UPDATING", "this hotel is being updated", 5)
                .caused_by(error)
        }
        OpenTenantError::UnknownKey(_) | OpenTenantError::Pool => ApiError::internal(error),
    }
}

/// The answer when a hotel's database cannot be had.
pub(crate) fn cannot_connect(error: ConnectTenantError) -> ApiError {
    match error {
        ConnectTenantError::Busy => {
            ApiError::unavailable("BUSY", "too much at once; try again", 1).caused_by(error)
        }
        ConnectTenantError::Unreachable(_)
        | ConnectTenantError::Moved
        | ConnectTenantError::Closed => {
            ApiError::unavailable("DATABASE_UNAVAILABLE", "the hotel's data is away; try again", 2)
                .caused_by(error)
        }
        // Which of the two is wrong is not for the client to know.
        ConnectTenantError::WrongIdentity => {
            ApiError::unavailable("DATABASE_UNAVAILABLE", "the hotel's data is away; try again", 30)
                .caused_by(error)
        }
    }
}

/// The class of SQLSTATEs that complain of a value: out of range, no valid text.
const DATA_EXCEPTION: &str = "22";

/// The answer to a failure of the database in the middle of a request.
pub(crate) fn database_failed(error: tokio_postgres::Error) -> ApiError {
    use tokio_postgres::error::SqlState;
    let busy = [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
    ];
    let passing = match error.code() {
        Some(code) => busy.contains(code),
        None => error.is_closed() || error.as_db_error().is_none(),
    };
    if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        ApiError::unavailable(
            READ_ONLY,
            "the hotel's data is being moved; try again in a moment",
            2,
        )
        .caused_by(error)
    } else if passing {
        ApiError::unavailable("DATABASE_UNAVAILABLE", "the hotel's data is away; try again", 2)
            .caused_by(error)
    } else if error.code().is_some_and(|it| it.code().starts_with(DATA_EXCEPTION)) {
        ApiError::invalid("request", "holds a value that cannot be stored").caused_by(error)
    } else {
        ApiError::internal(error)
    }
}
