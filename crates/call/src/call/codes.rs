//! Orders by keys in the middle of a call, where the plan allows them to those of its extensions that
//! talk.
//!
//! A code is two keys, some with a number behind them. Its first key is held back until the next one
//! says whether it is a code, or until [`CODE_PAUSE`] has passed; every other key goes to the far end
//! as soon as it is up. What is recognised goes no further.
//!
//! | keys | kind | order |
//! |---|---|---|
//! | `*1` | record | begin to record, or end it |
//! | `*4` | record | pause the recording, or go on |
//! | `##` and a number | transfer | send the other side on |
//! | `*2` and a number | consult | ask somebody else; in a consultation, swap |
//! | `*3` | consult | in a consultation, bring all three together |
//! | `*5` | consult | in a consultation, go back to the first |
//! | `##` | consult | in a consultation, connect the two others |
//!
//! A number ends with `#`, or when no key comes for [`NUMBER_PAUSE`]; the other side hears music until
//! then. No number at all goes back to it. What a call may order stays so while it asks somebody else.

use super::{Call, CallOrder, Command, State};
use crate::{
    context::Context,
    dialplan::{CodeKind, Codes},
    facts::CallRecording,
    leg::Ordered,
    recording::RecordingOrder,
};
use media::{MediaCommand, Playout, dtmf::Digit, progress::ProgressTone, sound::Sound};
use std::time::{Duration, Instant};

/// Codes of a call.
#[derive(Debug, Default)]
pub(super) struct CallCodes {
    /// What the plan allows.
    allowed: Codes,
    /// Those that are not pressed to their end: at most one a leg.
    begun: Vec<Begun>,
    /// The key that was taken last.
    last: Option<Taken>,
}

/// A key that was part of a code. Its bridge may end or begin while it is still heard.
#[derive(Clone, Copy, Debug)]
struct Taken {
    leg: usize,
    digit: Digit,
    at: Instant,
    /// Whether we were told of it when it was let go, in a bridge, and not when it was pressed.
    is_up: bool,
}

/// A code that is not pressed to its end.
#[derive(Debug)]
struct Begun {
    leg: usize,
    /// Whom its keys would go to.
    with: Option<usize>,
    stage: Stage,
    /// When no further key belongs to it.
    until: Instant,
}

#[derive(Debug)]
enum Stage {
    /// Its first key, and how long that was down.
    First(Digit, Duration),
    /// A number is pressed for an order.
    Number(Wanting, String),
}

/// What a number is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wanting {
    Transfer,
    Consultation,
}

/// What a code orders.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum CodeOrder {
    Record,
    Pause,
    Number(Wanting),
    Swap,
    Complete,
    Cancel,
    ThreeWay,
}

/// A code as it is pressed.
struct Code {
    keys: [char; 2],
    kind: CodeKind,
    /// Whether it means this only in a consultation, or only outside; `None` for both.
    in_consultation: Option<bool>,
    order: CodeOrder,
}

const CODES: [Code; 8] = [
    Code::new("*1", CodeKind::Record, None, CodeOrder::Record),
    Code::new("*4", CodeKind::Record, None, CodeOrder::Pause),
    Code::new("##", CodeKind::Transfer, Some(false), CodeOrder::Number(Wanting::Transfer)),
    Code::new("*2", CodeKind::Consult, Some(false), CodeOrder::Number(Wanting::Consultation)),
    Code::new("*2", CodeKind::Consult, Some(true), CodeOrder::Swap),
    Code::new("*3", CodeKind::Consult, Some(true), CodeOrder::ThreeWay),
    Code::new("*5", CodeKind::Consult, Some(true), CodeOrder::Cancel),
    Code::new("##", CodeKind::Consult, Some(true), CodeOrder::Complete),
];

impl Code {
    const fn new(
        keys: &str,
        kind: CodeKind,
        in_consultation: Option<bool>,
        order: CodeOrder,
    ) -> Self {
        let keys = [keys.as_bytes()[0] as char, keys.as_bytes()[1] as char];
        Self { keys, kind, in_consultation, order }
    }
}

impl CallCodes {
    /// When [`Call::handle_codes_timeout`] wants to be called.
    pub(super) fn due(&self) -> Option<Instant> {
        self.begun.iter().map(|it| it.until).min()
    }

    /// What may be ordered from now on.
    pub(super) fn allow(&mut self, codes: Codes) {
        self.allowed = codes;
    }

    /// What may be ordered now.
    pub(super) fn allowed(&self) -> Codes {
        self.allowed
    }

    fn take_begun(&mut self, leg: usize) -> Option<Begun> {
        let at = self.begun.iter().position(|it| it.leg == leg)?;
        Some(self.begun.swap_remove(at))
    }
}

impl Call {
    /// Whether keys of a leg are taken out of its media, since they may be orders.
    pub(super) fn listens_for_codes(&self, leg: usize) -> bool {
        !self.codes.allowed.is_empty() && self.legs[leg].view().extension.is_some()
    }

