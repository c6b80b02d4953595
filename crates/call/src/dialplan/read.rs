//! From TOML to rules, blocks, hours and examples. `steps` reads what calls do.

mod steps;

use super::{
    DialOutcome, Known, Mistake, PlanError, Rehearsal, SoundKind,
    pattern::Pattern,
    rule::{Block, Condition, From, HoursWanted, Place, Rule},
    schedule::{Days, Hours, Schedule, Zone},
    script::Script,
    table::{Complaints, Table, Value},
    template::{Scope, Template, Variables},
};
use crate::{settings::prompt_file, speech::Language};
use base::UnixMillis;
use std::collections::BTreeSet;
use toml::de::DeTable;

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) rules: Vec<Rule>,
    pub(super) blocks: Vec<Block>,
    pub(super) schedules: Vec<Schedule>,
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
    /// The number of whoever calls, if it is not `from`.
    pub(super) caller: Option<String>,
    pub(super) to: String,
    pub(super) at: UnixMillis,
    pub(super) rehearsal: Rehearsal,
    /// Actions as [`super::Action`] displays them: the last, or all.
    pub(super) expect: Vec<String>,
}

/// Reads one file. What could be read is there even if there are mistakes.
pub(super) fn read(
    name: &str,
    text: &str,
    known: &Known,
    variables: &Variables,
) -> (File, Vec<PlanError>) {
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
    let mut reading = Reading {
        name,
        known,
        variables,
        awaited_trunks: Vec::new(),
        zone: Zone::UTC,
        to: &mut complaints,
    };
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
    /// What templates may name.
    variables: &'a Variables,
    /// Trunks that the file may name although the configuration lacks them.
    awaited_trunks: Vec<String>,
    /// Whose clocks count in the file.
    zone: Zone,
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
        if let Some(zone) = table.optional("time_zone").and_then(|it| self.zone(&it)) {
            self.zone = zone;
        }
        let schedules = self.tables(table.optional("schedule"));
        let blocks = self.tables(table.optional("block"));
        let rules = self.tables(table.optional("rule"));
        let examples = self.tables(table.optional("example"));
        table.finish(self.to);
        let domain = domain.as_deref();
        File {
            schedules: schedules.into_iter().filter_map(|it| self.schedule(it)).collect(),
            blocks: blocks.into_iter().filter_map(|it| self.block(it)).collect(),
            rules: rules.into_iter().filter_map(|it| self.rule(it, domain)).collect(),
            examples: examples.into_iter().filter_map(|it| self.example(it, domain)).collect(),
        }
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
        let scope = condition.as_ref().map_or(Scope::Unknown, |it| Scope::Rule {
            numbers: &it.numbers,
            callers: &it.callers,
        });
        let steps = table.required("steps", self.to).and_then(|it| self.steps(&it, scope));
        let record = table.optional("record").map(|it| it.boolean(self.to));
        table.finish(self.to);
        let is_recorded = record.unwrap_or(Some(false));
        Some(Rule {
            name: name?,
            place,
            condition: condition?,
            steps: steps?,
            is_recorded: is_recorded?,
        })
    }

    fn block(&mut self, mut table: Table<'_, '_>) -> Option<Block> {
        let place = self.place(table.start);
        let name = table.required("name", self.to).and_then(|it| self.words(&it));
        let steps = table.required("steps", self.to).and_then(|it| self.steps(&it, Scope::Block));
        table.finish(self.to);
        Some(Block { name: name?, place, steps: steps? })
    }

    fn schedule(&mut self, mut table: Table<'_, '_>) -> Option<Schedule> {
        let name = table.required("name", self.to).and_then(|it| self.words(&it));
        let zone = match table.optional("time_zone") {
            Some(zone) => self.zone(&zone),
            None => Some(self.zone),
        };
        let open = table.required("open", self.to).and_then(|it| {
            self.all(&it, |reading, value| {
                let text = value.string(reading.to)?;
                let mistake = || Mistake::NoHours { found: text.to_owned() };
                reading.checked(value, Hours::parse(text).ok_or_else(mistake))
            })
        });
        let closed = match table.optional("closed") {
            Some(days) => self.all(&days, |reading, value| {
                let text = value.string(reading.to)?;
                let mistake = || Mistake::NoDay { found: text.to_owned() };
                reading.checked(value, Days::parse(text).ok_or_else(mistake))
            }),
            None => Some(Vec::new()),
        };
        table.finish(self.to);
        Some(Schedule { name: name?, zone: zone?, open: open?, closed: closed? })
    }

    fn zone(&mut self, value: &Value<'_, '_>) -> Option<Zone> {
        let name = value.string(self.to)?;
        let mistake = || Mistake::NoZone { found: name.to_owned() };
        self.checked(value, Zone::named(name).ok_or_else(mistake))
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
        let callers = match table.optional("caller") {
            Some(callers) => self.patterns(&callers),
            None => Some(Vec::new()),
        };
        let (within, outside) = (table.optional("within"), table.optional("outside"));
        let script = table.optional("script").map(|it| self.source(&it));
        table.finish(self.to);
        let hours = self.hours_wanted(within.as_ref(), outside.as_ref())?;
        let domain = domain.or_else(|| domain_of_file.map(str::to_owned));
        let script = match script {
            Some(script) => Some(script?),
            None => None,
        };
        Some(Condition { numbers: numbers?, from: from?, callers: callers?, domain, hours, script })
    }

    /// The source of a script.
    fn source(&mut self, value: &Value<'_, '_>) -> Option<Script> {
        let script = Script::read(value.string(self.to)?, self.variables);
        self.checked(value, script.map_err(|said| Mistake::Script { said }))
    }

    /// `None` for a mistake; no hours are none.
    #[expect(clippy::option_option, reason = "the outer one is that of every reader here")]
    fn hours_wanted(
        &mut self,
        within: Option<&Value<'_, '_>>,
        outside: Option<&Value<'_, '_>>,
    ) -> Option<Option<HoursWanted>> {
        let (value, within) = match (within, outside) {
            (None, None) => return Some(None),
            (Some(value), None) => (value, true),
            (None, Some(value)) => (value, false),
            (Some(_), Some(value)) => {
                return self.checked(value, Err(Mistake::WithinAndOutside));
            }
        };
        Some(Some(HoursWanted { schedule: self.words(value)?, within }))
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

    /// The language that a step speaks, if it is written; its prompts, or those of the usual one, are
    /// all there.
    #[expect(clippy::option_option, reason = "the outer one is that of every reader here")]
    fn language(
        &mut self,
        step: &Value<'_, '_>,
        value: Option<&Value<'_, '_>>,
        prompts: &[&str],
    ) -> Option<Option<Language>> {
        let written = match value {
            Some(value) => {
                let language = Language::parse(value.string(self.to)?);
                Some(self.checked(value, language.ok_or(Mistake::NoLanguage))?)
            }
            None => None,
        };
        let language = written.unwrap_or(Language::ALL[0]);
        let mut files = prompts.iter().map(|name| prompt_file(language, name));
        let missing = files.find(|it| !self.known.prompts.contains(it));
        let mistake = |file| Mistake::MissingPrompt { language: language.code(), file };
        let checked = missing.map_or(Ok(written), |file| Err(mistake(file)));
        self.checked(value.unwrap_or(step), checked)
    }

    fn example(&mut self, mut table: Table<'_, '_>, domain: Option<&str>) -> Option<Example> {
        let place = self.place(table.start);
        let key = table.path.clone();
        let from = table.required("from", self.to).and_then(|it| self.words(&it));
        let to = table.required("to", self.to).and_then(|it| self.words(&it));
        let caller = table.optional("caller").map(|it| self.words(&it));
        let keys = table.optional("keys").map(|it| it.string(self.to));
        let outcomes = table.optional("outcomes").map(|it| {
            self.all(&it, |reading, value| {
                let name = value.string(reading.to)?;
                reading.checked(value, DialOutcome::named(name).ok_or(Mistake::NoOutcome))
            })
        });
        let answers = table.optional("answers").map(|it| self.answers(&it));
        let at = table.optional("at").map(|it| self.moment(&it));
        let expect = table
            .required("expect", self.to)
            .and_then(|it| self.all(&it, |reading, value| reading.words(value)));
        let own_domain = table.optional("domain").and_then(|it| self.domain(&it));
        table.finish(self.to);
        let domain = own_domain.or_else(|| domain.map(str::to_owned)).unwrap_or_default();
        let mut rehearsal = Rehearsal::default();
        if let Some(keys) = keys {
            rehearsal.keys = Some(keys?.chars().collect());
        }
        if let Some(outcomes) = outcomes {
            rehearsal.outcomes = outcomes?.into();
        }
        if let Some(answers) = answers {
            rehearsal.answers = answers?;
        }
        let caller = match caller {
            Some(number) => Some(number?),
            None => None,
        };
        let at = at.unwrap_or(Some(UnixMillis(0)))?;
        let (from, to, expect) = (from?, to?, expect?);
        Some(Example { place, key, domain, from, caller, to, at, rehearsal, expect })
    }

    fn answers(&mut self, value: &Value<'_, '_>) -> Option<Vec<(String, String)>> {
        let entries = value.entries(self.to)?.into_iter();
        let answers: Vec<_> =
            entries.map(|(name, it)| Some((name, it.string(self.to)?.to_owned()))).collect();
        answers.into_iter().collect()
    }

    fn moment(&mut self, value: &Value<'_, '_>) -> Option<UnixMillis> {
        let text = value.string(self.to)?;
        let mistake = || Mistake::NoMoment { found: text.to_owned() };
        self.checked(value, self.zone.moment(text).ok_or_else(mistake))
    }

    fn boolean_or(&mut self, value: Option<&Value<'_, '_>>, unless_written: bool) -> Option<bool> {
        value.map_or(Some(unless_written), |it| it.boolean(self.to))
    }

    /// A template for a number.
    fn template(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Template> {
        let text = value.string(self.to)?;
        self.checked(value, Template::of_number(text, scope, self.variables))
    }

    /// A template for anything.
    fn text(&mut self, value: &Value<'_, '_>, scope: Scope<'_>) -> Option<Template> {
        let text = value.string(self.to)?;
        self.checked(value, Template::of_text(text, scope, self.variables))
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

/// Longest name, reason and the like, in bytes.
const TEXT_BYTES_MAX: usize = 200;
