//! From TOML to rules and examples.

use super::{
    Builtin, ConferencePlan, Known, Mistake, PlanError, SoundKind,
    pattern::Pattern,
    rule::{Condition, From, Place, Rule, Step},
    table::{Complaints, Table, Value},
    template::Template,
};
use crate::{
    call::{CONFERENCE_PROMPTS, SUPERVISION_PROMPTS, VOICEMAIL_PROMPTS},
    settings::prompt_file,
    speech::Language,
};
use media::{PartyMode, progress::ProgressTone};
use std::collections::BTreeSet;
use toml::de::DeTable;

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) rules: Vec<Rule>,
    pub(super) examples: Vec<Example>,
}

/// A call and where it is to go.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) place: Place,
    pub(super) key: String,
    pub(super) domain: String,
    /// An extension's number or `trunk:NAME`.
    pub(super) from: String,
    pub(super) to: String,
    /// [`super::Action`] as it is displayed.
    pub(super) expect: String,
}

/// Reads one file. What could be read is there even if there are mistakes.
pub(super) fn read(name: &str, text: &str, known: &Known) -> (File, Vec<PlanError>) {
    let mut complaints = Complaints::new(name, text);
    let (document, syntax_errors) = DeTable::parse_recoverable(text);
    for error in &syntax_errors {
        let offset = error.span().map_or(0, |span| span.start);
        complaints.add(offset, "", Mistake::Toml(error.message().replace('\n', "; ")));
    }
    // What a broken document seems to lack would only mislead.
    if !syntax_errors.is_empty() {
        return (File::default(), complaints.errors);
    }
    let mut reading = Reading { name, known, awaited_trunks: Vec::new(), to: &mut complaints };
    let file = reading.file(Table::new(document.get_ref(), 0, String::new()));
    (file, complaints.errors)
}

/// The trunk that `from` names in examples, rules and commands.
pub(super) fn trunk_name(from: &str) -> Option<&str> {
    from.strip_prefix("trunk:")
}

struct Reading<'a, 'f> {
    name: &'a str,
    known: &'a Known,
    /// Trunks that the file may name although the configuration lacks them.
    awaited_trunks: Vec<String>,
    to: &'a mut Complaints<'f>,
}

impl Reading<'_, '_> {
    fn file(&mut self, mut table: Table<'_, '_>) -> File {
        let domain = table.optional("domain").and_then(|it| self.domain(&it));
        self.awaited_trunks = match table.optional("awaited_trunks") {
            Some(names) => {
                self.all(&names, |reading, value| reading.words(value)).unwrap_or_default()
            }
            None => Vec::new(),
        };
        let rules = self.tables(table.optional("rule"));
        let examples = self.tables(table.optional("example"));
        table.finish(self.to);
        let rules = rules.into_iter().filter_map(|it| self.rule(it, domain.as_deref())).collect();
        let examples =
            examples.into_iter().filter_map(|it| self.example(it, domain.as_deref())).collect();
        File { rules, examples }
    }

    fn tables<'t, 'i>(&mut self, array: Option<Value<'t, 'i>>) -> Vec<Table<'t, 'i>> {
        let values = array.and_then(|array| array.array(self.to)).unwrap_or_default();
        values.into_iter().filter_map(|value| value.table(self.to)).collect()
    }

    fn rule(&mut self, mut table: Table<'_, '_>, domain: Option<&str>) -> Option<Rule> {
        let place = self.place(table.start);
        let name = table.required("name", self.to).and_then(|it| self.words(&it));
        let condition = table
            .required("match", self.to)
            .and_then(|it| it.table(self.to))
            .and_then(|it| self.condition(it, domain));
        // Without patterns, templates cannot be checked; the rest of the steps can.
        let patterns = condition.as_ref().map(|it| it.numbers.as_slice());
        let steps = table.required("steps", self.to);
        let step = steps.and_then(|steps| self.only_step(&steps, patterns));
        let record = table.optional("record").map(|it| it.boolean(self.to));
        table.finish(self.to);
        let is_recorded = record.unwrap_or(Some(false));
        Some(Rule {
            name: name?,
            place,
            condition: condition?,
            step: step?,
            is_recorded: is_recorded?,
        })
    }

