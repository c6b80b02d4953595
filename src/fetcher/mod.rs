//! What the server asks of web servers that dialplans name.
//!
//! A question must not lead into our own network, whoever wrote it: an address that is not public is
//! not connected to, unless its host is named in `fetcher.private_hosts`. Names are resolved here, so
//! that what is checked is what is connected to, and each redirect is checked like the first URL.

mod address;

use crate::{causes::with_causes, config::Fetching};
use address::is_public;
use call::dialplan::{WebInto, WebOrder};
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::{self, Attempt, Policy},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::lookup_host, sync::Semaphore, time::timeout};

/// Asks; clones share connections and limits.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    private_hosts: Arc<BTreeSet<String>>,
    /// A place for each question under way.
    places: Arc<Semaphore>,
}

/// Why a question has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing can be asked at all.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
    /// Somebody wrote no URL.
    #[error("{0:?} is no URL")]
    NoUrl(String),
    /// It would lead into a network that is not public.
    #[error(
        "{0} is not a public address; if it may be asked nevertheless, name it in fetcher.private_hosts"
    )]
    Private(String),
    /// Too many questions are under way.
    #[error("{AT_ONCE_MAX} questions are under way")]
    Busy,
    /// It took too long.
    #[error("no answer within {0} s")]
    Late(u32),
    /// It could not be reached, or broke off.
    #[error("{0}")]
    Failed(String),
    /// It has another answer than 2xx.
    #[error("the answer is {0}")]
    Status(u16),
    /// Its answer is longer than we take.
    #[error("the answer is longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
    /// Its answer is to be JSON and is not.
    #[error("the answer is no JSON: {0}")]
    NoJson(String),
    /// There is no text, number or truth value where one is to be.
    #[error("the answer has no value at {0}")]
    NoValue(String),
}

