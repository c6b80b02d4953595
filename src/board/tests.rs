//! What the board makes of what it is told.

use super::{state::Board, task::do_contained};
use crate::{
    board::LineView,
    events::{Hub, LineState, Stamp, Subscription, Topic},
};
use base::{CallId, DomainId, ExtensionId, LegId, UnixMillis, UserId};
use call::{
    CallFact, CallView, Directory, Extension, LegRole, LegView,
    directory::Ha1,
    facts::{CallChange, CallDirection, CallRecording, CallState, LegState, Telling},
    registration::RegistrationFact,
    subscriptions::{LineDialog, LineFact, LineWatch},
};
use serde_json::Value;
use sip::bindings::Aor;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

#[tokio::test(start_paused = true)]
async fn a_line_is_what_its_legs_its_registration_and_its_owner_make_it() {
    let mut world = World::new();
    assert_eq!(world.status(ANNA), LineState::Unregistered);
    assert_eq!(world.status(NOBODY), LineState::NotAssigned);

    world.register(ANNA, true);
    world.register(BORIS, true);
    world.register(NOBODY, true);
    assert_eq!(world.status(ANNA), LineState::Idle);
    assert_eq!(world.status(NOBODY), LineState::NotAssigned);

    world.ring(1, ANNA, BORIS);
    assert_eq!((world.status(ANNA), world.status(BORIS)), (LineState::Dialing, LineState::Idle));
    world.change(1, CallState::Ringing, &[(1, LegState::Ringing)]);
    assert_eq!(world.status(BORIS), LineState::Ringing);
    world.change(1, CallState::Talking, &[(0, LegState::Talking), (1, LegState::Talking)]);
    world.change(1, CallState::Held, &[(0, LegState::Held)]);
    assert_eq!((world.status(ANNA), world.status(BORIS)), (LineState::Held, LineState::Talking));

    world.ring(2, NOBODY, ANNA);
    world.change(2, CallState::Ringing, &[(1, LegState::Ringing)]);
    assert_eq!(world.status(ANNA), LineState::Ringing, "what rings comes before what is held");
    world.end(2);
    assert_eq!(world.status(ANNA), LineState::Held);
    world.register(ANNA, false);
    assert_eq!(world.status(ANNA), LineState::Held, "a call outlives the registration");
    world.end(1);
    assert_eq!(world.status(ANNA), LineState::Unregistered);
    assert_eq!(world.status(BORIS), LineState::Idle);
}