    fn condition(
        &mut self,
        mut table: Table<'_, '_>,
        domain_of_file: Option<&str>,
    ) -> Option<Condition> {
        let numbers = table.required("number", self.to).and_then(|it| self.patterns(&it));
        let from = match table.optional("from") {
            Some(from) => self.callers(&from),
            None => Some(vec![From::Extensions]),
        };
        let domain = table.optional("domain").and_then(|it| self.domain(&it));
        table.finish(self.to);
        let domain = domain.or_else(|| domain_of_file.map(str::to_owned));
        Some(Condition { numbers: numbers?, from: from?, domain })
    }

    fn patterns(&mut self, value: &Value<'_, '_>) -> Option<Vec<Pattern>> {
        self.all(value, |reading, value| {
            let text = value.string(reading.to)?;
            reading.checked(value, Pattern::parse(text))
        })
    }

    fn callers(&mut self, value: &Value<'_, '_>) -> Option<Vec<From>> {
        self.all(value, |reading, value| match value.string(reading.to)? {
            "extensions" => Some(From::Extensions),
            other => {
                let Some(trunk) = trunk_name(other) else {
                    let mistake = Mistake::NoCaller { found: other.to_owned() };
                    return reading.checked(value, Err(mistake));
                };
                reading.trunk(value, trunk).map(From::Trunk)
            }
        })
    }

    /// Today's plans decide with a single step; longer lists belong to the full language.
    fn only_step(&mut self, value: &Value<'_, '_>, patterns: Option<&[Pattern]>) -> Option<Step> {
        let steps = value.array(self.to)?;
        let [step] = steps.as_slice() else {
            return self.checked(value, Err(Mistake::NotOneStep { found: steps.len() }));
        };
        self.step(step, patterns)
    }

    /// A step is a table with one key, its name.
    fn step(&mut self, value: &Value<'_, '_>, patterns: Option<&[Pattern]>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let keys = table.len();
        let step = [
            table.optional("dial").map(|it| self.dial(&it, patterns)),
            table.optional("echo").map(|it| self.echo(&it)),
            table.optional("tone").map(|it| self.tone(&it)),
            table.optional("prompt").map(|it| self.prompt(&it)),
            table.optional("music").map(|it| self.music(&it)),
            table.optional("conference").map(|it| self.conference(&it, patterns)),
            table.optional("supervise").map(|it| self.supervise(&it, patterns)),
            table.optional("leave_message").map(|it| self.leave_message(&it, patterns)),
            table.optional("hear_messages").map(|it| self.hear_messages(&it)),
            table.optional("refuse").map(|it| self.refuse(&it)),
        ];
        table.finish(self.to);
        if keys != 1 {
            return self.checked(value, Err(Mistake::NotOneStepKey { found: keys }));
        }
        step.into_iter().flatten().next().flatten()
    }

    fn dial(&mut self, value: &Value<'_, '_>, patterns: Option<&[Pattern]>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let (user, trunk) = (table.optional("user"), table.optional("trunk"));
        let number = table.optional("number");
        table.finish(self.to);
        match (user, trunk, number) {
            (Some(user), None, None) => {
                Some(Step::DialUser { number: self.template(&user, patterns)? })
            }
            (None, Some(trunk), Some(number)) => {
                let name = trunk.string(self.to).and_then(|name| self.trunk(&trunk, name));
                let number = self.template(&number, patterns);
                Some(Step::DialTrunk { trunk: name?, number: number? })
            }
            (_, _, _) => self.checked(value, Err(Mistake::DialTarget)),
        }
    }

    fn echo(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        value.table(self.to)?.finish(self.to);
        Some(Step::Builtin(Builtin::Echo))
    }

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