impl Fetcher {
    /// With nothing under way.
    pub fn new(config: &Fetching) -> Result<Self, FetchError> {
        let private_hosts = Arc::new(config.private_hosts.clone());
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let failed = |error: &dyn std::fmt::Display| FetchError::Setup(error.to_string());
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let allowed = Arc::clone(&private_hosts);
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            // A proxy would connect for us, and to whatever it likes.
            .no_proxy()
            .redirect(Policy::custom(move |attempt| follow(attempt, &allowed)))
            .dns_resolver(Arc::new(Resolver { private_hosts: Arc::clone(&private_hosts) }))
            .user_agent(concat!("Tandem/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { client, private_hosts, places: Arc::new(Semaphore::new(AT_ONCE_MAX)) })
    }

    /// Asks, and takes what is wanted from the answer: variables with their values.
    pub async fn ask(&self, order: &WebOrder) -> Result<Vec<(String, String)>, FetchError> {
        let _place = self.places.try_acquire().map_err(|_| FetchError::Busy)?;
        let limit = Duration::from_secs(order.timeout_s.into());
        let body = timeout(limit, self.body(order)).await;
        let body = body.unwrap_or(Err(FetchError::Late(order.timeout_s)))?;
        taken(&body, &order.into)
    }

    async fn body(&self, order: &WebOrder) -> Result<Vec<u8>, FetchError> {
        let url = Url::parse(&order.url).map_err(|_| FetchError::NoUrl(order.url.clone()))?;
        check_host(&url, &self.private_hosts)?;
        let request = if order.post.is_empty() {
            self.client.get(url)
        } else {
            let pairs = order.post.iter().map(|(name, value)| (name.clone(), value.clone().into()));
            let document = serde_json::Value::Object(pairs.collect());
            let request = self.client.post(url).header("content-type", "application/json");
            request.body(document.to_string())
        };
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        whole(&mut response).await
    }
}

/// Not longer than we take, whatever its length is said to be.
async fn whole(response: &mut Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn taken(body: &[u8], into: &WebInto) -> Result<Vec<(String, String)>, FetchError> {
    let parts = match into {
        WebInto::Text(name) => {
            let text = String::from_utf8_lossy(body).trim().to_owned();
            return Ok(vec![(name.clone(), text)]);
        }
        WebInto::Json(parts) => parts,
    };
    let document: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| FetchError::NoJson(error.to_string()))?;
    let value = |pointer: &String| match document.pointer(pointer) {
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(it @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => {
            Some(it.to_string())
        }
        Some(
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_),
        )
        | None => None,
    };
    let of = |(name, pointer): &(String, String)| {
        let value = value(pointer).ok_or_else(|| FetchError::NoValue(pointer.clone()))?;
        Ok((name.clone(), value))
    };
    parts.iter().map(of).collect()
}

/// An address in a URL is not resolved, and so is checked here; names are when they are resolved.
fn check_host(url: &Url, private_hosts: &BTreeSet<String>) -> Result<(), FetchError> {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(address) if !is_public(address) && !private_hosts.contains(&address.to_string()) => {
            Err(FetchError::Private(host.to_owned()))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn follow(attempt: Attempt<'_>, private_hosts: &BTreeSet<String>) -> redirect::Action {
    let was_safe = attempt.previous().last().is_some_and(|it| it.scheme() == "https");
    if attempt.previous().len() > REDIRECTS_MAX {
        return attempt.error("too many redirects");
    }
    if was_safe && attempt.url().scheme() != "https" {
        return attempt.error("a redirect from https to http");
    }
    match check_host(attempt.url(), private_hosts) {
        Ok(()) => attempt.follow(),
        Err(error) => attempt.error(error),
    }
}

/// Gives addresses that may be connected to.
#[derive(Debug)]
struct Resolver {
    private_hosts: Arc<BTreeSet<String>>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let may_be_private = self.private_hosts.contains(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = lookup_host((name.as_str(), 0)).await?.collect();
            let usable: Vec<_> =
                found.into_iter().filter(|it| may_be_private || is_public(it.ip())).collect();
            if usable.is_empty() {
                return Err(FetchError::Private(name.as_str().to_owned()).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

fn failed(error: &reqwest::Error) -> FetchError {
    FetchError::Failed(with_causes(error))
}

/// Questions under way at once; more are refused.
const AT_ONCE_MAX: usize = 256;

/// The longest answer that is taken, in bytes.
const BODY_BYTES_MAX: usize = 64 << 10;

/// How often a question is sent elsewhere at most.
const REDIRECTS_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_from_where_the_plan_says() {
        let body = br#"{"to": "1002", "client": {"vip": true, "age": 41, "name": null}}"#;
        let into = |pointers: &[&str]| {
            let named =
                (0..).zip(pointers).map(|(n, it): (u8, _)| (n.to_string(), (*it).to_owned()));
            WebInto::Json(named.collect())
        };
        let values = |pointers: &[&str]| {
            let taken = taken(body, &into(pointers));
            taken.map(|it| it.into_iter().map(|(_, value)| value).collect::<Vec<_>>())
        };

        assert_eq!(values(&["/to", "/client/vip", "/client/age"]).unwrap(), ["1002", "true", "41"]);
        for nothing in ["/client/name", "/client", "/from"] {
            let error = values(&["/to", nothing]).unwrap_err();
            assert!(matches!(error, FetchError::NoValue(_)), "{error}");
        }
        assert!(matches!(taken(b"1002", &into(&["/to"])), Err(FetchError::NoValue(_))));
        assert!(matches!(taken(b"<html>", &into(&["/to"])), Err(FetchError::NoJson(_))));
        let text = taken(b" 1002\r\n", &WebInto::Text("to".to_owned())).unwrap();
        assert_eq!(text, [("to".to_owned(), "1002".to_owned())]);
    }

    #[tokio::test]
    async fn what_is_not_public_is_not_asked() {
        let fetcher = Fetcher::new(&Fetching { private_hosts: BTreeSet::new() }).unwrap();
        for url in [
            "http://127.0.0.1:1/",
            "http://[::1]:1/",
            "http://[::ffff:10.0.0.1]/",
            "http://localhost:1/",
            "http://169.254.169.254/latest/meta-data",
            "http://2130706433/",
            "http://0x7f.1/",
        ] {
            let order = WebOrder {
                url: url.to_owned(),
                post: Vec::new(),
                timeout_s: 5,
                into: WebInto::Text("said".to_owned()),
            };
            let error = fetcher.ask(&order).await.unwrap_err().to_string();
            assert!(error.contains("is not a public address"), "{url}: {error}");
        }
    }
}
