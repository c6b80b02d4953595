//! The server under test: its HTTP side, event stream and board, on a database of their own. What
//! shards would tell comes from a clock instead.

use crate::server::Begun;
use anyhow::{Context as _, Result};
use base::{CallId, DomainId, ExtensionId, LegId, UnixMillis, UserId};
use call::{
    CallFact, CallView, LegRole, LegView, Rooms,
    facts::{CallChange, CallDirection, CallRecording, CallState, LegState, Telling},
};
use std::{
    io::{self, Write as _},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tandem::{
    board::{self, Ears},
    clock::{self, Clock},
    config::{Config, Overrides, Secret},
    events::Hub,
    http::{
        self, HttpState, NotReady, Readiness,
        api::{ApiState, Live, Panels},
    },
    mediaserver::LiveFigures,
    registrar::Locations,
    store::{NewExtension, NewSession, NewUser, Profile, SessionLimits, Store},
};
use tokio::{
    io::AsyncReadExt as _,
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval},
};
use uuid::Uuid;

/// What there is of everything.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Size {
    #[arg(long)]
    people: usize,
    #[arg(long)]
    lines: usize,
    #[arg(long)]
    changes: u32,
}

const DOMAIN: &str = "load.example";

/// How often calls change.
const TICK: Duration = Duration::from_millis(10);

/// Runs until the standard input ends.
pub(crate) async fn serve(size: Size) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let text = format!("[server]\ndata_dir = \"{}\"\n", folder.path().display());
    let config = Config::parse(&text, &Overrides::default())
        .map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let store = Store::open(&config.store).await?;
    store.add_domain(DOMAIN).await?;
    let domain = store.require_domain(DOMAIN).await?;

    let (mut lines, mut cookies) = (Vec::new(), Vec::new());
    let mut people = Vec::new();
    for n in 0..size.people {
        people.push(add_person(&store, domain.id, n).await?);
    }
    for (n, user) in (0..size.lines).zip(people.iter().cycle()) {
        let number = format!("{}", 10_000 + n);
        let extension = NewExtension {
            display_name: format!("Line {number}"),
            number,
            password: Secret::new("secret"),
            calls_max: None,
            ring_timeout_s: 60,
            user: Some(*user),
            media: call::MediaRules::default(),
            outbound: call::outbound::LineOutbound::default(),
            may_sign_in: false,
        };
        lines.push(store.add_extension(&domain, extension).await?);
    }
    for user in people {
        cookies.push(open_session(&store, domain.id, user).await?);
    }

    let (tellings, told) = mpsc::channel(board::TELLINGS_MAX);
    let (_registrations, registrations) = mpsc::channel(1);
    let (_logged, logged) = mpsc::channel(1);
    let hub = Hub::new();
    tokio::spawn(hub.clone().run());
    let ((_, watches), (told_lines, _)) = (mpsc::channel(1), mpsc::channel(1));
    let ears = Ears { tellings: told, registrations, logged, watches, lines: told_lines };
    let (board, _) = board::start(hub.clone(), ears);
    let loaded = store.load_directory(&config).await?;
    board.directory(Arc::new(loaded.directory)).await?;
    let live = Live {
        hub,
        board,
        shards: Vec::new(),
        locations: Locations::default(),
        rooms: Rooms::default(),
        trunks: call::TrunkStates::default(),
        occupancy: call::Occupancy::default(),
        figures: LiveFigures::default(),
        panels: Panels::default(),
    };
    let (stop, stopping) = watch::channel(false);
    let api = ApiState::new(store, Arc::new(config), None, Clock::system()).with_live(live);
    tokio::spawn(api.clone().keep_house(stopping.clone()));
    let listener = http::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?.to_string();
    let state = HttpState { readiness: Arc::new(Always), metrics: Arc::new(String::new) };
    tokio::spawn(http::serve(listener, http::router(state, api), stopping));
    tokio::spawn(Calls::new(domain.id, &lines).run(size.changes, tellings));
    say(&Begun { address, cookies })?;

    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    let _ = stop.send(true);
    Ok(())
}

