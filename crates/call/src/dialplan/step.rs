//! The steps of a plan, read and checked. A language that is not written is the call's.

use super::{
    Builtin, ConferencePlan,
    action::{Absence, DialOutcome, ForwardWhen, ParkPlan, WebInto},
    code::Codes,
    schedule::Zone,
    script::Script,
    template::Template,
};
use crate::{features::LineVerdict, recents::RecentOf, speech::Language};
use std::{collections::BTreeMap, sync::Arc};

/// What is done one after the other. Calls that walk through it keep it when plans change.
pub(super) type Steps = Arc<[Step]>;

/// One step.
#[derive(Debug)]
pub(super) enum Step {
    Answer,
    Say(Vec<Words>),
    Menu(Arc<Menu>),
    Collect(Arc<Collect>),
    Dial(Arc<Dial>),
    Builtin(Builtin),
    /// The plan's own room is filled in by the template.
    Conference {
        room: Template,
        plan: ConferencePlan,
        language: Option<Language>,
    },
    Supervise {
        number: Template,
        language: Option<Language>,
    },
    LeaveMessage {
        number: Template,
        /// As the last dial ended unless written.
        absence: Option<Absence>,
        language: Option<Language>,
    },
    HearMessages {
        language: Option<Language>,
    },
    Queue {
        name: Template,
    },
    OrderCallback {
        queue: Template,
    },
    Page {
        extensions: Vec<Template>,
        timeout_s: u32,
        limit_s: u32,
    },
    Park(ParkPlan),
    Fetch {
        slot: Template,
    },
    PickUp {
        users: Vec<Template>,
    },
    /// Sets a variable to a last number of the caller's extension.
    Recent {
        of: RecentOf,
        into: String,
        /// What is done if there is none.
        none: Steps,
    },
    Web(Arc<Web>),
    Forward {
        when: ForwardWhen,
        /// `None` for no longer.
        to: Option<Template>,
        /// What is done if that is not kept.
        failed: Steps,
    },
    DoNotDisturb {
        is_on: bool,
        /// What is done if that is not kept.
        failed: Steps,
    },
    CallWaiting {
        is_on: bool,
        /// What is done if that is not kept.
        failed: Steps,
    },
    /// Another extension signs in at the caller's phone.
    SignIn(Arc<SignIn>),
    SignOut {
        /// What is done if that is not kept.
        failed: Steps,
    },
    Record(bool),
    Set(Vec<(String, Template)>),
    /// Sets a variable to what a script gives.
    Script {
        script: Script,
        into: String,
    },
    /// Goes on with the steps of the first case that the value is.
    Branch {
        value: Template,
        cases: BTreeMap<String, Steps>,
        otherwise: Steps,
    },
    /// Goes on with the one or the other, as the hours of a name say.
    Hours {
        schedule: String,
        open: Steps,
        closed: Steps,
    },
    /// Does the steps of a block, then goes on.
    Block(String),
    /// Goes on with the steps of a block, and never comes back.
    Goto(String),
    /// Goes on as if the caller had dialled another number.
    Transfer {
        number: Template,
    },
    Refuse {
        status: u16,
        reason: String,
    },
    HangUp,
}

/// One thing to say.
#[derive(Clone, Debug)]
pub(super) enum Words {
    File(String),
    Prompt(String),
    Number(Template),
    Digits(Template),
    Money(Template),
    Duration(Template),
    /// The day in a place.
    Today(Zone),
    /// The time in a place.
    Now(Zone),
}

/// A choice of one key.
#[derive(Debug)]
pub(super) struct Menu {
    /// What is said each time.
    pub(super) say: Vec<Words>,
    /// What each key does.
    pub(super) keys: BTreeMap<char, Steps>,
    pub(super) asking: Asking,
}

/// A row of keys that becomes a variable.
#[derive(Debug)]
pub(super) struct Collect {
    /// What is said each time.
    pub(super) say: Vec<Words>,
    /// Which variable.
    pub(super) into: String,
    pub(super) digits_min: usize,
    pub(super) digits_max: usize,
    pub(super) asking: Asking,
}

/// How long and how often a caller is asked.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) timeout_s: u32,
    pub(super) tries: u32,
    /// What is said before it is asked again after a wrong key.
    pub(super) invalid: Vec<Words>,
    /// What is said before it is asked again after none.
    pub(super) silent: Vec<Words>,
    /// What is done when all tries are used up.
    pub(super) failed: Steps,
}

/// Whom to ring, and what to do if nobody talks then.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) targets: Vec<Target>,
    /// Whether they are rung one after the other, and not all at once.
    pub(super) is_in_turn: bool,
    /// Whether that order is by what they cost, and not as they were written.
    pub(super) is_cheapest_first: bool,
    /// Each, or all.
    pub(super) timeout_s: Option<u32>,
    pub(super) is_intercom: bool,
    pub(super) codes: Codes,
    /// The extension in whose name calls go out through trunks; else whoever sends them there.
    pub(super) on_behalf_of: Option<String>,
    /// Unless it is here, the next step follows.
    pub(super) on: BTreeMap<DialOutcome, Steps>,
}

