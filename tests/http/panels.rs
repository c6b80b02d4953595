//! Panels over real WebSockets, with a board that is told what a switch would tell it.

use crate::{
    house::{HOST, House, Visitor},
    places::Place,
};
use axum::http::{Method, StatusCode};
use base::{CallId, DomainId, ExtensionId, LegId, UnixMillis, UserId};
use call::{
    CallFact, CallView, LegRole, LegView, Rooms,
    facts::{CallChange, CallDirection, CallRecording, CallState, LegState, Telling},
    registration::RegistrationFact,
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sip::bindings::Aor;
use std::{net::SocketAddr, time::Duration};
use tandem::{
    board::{self, Ears},
    config::{Config, Secret},
    events::{Fact, Hub, QUEUE_MAX, Stamp},
    http::api::{Live, Panels},
    mediaserver::LiveFigures,
    registrar::Locations,
    store::NewExtension,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use uuid::Uuid;

pub(crate) async fn a_panel_begins_with_its_lines_and_calls_and_hears_how_they_change(
    place: Place,
) {
    let desk = Desk::open(place).await;
    let anna = &desk.anna;
    desk.ring().await;
    let begin = anna.get("/bootstrap").await.json();
    assert_eq!(begin["me"]["login"], "anna");
    assert_eq!(begin["lines"][0]["number"], "1001");
    assert_eq!(begin["lines"][0]["status"], "dialing");
    assert_eq!(begin["calls"][0]["caller"], json!({"number": "1001", "name": "Phone 1001"}));
    assert_eq!(begin["calls"][0]["legs"][1]["state"], "dialing");
    let mine = anna.get("/me/lines").await.json();
    assert_eq!(mine["items"][0]["sip_user"], "1001");

    let mut panel = desk.connect(anna, json!({"tab": "a", "subs": ["me", "lines"]})).await;
    let welcome = panel.hear().await;
    assert_eq!(welcome["welcome"]["resumed"], false);
    assert!(welcome["welcome"]["seq"].as_u64() >= begin["seq"].as_u64());
    desk.answer().await;

    let told = panel.hear_until(|it| it["t"] == "line.status" && !it["list"].is_null()).await;
    let own: Vec<_> = told.iter().filter(|it| it["list"].is_null()).collect();
    assert!(own.iter().any(|it| it["t"] == "call.updated" && it["d"]["state"] == "talking"));
    assert!(own.iter().any(|it| it["t"] == "line.status" && it["d"]["status"] == "talking"));
    let is_other = |it: &&Value| !it["list"].is_null() && it["t"] == "line.status";
    let others: Vec<_> = told.iter().filter(is_other).collect();
    assert_eq!(others.len(), 2, "both lines, once each: {others:?}");
    let extensions = anna.get("/extensions?q=100").await.json();
    let statuses: Vec<_> =
        extensions["items"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["talking", "talking"]);
}

pub(crate) async fn a_panel_that_comes_back_misses_nothing_and_gets_nothing_twice(place: Place) {
    let desk = Desk::open(place).await;
    let hello = json!({"tab": "a", "subs": ["lines"]});
    let mut panel = desk.connect(&desk.anna, hello).await;
    let first = panel.hear().await["welcome"]["seq"].as_u64().unwrap();
    desk.ring().await;
    let told = panel.hear_until(|it| !it["list"].is_null()).await;
    let mut seen: Vec<_> = told.iter().filter_map(|it| it["s"].as_u64()).collect();
    drop(panel);

    desk.answer().await;
    let hello = json!({"tab": "a", "subs": ["lines"], "resume_from": seen.last()});
    let mut panel = desk.connect(&desk.anna, hello).await;
    assert_eq!(panel.hear().await["welcome"]["resumed"], true);
    // Of Boris's line she hears by the list only.
    let is_last = |it: &Value| it["d"]["number"] == "1002" && it["d"]["status"] == "talking";
    let told = panel.hear_until(is_last).await;
    seen.extend(told.iter().filter_map(|it| it["s"].as_u64()));

    let whole = json!({"tab": "b", "subs": ["lines"], "resume_from": first});
    let mut other = desk.connect(&desk.anna, whole).await;
    assert_eq!(other.hear().await["welcome"]["resumed"], true);
    let all = other.hear_until(|it| it["s"].as_u64() == seen.last().copied()).await;
    let all: Vec<_> = all.iter().filter_map(|it| it["s"].as_u64()).collect();
    assert_eq!(seen, all, "in two parts as in one");

    let hello = json!({"tab": "c", "resume_from": 5});
    let mut stale = desk.connect(&desk.anna, hello).await;
    assert_eq!(stale.hear().await["welcome"]["resumed"], false, "before the server's time");
}

pub(crate) async fn lists_are_for_who_may_have_them(place: Place) {
    let desk = Desk::open(place).await;
    let hello = json!({"tab": "a", "subs": ["calls", "nonsense"]});
    let mut panel = desk.connect(&desk.anna, hello).await;
    panel.hear().await;
    let refused = |sub: &str, code: &str| json!({"refused": {"sub": sub, "code": code}});
    assert_eq!(panel.hear().await, refused("calls", "forbidden"));
    assert_eq!(panel.hear().await, refused("nonsense", "unknown"));
    panel.say(json!({"sub": "registrations"})).await;
    assert_eq!(panel.hear().await, refused("registrations", "forbidden"));
    panel.say(json!({"sub": "alarms"})).await;
    assert_eq!(panel.hear().await, refused("alarms", "forbidden"));
    panel.say(json!({"sub": "lines"})).await;
    assert_eq!(panel.hear().await, json!({"subbed": "lines"}));
    panel.say(json!({"ping": 7})).await;
    // Between them may come what is told of lines that were made a moment ago.
    let mut heard = panel.hear().await;
    while !heard["b"].is_null() {
        heard = panel.hear().await;
    }
    assert_eq!(heard, json!({"pong": 7}));

    let mut stranger =
        desk.connect(&desk.stranger, json!({"tab": "s", "subs": ["lines", "calls"]})).await;
    stranger.hear().await;
    desk.ring().await;
    panel.hear_until(|it| !it["list"].is_null()).await;
    stranger.say(json!({"ping": 8})).await;
    assert_eq!(stranger.hear().await, json!({"pong": 8}), "nothing came before it");
    assert_eq!(desk.stranger.get("/calls/active").await.json()["items"], json!([]));
    assert_eq!(desk.stranger.get("/extensions").await.json()["items"], json!([]));
    assert_eq!(desk.stranger.get("/admin/registrations").await.json()["items"], json!([]));
}

pub(crate) async fn a_call_is_hung_up_by_its_own_people_and_by_who_may(place: Place) {
    let desk = Desk::open(place).await;
    desk.ring().await;
    let path = format!("/calls/{}/hangup", call().0);

    let hang_up = async |who: &Visitor| who.post(&path, json!({})).await.refusal();

    assert_eq!(hang_up(&desk.stranger).await, (404, "not_found".to_owned()));
    assert_eq!(hang_up(&desk.clara).await, (403, "forbidden".to_owned()));
    // Here is no switch that could.
    assert_eq!(hang_up(&desk.anna).await, (503, "busy".to_owned()));
    let unknown = format!("/calls/{}/hangup", Uuid::from_u128(1));
    let reply = desk.anna.post(&unknown, json!({})).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

pub(crate) async fn panels_are_told_why_they_are_closed(place: Place) {
    let desk = Desk::open(place).await;
    let mut impolite = desk.connect_with(&desk.anna, json!({"sub": "lines"})).await;
    assert_eq!(impolite.close_code().await, 1008);

    let mut old = desk.connect(&desk.anna, json!({"tab": "a"})).await;
    old.hear().await;
    let mut new = desk.connect(&desk.anna, json!({"tab": "a"})).await;
    new.hear().await;
    assert_eq!(old.close_code().await, 4002, "the tab has another");

    let mut boris = desk.connect(&desk.boris, json!({"tab": "a"})).await;
    boris.hear().await;
    desk.anna.post("/auth/logout", json!({})).await;
    assert_eq!(new.close_code().await, 4001, "nobody is signed in");
    let closing = desk.panels.clone();
    tokio::spawn(async move { closing.close(Duration::from_secs(5)).await });
    assert_eq!(boris.close_code().await, 4003, "the server stops");
}

pub(crate) async fn a_panel_begins_anew_when_its_rights_or_lines_change(place: Place) {
    let desk = Desk::open(place).await;
    let (house, domain) = (&desk.house, &desk.house.domain);
    let chief = house.visitor(domain, "chief", &["platform_admin"]).await;
    let role = json!({ "code": "eye", "title": { "ru": "Глаз", "en": "Eye" },
                       "rights": ["workspace.use", "live.view"] });
    let made = chief.post("/admin/roles", role.clone()).await.json();
    let watcher = house.visitor(domain, "watcher", &["eye"]).await;
    let watcher_id = house.store.user_by_login(domain.id, "watcher").await.unwrap().unwrap().id;
    let calls = json!({"tab": "a", "subs": ["calls"]});
    let mut bystander = desk.connect(&desk.boris, json!({"tab": "a"})).await;
    bystander.hear().await;
    let mut panel = desk.connect(&watcher, calls.clone()).await;
    panel.hear().await;

    let less = json!({ "rights": ["workspace.use"], "code": role["code"], "title": role["title"] });
    let path = format!("/admin/roles/{}", made["id"].as_str().unwrap());
    let changed = chief.act(Method::PUT, &path, Some(1), less).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(panel.close_code().await, 4004, "it may hear less");
    let mut panel = desk.connect(&watcher, calls).await;
    panel.hear().await;
    assert_eq!(panel.hear().await["refused"], json!({"sub": "calls", "code": "forbidden"}));
    let line = json!({ "number": "1900", "name": "", "user_id": watcher_id.0 });
    assert_eq!(chief.post("/admin/lines", line).await.status, StatusCode::CREATED);
    assert_eq!(panel.close_code().await, 4004, "a line is given to its user");

    desk.hub.tell(desk.domain, &[desk.boris_id], at(), &Fact::CallLogged { id: call() });
    assert_eq!(bystander.hear().await["t"], "call.logged", "nobody else is disturbed");
}

pub(crate) async fn a_panel_that_does_not_read_is_cut_off(place: Place) {
    let desk = Desk::open(place).await;
    let mut quick = desk.connect(&desk.boris, json!({"tab": "b"})).await;
    quick.hear().await;
    let mut slow = desk.connect(&desk.anna, json!({"tab": "a"})).await;
    slow.hear().await;
    let long = "x".repeat(20_000);
    let fact = Fact::Admin { object: "user", id: "1".to_owned(), version: None, by: long };

    let flood = async {
        while desk.panels.len() == 2 {
            desk.hub.tell(desk.domain, &[desk.anna_id], at(), &fact);
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, flood).await.expect("it is cut off");

    desk.hub.tell(desk.domain, &[desk.boris_id], at(), &Fact::CallLogged { id: call() });
    assert_eq!(quick.hear().await["t"], "call.logged", "nobody else is");

    // More than may wait, and than its connection takes before anybody reads.
    let mut behind = desk.connect(&desk.anna, json!({"tab": "c"})).await;
    behind.hear().await;
    for _ in 0..=QUEUE_MAX {
        desk.hub.tell(desk.domain, &[desk.anna_id], at(), &fact);
    }
    assert_eq!(behind.close_code().await, 4008, "and is told why");
}

/// A house with lines in it: Anna at 1001, Boris at 1002, Clara at none.
struct Desk {
    anna: Visitor,
    boris: Visitor,
    clara: Visitor,
    /// An administrator of the other domain.
    stranger: Visitor,
    anna_id: UserId,
    boris_id: UserId,
    domain: DomainId,
    lines: [ExtensionId; 2],
    hub: Hub,
    panels: Panels,
    tellings: mpsc::Sender<(u8, Telling)>,
    address: SocketAddr,
    house: House,
    _registrations: mpsc::Sender<RegistrationFact>,
    _logged: mpsc::Sender<Vec<CallId>>,
    _stop: watch::Sender<bool>,
}

impl Desk {
    async fn open(place: Place) -> Self {
        let (tellings, told) = mpsc::channel(64);
        let (registrations, registrations_ear) = mpsc::channel(64);
        let (logged, logged_ear) = mpsc::channel(64);
        let hub = Hub::new();
        tokio::spawn(hub.clone().run());
        let (_, watches) = mpsc::channel(1);
        let (lines, _) = mpsc::channel(1);
        let ears = Ears {
            tellings: told,
            registrations: registrations_ear,
            logged: logged_ear,
            watches,
            lines,
        };
        let (board, _) = board::start(hub.clone(), ears);
        let panels = Panels::default();
        let live = Live {
            hub: hub.clone(),
            board: board.clone(),
            shards: Vec::new(),
            locations: Locations::default(),
            rooms: Rooms::default(),
            trunks: call::TrunkStates::default(),
            occupancy: call::Occupancy::default(),
            figures: LiveFigures::default(),
            panels: panels.clone(),
        };
        let (stop, stopping) = watch::channel(false);
        let house = House::dressed(place, "", |api| {
            let api = api.with_live(live);
            tokio::spawn(api.clone().keep_house(stopping));
            api
        })
        .await;
        let operator = &["callcenter_operator"];
        let [anna, boris, clara] = [
            house.visitor(&house.domain, "anna", operator).await,
            house.visitor(&house.domain, "boris", operator).await,
            house.visitor(&house.domain, "clara", operator).await,
        ];
        let stranger = house
            .visitor(
                &house.other,
                "stranger",
                &[
                    "platform_admin",
                    "callcenter_admin",
                    "callcenter_supervisor",
                    "callcenter_operator",
                ],
            )
            .await;
        let id = async |login: &str| {
            house.store.user_by_login(house.domain.id, login).await.unwrap().unwrap().id
        };
        let (anna_id, boris_id) = (id("anna").await, id("boris").await);
        let mut lines = Vec::new();
        for (number, user) in [("1001", anna_id), ("1002", boris_id)] {
            let extension = NewExtension {
                number: number.to_owned(),
                display_name: format!("Phone {number}"),
                password: Secret::new("secret"),
                calls_max: None,
                ring_timeout_s: 60,
                user: Some(user),
                media: call::MediaRules::default(),
                outbound: call::outbound::LineOutbound::default(),
                may_sign_in: false,
            };
            lines.push(house.store.add_extension(&house.domain, extension).await.unwrap());
        }
        let directory = house.store.load_directory(&Config::default()).await.unwrap().directory;
        board.directory(directory.into()).await.unwrap();
        let domain = house.domain.id;
        // Commands come in order: with the answer the lines are there.
        assert_eq!(board.lines(domain).await.unwrap().items.len(), 2);
        for number in ["1001", "1002"] {
            let aor = Aor { domain, user: number.to_owned() };
            registrations.send(RegistrationFact { aor, is_registered: true }).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = house.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            anna,
            boris,
            clara,
            stranger,
            anna_id,
            boris_id,
            domain,
            lines: [lines[0], lines[1]],
            hub,
            panels,
            tellings,
            address,
            house,
            _registrations: registrations,
            _logged: logged,
            _stop: stop,
        }
    }

    /// 1001 calls 1002; the board knows it when this returns.
    async fn ring(&self) {
        let leg = |n: u128, role, number: &str, line| LegView {
            id: LegId(Uuid::from_u128(n)),
            role,
            party: number.to_owned(),
            extension: Some(line),
            state: LegState::Dialing,
            since: at().0,
        };
        let view = CallView {
            id: call(),
            domain: self.domain,
            direction: CallDirection::Internal,
            state: CallState::Ringing,
            caller: "1001".to_owned(),
            caller_name: None,
            dialled: "1002".to_owned(),
            started: at().0,
            answered: None,
            recording: CallRecording::Off,
            is_recording_forced: false,
            legs: vec![
                leg(1, LegRole::Caller, "1001", self.lines[0]),
                leg(2, LegRole::Callee, "1002", self.lines[1]),
            ],
        };
        self.tell(CallFact::Began(Box::new(view)), "ringing").await;
    }

    async fn answer(&self) {
        let legs = [(0, LegState::Talking), (1, LegState::Talking)].into_iter().collect();
        let (state, answered) = (CallState::Talking, Some(at().0));
        let change = CallChange {
            call: call(),
            at: at().0,
            state,
            answered,
            recording: CallRecording::Off,
            legs,
            added: Vec::new(),
        };
        self.tell(CallFact::Changed(change), "talking").await;
    }

    async fn tell(&self, fact: CallFact, state: &str) {
        self.tellings.send((0, Telling::Fact(fact))).await.unwrap();
        let arrived = async {
            while self.anna.get("/calls/active").await.json()["items"][0]["state"] != state {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, arrived).await.expect("the board takes it in");
    }

    async fn connect(&self, visitor: &Visitor, hello: Value) -> Panel {
        self.connect_with(visitor, json!({ "hello": hello })).await
    }

    async fn connect_with(&self, visitor: &Visitor, first: Value) -> Panel {
        let url = format!("ws://{}/api/v1/events", self.address);
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("cookie", visitor.cookie.parse().unwrap());
        headers.insert("host", HOST.parse().unwrap());
        headers.insert("origin", format!("http://{HOST}").parse().unwrap());
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = client_async(request, stream).await.unwrap();
        let mut panel = Panel(socket);
        panel.say(first).await;
        panel
    }
}

struct Panel(WebSocketStream<TcpStream>);

impl Panel {
    async fn say(&mut self, what: Value) {
        self.0.send(Message::text(what.to_string())).await.unwrap();
    }

    /// The next message.
    async fn hear(&mut self) -> Value {
        match timeout(LIMIT, self.0.next()).await.expect("in time") {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("no message: {other:?}"),
        }
    }

    /// Frames up to the one that is waited for; those of a batch are marked with `list`.
    async fn hear_until(&mut self, is_it: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let mut message = self.hear().await;
            let came = match message["b"].as_array_mut() {
                Some(batch) => {
                    for frame in batch.iter_mut() {
                        frame["list"] = true.into();
                    }
                    std::mem::take(batch)
                }
                None => vec![message],
            };
            let is_found = came.iter().any(&is_it);
            frames.extend(came);
            if is_found {
                return frames;
            }
        }
    }

    /// Why the server closes the connection.
    async fn close_code(&mut self) -> u16 {
        loop {
            match timeout(LIMIT, self.0.next()).await.expect("in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("no goodbye: {other:?}"),
            }
        }
    }
}

fn call() -> CallId {
    CallId(Uuid::from_u128(7))
}

fn at() -> Stamp {
    Stamp(UnixMillis(1_800_000_000_000))
}

const LIMIT: Duration = Duration::from_secs(20);
