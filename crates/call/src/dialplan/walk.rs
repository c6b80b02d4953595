//! A call on its way through a plan: which step is next, and what its variables hold.
//!
//! A walk decides, and does nothing. Whoever leads the call asks [`Walk::next`] what to do, does it,
//! and tells with [`Walk::took`] what became of it; a rehearsal of examples does the same with made-up
//! outcomes. So a call can do nothing that `tandem dialplan test` does not show.

use super::{
    Action, ConferencePlan, FeatureOrder, Gather, Outcome, Plans, RouteQuery, Speech, Spoken,
    WebOrder,
    action::{Absence, Dial as DialOrder, DialOutcome, DialTarget, PagePlan},
    code::Codes,
    number::normalise,
    script::Script,
    step::{Asking, Collect, Dial, Menu, SignIn, Step, Steps, Target, Web, Words},
    template::{CALLER, LANGUAGE, NUMBER, OUTCOME, Template},
};
use crate::{features::LineVerdict, speech::Language, voicemail::EnteredPin};
use base::UnixMillis;
use std::{collections::VecDeque, sync::Arc};

/// A call on its way.
#[derive(Clone, Debug)]
pub struct Walk {
    plans: Arc<Plans>,
    domain: String,
    /// With whose rights.
    by: Principal,
    caller: String,
    /// Names and values, the ones set last behind.
    variables: Vec<(String, String)>,
    /// Innermost last.
    frames: Vec<Frame>,
    awaits: Awaits,
    rule: Option<String>,
    is_recorded: bool,
    steps_taken: u32,
}

/// In whose name a call goes where it goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Principal {
    /// An extension, by its number.
    Extension(String),
    /// A trunk, by its name.
    Trunk(String),
}

/// Steps, and which of them is next.
#[derive(Clone, Debug)]
struct Frame {
    steps: Steps,
    next: usize,
    /// In whose name the call goes on after them, if that is another.
    then_by: Option<Principal>,
}

/// What the outcome of the action under way is for.
#[derive(Clone, Debug)]
enum Awaits {
    /// Nothing depends on it.
    Nothing,
    Feature {
        failed: Steps,
    },
    SignIn(Arc<SignIn>),
    Recent {
        into: String,
        none: Steps,
    },
    Web(Arc<Web>),
    Menu {
        menu: Arc<Menu>,
        tried: u32,
    },
    Collect {
        collect: Arc<Collect>,
        tried: u32,
    },
    Dial {
        dial: Arc<Dial>,
        /// Those who are rung after the one who is, if they are rung one after the other.
        further: VecDeque<DialTarget>,
    },
}

impl Walk {
    /// A call at its beginning.
    pub fn begin(plans: &Arc<Plans>, call: &RouteQuery<'_>) -> Self {
        let mut walk = Self {
            plans: Arc::clone(plans),
            domain: call.domain.to_owned(),
            by: call.from.into(),
            caller: call.number.to_owned(),
            variables: Vec::new(),
            frames: Vec::new(),
            awaits: Awaits::Nothing,
            rule: None,
            is_recorded: false,
            steps_taken: 0,
        };
        walk.route(call.dialled, call.now);
        walk
    }

    /// A walk of one step: to ring somebody, in whose name another walk goes.
    pub fn to_ring(plans: &Arc<Plans>, domain: &str, by: Principal, number: &str) -> Self {
        let dial = Dial {
            targets: vec![Target::User(Template::literal(number))],
            is_in_turn: false,
            is_cheapest_first: false,
            timeout_s: None,
            is_intercom: false,
            codes: Codes::default(),
            on_behalf_of: None,
            on: std::collections::BTreeMap::new(),
        };
        let steps = Steps::from([Step::Dial(Arc::new(dial))]);
        Self {
            plans: Arc::clone(plans),
            domain: domain.to_owned(),
            caller: by.name().to_owned(),
            by,
            variables: vec![(NUMBER.to_owned(), number.to_owned())],
            frames: vec![Frame { steps, next: 0, then_by: None }],
            awaits: Awaits::Nothing,
            rule: None,
            is_recorded: false,
            steps_taken: 0,
        }
    }