    fn prompt(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let file = self.only_key(value, "file")?;
        let file = self.sound(&file, SoundKind::Prompt, |known| &known.prompts)?;
        Some(Step::Builtin(Builtin::Prompt { file }))
    }

    fn music(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let name = self.only_key(value, "name")?;
        let name = self.known_music(&name)?;
        Some(Step::Builtin(Builtin::Music { name }))
    }

    fn known_music(&mut self, value: &Value<'_, '_>) -> Option<String> {
        self.sound(value, SoundKind::Music, |known| &known.music)
    }

    fn only_key<'t, 'i>(
        &mut self,
        value: &Value<'t, 'i>,
        key: &'static str,
    ) -> Option<Value<'t, 'i>> {
        let mut table = value.table(self.to)?;
        let value = table.required(key, self.to);
        table.finish(self.to);
        value
    }

    /// The name of a sound that is loaded.
    fn sound(
        &mut self,
        value: &Value<'_, '_>,
        kind: SoundKind,
        among: impl FnOnce(&Known) -> &BTreeSet<String>,
    ) -> Option<String> {
        let name = value.string(self.to)?;
        let found = among(self.known).get(name).cloned();
        let missing = || Mistake::NoSound { kind, name: name.to_owned() };
        self.checked(value, found.ok_or_else(missing))
    }

