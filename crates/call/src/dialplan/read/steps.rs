//! Steps: what calls do.

use super::{Reading, Scope, SoundKind, Table, Template, Value, Zone};
use crate::{
    call::{CONFERENCE_PROMPTS, SUPERVISION_PROMPTS, VOICEMAIL_PROMPTS},
    dialplan::{
        Absence, Builtin, CodeKind, Codes, ConferencePlan, DialOutcome, ForwardWhen, Mistake,
        ParkPlan, WebInto,
        number::normalise,
        step::{Asking, Collect, Dial, Menu, SignIn, Step, Steps, Target, Web, Words},
        template::{CALLER, NUMBER, OUTCOME},
    },
    recents::RecentOf,
    settings::prompt_file,
    speech::Language,
};
use media::{PartyMode, dtmf::Digit, progress::ProgressTone};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

impl Reading<'_, '_> {
    /// Steps in a row. One that is wrong spoils all, but each is complained about.
    pub(super) fn steps(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Steps> {
        let steps = value.array(self.to)?;
        if steps.is_empty() {
            return self.checked(value, Err(Mistake::NoneGiven));
        }
        let steps: Vec<_> = steps.iter().map(|it| self.step(it, scope)).collect();
        steps.into_iter().collect()
    }

    /// The same where there need not be any.
    fn steps_or_none(&mut self, value: Option<&Value<'_, '_>>, scope: Scope<'_>) -> Option<Steps> {
        value.map_or(Some(Steps::default()), |it| self.steps(it, scope))
    }

    /// A step is a table with one key, its name.
    fn step(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let keys = table.len();
        let step = [
            table.optional("answer").map(|it| self.nothing(&it, Step::Answer)),
            table.optional("play").map(|it| self.play(&it)),
            table.optional("say").map(|it| self.say(&it, scope).map(Step::Say)),
            table.optional("menu").map(|it| self.menu(&it, scope)),
            table.optional("collect").map(|it| self.collect(&it, scope)),
            table.optional("dial").map(|it| self.dial(&it, scope)),
            table.optional("echo").map(|it| self.nothing(&it, Step::Builtin(Builtin::Echo))),
            table.optional("tone").map(|it| self.tone(&it)),
            table.optional("music").map(|it| self.music(&it)),
            table.optional("conference").map(|it| self.conference(&it, scope)),
            table.optional("supervise").map(|it| self.supervise(&it, scope)),
            table.optional("leave_message").map(|it| self.leave_message(&it, scope)),
            table.optional("hear_messages").map(|it| self.hear_messages(&it)),
            table.optional("queue").map(|it| self.queue(&it, scope)),
            table.optional("callback_order").map(|it| self.callback_order(&it, scope)),
            table.optional("page").map(|it| self.page(&it, scope)),
            table.optional("park").map(|it| self.park(&it)),
            table.optional("fetch").map(|it| self.fetch(&it, scope)),
            table.optional("pickup").map(|it| self.pick_up(&it, scope)),
            table.optional("recent").map(|it| self.recent(&it, scope)),
            table.optional("forward").map(|it| self.forward(&it, scope)),
            table.optional("do_not_disturb").map(|it| self.do_not_disturb(&it, scope)),
            table.optional("call_waiting").map(|it| self.call_waiting(&it, scope)),
            table.optional("sign_in").map(|it| self.sign_in(&it, scope)),
            table.optional("sign_out").map(|it| self.sign_out(&it, scope)),
            table.optional("http").map(|it| self.web(&it, scope)),
            table.optional("record").map(|it| it.boolean(self.to).map(Step::Record)),
            table.optional("set").map(|it| self.set(&it, scope)),
            table.optional("script").map(|it| self.script(&it)),
            table.optional("branch").map(|it| self.branch(&it, scope)),
            table.optional("hours").map(|it| self.hours(&it, scope)),
            table.optional("block").map(|it| self.words(&it).map(Step::Block)),
            table.optional("goto").map(|it| self.words(&it).map(Step::Goto)),
            table.optional("transfer").map(|it| self.transfer(&it, scope)),
            table.optional("refuse").map(|it| self.refuse(&it)),
            table.optional("hang_up").map(|it| self.nothing(&it, Step::HangUp)),
        ];
        table.finish(self.to);
        if keys != 1 {
            return self.checked(value, Err(Mistake::NotOneStepKey { found: keys }));
        }
        step.into_iter().flatten().next().flatten()
    }

    /// A step without any option.
    fn nothing(&mut self, value: &Value<'_, '_>, step: Step) -> Option<Step> {
        value.table(self.to)?.finish(self.to);
        Some(step)
    }

    // === Words ===

    fn play(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let files = self.only_key(value, "file")?;
        let files = self.all(&files, |reading, file| {
            let name = reading.sound(file, SoundKind::Prompt, |known| &known.prompts)?;
            Some(Words::File(name))
        })?;
        Some(Step::Say(files))
    }

    /// One thing to say, or several.
    fn say(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Vec<Words>> {
        self.all(value, |reading, value| reading.one_word(value, scope))
    }

    fn say_or_nothing(
        &mut self,
        value: Option<&Value<'_, '_>>,
        scope: Scope<'_>,
    ) -> Option<Vec<Words>> {
        value.map_or(Some(Vec::new()), |it| self.say(it, scope))
    }

    /// A table with one key: what kind of thing it is.
    fn one_word(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Words> {
        let mut table = value.table(self.to)?;
        let keys = table.len();
        let words = [
            table.optional("prompt").map(|it| self.prompt(&it)),
            table.optional("file").map(|it| {
                self.sound(&it, SoundKind::Prompt, |known| &known.prompts).map(Words::File)
            }),
            table.optional("number").map(|it| self.text(&it, scope).map(Words::Number)),
            table.optional("digits").map(|it| self.text(&it, scope).map(Words::Digits)),
            table.optional("money").map(|it| self.text(&it, scope).map(Words::Money)),
            table.optional("duration").map(|it| self.text(&it, scope).map(Words::Duration)),
            table.optional("date").map(|it| self.present(&it, Words::Today)),
            table.optional("time").map(|it| self.present(&it, Words::Now)),
        ];
        table.finish(self.to);
        if keys != 1 {
            return self.checked(value, Err(Mistake::OneThingToSay));
        }
        words.into_iter().flatten().next().flatten()
    }

    /// A prompt that is there in some language.
    fn prompt(&mut self, value: &Value<'_, '_>) -> Option<Words> {
        let name = value.string(self.to)?;
        let mut files = Language::ALL.into_iter().map(|it| prompt_file(it, name));
        let is_there = files.any(|it| self.known.prompts.contains(&it));
        let missing = Mistake::NoSound { kind: SoundKind::Prompt, name: name.to_owned() };
        self.checked(value, is_there.then(|| Words::Prompt(name.to_owned())).ok_or(missing))
    }

    fn present(&mut self, value: &Value<'_, '_>, words: fn(Zone) -> Words) -> Option<Words> {
        let is_now = value.string(self.to)? == "now";
        let zone = self.zone;
        self.checked(value, is_now.then(|| words(zone)).ok_or(Mistake::NotNow))
    }

    // === Keys ===

    fn menu(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let say = table.optional("say");
        let say = self.say_or_nothing(say.as_ref(), scope);
        let keys = table.required("keys", self.to).and_then(|it| self.keys(&it, scope));
        let asking = self.asking(&mut table, scope);
        table.finish(self.to);
        Some(Step::Menu(Arc::new(Menu { say: say?, keys: keys?, asking: asking? })))
    }

    fn keys(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<BTreeMap<char, Steps>> {
        let entries = value.entries(self.to)?;
        if entries.is_empty() {
            return self.checked(value, Err(Mistake::NoneGiven));
        }
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(name, value)| {
                let mut characters = name.chars();
                let key = characters.next().filter(|it| characters.next().is_none() && is_key(*it));
                let key = self.checked(&value, key.ok_or(Mistake::NoKey { found: name }));
                let steps = self.steps(&value, scope);
                Some((key?, steps?))
            })
            .collect();
        entries.into_iter().collect()
    }

    fn collect(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let say = table.optional("say");
        let say = self.say_or_nothing(say.as_ref(), scope);
        let into = table.required("into", self.to).and_then(|it| self.variable_of(&it));
        let least = table.optional("digits_min");
        let digits_min = match &least {
            Some(it) => it.integer(1..=COLLECTED_MAX, self.to),
            None => Some(1),
        };
        let digits_max = table.required("digits_max", self.to);
        let digits_max = digits_max.and_then(|it| it.integer(1..=COLLECTED_MAX, self.to));
        let asking = self.asking(&mut table, scope);
        table.finish(self.to);
        let (digits_min, digits_max) = (digits_min?, digits_max?);
        if let (Some(least), true) = (&least, digits_min > digits_max) {
            return self.checked(least, Err(Mistake::MinAboveMax));
        }
        Some(Step::Collect(Arc::new(Collect {
            say: say?,
            into: into?,
            digits_min: digits_min.into(),
            digits_max: digits_max.into(),
            asking: asking?,
        })))
    }

    fn asking(&mut self, table: &mut Table<'_, '_>, scope: Scope<'_>) -> Option<Asking> {
        let timeout_s = match table.optional("timeout_s") {
            Some(it) => it.integer(1..=KEY_TIMEOUT_MAX_S, self.to),
            None => Some(KEY_TIMEOUT_S),
        };
        let tries = match table.optional("tries") {
            Some(it) => it.integer(1..=TRIES_MAX, self.to),
            None => Some(TRIES),
        };
        let (invalid, silent) = (table.optional("invalid"), table.optional("silent"));
        let invalid = self.say_or_nothing(invalid.as_ref(), scope);
        let silent = self.say_or_nothing(silent.as_ref(), scope);
        let failed = table.optional("failed");
        let failed = self.steps_or_none(failed.as_ref(), scope);
        Some(Asking {
            timeout_s: timeout_s?,
            tries: tries?,
            invalid: invalid?,
            silent: silent?,
            failed: failed?,
        })
    }

    // === Ringing ===

    fn dial(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let (user, users) = (table.optional("user"), table.optional("users"));
        let (trunk, trunks) = (table.optional("trunk"), table.optional("trunks"));
        let number = table.optional("number");
        let in_turn = table.optional("in_turn");
        let choice = table.optional("choice");
        let timeout_s = table.optional("timeout_s");
        let intercom = table.optional("intercom");
        let codes = table.optional("codes");
        let on_behalf_of = table.optional("as");
        let on = table.optional("on");
        table.finish(self.to);
        let is_list_of_trunks = trunks.is_some();
        let is_out = number.is_some();
        let targets = match (user.or(users), trunk.or(trunks), number) {
            (Some(users), None, None) => {
                self.all(&users, |reading, it| Some(Target::User(reading.template(it, scope)?)))
            }
            (None, Some(trunks), Some(number)) => {
                let number = self.template(&number, scope);
                let trunks = self.all(&trunks, |reading, it| {
                    let name = it.string(reading.to)?;
                    reading.trunk(it, name)
                });
                let target =
                    |trunk, number: &Template| Target::Trunk { trunk, number: number.clone() };
                number.zip(trunks).map(|(number, names)| {
                    names.into_iter().map(|it| target(it, &number)).collect()
                })
            }
            (_, _, _) => return self.checked(value, Err(Mistake::DialTarget)),
        };
        let timeout_s = match timeout_s {
            Some(it) => Some(it.integer(1..=RING_MAX_S, self.to)?),
            None => None,
        };
        let is_in_turn = self.boolean_or(in_turn.as_ref(), is_list_of_trunks);
        let is_cheapest_first = match choice {
            Some(it) => {
                let is_choice = is_list_of_trunks && in_turn.is_none();
                let choice = it.string(self.to)?;
                let least_cost = match (is_choice, choice) {
                    (true, "least_cost") => Ok(true),
                    (true, "in_order") => Ok(false),
                    (_, _) => Err(Mistake::NoChoice),
                };
                self.checked(&it, least_cost)?
            }
            None => false,
        };
        let is_intercom = self.boolean_or(intercom.as_ref(), false);
        let codes = codes.map_or(Some(Codes::default()), |it| self.codes(&it));
        let on_behalf_of = match on_behalf_of {
            Some(it) if !is_out => return self.checked(&it, Err(Mistake::AsWithoutTrunk)),
            Some(it) => Some(self.extension(&it)?),
            None => None,
        };
        let on = on.map_or(Some(BTreeMap::new()), |it| self.outcomes(&it, scope));
        Some(Step::Dial(Arc::new(Dial {
            targets: targets?,
            is_in_turn: is_in_turn?,
            is_cheapest_first,
            timeout_s,
            is_intercom: is_intercom?,
            codes: codes?,
            on_behalf_of,
            on: on?,
        })))
    }

    /// The number of an extension that the plan itself chooses.
    fn extension(&mut self, value: &Value<'_, '_>) -> Option<String> {
        let number = value.string(self.to)?;
        let number = normalise(number).map(Cow::into_owned);
        self.checked(value, number.ok_or(Mistake::NoExtension))
    }

    /// What keys may order.
    fn codes(&mut self, value: &Value<'_, '_>) -> Option<Codes> {
        let kinds = self.all(value, |reading, it| {
            let kind = CodeKind::named(it.string(reading.to)?).ok_or(Mistake::NoCode);
            reading.checked(it, kind)
        });
        Some(kinds?.into_iter().collect())
    }

    fn outcomes(
        &mut self,
        value: &Value<'_, '_>,
        scope: Scope<'_>,
    ) -> Option<BTreeMap<DialOutcome, Steps>> {
        let entries = value.entries(self.to)?;
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(name, value)| {
                let outcome = DialOutcome::named(&name).ok_or(Mistake::NoOutcome);
                let outcome = self.checked(&value, outcome);
                let steps = self.steps(&value, scope);
                Some((outcome?, steps?))
            })
            .collect();
        entries.into_iter().collect()
    }

    // === What we play and where callers meet ===

    fn tone(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        if let Some(name) = table.optional("name") {
            table.finish(self.to);
            let tone = ProgressTone::named(name.string(self.to)?).ok_or(Mistake::NoTone);
            return Some(Step::Builtin(Builtin::Progress(self.checked(&name, tone)?)));
        }
        let hz = table.required("hz", self.to).and_then(|it| it.integer(1..=3_999_u16, self.to));
        let dbm0 = table.required("dbm0", self.to).and_then(|it| it.integer(-60..=3_i8, self.to));
        table.finish(self.to);
        Some(Step::Builtin(Builtin::Tone { hz: hz?, dbm0: dbm0? }))
    }

    fn music(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let name = self.only_key(value, "name")?;
        let name = self.known_music(&name)?;
        Some(Step::Builtin(Builtin::Music { name }))
    }

    fn conference(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let room = table.required("room", self.to).and_then(|it| self.template(&it, scope));
        let pin = table.optional("pin");
        let moderator_pin = table.optional("moderator_pin");
        let parties_max = table.optional("parties_max");
        let language = table.optional("language");
        let music = table.optional("music");
        let chimes = table.optional("chimes");
        let names = table.optional("names");
        let agc = table.optional("agc");
        let record = table.optional("record");
        let ask_invited = table.optional("ask_invited");
        table.finish(self.to);
        if let (None, Some(value)) = (&pin, &moderator_pin) {
            return self.checked(value, Err(Mistake::ModeratorWithoutPin));
        }
        let plan = ConferencePlan {
            room: String::new(),
            pin: match pin {
                Some(it) => Some(self.pin(&it)?),
                None => None,
            },
            moderator_pin: match moderator_pin {
                Some(it) => Some(self.pin(&it)?),
                None => None,
            },
            parties_max: match parties_max {
                Some(it) => it.integer(2..=PARTIES_MAX, self.to)?.into(),
                None => PARTIES_MAX.into(),
            },
            language: Language::ALL[0],
            music: match music {
                Some(it) => Some(self.known_music(&it)?),
                None => None,
            },
            has_chimes: self.boolean_or(chimes.as_ref(), true)?,
            announces: self.boolean_or(names.as_ref(), false)?,
            mode: PartyMode {
                is_levelled: self.boolean_or(agc.as_ref(), false)?,
                ..PartyMode::default()
            },
            is_recorded: self.boolean_or(record.as_ref(), false)?,
            asks_invited: self.boolean_or(ask_invited.as_ref(), true)?,
        };
        let language = self.language(value, language.as_ref(), &CONFERENCE_PROMPTS)?;
        Some(Step::Conference { room: room?, plan, language })
    }

    fn pin(&mut self, value: &Value<'_, '_>) -> Option<String> {
        let pin = value.string(self.to)?;
        let is_good =
            (1..=PIN_DIGITS_MAX).contains(&pin.len()) && pin.bytes().all(|it| it.is_ascii_digit());
        let mistake = Mistake::NoPin { digits_max: PIN_DIGITS_MAX };
        self.checked(value, is_good.then(|| pin.to_owned()).ok_or(mistake))
    }

    fn supervise(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let number = table.required("number", self.to).and_then(|it| self.template(&it, scope));
        let language = table.optional("language");
        table.finish(self.to);
        let language = self.language(value, language.as_ref(), &SUPERVISION_PROMPTS)?;
        Some(Step::Supervise { number: number?, language })
    }

    fn leave_message(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let number = table.required("number", self.to).and_then(|it| self.template(&it, scope));
        let (greeting, language) = (table.optional("greeting"), table.optional("language"));
        table.finish(self.to);
        let absence = match greeting {
            Some(it) => {
                let found = Absence::named(it.string(self.to)?);
                Some(self.checked(&it, found.ok_or(Mistake::NoGreeting))?)
            }
            None => None,
        };
        let language = self.language(value, language.as_ref(), &VOICEMAIL_PROMPTS)?;
        Some(Step::LeaveMessage { number: number?, absence, language })
    }

    fn hear_messages(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let language = table.optional("language");
        table.finish(self.to);
        let language = self.language(value, language.as_ref(), &VOICEMAIL_PROMPTS)?;
        Some(Step::HearMessages { language })
    }

    fn queue(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let name = self.only_key(value, "name")?;
        Some(Step::Queue { name: self.template(&name, scope)? })
    }

    fn callback_order(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let queue = self.only_key(value, "queue")?;
        Some(Step::OrderCallback { queue: self.template(&queue, scope)? })
    }

    // === Parking, picking up, what becomes of calls to an extension ===

    fn park(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let slots = table.required("slots", self.to);
        let slots = slots.and_then(|it| {
            let text = it.string(self.to)?;
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let slots = first.parse::<u32>().ok().zip(last.parse::<u32>().ok());
            let is_good = |(first, last): &(u32, u32)| {
                (0..SLOTS_MAX).contains(&last.wrapping_sub(*first)) && !text.starts_with('0')
            };
            let mistake = Mistake::NoSlots { slots_max: SLOTS_MAX };
            self.checked(&it, slots.filter(is_good).ok_or(mistake))
        });
        let timeout_s = match table.optional("timeout_s") {
            Some(it) => it.integer(5..=PARK_MAX_S, self.to),
            None => Some(PARK_S),
        };
        table.finish(self.to);
        let (first, last) = slots?;
        Some(Step::Park(ParkPlan { first, last, timeout_s: timeout_s? }))
    }

    fn fetch(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let slot = self.only_key(value, "slot")?;
        Some(Step::Fetch { slot: self.template(&slot, scope)? })
    }

    fn page(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let extensions = table.required("extensions", self.to);
        let timeout_s = table.optional("timeout_s");
        let limit_s = table.optional("limit_s");
        table.finish(self.to);
        let extensions = self.all(&extensions?, |reading, it| reading.template(it, scope));
        let seconds = |reading: &mut Self, it: Option<Value<'_, '_>>, most: u32, usual| match it {
            Some(it) => it.integer(1..=most, reading.to),
            None => Some(usual),
        };
        let timeout_s = seconds(self, timeout_s, RING_MAX_S, PAGE_TIMEOUT_S);
        let limit_s = seconds(self, limit_s, PAGE_MAX_S, PAGE_LIMIT_S);
        Some(Step::Page { extensions: extensions?, timeout_s: timeout_s?, limit_s: limit_s? })
    }

    fn pick_up(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let users = self.only_key(value, "users")?;
        let users = self.all(&users, |reading, it| reading.template(it, scope))?;
        Some(Step::PickUp { users })
    }

    fn recent(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let of = table.required("of", self.to).and_then(|it| {
            let of = RecentOf::named(it.string(self.to)?).ok_or(Mistake::NoRecent);
            self.checked(&it, of)
        });
        let into = table.required("into", self.to).and_then(|it| self.variable_of(&it));
        let none = table.optional("none");
        table.finish(self.to);
        let none = self.steps_or_none(none.as_ref(), scope);
        Some(Step::Recent { of: of?, into: into?, none: none? })
    }

    fn forward(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let when = table.optional("when");
        let to = table.optional("to");
        let failed = table.optional("failed");
        table.finish(self.to);
        let failed = self.steps_or_none(failed.as_ref(), scope);
        let when = match when {
            Some(it) => {
                let found = ForwardWhen::named(it.string(self.to)?);
                self.checked(&it, found.ok_or(Mistake::NoForward))?
            }
            None => ForwardWhen::All,
        };
        let to = match to {
            Some(it) => Some(self.template(&it, scope)?),
            None => None,
        };
        Some(Step::Forward { when, to, failed: failed? })
    }

    fn do_not_disturb(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let (is_on, failed) = self.on_or_off(value, scope)?;
        Some(Step::DoNotDisturb { is_on, failed })
    }

    fn call_waiting(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let (is_on, failed) = self.on_or_off(value, scope)?;
        Some(Step::CallWaiting { is_on, failed })
    }

    fn on_or_off(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<(bool, Steps)> {
        let mut table = value.table(self.to)?;
        let is_on = table.required("on", self.to).and_then(|it| it.boolean(self.to));
        let failed = table.optional("failed");
        table.finish(self.to);
        let failed = self.steps_or_none(failed.as_ref(), scope);
        is_on.zip(failed)
    }

    fn sign_in(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let number = table.required("number", self.to).and_then(|it| self.template(&it, scope));
        let pin = table.required("pin", self.to).and_then(|it| self.template(&it, scope));
        let steps = ["wrong", "locked", "refused", "failed"].map(|key| table.optional(key));
        table.finish(self.to);
        let [wrong, locked, refused, failed] =
            steps.map(|it| self.steps_or_none(it.as_ref(), scope));
        Some(Step::SignIn(Arc::new(SignIn {
            number: number?,
            pin: pin?,
            wrong: wrong?,
            locked: locked?,
            refused: refused?,
            failed: failed?,
        })))
    }

    fn sign_out(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let failed = table.optional("failed");
        table.finish(self.to);
        Some(Step::SignOut { failed: self.steps_or_none(failed.as_ref(), scope)? })
    }

    // === Web servers ===

    fn web(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let url = table.required("url", self.to).and_then(|it| self.url(&it, scope));
        let post = table.optional("post").map(|it| self.values(&it, scope));
        let timeout_s = table.optional("timeout_s");
        let into = table.required("into", self.to).and_then(|it| self.web_into(&it));
        let failed = table.optional("failed");
        table.finish(self.to);
        let timeout_s = match timeout_s {
            Some(it) => it.integer(1..=WEB_TIMEOUT_MAX_S, self.to)?,
            None => WEB_TIMEOUT_S,
        };
        let failed = self.steps_or_none(failed.as_ref(), scope);
        let post = post.unwrap_or(Some(Vec::new()));
        let web = Web { url: url?, post: post?, timeout_s, into: into?, failed: failed? };
        Some(Step::Web(Arc::new(web)))
    }

    /// Whom to ask is the plan's own: who calls must not choose it.
    fn url(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Template> {
        let text = value.string(self.to)?;
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let authority = rest.and_then(|it| it.split(['/', '?', '#']).next()).unwrap_or_default();
        let is_good = !authority.is_empty()
            && !text.contains(char::is_whitespace)
            && !authority.contains(['{', '}', '@', '\\']);
        self.checked(value, is_good.then_some(()).ok_or(Mistake::NoUrl))?;
        self.text(value, scope)
    }

    fn web_into(&mut self, value: &Value<'_, '_>) -> Option<WebInto> {
        if value.is_string() {
            return self.variable_of(value).map(WebInto::Text);
        }
        let entries = value.entries(self.to)?;
        if entries.is_empty() {
            return self.checked(value, Err(Mistake::NoneGiven));
        }
        let parts: Vec<_> = entries
            .into_iter()
            .map(|(name, value)| {
                let name = self.variable(&value, &name);
                let pointer = value.string(self.to)?;
                let mistake = Mistake::NoPointer { found: pointer.to_owned() };
                let checked = pointer.starts_with('/').then(|| pointer.to_owned()).ok_or(mistake);
                Some((name?, self.checked(&value, checked)?))
            })
            .collect();
        Some(WebInto::Json(parts.into_iter().collect::<Option<_>>()?))
    }

    // === The way ===

    fn set(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let entries = value.entries(self.to)?;
        for (name, value) in &entries {
            self.variable(value, name)?;
        }
        self.values(value, scope).map(Step::Set)
    }

    /// Names and texts, at least one.
    fn values(
        &mut self,
        value: &Value<'_, '_>,
        scope: Scope<'_>,
    ) -> Option<Vec<(String, Template)>> {
        let entries = value.entries(self.to)?;
        if entries.is_empty() {
            return self.checked(value, Err(Mistake::NoneGiven));
        }
        let values: Vec<_> =
            entries.into_iter().map(|(name, it)| Some((name, self.text(&it, scope)?))).collect();
        values.into_iter().collect()
    }

    fn script(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let into = table.required("into", self.to).and_then(|it| self.variable_of(&it));
        let script = table.required("source", self.to).and_then(|it| self.source(&it));
        table.finish(self.to);
        Some(Step::Script { script: script?, into: into? })
    }

    fn variable_of(&mut self, value: &Value<'_, '_>) -> Option<String> {
        let name = value.string(self.to)?;
        self.variable(value, name)
    }

    /// The name of a variable that steps may set.
    fn variable(&mut self, value: &Value<'_, '_>, name: &str) -> Option<String> {
        let is_good = !name.is_empty()
            && name.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            && ![NUMBER, CALLER, OUTCOME].contains(&name);
        let mistake = Mistake::NoVariable { found: name.to_owned() };
        self.checked(value, is_good.then(|| name.to_owned()).ok_or(mistake))
    }

    fn branch(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let of = table.required("value", self.to).and_then(|it| self.text(&it, scope));
        let cases = table.required("cases", self.to).and_then(|it| it.entries(self.to));
        let otherwise = table.optional("else");
        table.finish(self.to);
        let cases: Vec<_> = cases?
            .into_iter()
            .map(|(case, value)| Some((case, self.steps(&value, scope)?)))
            .collect();
        let otherwise = self.steps_or_none(otherwise.as_ref(), scope);
        let cases = cases.into_iter().collect::<Option<_>>();
        Some(Step::Branch { value: of?, cases: cases?, otherwise: otherwise? })
    }

    fn hours(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let schedule = table.required("schedule", self.to).and_then(|it| self.words(&it));
        let (open, closed) = (table.optional("open"), table.optional("closed"));
        table.finish(self.to);
        let open = self.steps_or_none(open.as_ref(), scope);
        let closed = self.steps_or_none(closed.as_ref(), scope);
        Some(Step::Hours { schedule: schedule?, open: open?, closed: closed? })
    }

    fn transfer(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Step> {
        let number = self.only_key(value, "number")?;
        Some(Step::Transfer { number: self.template(&number, scope)? })
    }

    fn refuse(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let status = table.required("status", self.to);
        let status = status.and_then(|it| it.integer(400..=699_u16, self.to));
        let reason = table.required("reason", self.to).and_then(|it| self.words(&it));
        table.finish(self.to);
        Some(Step::Refuse { status: status?, reason: reason? })
    }
}

fn is_key(key: char) -> bool {
    Digit::from_char(key).is_some() && !key.is_ascii_alphabetic()
}

/// Most parties of a conference, and how many there may be unless the plan says less.
const PARTIES_MAX: u16 = 1000;
/// Longest PIN.
const PIN_DIGITS_MAX: usize = 20;
/// Most parking slots of one step.
const SLOTS_MAX: u32 = 1000;
/// How long a caller is parked unless the plan says it, in seconds.
const PARK_S: u32 = 120;
/// The longest that a plan may say.
const PARK_MAX_S: u32 = 3600;
/// Most digits that a caller is asked for at a time.
const COLLECTED_MAX: u8 = 40;
/// How long a key may take unless the plan says it, in seconds.
const KEY_TIMEOUT_S: u32 = 5;
/// The longest that a plan may say.
const KEY_TIMEOUT_MAX_S: u32 = 60;
/// How long a web server's answer may take unless the plan says it, in seconds.
const WEB_TIMEOUT_S: u32 = 5;
/// The longest that a plan may say.
const WEB_TIMEOUT_MAX_S: u32 = 30;
/// How often a caller is asked unless the plan says it.
const TRIES: u32 = 3;
/// The most that a plan may say.
const TRIES_MAX: u32 = 10;
/// How long phones that answer by themselves may take unless the plan says it, in seconds.
const PAGE_TIMEOUT_S: u32 = 10;
/// How long a caller may speak to many unless the plan says it, in seconds.
const PAGE_LIMIT_S: u32 = 120;
/// The most that a plan may say.
const PAGE_MAX_S: u32 = 3600;
/// The longest that a plan may let somebody ring, in seconds.
const RING_MAX_S: u32 = 600;
