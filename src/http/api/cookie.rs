//! The session's cookie.
//!
//! `__Host-` binds it to this host and to Secure; browsers take it over plain HTTP from loopback, too.
//! Where the panel is served in the clear to others, `http.secure_cookies = false` gives a plain one.

use crate::config;
use axum::http::{HeaderMap, HeaderValue, header};

/// The cookie that a browser brought.
pub(super) fn read(headers: &HeaderMap, http: &config::Http) -> Option<String> {
    let name = name(http);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'))
        .filter_map(|it| it.trim().split_once('='))
        .find(|(it, _)| *it == name)
        .map(|(_, value)| value.to_owned())
}

/// `Set-Cookie` with a session's secret.
pub(super) fn set(token: &str, http: &config::Http) -> HeaderValue {
    line(token, "", http)
}

/// `Set-Cookie` that makes the browser forget it.
pub(super) fn clear(http: &config::Http) -> HeaderValue {
    line("", "; Max-Age=0", http)
}

fn line(token: &str, age: &str, http: &config::Http) -> HeaderValue {
    let secure = if http.secure_cookies { "; Secure" } else { "" };
    let line = format!("{}={token}; Path=/; HttpOnly{secure}; SameSite=Strict{age}", name(http));
    HeaderValue::try_from(line).expect("hexadecimal digits are a header's text")
}

fn name(http: &config::Http) -> &'static str {
    if http.secure_cookies { "__Host-tandem" } else { "tandem" }
}