    fn conference(&mut self, value: &Value<'_, '_>, patterns: Option<&[Pattern]>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let room = table.required("room", self.to).and_then(|it| self.template(&it, patterns));
        let pin = table.optional("pin");
        let moderator_pin = table.optional("moderator_pin");
        let parties_max = table.optional("parties_max");
        let language = table.optional("language");
        let music = table.optional("music");
        let chimes = table.optional("chimes");
        let names = table.optional("names");
        let agc = table.optional("agc");
        let record = table.optional("record");
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
            language: self.language(value, language.as_ref(), &CONFERENCE_PROMPTS)?,
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
        };
        Some(Step::Conference { room: room?, plan })
    }

    fn pin(&mut self, value: &Value<'_, '_>) -> Option<String> {
        let pin = value.string(self.to)?;
        let is_good =
            (1..=PIN_DIGITS_MAX).contains(&pin.len()) && pin.bytes().all(|it| it.is_ascii_digit());
        let mistake = Mistake::NoPin { digits_max: PIN_DIGITS_MAX };
        self.checked(value, is_good.then(|| pin.to_owned()).ok_or(mistake))
    }

    fn supervise(&mut self, value: &Value<'_, '_>, patterns: Option<&[Pattern]>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let number = table.required("number", self.to).and_then(|it| self.template(&it, patterns));
        let language = table.optional("language");
        table.finish(self.to);
        let language = self.language(value, language.as_ref(), &SUPERVISION_PROMPTS)?;
        Some(Step::Supervise { number: number?, language })
    }

    fn leave_message(
        &mut self,
        value: &Value<'_, '_>,
        patterns: Option<&[Pattern]>,
    ) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let number = table.required("number", self.to).and_then(|it| self.template(&it, patterns));
        let language = table.optional("language");
        table.finish(self.to);
        let language = self.language(value, language.as_ref(), &VOICEMAIL_PROMPTS)?;
        Some(Step::LeaveMessage { number: number?, language })
    }

    fn hear_messages(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let language = table.optional("language");
        table.finish(self.to);
        let language = self.language(value, language.as_ref(), &VOICEMAIL_PROMPTS)?;
        Some(Step::HearMessages { language })
    }

    /// The language that a step speaks, whose prompts are all there.
    fn language(
        &mut self,
        step: &Value<'_, '_>,
        value: Option<&Value<'_, '_>>,
        prompts: &[&str],
    ) -> Option<Language> {
        let language = match value {
            Some(value) => {
                let language = Language::parse(value.string(self.to)?);
                self.checked(value, language.ok_or(Mistake::NoLanguage))?
            }
            None => Language::ALL[0],
        };
        let mut files = prompts.iter().map(|name| prompt_file(language, name));
        let missing = files.find(|it| !self.known.prompts.contains(it));
        let mistake = |file| Mistake::MissingPrompt { language: language.code(), file };
        let checked = missing.map_or(Ok(language), |file| Err(mistake(file)));
        self.checked(value.unwrap_or(step), checked)
    }

    fn refuse(&mut self, value: &Value<'_, '_>) -> Option<Step> {
        let mut table = value.table(self.to)?;
        let status =
            table.required("status", self.to).and_then(|it| it.integer(400..=699_u16, self.to));
        let reason = table.required("reason", self.to).and_then(|it| self.words(&it));
        table.finish(self.to);
        Some(Step::Refuse { status: status?, reason: reason? })
    }

    fn example(&mut self, mut table: Table<'_, '_>, domain: Option<&str>) -> Option<Example> {
        let place = self.place(table.start);
        let key = table.path.clone();
        let from = table.required("from", self.to).and_then(|it| self.words(&it));
        let to = table.required("to", self.to).and_then(|it| self.words(&it));
        let expect = table.required("expect", self.to).and_then(|it| self.words(&it));
        let own_domain = table.optional("domain").and_then(|it| self.domain(&it));
        table.finish(self.to);
        let domain = own_domain.or_else(|| domain.map(str::to_owned)).unwrap_or_default();
        Some(Example { place, key, domain, from: from?, to: to?, expect: expect? })
    }

    fn boolean_or(&mut self, value: Option<&Value<'_, '_>>, unless_written: bool) -> Option<bool> {
        value.map_or(Some(unless_written), |it| it.boolean(self.to))
    }

    fn template(
        &mut self,
        value: &Value<'_, '_>,
        patterns: Option<&[Pattern]>,
    ) -> Option<Template> {
        let text = value.string(self.to)?;
        self.checked(value, Template::parse(text, patterns?))
    }

    fn trunk(&mut self, value: &Value<'_, '_>, name: &str) -> Option<String> {
        if self.known.trunks.contains(name) || self.awaited_trunks.iter().any(|it| it == name) {
            return Some(name.to_owned());
        }
        let known = self.known.trunks.iter().cloned().collect();
        self.checked(value, Err(Mistake::NoTrunk { name: name.to_owned(), known }))
    }

    fn domain(&mut self, value: &Value<'_, '_>) -> Option<String> {
        self.words(value).map(|domain| domain.to_ascii_lowercase())
    }

    /// A line of text that is not blank.
    fn words(&mut self, value: &Value<'_, '_>) -> Option<String> {
        let text = value.string(self.to)?;
        let is_good = !text.trim().is_empty()
            && text.len() <= TEXT_BYTES_MAX
            && !text.contains(char::is_control);
        if !is_good {
            return self.checked(value, Err(Mistake::NotOneLine { bytes_max: TEXT_BYTES_MAX }));
        }
        Some(text.to_owned())
    }

    /// Reads each of one or many; one bad spoils all, but each is complained about.
    fn all<T>(
        &mut self,
        value: &Value<'_, '_>,
        mut read: impl FnMut(&mut Self, &Value<'_, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let values = value.one_or_many(self.to)?;
        if values.is_empty() {
            return self.checked(value, Err(Mistake::NoneGiven));
        }
        let read: Vec<_> = values.iter().map(|value| read(self, value)).collect();
        read.into_iter().collect()
    }

    fn checked<T>(
        &mut self,
        value: &Value<'_, '_>,
        result: Result<T, impl Into<Mistake>>,
    ) -> Option<T> {
        result.map_err(|mistake| value.complain(self.to, mistake)).ok()
    }

    fn place(&self, offset: usize) -> Place {
        Place { file: self.name.to_owned(), line: self.to.line_of(offset) }
    }
}

/// Most parties of a conference, and how many there may be unless the plan says less.
const PARTIES_MAX: u16 = 1000;
/// Longest PIN.
const PIN_DIGITS_MAX: usize = 20;
/// Longest name, reason and the like, in bytes.
const TEXT_BYTES_MAX: usize = 200;
