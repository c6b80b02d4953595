//! `/statistics/calls`: figures of a domain's calls, made of its call log.

use super::{Access, ApiState, Door, Problem, Session, Text, UrlQuery, listing, time::rfc3339};
use crate::store::{Right, statistics::StatisticsError};
use axum::{Json, extract::State};
use base::UnixMillis;
use call::{
    dialplan::Zone,
    facts::CallDirection,
    statistics::{EndedBy, Figures, GROUPS_MAX, Grouping, Question, Reason, Report, Tally},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::CdrsView), routes!(calls))
}

/// Which calls, and in which groups.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StatisticsQuery {
    /// Begun at or after (RFC 3339); 30 days before `to` unless given.
    from: Option<String>,
    /// Begun before (RFC 3339), 366 days after `from` at most; now unless given.
    to: Option<String>,
    /// `in`, `out` or `internal`.
    direction: Option<String>,
    /// `day`, `hour`, `direction`, `line` or `trunk`; without it there are no groups.
    group: Option<String>,
    /// By whose clock days and hours are, by its name in the IANA database; UTC unless given.
    time_zone: Option<String>,
}

/// Figures of calls that are over.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallStatistics {
    /// Of calls begun at or after.
    #[schema(required)]
    from: Option<String>,
    /// Of calls begun before.
    #[schema(required)]
    to: Option<String>,
    /// By whose clock days and hours are.
    time_zone: String,
    /// Of calls of this direction only.
    #[schema(required, value_type = Option<crate::events::CallDirection>)]
    direction: Option<&'static str>,
    /// What the groups have in common.
    #[schema(required)]
    group: Option<&'static str>,
    /// Of all calls.
    total: TallyView,
    /// Of each group, in order, 5000 at most.
    groups: Vec<GroupView>,
}

/// The figures of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsGroup)]
struct GroupView {
    /// `2026-11-27`, `2026-11-27T13:00+03:00`, a direction, the number of a line or the name of a
    /// trunk.
    name: String,
    /// Its figures.
    #[serde(flatten)]
    tally: TallyView,
}

/// The figures of calls and of their legs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsTally)]
struct TallyView {
    /// Calls; each is told by its caller's leg.
    calls: FiguresView,
    /// Legs of those who called; of a line or trunk its own.
    caller_legs: FiguresView,
    /// Legs of those who were rung; of a line or trunk its own.
    callee_legs: FiguresView,
    /// How often somebody handed the other side on.
    transfers: u64,
}

/// Calls or legs, counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsFigures)]
struct FiguresView {
    /// All of them.
    offered: u64,
    /// Those that were answered, by a person or by us.
    answered: u64,
    /// Those that were not, by reason.
    missed: MissedView,
    /// Which part was answered (ASR), from 0 to 1; `null` of nothing.
    #[schema(required)]
    answer_seizure_ratio: Option<f64>,
    /// How long those talked that were answered, all together, in ms.
    talk_ms: u64,
    /// How long one of them talked (ACD), in ms.
    #[schema(required)]
    average_talk_ms: Option<u64>,
    /// How long one that was answered rang before, in ms.
    #[schema(required)]
    average_ring_ms: Option<u64>,
    /// So long or less rang 95 of 100 of them, in ms, to a tenth of a second.
    #[schema(required)]
    p95_ring_ms: Option<u64>,
    /// By who ended them.
    ended_by: EndedByView,
    /// By why they ended, in the words of the call log.
    causes: BTreeMap<String, u64>,
}

/// Why calls or legs were not answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsMissed)]
struct MissedView {
    /// Busy, or in as many calls as it may be.
    busy: u64,
    /// It rang until that took too long.
    no_answer: u64,
    /// By a person, the plan, the rights or a cap.
    refused: u64,
    /// No device is there, or nobody has the number.
    unreachable: u64,
    /// Something went wrong.
    failed: u64,
    /// The caller gave up.
    cancelled: u64,
    /// Another device took the call: of legs only.
    answered_elsewhere: u64,
}

/// Who ended calls or legs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsEndedBy)]
struct EndedByView {
    /// Who called.
    caller: u64,
    /// Who was called.
    callee: u64,
    /// We: time-out, limit, refusal, the end of what we play.
    system: u64,
}

