//! TOML with places: every complaint names file, line and key.

use super::{
    PlanError,
    mistake::{Mistake, TomlType},
};
use std::ops::{Range, RangeInclusive};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Where complaints about one file go.
#[derive(Debug)]
pub(super) struct Complaints<'f> {
    file: &'f str,
    /// Where each line but the last ends.
    line_ends: Vec<usize>,
    pub(super) errors: Vec<PlanError>,
}

impl<'f> Complaints<'f> {
    pub(super) fn new(file: &'f str, text: &'f str) -> Self {
        let line_ends = text.match_indices('\n').map(|(offset, _)| offset).collect();
        Self { file, line_ends, errors: Vec::new() }
    }

    /// Line of a byte offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    /// Complains about what stands at `offset`.
    pub(super) fn add(&mut self, offset: usize, key: &str, mistake: impl Into<Mistake>) {
        self.errors.push(PlanError {
            file: self.file.to_owned(),
            line: self.line_of(offset),
            key: key.to_owned(),
            mistake: mistake.into(),
        });
    }
}

/// A value and the path that leads to it.
#[derive(Clone, Debug)]
pub(super) struct Value<'t, 'i> {
    value: &'t DeValue<'i>,
    pub(super) span: Range<usize>,
    pub(super) path: String,
}

/// A table of which each key is asked for once; what nobody asked for is a mistake.
#[derive(Debug)]
pub(super) struct Table<'t, 'i> {
    entries: &'t DeTable<'i>,
    pub(super) start: usize,
    pub(super) path: String,
    asked: Vec<&'static str>,
}

impl<'t, 'i> Value<'t, 'i> {
    pub(super) fn new(value: &'t Spanned<DeValue<'i>>, path: String) -> Self {
        Self { value: value.get_ref(), span: value.span(), path }
    }

    pub(super) fn complain(&self, to: &mut Complaints<'_>, mistake: impl Into<Mistake>) {
        to.add(self.span.start, &self.path, mistake);
    }

    pub(super) fn string(&self, to: &mut Complaints<'_>) -> Option<&'t str> {
        let DeValue::String(text) = self.value else { return self.mistyped(to, TomlType::String) };
        Some(text)
    }

    /// Whether it is one: for keys that may be that or a table.
    pub(super) fn is_string(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// A number within bounds.
    pub(super) fn integer<T>(&self, bounds: RangeInclusive<T>, to: &mut Complaints<'_>) -> Option<T>
    where
        T: TryFrom<i64> + Into<i64> + PartialOrd,
    {
        let DeValue::Integer(written) = self.value else {
            return self.mistyped(to, TomlType::Integer);
        };
        let number = i64::from_str_radix(written.as_str(), written.radix());
        let number = number.ok().and_then(|number| T::try_from(number).ok());
        let number = number.filter(|number| bounds.contains(number));
        if number.is_none() {
            let (first, last) = bounds.into_inner();
            let (first, last) = (first.into(), last.into());
            self.complain(to, Mistake::OutOfBounds { first, last });
        }
        number
    }

    pub(super) fn boolean(&self, to: &mut Complaints<'_>) -> Option<bool> {
        let DeValue::Boolean(truth) = self.value else {
            return self.mistyped(to, TomlType::Boolean);
        };
        Some(*truth)
    }

    pub(super) fn table(&self, to: &mut Complaints<'_>) -> Option<Table<'t, 'i>> {
        let DeValue::Table(entries) = self.value else { return self.mistyped(to, TomlType::Table) };
        Some(Table::new(entries, self.span.start, self.path.clone()))
    }

    /// The names and values of a table whose keys mean what its writer wants.
    pub(super) fn entries(&self, to: &mut Complaints<'_>) -> Option<Vec<(String, Self)>> {
        let DeValue::Table(entries) = self.value else { return self.mistyped(to, TomlType::Table) };
        let named = |(key, value): (&'t Spanned<_>, &'t Spanned<DeValue<'i>>)| {
            let key: &std::borrow::Cow<'i, str> = key.get_ref();
            (key.to_string(), Self::new(value, format!("{}.{key}", self.path)))
        };
        Some(entries.iter().map(named).collect())
    }

    /// The values of an array, their paths numbered from 1.
    pub(super) fn array(&self, to: &mut Complaints<'_>) -> Option<Vec<Self>> {
        let DeValue::Array(values) = self.value else { return self.mistyped(to, TomlType::Array) };
        let numbered = (1..).zip(values.iter());
        Some(numbered.map(|(n, it)| Self::new(it, format!("{}[{n}]", self.path))).collect())
    }

    /// The values of an array, or this one alone.
    pub(super) fn one_or_many(&self, to: &mut Complaints<'_>) -> Option<Vec<Self>> {
        if matches!(self.value, DeValue::Array(_)) {
            self.array(to)
        } else {
            Some(vec![self.clone()])
        }
    }

    fn mistyped<T>(&self, to: &mut Complaints<'_>, expected: TomlType) -> Option<T> {
        let found = TomlType::of(self.value);
        self.complain(to, Mistake::WrongType { expected, found });
        None
    }
}

impl<'t, 'i> Table<'t, 'i> {
    pub(super) fn new(entries: &'t DeTable<'i>, start: usize, path: String) -> Self {
        Self { entries, start, path, asked: Vec::new() }
    }

    pub(super) fn optional(&mut self, key: &'static str) -> Option<Value<'t, 'i>> {
        self.asked.push(key);
        self.entries.get(key).map(|value| Value::new(value, self.path_of(key)))
    }

    pub(super) fn required(
        &mut self,
        key: &'static str,
        to: &mut Complaints<'_>,
    ) -> Option<Value<'t, 'i>> {
        let value = self.optional(key);
        if value.is_none() {
            to.add(self.start, &self.path_of(key), Mistake::Missing);
        }
        value
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Complains about keys that nobody asked for.
    pub(super) fn finish(self, to: &mut Complaints<'_>) {
        for key in self.entries.keys() {
            if !self.asked.contains(&key.get_ref().as_ref()) {
                let mistake = Mistake::UnknownKey { expected: self.asked.clone() };
                to.add(key.span().start, &self.path_of(key.get_ref()), mistake);
            }
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
