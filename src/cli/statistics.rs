//! `tandem journal statistics`: figures of calls as a table for people.

use call::statistics::{EndedBy, Figures, Reason, Report, Tally};
use std::io::{self, Write};

/// Prints the tables of calls, of callers' legs and of the legs of those who were rung.
pub fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    print_table("calls", report, |it| &it.calls, out)?;
    print_table("legs of callers", report, |it| &it.caller_legs, out)?;
    print_table("legs of those who were rung", report, |it| &it.callee_legs, out)?;
    writeln!(out, "transfers: {}", report.total.transfers)
}

fn print_table(
    title: &str,
    report: &Report,
    of: fn(&Tally) -> &Figures,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rows = vec![HEADS.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()];
    title.clone_into(&mut rows[0][0]);
    let groups = report.groups.iter().map(|(name, tally)| row(name, of(tally)));
    rows.extend(groups);
    rows.push(row("all", of(&report.total)));
    let width = |column: usize| rows.iter().map(|it| it[column].chars().count()).max();
    let widths: Vec<_> = (0..HEADS.len()).map(|it| width(it).unwrap_or(0)).collect();
    for row in &rows {
        let name = &row[0];
        write!(out, "{name:<0$}", widths[0])?;
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(out, "  {cell:>width$}")?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    let ratio = figures.answer_seizure_ratio();
    let seconds = |it: Option<u64>| it.map_or_else(nothing, |ms| tenths(ms, 1000));
    let missed = Reason::ALL.map(|it| figures.missed.of(it).to_string());
    let ended = [EndedBy::Caller, EndedBy::Callee, EndedBy::System];
    let mut row = vec![
        name.chars().map(|it| if it.is_control() { '_' } else { it }).collect(),
        figures.offered.to_string(),
        figures.answered.to_string(),
        ratio.map_or_else(nothing, |it| format!("{:.1}%", it * 100.0)),
        clock(figures.talk_ms),
        figures.average_talk_ms().map_or_else(nothing, clock),
        seconds(figures.rings.mean_ms()),
        seconds(figures.rings.percentile_ms(95)),
    ];
    row.extend(missed);
    row.extend(ended.map(|it| figures.ended_by(it).to_string()));
    row
}

fn nothing() -> String {
    "-".to_owned()
}

/// `1:02:03`.
fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// With one decimal.
fn tenths(value: u64, unit: u64) -> String {
    format!("{:.1}", value as f64 / unit as f64)
}

/// Above the columns of a table; the first is its title. Rings are in seconds, talks in hours.
const HEADS: &[&str] = &[
    "",
    "offered",
    "answered",
    "ASR",
    "talk",
    "ACD",
    "ring s",
    "p95 s",
    "busy",
    "no answer",
    "refused",
    "unreachable",
    "failed",
    "cancelled",
    "elsewhere",
    "by caller",
    "by callee",
    "by us",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let groups = vec![("2026-11-27".to_owned(), Tally::default())];
        let mut out = Vec::new();

        print(&Report { groups, ..Report::default() }, &mut out).unwrap();

        let text = String::from_utf8(out).unwrap();
        let tables: Vec<_> = text.trim_end().split("\n\n").collect();
        assert_eq!(tables.len(), 4, "three tables and the transfers: {text}");
        let table: Vec<_> = tables[0].lines().collect();
        assert_eq!(table.len(), 3, "heads, one day and all: {text}");
        let lengths: Vec<_> = table.iter().map(|it| it.len()).collect();
        assert_eq!(lengths, [lengths[0]; 3], "{text}");
        assert!(table[1].starts_with("2026-11-27"), "{text}");
    }

    #[test]
    fn times_are_written_as_people_read_them() {
        assert_eq!(clock(3_723_999), "1:02:03");
        assert_eq!(tenths(2_250, 1000), "2.2");
    }
}