/// Figures of calls that are over
///
/// Made of the call log when they are asked for: calls that still run count as far as legs of theirs
/// have ended. `tandem journal statistics` gives the same out of the journal.
#[utoipa::path(
    get, path = "/statistics/calls", tag = "calls", params(StatisticsQuery),
    responses((status = 200, body = CallStatistics), Problem)
)]
async fn calls(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(query): UrlQuery<StatisticsQuery>,
) -> Result<Json<CallStatistics>, Problem> {
    let question = query.read(api.clock.now().unix)?;
    // It is never closed.
    let _turn = AT_A_TIME.acquire().await;
    let report = api.store.statistics(session.domain.id, question).await;
    let report = report.map_err(|error| match error {
        StatisticsError::Store(error) => error.into(),
        StatisticsError::TooManyGroups(error) => {
            let ru = format!("Групп больше {GROUPS_MAX}: возьмите период короче или другие группы");
            Problem::invalid_field("group", "too_many", Text::of_error(ru, error))
        }
    })?;
    Ok(Json(CallStatistics::of(&question, report)))
}

impl StatisticsQuery {
    fn read(self, now: UnixMillis) -> Result<Question, Problem> {
        let (from, until) = listing::period(self.from.as_deref(), self.to.as_deref())?;
        let until = until.unwrap_or(now);
        let from = from.unwrap_or(UnixMillis(until.0.saturating_sub(DAYS_DEFAULT * DAY_MS)));
        if until < from || until.0.saturating_sub(from.0) > DAYS_MAX * DAY_MS {
            let message = Text::both(
                format!("Период от «from» до «to» — не длиннее {DAYS_MAX} дней"),
                format!("From \"from\" to \"to\" may be {DAYS_MAX} days at most"),
            );
            return Err(Problem::invalid_field("to", "out_of_range", message));
        }
        let direction = listing::filter(self.direction).map(|word| {
            CallDirection::named(&word).ok_or_else(|| listing::unknown_word("direction"))
        });
        let grouping = listing::filter(self.group)
            .map(|word| Grouping::named(&word).ok_or_else(|| listing::unknown_word("group")));
        let zone = listing::filter(self.time_zone).map(|name| {
            Zone::named(&name).ok_or_else(|| {
                let message = Text::fixed(
                    "Назовите часовой пояс по базе IANA: Europe/Moscow",
                    "Name a time zone as the IANA database does: Europe/Moscow",
                );
                Problem::invalid_field("time_zone", "unknown", message)
            })
        });
        Ok(Question {
            from: Some(from),
            until: Some(until),
            direction: direction.transpose()?,
            grouping: grouping.transpose()?,
            zone: zone.transpose()?.unwrap_or_default(),
        })
    }
}

impl CallStatistics {
    /// The answer to a question.
    pub fn of(question: &Question, report: Report) -> Self {
        let group = |(name, tally)| GroupView { name, tally: TallyView::of(&tally) };
        Self {
            from: question.from.map(rfc3339),
            to: question.until.map(rfc3339),
            time_zone: question.zone.to_string(),
            direction: question.direction.map(CallDirection::as_str),
            group: question.grouping.map(Grouping::as_str),
            total: TallyView::of(&report.total),
            groups: report.groups.into_iter().map(group).collect(),
        }
    }
}

impl TallyView {
    fn of(tally: &Tally) -> Self {
        Self {
            calls: FiguresView::of(&tally.calls),
            caller_legs: FiguresView::of(&tally.caller_legs),
            callee_legs: FiguresView::of(&tally.callee_legs),
            transfers: tally.transfers,
        }
    }
}

impl FiguresView {
    fn of(figures: &Figures) -> Self {
        let missed = |reason| figures.missed.of(reason);
        Self {
            offered: figures.offered,
            answered: figures.answered,
            missed: MissedView {
                busy: missed(Reason::Busy),
                no_answer: missed(Reason::NoAnswer),
                refused: missed(Reason::Refused),
                unreachable: missed(Reason::Unreachable),
                failed: missed(Reason::Failed),
                cancelled: missed(Reason::Cancelled),
                answered_elsewhere: missed(Reason::AnsweredElsewhere),
            },
            answer_seizure_ratio: figures.answer_seizure_ratio(),
            talk_ms: figures.talk_ms,
            average_talk_ms: figures.average_talk_ms(),
            average_ring_ms: figures.rings.mean_ms(),
            p95_ring_ms: figures.rings.percentile_ms(95),
            ended_by: EndedByView {
                caller: figures.ended_by(EndedBy::Caller),
                callee: figures.ended_by(EndedBy::Callee),
                system: figures.ended_by(EndedBy::System),
            },
            causes: figures.causes.clone(),
        }
    }
}

/// Answers that are made at the same time; others wait for their turn, so that calls do not wait for
/// the database.
static AT_A_TIME: Semaphore = Semaphore::const_new(2);

/// The longest period of an answer.
const DAYS_MAX: i64 = 366;

/// The period of whoever says no beginning.
const DAYS_DEFAULT: i64 = 30;

const DAY_MS: i64 = 24 * 3600 * 1000;