    /// Whether that is so of one of two.
    pub(super) fn is_any_listened_to(&self, pair: [usize; 2]) -> bool {
        pair.iter().any(|leg| self.listens_for_codes(*leg))
    }

    /// A key of a leg; false if it belongs to no code.
    pub(super) fn take_code_key(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        digit: Digit,
        held: Duration,
    ) -> bool {
        if !self.may_order_by_keys(leg) {
            return false;
        }
        let begun = self.codes.take_begun(leg).filter(|it| self.goes_on(it));
        match begun.map(|it| it.stage) {
            Some(Stage::Number(wanting, number)) => {
                self.take_number_key(ctx, leg, (wanting, number), digit);
                true
            }
            Some(Stage::First(first, first_held)) => {
                if let Some(order) = self.code_of(first, digit) {
                    self.order_by_code(ctx, leg, order);
                    return true;
                }
                self.pass_key(ctx, leg, (first, first_held));
                self.begin_code(ctx, leg, (digit, held))
            }
            None => self.begin_code(ctx, leg, (digit, held)),
        }
    }

    /// The same for one that was pressed while the leg hears us.
    pub(super) fn take_pressed_code_key(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        digit: Digit,
    ) -> bool {
        let (now, last) = (ctx.now.instant, self.codes.last);
        // The end of a key is told three times: RFC 4733 section 2.5.1.4.
        let is_its_end =
            |it: Taken| it.is_up && (it.leg, it.digit) == (leg, digit) && now <= it.at + KEY_SLACK;
        if last.is_some_and(is_its_end) {
            return true;
        }
        let is_taken = self.take_code_key(ctx, leg, digit, KEY_HELD);
        if is_taken {
            self.codes.last = Some(Taken { leg, digit, at: now, is_up: false });
        }
        is_taken
    }

    /// The same for one that was let go in a bridge, which may have begun before that.
    pub(super) fn take_dialled_code_key(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        digit: Digit,
        held: Duration,
    ) -> bool {
        let (now, last) = (ctx.now.instant, self.codes.last);
        let began = now.checked_sub(held);
        let is_its_rest = |it: Taken| {
            let is_same = !it.is_up && (it.leg, it.digit) == (leg, digit);
            is_same && began.is_none_or(|began| began <= it.at + KEY_SLACK)
        };
        if last.is_some_and(is_its_rest) {
            return true;
        }
        let is_taken = self.take_code_key(ctx, leg, digit, held);
        if is_taken {
            self.codes.last = Some(Taken { leg, digit, at: now, is_up: true });
        }
        is_taken
    }

    /// No further key has come in time.
    pub(super) fn handle_codes_timeout(&mut self, ctx: &mut Context<'_>) {
        let now = ctx.now.instant;
        while let Some(at) = self.codes.begun.iter().position(|it| it.until <= now) {
            let begun = self.codes.begun.swap_remove(at);
            if !self.goes_on(&begun) {
                continue;
            }
            let Begun { leg, stage, .. } = begun;
            match stage {
                Stage::First(digit, held) => self.pass_key(ctx, leg, (digit, held)),
                Stage::Number(wanting, number) => self.order_with(ctx, leg, wanting, number),
            }
        }
    }

    /// Whether all is still as it was when a code began. A number is asked for only of one who holds
    /// the other side: it may have been taken back by other means.
    fn goes_on(&self, begun: &Begun) -> bool {
        let is_held = match begun.stage {
            Stage::First(..) => true,
            Stage::Number(..) => self.legs[begun.leg].holds_by_order(),
        };
        is_held && begun.with == self.other(begun.leg)
    }

    // === Keys ===

    fn begin_code(&mut self, ctx: &Context<'_>, leg: usize, key: (Digit, Duration)) -> bool {
        let (digit, held) = key;
        let begins = |it: &Code| it.keys[0] == digit.as_char() && self.may_order(it);
        if !CODES.iter().any(begins) {
            return false;
        }
        let (with, until) = (self.other(leg), ctx.now.instant + CODE_PAUSE);
        self.codes.begun.push(Begun { leg, with, stage: Stage::First(digit, held), until });
        true
    }

    fn code_of(&self, first: Digit, second: Digit) -> Option<CodeOrder> {
        let keys = [first, second].map(Digit::as_char);
        CODES.iter().find(|it| it.keys == keys && self.may_order(it)).map(|it| it.order)
    }

    fn may_order(&self, code: &Code) -> bool {
        let is_consulting = self.is_consulting();
        self.codes.allowed.has(code.kind)
            && code.in_consultation.is_none_or(|it| it == is_consulting)
    }

    /// A key means what it always does.
    fn pass_key(&mut self, ctx: &mut Context<'_>, leg: usize, (digit, held): (Digit, Duration)) {
        if let Some(other) = self.other(leg) {
            self.legs[other].tell_key(ctx, digit, held);
        }
    }