#[tokio::test(start_paused = true)]
async fn both_users_of_a_call_are_told_at_once_and_others_are_not() {
    let mut world = World::new();
    let mut panels = [ANNA, BORIS, CLARA].map(|number| world.panel(number));

    world.ring(1, ANNA, BORIS);
    world.change(1, CallState::Ringing, &[(1, LegState::Ringing)]);
    world.end(1);
    world.over(1);
    world.log(1, 2);

    let [anna, boris, clara] = &mut panels;
    assert_eq!(
        kinds(anna).await,
        [
            "call.updated ringing",
            "line.status dialing",
            "call.updated ringing",
            "call.ended",
            "line.status unregistered",
            "call.logged"
        ]
    );
    assert_eq!(
        kinds(boris).await,
        [
            "call.updated ringing",
            "call.updated ringing",
            "line.status ringing",
            "call.ended",
            "line.status unregistered",
            "call.logged"
        ]
    );
    assert!(kinds(clara).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn whose_leg_has_ended_is_out_of_a_call_that_goes_on() {
    let mut world = World::new();
    let mut view = world.view(1, ANNA, BORIS);
    view.legs.push(World::leg(12, LegRole::Callee, CLARA));
    world.tell(Telling::Fact(CallFact::Began(Box::new(view))));
    let mut clara = world.panel(CLARA);

    let legs = [(0, LegState::Talking), (1, LegState::Talking), (2, LegState::Ended)];
    world.change(1, CallState::Talking, &legs);

    assert_eq!(kinds(&mut clara).await, ["call.ended"]);
    assert_eq!(world.calls_of(BORIS), 1);
    assert_eq!(world.calls_of(CLARA), 0);
    world.end(1);
    world.over(1);
    world.log(1, 3);
    assert_eq!(kinds(&mut clara).await, ["call.logged"], "it is in her list of calls, too");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_logged_when_its_last_row_is_whichever_comes_first() {
    let mut world = World::new();
    let mut anna = world.panel(ANNA);
    world.ring(1, ANNA, BORIS);
    world.end(1);
    kinds(&mut anna).await;

    world.log(1, 1);
    world.over(1);
    assert!(kinds(&mut anna).await.is_empty(), "one row is missing");
    world.log(1, 1);
    assert_eq!(kinds(&mut anna).await, ["call.logged"]);
    world.log(1, 1);
    assert!(kinds(&mut anna).await.is_empty(), "once");
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_never_live_and_is_logged() {
    let mut world = World::new();
    let mut anna = world.panel(ANNA);
    let mut view = world.view(1, ANNA, BORIS);
    view.legs.truncate(1);
    view.state = CallState::Ending;
    view.legs[0].state = LegState::Ended;

    world.tell(Telling::Fact(CallFact::Began(Box::new(view))));
    assert_eq!(world.calls_of(ANNA), 0);
    world.over(1);
    world.log(1, 1);

    assert_eq!(kinds(&mut anna).await, ["call.logged"]);
}

#[tokio::test(start_paused = true)]
async fn after_lost_facts_a_shard_s_calls_are_as_it_says_and_those_of_others_stay() {
    let mut world = World::new();
    world.ring(1, ANNA, BORIS);
    world.ring(2, CLARA, BORIS);
    let other = world.view(3, CLARA, CLARA);
    world.board.handle_telling(at(), 1, Telling::Fact(CallFact::Began(Box::new(other))));

    let mut left = world.view(2, CLARA, BORIS);
    left.state = CallState::Talking;
    left.legs.iter_mut().for_each(|leg| leg.state = LegState::Talking);
    let new = world.view(4, ANNA, BORIS);
    world.tell(Telling::All(vec![left, new]));

    let calls = world.board.calls(world.domain, None);
    let ids: Vec<_> = calls.iter().map(|it| it.id.as_u128()).collect();
    assert_eq!(ids, [2, 3, 4]);
    assert_eq!(world.status(BORIS), LineState::Talking);
    assert_eq!(world.status(ANNA), LineState::Dialing, "by call 4");
    world.end(4);
    assert_eq!(world.status(ANNA), LineState::Unregistered, "call 1 left nothing behind");
}

#[tokio::test(start_paused = true)]
async fn the_board_follows_who_exists_and_who_sits_where() {
    let mut world = World::new();
    world.register(ANNA, true);
    world.ring(1, ANNA, BORIS);
    let mut directory = directory(world.domain);
    directory.extensions.retain(|_, it| it.number != CLARA);
    for extension in directory.extensions.values_mut() {
        match extension.number.as_str() {
            ANNA => extension.user = None,
            BORIS => extension.user = Some(user(ANNA)),
            _ => extension.number = "1999".to_owned(),
        }
    }

    world.board.handle_directory(at(), Arc::new(directory));

    let lines = world.board.lines(world.domain, None);
    let numbers: Vec<_> = lines.iter().map(|it| it.number.as_str()).collect();
    assert_eq!(numbers, [ANNA, BORIS, "1999"]);
    assert_eq!(world.status(ANNA), LineState::Dialing, "nobody's, and in a call");
    assert_eq!(world.board.lines(world.domain, Some(user(ANNA)))[0].number, BORIS);
    assert_eq!(world.board.find(call(1)).unwrap().users, [user(ANNA)]);
    world.end(1);
    assert_eq!(world.status(ANNA), LineState::NotAssigned);
}

#[tokio::test(start_paused = true)]
async fn lists_are_told_of_lines_that_come_go_or_are_renamed() {
    let mut world = World::new();
    tokio::spawn(world.hub.clone().run());
    let mut panel = world.hub.subscribe(world.domain, user(CLARA), &[Topic::Lines], None);
    batched(&mut panel).await;
    let mut directory = directory(world.domain);
    directory.extensions.retain(|_, it| it.number != CLARA);
    for extension in directory.extensions.values_mut() {
        match extension.number.as_str() {
            BORIS => extension.display_name = "Boris".to_owned(),
            NOBODY => extension.id = ExtensionId(Uuid::from_u128(77)),
            _ => {}
        }
    }

    world.board.handle_directory(at(), Arc::new(directory));

    let frames = batched(&mut panel).await;
    let mut told: Vec<_> = frames
        .iter()
        .filter(|it| it["t"] != "line.status")
        .map(|it| format!("{} {} {}", it["t"], it["d"]["number"], it["d"]["name"]))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            r#""line.changed" "1002" "Boris""#,
            r#""line.changed" "1004" "Phone 1004""#,
            r#""line.removed" "1003" null"#,
            r#""line.removed" "1004" null"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn another_domain_sees_nothing() {
    let mut world = World::new();
    let stranger = DomainId(Uuid::from_u128(999));
    let mut panel = world.hub.subscribe(stranger, user(ANNA), &Topic::ALL, None);

    world.register(ANNA, true);
    world.ring(1, ANNA, BORIS);
    world.end(1);

    assert!(kinds(&mut panel).await.is_empty());
    assert!(world.board.calls(stranger, None).is_empty());
    assert!(world.board.lines(stranger, None).is_empty());
    assert!(world.board.calls(stranger, Some(user(ANNA))).is_empty());
}

const ANNA: &str = "1001";
const BORIS: &str = "1002";
const CLARA: &str = "1003";
const NOBODY: &str = "1004";

#[tokio::test(start_paused = true)]
async fn a_panic_over_one_call_leaves_the_others_and_their_lines_as_they_are() {
    let mut world = World::new();
    for number in [ANNA, BORIS, CLARA] {
        world.register(number, true);
    }
    world.ring(1, ANNA, BORIS);
    let poisoned = CallView { dialled: POISON.to_owned(), ..world.view(2, CLARA, BORIS) };
    let telling = Telling::Fact(CallFact::Began(Box::new(poisoned)));

    do_contained(&mut world.board, "call 2", |it| it.handle_telling(at(), 0, telling));

    assert_eq!(world.status(CLARA), LineState::Idle, "nothing is left of what was half done");
    assert_eq!(world.status(ANNA), LineState::Dialing);
    world.change(1, CallState::Ringing, &[(1, LegState::Ringing)]);
    assert_eq!(world.status(BORIS), LineState::Ringing);
    world.end(1);
    assert_eq!(world.status(BORIS), LineState::Idle);
}

/// Stands for the call that finds the bug that nobody knows.
pub(super) fn panic_if_poisoned(dialled: &str) {
    assert_ne!(dialled, POISON, "poisoned by the test");
}

const POISON: &str = "poison";

struct World {
    hub: Hub,
    board: Board,
    domain: DomainId,
}

impl World {
    fn new() -> Self {
        let hub = Hub::new();
        let domain = DomainId(Uuid::from_u128(1));
        let mut board = Board::new(hub.clone());
        board.handle_directory(at(), Arc::new(directory(domain)));
        Self { hub, board, domain }
    }

    fn panel(&self, number: &str) -> Subscription {
        self.hub.subscribe(self.domain, user(number), &[], None)
    }

    fn status(&self, number: &str) -> LineState {
        let lines = self.board.lines(self.domain, None);
        let line: Option<&LineView> = lines.iter().find(|it| it.number == number);
        line.expect("the line is there").status
    }

    fn calls_of(&self, number: &str) -> usize {
        self.board.calls(self.domain, Some(user(number))).len()
    }

    fn register(&mut self, number: &str, is_registered: bool) {
        let aor = Aor { domain: self.domain, user: number.to_owned() };
        self.board.handle_registration(at(), RegistrationFact { aor, is_registered });
    }

    fn leg(n: u128, role: LegRole, number: &str) -> LegView {
        LegView {
            id: LegId(Uuid::from_u128(n)),
            role,
            party: number.to_owned(),
            extension: Some(extension(number)),
            state: LegState::Dialing,
            since: at().0,
        }
    }

    fn view(&self, n: u128, caller: &str, callee: &str) -> CallView {
        CallView {
            id: call(n),
            domain: self.domain,
            direction: CallDirection::Internal,
            state: CallState::Ringing,
            caller: caller.to_owned(),
            caller_name: None,
            dialled: callee.to_owned(),
            started: at().0,
            answered: None,
            recording: CallRecording::Off,
            is_recording_forced: false,
            legs: vec![
                Self::leg(10, LegRole::Caller, caller),
                Self::leg(11, LegRole::Callee, callee),
            ],
        }
    }

    fn tell(&mut self, telling: Telling) {
        self.board.handle_telling(at(), 0, telling);
    }

    fn ring(&mut self, n: u128, caller: &str, callee: &str) {
        self.tell(Telling::Fact(CallFact::Began(Box::new(self.view(n, caller, callee)))));
    }

    fn change(&mut self, n: u128, state: CallState, legs: &[(u8, LegState)]) {
        let legs = legs.iter().copied().collect();
        let change = CallChange {
            call: call(n),
            at: at().0,
            state,
            answered: None,
            recording: CallRecording::Off,
            legs,
            added: Vec::new(),
        };
        self.tell(Telling::Fact(CallFact::Changed(change)));
    }

    fn end(&mut self, n: u128) {
        self.change(n, CallState::Ending, &[0, 1, 2].map(|leg| (leg, LegState::Ended)));
    }

    fn over(&mut self, n: u128) {
        self.tell(Telling::Fact(CallFact::Over(call(n))));
    }

    /// What those are told who watch lines.
    fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        self.board.tell_watched(|LineFact { aor, dialogs }| {
            let dialog = |it: &LineDialog| {
                let name = it.remote.name.clone().unwrap_or_default();
                format!("{:?} {} {name}", it.state, it.remote.number)
            };
            let dialogs: Vec<_> = dialogs.iter().map(dialog).collect();
            told.push(format!("{} [{}]", aor.user, dialogs.join(", ")));
            true
        });
        told
    }

    fn log(&mut self, n: u128, rows: usize) {
        self.board.handle_logged(at(), &vec![call(n); rows]);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_a_line_is_told_its_calls_once_there_is_room_and_of_no_other_line() {
    let mut world = World::new();
    let aor = |number: &str| Aor { domain: world.domain, user: number.to_owned() };
    let watch = |it: &str, is_watched| LineWatch { aor: aor(it), is_watched };
    let (anna, nobody) = (watch(ANNA, true), watch("1777", true));
    let no_more = watch(ANNA, false);
    world.board.handle_watch(anna);
    world.board.handle_watch(nobody);
    assert_eq!(world.told(), ["1001 []", "1777 []"], "how they stand now");

    world.ring(1, ANNA, BORIS);
    world.change(1, CallState::Ringing, &[(1, LegState::Ringing)]);
    world.board.tell_watched(|_| false);
    assert!(world.board.has_untold(), "what finds no room waits");
    world.change(1, CallState::Talking, &[(0, LegState::Talking), (1, LegState::Talking)]);
    assert_eq!(world.told(), ["1001 [Confirmed 1002 Phone 1002]"], "the latest, once");
    world.end(1);
    world.over(1);
    assert_eq!(world.told(), ["1001 []"]);

    world.board.handle_watch(no_more);
    world.ring(2, ANNA, BORIS);
    assert_eq!(world.told(), [""; 0]);
}

/// What a panel was told, each as its type and what it says.
async fn kinds(panel: &mut Subscription) -> Vec<String> {
    let mut kinds = Vec::new();
    while let Ok(Some(message)) = timeout(Duration::from_secs(1), panel.next()).await {
        let frame: Value = serde_json::from_slice(&message).expect("frames are JSON");
        let kind = frame["t"].as_str().expect("own frames come alone");
        let word = frame["d"]["state"].as_str().or(frame["d"]["status"].as_str());
        kinds.push(word.map_or(kind.to_owned(), |word| format!("{kind} {word}")));
    }
    kinds
}

/// The frames of lists that have been sent by now; the user's own frames come alone.
async fn batched(panel: &mut Subscription) -> Vec<Value> {
    let mut frames = Vec::new();
    while let Ok(Some(message)) = timeout(Duration::from_secs(1), panel.next()).await {
        let message: Value = serde_json::from_slice(&message).expect("frames are JSON");
        frames.extend(message["b"].as_array().cloned().unwrap_or_default());
    }
    frames
}

fn directory(domain: DomainId) -> Directory {
    let extension = |number: &str| Extension {
        id: extension(number),
        domain,
        number: number.to_owned(),
        display_name: format!("Phone {number}"),
        ha1: Ha1::of_password(number, "demo", "x"),
        calls_max: None,
        ring_timeout_s: 60,
        user: (number != NOBODY).then(|| user(number)),
        media: call::MediaRules::default(),
        features: call::features::Features::default(),
        outbound: call::outbound::LineOutbound::default(),
        may_sign_in: false,
    };
    let extensions = [ANNA, BORIS, CLARA, NOBODY]
        .map(|number| ((domain, number.to_owned()), extension(number)))
        .into();
    Directory { extensions, ..Directory::default() }
}

fn extension(number: &str) -> ExtensionId {
    ExtensionId(Uuid::from_u128(number.parse().expect("a number")))
}

fn user(number: &str) -> UserId {
    UserId(Uuid::from_u128(5000 + number.parse::<u128>().expect("a number")))
}

fn call(n: u128) -> CallId {
    CallId(Uuid::from_u128(n))
}

fn at() -> Stamp {
    Stamp(UnixMillis(1_800_000_000_000))
}
