//! The panels: each reads what it is told and notes how late it is.

use crate::server::Begun;
use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tandem::http::api::time;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// All of them.
#[derive(Debug)]
pub(crate) struct Panels(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Heard>,
    /// The message that came last and when its frames were written: all panels are told the same,
    /// and what it takes to read it must not count as the server's delay.
    latest: Mutex<(String, Arc<[i64]>)>,
    connected: AtomicUsize,
}

/// How late each frame of each panel came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) delays_ms: Vec<u32>,
}

/// One frame, or several of a list.
#[derive(Debug, Deserialize)]
struct Told {
    at: Option<String>,
    #[serde(default)]
    b: Vec<Frame>,
}

/// A question whether the panel is still there.
#[derive(Debug, Deserialize)]
struct Ping {
    ping: u64,
}

#[derive(Debug, Deserialize)]
struct Frame {
    at: String,
}

/// How long a panel may take to be welcomed.
const WELCOME_LIMIT: Duration = Duration::from_secs(30);

impl Panels {
    /// Connects them one after the other, turn about for each person.
    pub(crate) async fn connect(begun: &Begun, panels: usize) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        for (n, cookie) in (0..panels).zip(begun.cookies.iter().cycle()) {
            let connecting = connect(&begun.address, cookie, n);
            let socket = timeout(WELCOME_LIMIT, connecting).await.context("no welcome")??;
            shared.connected.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(listen(socket, shared.clone()));
        }
        Ok(Self(shared))
    }

    /// How many are there still.
    pub(crate) fn connected(&self) -> usize {
        self.0.connected.load(Ordering::Relaxed)
    }

    /// What came until now does not count.
    pub(crate) fn forget(&self) {
        self.0.heard().delays_ms.clear();
    }

    /// What came since, in order of lateness.
    pub(crate) fn heard(&self) -> Heard {
        let mut heard = self.0.heard().clone();
        heard.delays_ms.sort_unstable();
        heard
    }
}

impl Shared {
    /// When the frames of a message were written; `None` if it holds none.
    fn times_of(&self, text: &str) -> Option<Arc<[i64]>> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.0 != text {
            let told: Told = serde_json::from_str(text).ok()?;
            let times = told.at.into_iter().chain(told.b.into_iter().map(|it| it.at));
            let times = times.filter_map(|it| time::parse(&it)).map(|it| it.0).collect();
            *latest = (text.to_owned(), times);
        }
        Some(latest.1.clone())
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// The delay that this share of the frames does not exceed. The delays must be in order.
    pub(crate) fn quantile_ms(&self, share: f64) -> Option<u32> {
        let last = self.delays_ms.len().checked_sub(1)?;
        self.delays_ms.get((last as f64 * share) as usize).copied()
    }
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(address: &str, cookie: &str, n: usize) -> Result<Socket> {
    let mut request = format!("ws://{address}/api/v1/events").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse()?);
    headers.insert("origin", format!("http://{address}").parse()?);
    let (mut socket, _) = client_async(request, TcpStream::connect(address).await?).await?;
    let hello = format!(r#"{{"hello":{{"tab":"{n}","subs":["lines"]}}}}"#);
    socket.send(Message::text(hello)).await?;
    let welcome = socket.next().await.context("closed")??;
    ensure!(welcome.to_text()?.contains("welcome"), "{welcome}");
    Ok(socket)
}

/// Reads until the connection ends.
async fn listen(mut socket: Socket, shared: Arc<Shared>) {
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        if text.starts_with(r#"{"ping""#)
            && let Ok(Ping { ping }) = serde_json::from_str(&text)
        {
            let pong = Message::text(format!(r#"{{"pong":{ping}}}"#));
            if socket.send(pong).await.is_err() {
                break;
            }
            continue;
        }
        let Some(times) = shared.times_of(&text) else { break };
        let delays = times.iter().map(|it| now as i64 - it);
        shared.heard().delays_ms.extend(delays.map(|it| u32::try_from(it).unwrap_or(0)));
    }
    shared.connected.fetch_sub(1, Ordering::Relaxed);
}