    /// Whether keys of a leg can be orders now.
    fn may_order_by_keys(&self, leg: usize) -> bool {
        if !self.listens_for_codes(leg) {
            return false;
        }
        match &self.state {
            State::Talking(_) | State::Together(_) => self.takes_part(leg),
            // Whoever asks somebody else may change its mind.
            State::Ringing(_) | State::Playing { .. } => self.is_consulting() && leg == self.guest,
            State::Gathering(_)
            | State::Asking { .. }
            | State::Parked(_)
            | State::Meeting(_)
            | State::Paging(_)
            | State::Supervising(_)
            | State::Voicemail(_)
            | State::Ending { .. } => false,
        }
    }

    // === Numbers ===

    fn ask_for_number(&mut self, ctx: &mut Context<'_>, leg: usize, wanting: Wanting) {
        let State::Talking(_) = self.state else { return };
        let Some(with) = self.other(leg) else { return };
        self.legs[leg].order(Ordered::ToHold);
        self.keep_apart(ctx, [leg, with]);
        let sound = ctx.world.sounds.tones.tone(ProgressTone::Dial).clone();
        self.legs[leg].play(ctx, Playout::Loop { sound });
        self.wait_for_number_key(ctx, leg, wanting, String::new());
    }

    fn wait_for_number_key(
        &mut self,
        ctx: &Context<'_>,
        leg: usize,
        wanting: Wanting,
        number: String,
    ) {
        let (with, until) = (self.other(leg), ctx.now.instant + NUMBER_PAUSE);
        self.codes.begun.push(Begun { leg, with, stage: Stage::Number(wanting, number), until });
    }

    fn take_number_key(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        (wanting, mut number): (Wanting, String),
        digit: Digit,
    ) {
        let is_end = digit.as_char() == '#';
        if !is_end {
            number.push(digit.as_char());
        }
        if is_end || number.len() >= NUMBER_KEYS_MAX {
            return self.order_with(ctx, leg, wanting, number);
        }
        if number.len() == 1 {
            self.legs[leg].play(ctx, Playout::Silence);
        }
        self.wait_for_number_key(ctx, leg, wanting, number);
    }

    fn order_with(&mut self, ctx: &mut Context<'_>, leg: usize, wanting: Wanting, number: String) {
        let is_done = !number.is_empty()
            && match wanting {
                Wanting::Transfer => self.order(ctx, leg, Command::Transfer(number)),
                Wanting::Consultation => self.order(ctx, leg, Command::Consult(number)),
            };
        if !is_done {
            self.order(ctx, leg, Command::Resume);
        }
    }

    // === Orders ===

    fn order_by_code(&mut self, ctx: &mut Context<'_>, leg: usize, order: CodeOrder) {
        match order {
            CodeOrder::Record => self.record_by_code(ctx, leg),
            CodeOrder::Pause => {
                let order = match self.recording.shown() {
                    CallRecording::Paused => RecordingOrder::Resume,
                    CallRecording::On | CallRecording::Off => RecordingOrder::Pause,
                };
                let _ = self.record(ctx, order);
            }
            CodeOrder::Number(wanting) => self.ask_for_number(ctx, leg, wanting),
            CodeOrder::Swap => _ = self.order(ctx, leg, Command::Swap),
            CodeOrder::Complete => _ = self.order(ctx, leg, Command::Complete),
            CodeOrder::Cancel => _ = self.order(ctx, leg, Command::Cancel),
            CodeOrder::ThreeWay => _ = self.order(ctx, leg, Command::ThreeWay),
        }
    }

    /// A recording begins or ends, and whoever wants it hears that; nobody else does. Where all are told
    /// that they are recorded, that says it.
    fn record_by_code(&mut self, ctx: &mut Context<'_>, leg: usize) {
        let (order, sound) = match self.recording.shown() {
            CallRecording::Off => (RecordingOrder::Start, Sound::recording_begun()),
            CallRecording::On | CallRecording::Paused => {
                (RecordingOrder::Stop, Sound::recording_ended())
            }
        };
        // Where the rule wants all of it recorded, it is.
        let is_done = self.record(ctx, order).is_ok();
        let is_said = order == RecordingOrder::Start && ctx.settings.has_recording_tone;
        if is_done
            && !is_said
            && let Some(media) = self.legs[leg].media()
        {
            self.tell_worker(ctx, MediaCommand::Tell { media, sound });
        }
    }

    /// Has done what a leg wants; false if that cannot be, and everything stays as it is.
    fn order(&mut self, ctx: &mut Context<'_>, leg: usize, command: Command) -> bool {
        let order = CallOrder { by: self.legs[leg].view().party, command };
        self.command(ctx, &order).is_ok()
    }
}

/// How long the first key of a code waits for the next.
const CODE_PAUSE: Duration = Duration::from_millis(1500);
/// How long the next key of a number may take.
const NUMBER_PAUSE: Duration = Duration::from_secs(4);
/// Keys of a number: more than any has.
const NUMBER_KEYS_MAX: usize = 32;
/// How long a key is down of which only that it was pressed is told.
const KEY_HELD: Duration = Duration::from_millis(160);
/// How long after we were told of a key its rest may come: shorter than any pause between two keys.
const KEY_SLACK: Duration = Duration::from_millis(90);
