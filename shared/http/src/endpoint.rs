//! A path with its methods: an unknown method is refused with the list of those it has.

use actix_web::{
    FromRequest, Handler, Resource, Responder, guard,
    http::Method,
    web::{self, ServiceConfig},
};

use crate::error::ApiError;

/// Where endpoints are added.
pub trait Routes {
    /// Takes an endpoint in.
    fn take(&mut self, path: String, methods: Vec<&'static str>, resource: Resource);
}

impl Routes for ServiceConfig {
    fn take(&mut self, _: String, _: Vec<&'static str>, resource: Resource) {
        self.service(resource);
    }
}

/// A list of endpoints, each with its methods: so that a test forgets none.
#[derive(Debug, Default)]
pub struct RouteList(pub Vec<(String, Vec<&'static str>)>);

impl Routes for RouteList {
    fn take(&mut self, path: String, methods: Vec<&'static str>, _: Resource) {
        self.0.push((path, methods));
    }
}

/// One path and what may be done there.
pub struct Endpoint {
    path: String,
    resource: Resource,
    methods: Vec<&'static str>,
}

impl Endpoint {
    /// The endpoint at `path`, e.g. `/api/v1/tenants/{tenant_id}`.
    #[must_use]
    pub fn at(path: &str) -> Self {
        Self { path: path.to_owned(), resource: web::resource(path), methods: Vec::new() }
    }

    /// Answers GET, and HEAD the same without a body.
    #[must_use]
    pub fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        self.resource = self.resource.route(web::route().guard(either).to(handler));
        self.methods.extend(["GET", "HEAD"]);
        self
    }

    /// Answers POST.
    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, "POST", handler)
    }

    /// Answers PUT.
    #[must_use]
    pub fn put<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PUT, "PUT", handler)
    }

    /// Answers PATCH.
    #[must_use]
    pub fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PATCH, "PATCH", handler)
    }

    /// Answers DELETE.
    #[must_use]
    pub fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::DELETE, "DELETE", handler)
    }

    /// Adds the endpoint to the program, or to a list of what it has.
    pub fn register(self, app: &mut impl Routes) {
        let Self { path, resource, methods } = self;
        let allow = methods.join(", ");
        let resource = resource.default_service(web::to(move || {
            let allow = allow.clone();
            std::future::ready(Err::<&str, _>(ApiError::wrong_method(allow)))
        }));
        app.take(path, methods, resource);
    }

    fn on<F, Args>(mut self, method: Method, name: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.resource = self.resource.route(web::method(method).to(handler));
        self.methods.push(name);
        self
    }
}