    /// The next thing to do; `None` once nothing is left. `now` decides about hours.
    pub fn next(&mut self, now: UnixMillis) -> Option<Action> {
        self.awaits = Awaits::Nothing;
        while let Some(frame) = self.frames.last_mut() {
            let steps = Arc::clone(&frame.steps);
            let Some(step) = steps.get(frame.next) else {
                if let Some(by) = self.frames.pop().and_then(|it| it.then_by) {
                    self.by = by;
                }
                continue;
            };
            frame.next += 1;
            self.steps_taken += 1;
            let is_lost = self.steps_taken > STEPS_MAX || self.frames.len() > DEPTH_MAX;
            if is_lost {
                return Some(self.cut());
            }
            if let Some(action) = self.take(step, now) {
                return Some(action);
            }
        }
        None
    }

    /// Takes in what became of the last action.
    ///
    /// Gives the action that goes on with it, if there is one: a menu asks again, the next of those
    /// who are rung in turn is rung. Else [`Self::next`] tells what follows.
    pub fn took(&mut self, outcome: &Outcome, now: UnixMillis) -> Option<Action> {
        match (std::mem::replace(&mut self.awaits, Awaits::Nothing), outcome) {
            (Awaits::Menu { menu, tried }, Outcome::Keys(keys)) => {
                let steps = keys.chars().next().and_then(|key| menu.keys.get(&key)).cloned();
                match steps {
                    Some(steps) => self.enter(steps),
                    None => return self.ask_for_key_again(menu, tried, keys.is_empty(), now),
                }
            }
            (Awaits::Collect { collect, tried }, Outcome::Keys(keys)) => {
                if keys.chars().count() < collect.digits_min {
                    return self.ask_for_digits_again(collect, tried, keys.is_empty(), now);
                }
                self.set(&collect.into, keys.clone());
            }
            (
                Awaits::Dial { dial, mut further },
                Outcome::Dialled(how) | Outcome::NotReached(how),
            ) => {
                self.set(OUTCOME, how.name().to_owned());
                // Whoever is busy or says no behind one trunk does so behind all of them.
                let is_settled = matches!(outcome, Outcome::Dialled(_));
                let next = further.pop_front();
                let next =
                    next.filter(|it| !(is_settled && matches!(it, DialTarget::Trunk { .. })));
                if let Some(next) = next {
                    return Some(self.ring(dial, vec![next], further));
                }
                if let Some(steps) = dial.on.get(how) {
                    self.enter(Arc::clone(steps));
                }
            }
            (Awaits::Dial { dial, .. }, Outcome::Chosen(trunks)) => {
                let mut trunks = VecDeque::from(trunks.clone());
                let first = trunks.pop_front();
                return Some(self.ring(dial, first.into_iter().collect(), trunks));
            }
            (Awaits::Nothing, Outcome::Dialled(how) | Outcome::NotReached(how)) => {
                self.set(OUTCOME, how.name().to_owned());
            }
            (Awaits::Feature { .. } | Awaits::SignIn(_), Outcome::Feature(LineVerdict::Kept)) => {}
            (Awaits::Feature { failed }, _) => self.enter(failed),
            (Awaits::SignIn(sign_in), Outcome::Feature(verdict)) => {
                self.enter(Arc::clone(sign_in.steps_after(*verdict)));
            }
            (Awaits::SignIn(sign_in), _) => self.enter(Arc::clone(&sign_in.failed)),
            (Awaits::Web(web), Outcome::Web(Some(values))) => {
                let names = web.into.names();
                for (name, value) in values.iter().filter(|it| names.contains(&it.0.as_str())) {
                    self.set(name, value.clone());
                }
            }
            (Awaits::Web(web), Outcome::Web(None) | Outcome::NoReply) => {
                self.enter(Arc::clone(&web.failed));
            }
            (Awaits::Recent { into, .. }, Outcome::Recent(Some(number))) => {
                self.set(&into, number.clone());
            }
            (Awaits::Recent { none, .. }, _) => self.enter(none),
            (_, _) => {}
        }
        None
    }

