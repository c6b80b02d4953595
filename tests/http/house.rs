//! The API with two domains in it, and people who talk to it.

use crate::places::Place;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::sync::Arc;
use tandem::{
    clock::Clock,
    config::{Config, Secret},
    http::api::{self, ApiState},
    store::{DomainRow, NewUser, Profile, Store},
};
use tower::ServiceExt as _;

/// The server's side.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) api: ApiState,
    pub(crate) clock: Clock,
    pub(crate) domain: DomainRow,
    pub(crate) other: DomainRow,
    /// Where the database lies.
    pub(crate) _place: Place,
    router: Router,
}

/// Somebody with a browser.
pub(crate) struct Visitor {
    router: Router,
    clock: Clock,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    pub(crate) language: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Everybody's.
pub(crate) const PASSWORD: &str = "correct horse";

impl House {
    /// Domains `a.example` and `b.example`, without people.
    pub(crate) async fn open(place: Place) -> Self {
        Self::with_config(place, "").await
    }

    pub(crate) async fn with_config(place: Place, text: &str) -> Self {
        Self::dressed(place, text, |api| api).await
    }

    /// The same with more in its state, which `dress` puts there.
    pub(crate) async fn dressed(
        place: Place,
        text: &str,
        dress: impl FnOnce(ApiState) -> ApiState,
    ) -> Self {
        let store = place.open().await;
        store.add_domain("a.example").await.unwrap();
        store.add_domain("b.example").await.unwrap();
        let domain = store.require_domain("a.example").await.unwrap();
        let other = store.require_domain("b.example").await.unwrap();
        let config = Config::parse(text, &tandem::config::Overrides::default()).unwrap();
        let clock = Clock::stopped();
        let mailer = config.mail.as_ref().and_then(tandem::mail::Mailer::new);
        let api = dress(ApiState::new(store.clone(), Arc::new(config), mailer, clock.clone()));
        let router = Router::new().nest(api::BASE, api::router(api.clone()));
        Self { store, api, clock, domain, other, _place: place, router }
    }

    /// Adds somebody with these roles.
    pub(crate) async fn add(
        &self,
        domain: &DomainRow,
        login: &str,
        roles: &[&str],
    ) -> base::UserId {
        let user = NewUser {
            login: login.to_owned(),
            password: Secret::new(PASSWORD),
            profile: Profile { display_name: login.to_owned(), ..Profile::default() },
            roles: roles.iter().map(|&it| it.to_owned()).collect(),
        };
        self.store.add_user(domain.id, user).await.unwrap()
    }

    /// Adds somebody with these roles and signs them in.
    pub(crate) async fn visitor(&self, domain: &DomainRow, login: &str, roles: &[&str]) -> Visitor {
        self.add(domain, login, roles).await;
        let mut visitor = self.stranger();
        let reply = visitor.sign_in(&domain.name, login, PASSWORD).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        visitor
    }

    /// What serves the API.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Nobody yet.
    pub(crate) fn stranger(&self) -> Visitor {
        Visitor {
            router: self.router.clone(),
            clock: self.clock.clone(),
            cookie: String::new(),
            csrf: String::new(),
            language: "ru",
        }
    }
}

impl Visitor {
    /// Keeps the cookie and the token that come with a session.
    pub(crate) async fn sign_in(&mut self, domain: &str, login: &str, password: &str) -> Reply {
        let wanted = serde_json::json!({ "domain": domain, "login": login, "password": password });
        let reply = self.post("/auth/login", wanted).await;
        self.remember(&reply);
        reply
    }

    /// Keeps the cookie and the token of an answer that opens a session.
    pub(crate) fn remember(&mut self, reply: &Reply) {
        if let Some(cookie) = reply.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().into();
            self.csrf = reply.json()["csrf"].as_str().unwrap_or_default().into();
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path), Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send_json(self.request(Method::POST, path), &body).await
    }

    /// Any method, with a body and the version that was seen, where there is one.
    pub(crate) async fn act(
        &self,
        method: Method,
        path: &str,
        version: Option<i64>,
        body: Value,
    ) -> Reply {
        let mut request = self.request(method, path);
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version.to_string());
        }
        self.send_json(request, &body).await
    }

    /// A request with everything that the page puts into it.
    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", api::BASE))
            .header(header::HOST, HOST)
            .header(header::ORIGIN, format!("http://{HOST}"))
            .header(header::ACCEPT_LANGUAGE, self.language);
        if !self.cookie.is_empty() {
            request = request.header(header::COOKIE, &self.cookie).header("x-csrf", &self.csrf);
        }
        request
    }

    pub(crate) async fn send_json(
        &self,
        request: axum::http::request::Builder,
        body: &Value,
    ) -> Reply {
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request, Body::from(body.to_string())).await
    }

    pub(crate) async fn send(&self, request: axum::http::request::Builder, body: Body) -> Reply {
        self.send_whole(request.body(body).unwrap()).await
    }

    /// Each request takes a millisecond, so that what happens has an order.
    pub(crate) async fn send_whole(&self, request: Request<Body>) -> Reply {
        self.clock.advance(std::time::Duration::from_millis(1));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

impl Reply {
    /// The body as JSON; `null` for none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The status and the code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{self:?}");
        (self.status.as_u16(), self.json()["code"].as_str().unwrap().to_owned())
    }
}

/// What the browser's address bar says.
pub(crate) const HOST: &str = "desk.example:8080";
