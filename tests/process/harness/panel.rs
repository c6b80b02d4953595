//! A panel of ours without its browser: signs in, and reads the stream of facts.

use super::Server;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket, client, client::IntoClientRequest as _,
};

/// Somebody who is signed in.
#[derive(Debug)]
pub(crate) struct Visitor<'a> {
    server: &'a Server,
    cookie: String,
    csrf: String,
}

/// Their connected panel.
#[derive(Debug)]
pub(crate) struct Panel {
    socket: WebSocket<TcpStream>,
    /// Frames that came, each when it came.
    pub(crate) frames: Vec<(Instant, Value)>,
}

impl<'a> Visitor<'a> {
    /// Signs in at the demo domain.
    pub(crate) fn sign_in(server: &'a Server, login: &str) -> Self {
        Self::sign_in_at(server, "demo.tandem.test", login)
    }

    /// Signs in with the demo's password.
    pub(crate) fn sign_in_at(server: &'a Server, domain: &str, login: &str) -> Self {
        let visitor = Self { server, cookie: String::new(), csrf: String::new() };
        let body = json!({"domain": domain, "login": login, "password": "demo"});
        let (status, head, me) = visitor.ask("POST", "/auth/login", "", &body);
        assert_eq!(status, 200, "{me}");
        let cookie = head.lines().find_map(|it| it.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|it| it.split(';').next()).unwrap_or_default().to_owned();
        Self { cookie, csrf: me["csrf"].as_str().unwrap_or_default().to_owned(), ..visitor }
    }

    /// `GET path` below the API's base.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.ask("GET", path, "", &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Status of `POST path`.
    pub(crate) fn post(&self, path: &str) -> u16 {
        self.act("POST", path, None, &json!({})).0
    }

    /// Status and body of any request; `version` is the one that was seen.
    pub(crate) fn act(
        &self,
        method: &str,
        path: &str,
        version: Option<&Value>,
        body: &Value,
    ) -> (u16, Value) {
        let version = version.map(|it| format!("If-Match: {it}\r\n")).unwrap_or_default();
        let (status, _, body) = self.ask(method, path, &version, body);
        (status, body)
    }

    /// Status, head and bytes of `GET path` with one more header.
    pub(crate) fn fetch(&self, path: &str, header: &str) -> (u16, String, Vec<u8>) {
        self.exchange("GET", path, &format!("{header}\r\n"), "")
    }

    /// Opens the stream of facts, and waits for the welcome.
    pub(crate) fn connect(&self, hello: &Value) -> Panel {
        let address = self.server.http();
        let mut request =
            format!("ws://{address}/api/v1/events").into_client_request().expect("it is a URL");
        let cookie = self.cookie.parse().expect("it came in a header");
        request.headers_mut().insert("cookie", cookie);
        let stream = TcpStream::connect(address).expect("the server listens");
        let (socket, _) = client(request, stream).expect("the panel is let in");
        let mut panel = Panel { socket, frames: Vec::new() };
        panel.say(&json!({ "hello": hello }));
        let welcome = panel.next_message(LIMIT).expect("it is welcomed");
        assert!(welcome["welcome"]["seq"].is_u64(), "{welcome}");
        panel
    }

    fn ask(&self, method: &str, path: &str, more: &str, body: &Value) -> (u16, String, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, head, answer) = self.exchange(method, path, more, &body);
        (status, head, serde_json::from_slice(&answer).unwrap_or_default())
    }

    fn exchange(&self, method: &str, path: &str, more: &str, body: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.server.http()).expect("the server listens");
        stream.set_read_timeout(Some(LIMIT)).expect("timeout can be set");
        let head = format!(
            "{method} /api/v1{path} HTTP/1.0\r\nHost: localhost\r\nCookie: {}\r\nX-CSRF: {}\r\n\
             {more}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            self.csrf,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("the server reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the server answers");
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").expect("it is HTTP");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
        (status, head, answer.split_off(end + 4))
    }
}

impl Panel {
    fn say(&mut self, what: &Value) {
        self.socket.send(Message::text(what.to_string())).expect("the server reads");
    }

    /// Waits until a frame came for which this is so; gives when it came. Frames that came before
    /// count.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Instant {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some((at, _)) = self.frames.iter().find(|(_, frame)| is_it(frame)) {
                return *at;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(message) = self.next_message(left) else {
                panic!("no {what} within {LIMIT:?}: {:#?}", self.frames)
            };
            self.take_in(message);
        }
    }

    /// Why the server closes the connection.
    #[track_caller]
    pub(crate) fn close_code(&mut self) -> u16 {
        self.set_limit(LIMIT);
        loop {
            match self.socket.read() {
                Ok(Message::Close(Some(frame))) => return frame.code.into(),
                Ok(_) => {}
                Err(error) => panic!("no goodbye: {error}"),
            }
        }
    }

    fn take_in(&mut self, message: Value) {
        let now = Instant::now();
        match message["b"].as_array() {
            Some(batch) => self.frames.extend(batch.iter().map(|it| (now, it.clone()))),
            None => self.frames.push((now, message)),
        }
    }

    fn next_message(&mut self, limit: Duration) -> Option<Value> {
        self.set_limit(limit.max(Duration::from_millis(1)));
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(_) => {}
                Err(Error::Io(_)) => return None,
                Err(error) => panic!("the stream ends: {error}"),
            }
        }
    }

    fn set_limit(&self, limit: Duration) {
        self.socket.get_ref().set_read_timeout(Some(limit)).expect("timeout can be set");
    }
}

const LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn array(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map_or([].iter(), |it| it.iter())
}