async fn add_person(store: &Store, domain: DomainId, n: usize) -> Result<UserId> {
    let user = NewUser {
        login: format!("person{n}"),
        password: Secret::new("correct horse"),
        profile: Profile { display_name: format!("Person {n}"), ..Profile::default() },
        roles: vec!["callcenter_operator".to_owned()],
    };
    Ok(store.add_user(domain, user).await?)
}

/// The cookie of a new session.
async fn open_session(store: &Store, domain: DomainId, user: UserId) -> Result<String> {
    let day = Duration::from_secs(24 * 3600);
    let new = NewSession {
        domain,
        user: Some(user),
        wall: None,
        address: "127.0.0.1".to_owned(),
        user_agent: "panel-load".to_owned(),
    };
    let limits = SessionLimits { idle: day, absolute: day };
    let (_, token) = store.open_session(clock::unix_now(), limits, &new).await?;
    Ok(format!("__Host-tandem={token}"))
}

fn say(begun: &Begun) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(begun)?)?;
    out.flush().context("the bench is gone")
}

/// Calls between pairs of lines: each rings, talks, ends, and begins anew.
struct Calls {
    domain: DomainId,
    pairs: Vec<Pair>,
    next: usize,
    calls: u128,
}

struct Pair {
    lines: [ExtensionId; 2],
    /// The call, and whether it is answered.
    call: Option<(CallId, bool)>,
}

/// Status changes of lines that a fact of a call makes: one at each end.
const CHANGES_PER_FACT: u32 = 2;

impl Calls {
    fn new(domain: DomainId, lines: &[ExtensionId]) -> Self {
        let pairs = lines.as_chunks::<2>().0.iter();
        let pairs = pairs.map(|it| Pair { lines: *it, call: None }).collect();
        Self { domain, pairs, next: 0, calls: 0 }
    }

    async fn run(mut self, changes: u32, tellings: mpsc::Sender<(u8, Telling)>) {
        let per_second = f64::from(changes) / f64::from(CHANGES_PER_FACT);
        let (begun, mut told) = (Instant::now(), 0.0);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            while told < begun.elapsed().as_secs_f64() * per_second {
                told += 1.0;
                if tellings.send((0, Telling::Fact(self.fact()))).await.is_err() {
                    return;
                }
            }
        }
    }

    /// The next step of the next pair.
    fn fact(&mut self) -> CallFact {
        let at = clock::unix_now();
        let n = self.next;
        self.next = (n + 1) % self.pairs.len();
        let pair = &mut self.pairs[n];
        match pair.call {
            None => {
                self.calls += 1;
                let id = CallId(Uuid::from_u128(self.calls));
                pair.call = Some((id, false));
                CallFact::Began(Box::new(view(self.domain, id, pair.lines, at)))
            }
            Some((call, false)) => {
                pair.call = Some((call, true));
                let legs = [(0, LegState::Talking), (1, LegState::Talking)].into_iter().collect();
                let state = CallState::Talking;
                CallFact::Changed(CallChange {
                    call,
                    at,
                    state,
                    answered: Some(at),
                    recording: CallRecording::Off,
                    legs,
                    added: Vec::new(),
                })
            }
            Some((call, true)) => {
                pair.call = None;
                CallFact::Over(call)
            }
        }
    }
}

fn view(domain: DomainId, id: CallId, lines: [ExtensionId; 2], at: UnixMillis) -> CallView {
    let leg = |n: u128, role, state, line: ExtensionId| LegView {
        id: LegId(Uuid::from_u128(id.0.as_u128() * 2 + n)),
        role,
        party: line.0.to_string(),
        extension: Some(line),
        state,
        since: at,
    };
    CallView {
        id,
        domain,
        direction: CallDirection::Internal,
        state: CallState::Ringing,
        caller: lines[0].0.to_string(),
        caller_name: None,
        dialled: lines[1].0.to_string(),
        started: at,
        answered: None,
        recording: CallRecording::Off,
        is_recording_forced: false,
        legs: vec![
            leg(0, LegRole::Caller, LegState::Dialing, lines[0]),
            leg(1, LegRole::Callee, LegState::Ringing, lines[1]),
        ],
    }
}

/// Ready as long as it is there.
struct Always;

impl Readiness for Always {
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}
