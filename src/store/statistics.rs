//! Figures of calls, made of the call log and of the journal: the same rows, and so the same figures.

use super::{
    Store, StoreError,
    archive::id_floor,
    cdrs::{hangup_party, leg_role},
    db::from_row,
    journal::{self, Entry, LinesLeftOut},
    sql::{Sql, run},
    text,
};
use base::{CallId, CdrId, DomainId, LegId, UnixMillis};
use call::statistics::{LegRow, Question, Report, Statistics, TooManyGroups};
use std::{collections::BTreeMap, io, path::Path};

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The question.
    #[error(transparent)]
    TooManyGroups(#[from] TooManyGroups),
}

/// What a journal tells of calls.
#[derive(Debug)]
pub struct JournalFigures {
    /// The figures.
    pub report: Result<Report, TooManyGroups>,
    /// When its first entry was written; `None` if it is empty.
    pub begins: Option<UnixMillis>,
    /// Entries that are missing since the disk failed.
    pub lost: u64,
    /// Lines that told nothing.
    pub left_out: LinesLeftOut,
}

impl Store {
    /// The figures of a domain, made of its call log, of which some thousand rows are held at a time.
    pub async fn statistics(
        &self,
        domain: DomainId,
        question: Question,
    ) -> Result<Report, StatisticsError> {
        let mut statistics = Statistics::new(question);
        let mut after = None;
        loop {
            let page = self.legs_by_call(domain, &question, after).await?;
            let is_last = page.len() < PAGE_ROWS;
            after = page.last().map(|(id, leg)| (leg.call, *id));
            for (_, leg) in page {
                statistics.push(leg)?;
            }
            if is_last {
                return Ok(statistics.finish()?);
            }
        }
    }

    /// Legs of calls of the period, call by call, behind this row.
    async fn legs_by_call(
        &self,
        domain: DomainId,
        question: &Question,
        after: Option<(CallId, CdrId)>,
    ) -> Result<Vec<(CdrId, LegRow)>, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT ").push(COLUMNS).push(" FROM cdr WHERE domain_id = ").bind(domain.0);
        if let Some(from) = question.from {
            sql.push(" AND call_id >= ").bind(id_floor(from));
        }
        if let Some(until) = question.until {
            sql.push(" AND call_id < ").bind(id_floor(until));
        }
        if let Some((call, id)) = after {
            sql.push(" AND (call_id, id) > (").bind(call.0).push(", ").bind(id.0).push(")");
        }
        sql.push(" ORDER BY call_id, id LIMIT ").bind(PAGE_ROWS as i64);
        let rows: Vec<StoredLeg> = run!(&self.db, sql, fetch_all)?;
        Ok(rows.into_iter().map(|StoredLeg(id, leg)| (id, leg)).collect())
    }
}

/// The figures of a domain, or of all, made of the journal in `directory` alone. The legs of all
/// calls of the period are held at once: in a journal they stand in the order of their ends.
pub fn of_journal(
    directory: &Path,
    domain: Option<DomainId>,
    question: Question,
) -> io::Result<JournalFigures> {
    let (mut begins, mut lost) = (None, 0);
    let mut legs = BTreeMap::new();
    let left_out = journal::read(directory, |entry| {
        begins.get_or_insert(entry.at());
        match entry {
            Entry::Ended(row) if domain.is_none_or(|it| it == row.domain) => {
                if question.includes(row.call) {
                    legs.insert((row.call, row.id), as_stored(LegRow::from(&*row)));
                }
            }
            Entry::Lost(_, entries) => lost += entries,
            Entry::Ended(_)
            | Entry::Started(_)
            | Entry::Stopped(_)
            | Entry::Alive(_)
            | Entry::Continued(_)
            | Entry::Leg(_)
            | Entry::GoesOn(..) => {}
        }
        Ok(())
    })?;
    let mut statistics = Statistics::new(question);
    let counted = legs.into_values().try_for_each(|leg| statistics.push(leg));
    let report = counted.and_then(|()| statistics.finish());
    Ok(JournalFigures { report, begins, lost, left_out })
}

/// Names as the call log has them.
fn as_stored(leg: LegRow) -> LegRow {
    let [caller, party, cause] =
        [&leg.caller, &leg.party, &leg.cause].map(|it| text(it).into_owned());
    LegRow { caller, party, cause, ..leg }
}

struct StoredLeg(CdrId, LegRow);

from_row!(StoredLeg, row => {
    let leg = LegRow {
        call: CallId(row.try_get("call_id")?),
        leg: LegId(row.try_get("leg_id")?),
        role: leg_role(row.try_get("role")?)?,
        caller: row.try_get("caller")?,
        party: row.try_get("party")?,
        started: UnixMillis(row.try_get("started_at")?),
        ring_ms: row.try_get("ring_ms")?,
        answer_ms: row.try_get("answer_ms")?,
        talk_ms: row.try_get("talk_ms")?,
        hangup: hangup_party(row.try_get("hangup")?)?,
        cause: row.try_get("cause")?,
    };
    Ok(Self(CdrId(row.try_get("id")?), leg))
});

const COLUMNS: &str = "id, call_id, leg_id, role, caller, party, started_at, ring_ms, answer_ms, \
                       talk_ms, hangup, cause";

/// Rows that are read at once.
const PAGE_ROWS: usize = 5_000;