    /// Goes on as if another number had been dialled, in the name of `by`; what was to follow is
    /// forgotten.
    pub fn transfer(&mut self, dialled: &str, by: Principal, now: UnixMillis) {
        self.by = by;
        self.frames.clear();
        self.route(dialled, now);
    }

    /// Does what another number would do, in the name of `by`, before it goes on in the name of
    /// whoever it went before.
    pub fn detour(&mut self, dialled: &str, by: Principal, now: UnixMillis) {
        let then_by = std::mem::replace(&mut self.by, by);
        let depth = self.frames.len();
        self.route(dialled, now);
        if let Some(frame) = self.frames.get_mut(depth) {
            frame.then_by = Some(then_by);
        }
    }

    // === Getters ===

    /// The numbers behind trunks that are rung before anything else is done but answering; none if
    /// somebody else is, too. `now` decides about hours.
    pub(crate) fn rings_behind_trunks(&self, now: UnixMillis) -> Vec<String> {
        let mut ahead = self.clone();
        let mut action = ahead.next(now);
        while action == Some(Action::Answer) {
            action = ahead.next(now);
        }
        let Some(Action::Dial(DialOrder { targets, .. }) | Action::Choose(targets)) = action else {
            return Vec::new();
        };
        let number = |target| match target {
            DialTarget::Trunk { number, .. } => Some(number),
            DialTarget::User(_) => None,
        };
        targets.into_iter().map(number).collect::<Option<_>>().unwrap_or_default()
    }

    /// What was dialled, or what it goes on as if it had been.
    pub fn dialled(&self) -> &str {
        self.variable(NUMBER).unwrap_or_default()
    }

    /// In whose name the call goes where it goes.
    pub fn by(&self) -> &Principal {
        &self.by
    }

    /// The rule that decided last; `None` if none matched.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// Whether a rule wants the call recorded from its answer on.
    pub fn is_recorded(&self) -> bool {
        self.is_recorded
    }

    /// In which the caller is spoken to.
    pub fn language(&self) -> Language {
        self.variable(LANGUAGE).and_then(Language::parse).unwrap_or(Language::ALL[0])
    }

    // === Steps ===

    /// Finds the rule for a number and begins with its steps.
    fn route(&mut self, dialled: &str, now: UnixMillis) {
        let plans = Arc::clone(&self.plans);
        self.rule = None;
        let Some(number) = normalise(dialled) else {
            return self.refuse(404, "Not a number");
        };
        let call = RouteQuery {
            domain: &self.domain,
            from: self.by.as_caller(),
            number: &self.caller,
            dialled,
            now,
        };
        let found = plans.rules.iter().find_map(|rule| {
            let captures = rule.captures(&plans, &call, &number)?;
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            Some((rule, captures.into_iter().map(owned).collect::<Vec<_>>()))
        });
        self.set(NUMBER, number.clone().into_owned());
        let Some((rule, captures)) = found else {
            return self.refuse(404, "No rule for this number");
        };
        for (name, value) in captures {
            self.set(&name, value);
        }
        self.rule = Some(rule.name.clone());
        self.is_recorded |= rule.is_recorded;
        self.enter(Arc::clone(&rule.steps));
    }

    /// Why nobody talks to the caller, as far as it was tried.
    fn absence(&self) -> Absence {
        let outcome = self.variable(OUTCOME).and_then(DialOutcome::named);
        outcome.map_or(Absence::Unavailable, Absence::after)
    }

    fn enter(&mut self, steps: Steps) {
        self.frames.push(Frame { steps, next: 0, then_by: None });
    }

