//! The list of all routes: none gets in without saying who may take it.

use super::{ApiState, guard};
use crate::store::Right;
use axum::{Router, middleware};
use utoipa::openapi::{OpenApi, path::PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Who may take a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Everybody who is signed in.
    AnySession,
    /// Who is signed in and has this right.
    Right(Right),
    /// Who is signed in and has one of these rights.
    AnyOf(&'static [Right]),
}

/// One method of one path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// `GET`.
    pub method: &'static str,
    /// Below the API's base, with its parameters in braces: `/admin/users/{id}`.
    pub path: String,
    /// Who may take it.
    pub access: Access,
}

/// The routes so far, with their guards and their description.
pub struct Door {
    router: OpenApiRouter<ApiState>,
    routes: Vec<Route>,
}

impl Door {
    pub(super) fn new() -> Self {
        Self { router: OpenApiRouter::new(), routes: Vec::new() }
    }

    /// Adds what `utoipa_axum::routes!` made of one path's handlers; the guard sees to it that
    /// only those get in whom `access` means.
    #[must_use]
    pub fn route(mut self, access: Access, routes: UtoipaMethodRouter<ApiState>) -> Self {
        let (schemas, paths, handlers) = routes;
        for (path, item) in &paths.paths {
            let methods = methods_of(item).into_iter();
            self.routes.extend(methods.map(|method| Route { method, path: path.clone(), access }));
        }
        let handlers = handlers.layer(middleware::from_fn_with_state(access, guard::guard));
        Self { router: self.router.routes((schemas, paths, handlers)), routes: self.routes }
    }

    /// All routes.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// What serves them, and their description.
    pub(super) fn open(self) -> (Router<ApiState>, OpenApi) {
        self.router.split_for_parts()
    }
}

fn methods_of(item: &PathItem) -> Vec<&'static str> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_ref().map(|_| method))
    .collect()
}