/// What a web server is asked, and what is done if it has no answer.
#[derive(Debug)]
pub(super) struct Web {
    /// The part up to the path is the plan's own.
    pub(super) url: Template,
    pub(super) post: Vec<(String, Template)>,
    pub(super) timeout_s: u32,
    pub(super) into: WebInto,
    pub(super) failed: Steps,
}

/// Who signs in at the caller's phone, and what is done if that is not to be.
#[derive(Debug)]
pub(super) struct SignIn {
    pub(super) number: Template,
    pub(super) pin: Template,
    /// Nobody has that number and that PIN.
    pub(super) wrong: Steps,
    /// Too many PINs were wrong.
    pub(super) locked: Steps,
    /// The extension may not sign in at phones of others.
    pub(super) refused: Steps,
    /// It is not kept.
    pub(super) failed: Steps,
}

/// Somebody to ring.
#[derive(Debug)]
pub(super) enum Target {
    User(Template),
    Trunk { trunk: String, number: Template },
}

impl SignIn {
    /// What is done after one that is not kept.
    pub(super) fn steps_after(&self, verdict: LineVerdict) -> &Steps {
        match verdict {
            LineVerdict::Wrong => &self.wrong,
            LineVerdict::LockedOut => &self.locked,
            LineVerdict::NotAllowed => &self.refused,
            LineVerdict::Kept | LineVerdict::NotKept => &self.failed,
        }
    }
}

impl Step {
    /// Whether it, or a step within it, sends calls out through this trunk.
    pub(super) fn dials_trunk(&self, name: &str) -> bool {
        let is_it = |it: &Target| matches!(it, Target::Trunk { trunk, .. } if trunk == name);
        let own = matches!(self, Self::Dial(dial) if dial.targets.iter().any(is_it));
        own || self.within().iter().any(|steps| steps.iter().any(|it| it.dials_trunk(name)))
    }

    /// Whether it, or a step within it, parks calls in this slot.
    pub(super) fn parks_in(&self, slot: u32) -> bool {
        let own = matches!(self, Self::Park(plan) if (plan.first..=plan.last).contains(&slot));
        own || self.within().iter().any(|steps| steps.iter().any(|it| it.parks_in(slot)))
    }

    /// How it, or a step within it, parks calls.
    pub(super) fn parking(&self) -> Option<&ParkPlan> {
        if let Self::Park(plan) = self {
            return Some(plan);
        }
        self.within().into_iter().find_map(|steps| steps.iter().find_map(Self::parking))
    }

    /// The blocks that it, or a step within it, names.
    pub(super) fn blocks<'a>(&'a self, into: &mut Vec<&'a str>) {
        if let Self::Block(name) | Self::Goto(name) = self {
            into.push(name);
        }
        self.within().into_iter().flat_map(|it| it.iter()).for_each(|it| it.blocks(into));
    }

    /// The hours that it, or a step within it, names.
    pub(super) fn schedules<'a>(&'a self, into: &mut Vec<&'a str>) {
        if let Self::Hours { schedule, .. } = self {
            into.push(schedule);
        }
        self.within().into_iter().flat_map(|it| it.iter()).for_each(|it| it.schedules(into));
    }

    fn within(&self) -> Vec<&Steps> {
        match self {
            Self::Menu(menu) => menu.keys.values().chain([&menu.asking.failed]).collect(),
            Self::Collect(collect) => vec![&collect.asking.failed],
            Self::Dial(dial) => dial.on.values().collect(),
            Self::Forward { failed, .. }
            | Self::DoNotDisturb { failed, .. }
            | Self::CallWaiting { failed, .. }
            | Self::SignOut { failed } => vec![failed],
            Self::SignIn(it) => vec![&it.wrong, &it.locked, &it.refused, &it.failed],
            Self::Recent { none, .. } => vec![none],
            Self::Web(web) => vec![&web.failed],
            Self::Branch { cases, otherwise, .. } => cases.values().chain([otherwise]).collect(),
            Self::Hours { open, closed, .. } => vec![open, closed],
            Self::Answer
            | Self::Say(_)
            | Self::Builtin(_)
            | Self::Conference { .. }
            | Self::Supervise { .. }
            | Self::LeaveMessage { .. }
            | Self::HearMessages { .. }
            | Self::Queue { .. }
            | Self::OrderCallback { .. }
            | Self::Page { .. }
            | Self::Park(_)
            | Self::Fetch { .. }
            | Self::PickUp { .. }
            | Self::Record(_)
            | Self::Set(_)
            | Self::Script { .. }
            | Self::Block(_)
            | Self::Goto(_)
            | Self::Transfer { .. }
            | Self::Refuse { .. }
            | Self::HangUp => Vec::new(),
        }
    }
}