    fn refuse(&mut self, status: u16, reason: &str) {
        self.enter(Steps::from([Step::Refuse { status, reason: reason.to_owned() }]));
    }

    /// What a step wants done; `None` if it only decided what follows.
    fn take(&mut self, step: &Step, now: UnixMillis) -> Option<Action> {
        Some(match step {
            Step::Answer => Action::Answer,
            Step::Say(words) => Action::Say(self.speech(words, now)),
            Step::Menu(menu) => self.ask_for_key(Arc::clone(menu), 0, &[], now),
            Step::Collect(collect) => self.ask_for_digits(Arc::clone(collect), 0, &[], now),
            Step::Dial(dial) => self.dial(Arc::clone(dial)),
            Step::Builtin(builtin) => Action::Builtin(builtin.clone()),
            Step::Conference { room, plan, language } => Action::Conference(ConferencePlan {
                room: self.fill(room),
                language: language.unwrap_or(self.language()),
                ..plan.clone()
            }),
            Step::Supervise { number, language } => Action::Supervise {
                number: self.fill(number),
                language: language.unwrap_or(self.language()),
            },
            Step::LeaveMessage { number, absence, language } => Action::LeaveMessage {
                number: self.fill(number),
                absence: absence.unwrap_or(self.absence()),
                language: language.unwrap_or(self.language()),
            },
            Step::HearMessages { language } => {
                Action::HearMessages { language: language.unwrap_or(self.language()) }
            }
            Step::Queue { name } => {
                Action::Queue { name: self.fill(name), language: self.language() }
            }
            Step::OrderCallback { queue } => {
                Action::OrderCallback { queue: self.fill(queue), language: self.language() }
            }
            Step::Page { extensions, timeout_s, limit_s } => Action::Page(PagePlan {
                extensions: extensions.iter().map(|it| self.fill_number(it)).collect(),
                timeout_s: *timeout_s,
                limit_s: *limit_s,
            }),
            Step::Park(plan) => Action::Park(plan.clone()),
            Step::Fetch { slot } => {
                Action::Fetch { slot: self.fill_number(slot).parse().unwrap_or_default() }
            }
            Step::PickUp { users } => {
                Action::PickUp { users: users.iter().map(|it| self.fill_number(it)).collect() }
            }
            Step::Recent { of, into, none } => {
                let (into, none) = (into.clone(), Arc::clone(none));
                self.awaits = Awaits::Recent { into, none };
                Action::Recent(*of)
            }
            Step::Forward { when, to, failed } => {
                let to = to.as_ref().map(|it| self.fill_number(it));
                self.awaits = Awaits::Feature { failed: Arc::clone(failed) };
                Action::SetFeature(FeatureOrder::Forward { when: *when, to })
            }
            Step::DoNotDisturb { is_on, failed } => {
                self.awaits = Awaits::Feature { failed: Arc::clone(failed) };
                Action::SetFeature(FeatureOrder::DoNotDisturb(*is_on))
            }
            Step::CallWaiting { is_on, failed } => {
                self.awaits = Awaits::Feature { failed: Arc::clone(failed) };
                Action::SetFeature(FeatureOrder::CallWaiting(*is_on))
            }
            Step::SignIn(sign_in) => {
                self.awaits = Awaits::SignIn(Arc::clone(sign_in));
                let pin = EnteredPin(self.fill_number(&sign_in.pin));
                Action::SignIn { number: self.fill_number(&sign_in.number), pin }
            }
            Step::SignOut { failed } => {
                self.awaits = Awaits::Feature { failed: Arc::clone(failed) };
                Action::SignOut
            }
            Step::Web(web) => self.ask_web(Arc::clone(web)),
            Step::Record(is_on) => Action::Record(*is_on),
            Step::Refuse { status, reason } => {
                Action::Refuse { status: *status, reason: reason.clone() }
            }
            Step::HangUp => Action::HangUp,
            Step::Script { script, into } => return self.run(script, into),
            Step::Set(_)
            | Step::Branch { .. }
            | Step::Hours { .. }
            | Step::Block(_)
            | Step::Goto(_)
            | Step::Transfer { .. } => {
                self.turn(step, now);
                return None;
            }
        })
    }

    /// Carries out a step that concerns the way alone.
    fn turn(&mut self, step: &Step, now: UnixMillis) {
        match step {
            Step::Set(values) => {
                for (name, template) in values {
                    let value = self.fill(template);
                    self.set(name, value);
                }
            }
            Step::Branch { value, cases, otherwise } => {
                let steps = cases.get(&self.fill(value)).unwrap_or(otherwise);
                self.enter(Arc::clone(steps));
            }
            Step::Hours { schedule, open, closed } => {
                let is_open = self.plans.is_open(schedule, now);
                self.enter(Arc::clone(if is_open { open } else { closed }));
            }
            Step::Block(name) => {
                if let Some(steps) = self.plans.block(name) {
                    self.enter(steps);
                }
            }
            Step::Goto(name) => {
                self.frames.clear();
                if let Some(steps) = self.plans.block(name) {
                    self.enter(steps);
                }
            }
            Step::Transfer { number } => {
                let number = self.fill(number);
                self.frames.clear();
                self.route(&number, now);
            }
            Step::Answer
            | Step::Say(_)
            | Step::Menu(_)
            | Step::Collect(_)
            | Step::Dial(_)
            | Step::Builtin(_)
            | Step::Conference { .. }
            | Step::Supervise { .. }
            | Step::LeaveMessage { .. }
            | Step::HearMessages { .. }
            | Step::Queue { .. }
            | Step::OrderCallback { .. }
            | Step::Page { .. }
            | Step::Park(_)
            | Step::Fetch { .. }
            | Step::PickUp { .. }
            | Step::Recent { .. }
            | Step::Web(_)
            | Step::Forward { .. }
            | Step::DoNotDisturb { .. }
            | Step::CallWaiting { .. }
            | Step::SignIn(_)
            | Step::SignOut { .. }
            | Step::Record(_)
            | Step::Script { .. }
            | Step::Refuse { .. }
            | Step::HangUp => {}
        }
    }

    /// Runs a script; a call whose script fails has nowhere to go.
    fn run(&mut self, script: &Script, into: &str) -> Option<Action> {
        match script.run(|name| self.variable(name)) {
            Ok(value) => {
                self.set(into, value);
                None
            }
            Err(why) => {
                self.frames.clear();
                let rule = self.rule.as_deref().unwrap_or("none");
                let reason = format!("A script of the dialplan failed, rule {rule}: {why}");
                Some(Action::Refuse { status: 500, reason })
            }
        }
    }

    fn ask_web(&mut self, web: Arc<Web>) -> Action {
        let order = WebOrder {
            url: web.url.fill_url(|name| self.variable(name)),
            post: web.post.iter().map(|(name, it)| (name.clone(), self.fill(it))).collect(),
            timeout_s: web.timeout_s,
            into: web.into.clone(),
        };
        self.awaits = Awaits::Web(web);
        Action::Web(order)
    }

    /// Ends what goes in circles.
    fn cut(&mut self) -> Action {
        self.frames.clear();
        let rule = self.rule.as_deref().unwrap_or("none");
        let reason = format!("The dialplan goes in circles; it began with the rule {rule}");
        Action::Refuse { status: 482, reason }
    }

    // === Keys ===

    fn ask_for_key(
        &mut self,
        menu: Arc<Menu>,
        tried: u32,
        first: &[Words],
        now: UnixMillis,
    ) -> Action {
        let words: Vec<_> = first.iter().chain(&menu.say).cloned().collect();
        let gather = Gather {
            speech: self.speech(&words, now),
            digits_max: 1,
            ends_with_hash: false,
            timeout_s: menu.asking.timeout_s,
            what: "menu",
        };
        self.awaits = Awaits::Menu { menu, tried };
        Action::Gather(gather)
    }

    fn ask_for_key_again(
        &mut self,
        menu: Arc<Menu>,
        tried: u32,
        is_silent: bool,
        now: UnixMillis,
    ) -> Option<Action> {
        let first = self.words_of_failure(&menu.asking, tried, is_silent)?;
        Some(self.ask_for_key(menu, tried + 1, &first, now))
    }

    fn ask_for_digits(
        &mut self,
        collect: Arc<Collect>,
        tried: u32,
        first: &[Words],
        now: UnixMillis,
    ) -> Action {
        let words: Vec<_> = first.iter().chain(&collect.say).cloned().collect();
        let gather = Gather {
            speech: self.speech(&words, now),
            digits_max: collect.digits_max,
            ends_with_hash: true,
            timeout_s: collect.asking.timeout_s,
            what: "collect",
        };
        self.awaits = Awaits::Collect { collect, tried };
        Action::Gather(gather)
    }

    fn ask_for_digits_again(
        &mut self,
        collect: Arc<Collect>,
        tried: u32,
        is_silent: bool,
        now: UnixMillis,
    ) -> Option<Action> {
        let first = self.words_of_failure(&collect.asking, tried, is_silent)?;
        Some(self.ask_for_digits(collect, tried + 1, &first, now))
    }

    /// What is said before the caller is asked again; `None` when it was asked often enough, and the
    /// steps for that follow.
    fn words_of_failure(
        &mut self,
        asking: &Asking,
        tried: u32,
        is_silent: bool,
    ) -> Option<Vec<Words>> {
        if tried + 1 < asking.tries {
            return Some(if is_silent { asking.silent.clone() } else { asking.invalid.clone() });
        }
        self.enter(Arc::clone(&asking.failed));
        None
    }

    // === Ringing ===

    fn dial(&mut self, dial: Arc<Dial>) -> Action {
        let mut targets: VecDeque<_> = dial.targets.iter().map(|it| self.target(it)).collect();
        // One of a group who calls it means the others.
        let is_caller = |it: &DialTarget| matches!((it, &self.by), (DialTarget::User(a), Principal::Extension(b)) if a == b);
        if targets.len() > 1 && !targets.iter().all(is_caller) {
            targets.retain(|it| !is_caller(it));
        }
        if dial.is_cheapest_first {
            self.awaits = Awaits::Dial { dial, further: VecDeque::new() };
            return Action::Choose(targets.into());
        }
        if dial.is_in_turn {
            let first = targets.pop_front();
            return self.ring(dial, first.into_iter().collect(), targets);
        }
        self.ring(dial, targets.into(), VecDeque::new())
    }

    fn ring(
        &mut self,
        dial: Arc<Dial>,
        targets: Vec<DialTarget>,
        further: VecDeque<DialTarget>,
    ) -> Action {
        let (timeout_s, is_intercom, codes) = (dial.timeout_s, dial.is_intercom, dial.codes);
        let is_group = dial.targets.len() > 1;
        let by = dial.on_behalf_of.clone();
        let by = by.map_or_else(|| self.by.clone(), Principal::Extension);
        self.awaits = Awaits::Dial { dial, further };
        Action::Dial(DialOrder { targets, timeout_s, is_intercom, is_group, codes, by })
    }

    fn target(&self, target: &Target) -> DialTarget {
        match target {
            Target::User(number) => DialTarget::User(self.fill_number(number)),
            Target::Trunk { trunk, number } => {
                DialTarget::Trunk { trunk: trunk.clone(), number: self.fill_number(number) }
            }
        }
    }

    // === Words and variables ===

    fn speech(&self, words: &[Words], now: UnixMillis) -> Speech {
        let words = words.iter().filter_map(|it| self.spoken(it, now)).collect();
        Speech { language: self.language(), words }
    }

    /// What is no number where one is to be said is not said.
    fn spoken(&self, words: &Words, now: UnixMillis) -> Option<Spoken> {
        Some(match words {
            Words::File(name) => Spoken::File(name.clone()),
            Words::Prompt(name) => Spoken::Prompt(name.clone()),
            Words::Number(template) => Spoken::Number(self.fill(template).parse().ok()?),
            Words::Digits(template) => Spoken::Digits(self.fill(template)),
            Words::Money(template) => Spoken::Money(hundredths(&self.fill(template))?),
            Words::Duration(template) => Spoken::Duration(self.fill(template).parse().ok()?),
            Words::Today(zone) => Spoken::Date(zone.date(now)?),
            Words::Now(zone) => Spoken::Time(zone.time(now)?),
        })
    }

    fn fill(&self, template: &Template) -> String {
        template.fill(|name| self.variable(name))
    }

    /// The number that a template makes; empty if a variable spoils it.
    fn fill_number(&self, template: &Template) -> String {
        normalise(&self.fill(template)).map(|it| it.into_owned()).unwrap_or_default()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        if name == CALLER {
            return Some(&self.caller);
        }
        self.variables.iter().rev().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, mut value: String) {
        truncate(&mut value);
        match self.variables.iter_mut().find(|(it, _)| it == name) {
            Some((_, before)) => *before = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }
}

impl Principal {
    /// As plans compare it.
    pub fn as_caller(&self) -> super::Caller<'_> {
        match self {
            Self::Extension(number) => super::Caller::Extension(number),
            Self::Trunk(name) => super::Caller::Trunk(name),
        }
    }

    /// The extension's number, or the trunk's name.
    pub fn name(&self) -> &str {
        let (Self::Extension(name) | Self::Trunk(name)) = self;
        name
    }
}

impl From<super::Caller<'_>> for Principal {
    fn from(caller: super::Caller<'_>) -> Self {
        match caller {
            super::Caller::Extension(number) => Self::Extension(number.to_owned()),
            super::Caller::Trunk(name) => Self::Trunk(name.to_owned()),
        }
    }
}

/// `12`, `12.5` or `-12,50` in hundredths.
fn hundredths(amount: &str) -> Option<i64> {
    let (sign, amount) = amount.strip_prefix('-').map_or((1, amount), |it| (-1, it));
    let (whole, part) = amount.split_once(['.', ',']).unwrap_or((amount, ""));
    let part = match part.len() {
        0 => 0,
        1 => part.parse::<u8>().ok()? * 10,
        2 => part.parse().ok()?,
        _ => return None,
    };
    let whole: i64 = whole.parse().ok().filter(|_| whole.bytes().all(|it| it.is_ascii_digit()))?;
    Some(sign * whole.checked_mul(100)?.checked_add(part.into())?)
}

fn truncate(value: &mut String) {
    let end = (0..=VALUE_BYTES_MAX.min(value.len())).rev().find(|it| value.is_char_boundary(*it));
    value.truncate(end.unwrap_or(0));
}

/// Most steps of one call: what takes more goes in circles.
pub const STEPS_MAX: u32 = 1_000;
/// Most steps that wait for steps within them.
const DEPTH_MAX: usize = 64;
/// What a variable holds at most; the rest is cut off.
const VALUE_BYTES_MAX: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_with_either_point() {
        let read = ["12", "12.5", "-12,50", "0.07", "1.234", "x", "1.x", "-"].map(hundredths);
        assert_eq!(read, [Some(1200), Some(1250), Some(-1250), Some(7), None, None, None, None]);
    }

    #[test]
    fn a_value_is_cut_between_characters() {
        let mut value = "я".repeat(VALUE_BYTES_MAX);
        truncate(&mut value);
        assert_eq!(value.chars().count(), VALUE_BYTES_MAX / 2);
    }
}
