use super::*;
use base::Rng;

/// Makes rows one after the other.
struct Teller {
    rng: Rng,
}

/// 2026-11-27 12:00 UTC.
const NOON: i64 = 1_795_780_800_000;

impl Teller {
    fn call(&mut self, at_ms: i64) -> CallId {
        CallId::new(UnixMillis(NOON + at_ms), &mut self.rng)
    }

    fn leg(&mut self, call: CallId, role: LegRole, caller: &str, party: &str) -> LegRow {
        LegRow {
            call,
            leg: LegId::new(call.began(), &mut self.rng),
            role,
            caller: caller.to_owned(),
            party: party.to_owned(),
            started: call.began(),
            ring_ms: None,
            answer_ms: None,
            talk_ms: 0,
            hangup: HangupParty::Remote,
            cause: "cancelled".to_owned(),
        }
    }

    /// A caller and those who are rung, of whom the first talks for so long.
    fn talk(&mut self, at_ms: i64, caller: &str, callees: &[&str], talk_ms: i64) -> Vec<LegRow> {
        let call = self.call(at_ms);
        let mut legs = vec![self.leg(call, LegRole::Caller, caller, caller)];
        legs.extend(callees.iter().map(|it| self.leg(call, LegRole::Callee, caller, it)));
        for (n, leg) in legs.iter_mut().enumerate() {
            leg.ring_ms = Some(200);
            if n > 1 {
                leg.cause = "answered_elsewhere".to_owned();
                continue;
            }
            leg.answer_ms = Some(2_200);
            leg.talk_ms = talk_ms;
            leg.cause = "normal".to_owned();
            leg.hangup = if n == 0 { HangupParty::Peer } else { HangupParty::Remote };
        }
        legs
    }

    /// A call that ends for this reason before an answer.
    fn miss(&mut self, caller: &str, callee: &str, cause: &str) -> Vec<LegRow> {
        let call = self.call(0);
        let mut legs = [
            self.leg(call, LegRole::Caller, caller, caller),
            self.leg(call, LegRole::Callee, caller, callee),
        ];
        for leg in &mut legs {
            cause.clone_into(&mut leg.cause);
        }
        legs.into()
    }
}

fn teller() -> Teller {
    Teller { rng: Rng::from_number(1) }
}

fn report(question: Question, rows: impl IntoIterator<Item = LegRow>) -> Report {
    let mut statistics = Statistics::new(question);
    for row in rows {
        statistics.push(row).unwrap();
    }
    statistics.finish().unwrap()
}

fn grouped(grouping: Grouping, rows: &[LegRow]) -> Report {
    report(Question { grouping: Some(grouping), ..Question::default() }, rows.iter().cloned())
}

fn names(report: &Report) -> Vec<&str> {
    report.groups.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn nothing_is_made_of_nothing() {
    let nothing = report(Question::default(), []);

    assert_eq!(nothing, Report::default());
    let calls = nothing.total.calls;
    assert_eq!((calls.answer_seizure_ratio(), calls.average_talk_ms()), (None, None));
}

#[test]
fn each_outcome_is_counted_once() {
    let mut teller = teller();
    let mut rows = teller.talk(0, "1001", &["1002", "1003"], 60_000);
    let causes = [
        ("busy", Reason::Busy),
        ("too_many_calls", Reason::Busy),
        ("no_answer", Reason::NoAnswer),
        ("rejected", Reason::Refused),
        ("refused", Reason::Refused),
        ("screened", Reason::Refused),
        ("unavailable", Reason::Unreachable),
        ("not_found", Reason::Unreachable),
        ("crash", Reason::Failed),
        ("of another version", Reason::Failed),
        ("cancelled", Reason::Cancelled),
    ];
    for (cause, _) in causes {
        rows.extend(teller.miss("1001", "1002", cause));
    }

    let total = report(Question::default(), rows).total;

    let calls = &total.calls;
    assert_eq!((calls.offered, calls.answered, calls.missed.total()), (12, 1, 11));
    for reason in Reason::ALL {
        let expected = causes.iter().filter(|it| it.1 == reason).count() as u64;
        assert_eq!(calls.missed.of(reason), expected, "{reason:?}");
    }
    assert_eq!(total.callee_legs.missed.of(Reason::AnsweredElsewhere), 1);
    assert_eq!((total.caller_legs.offered, total.callee_legs.offered), (12, 13));
    assert_eq!(calls.average_talk_ms(), Some(60_000));
    assert_eq!(calls.rings.mean_ms(), Some(2_000));
    assert_eq!(calls.ended_by(EndedBy::Callee), 1, "the far end of the caller's peer");
    assert_eq!(calls.ended_by(EndedBy::Caller), 11);
    assert_eq!(calls.causes.values().sum::<u64>(), 12);
}

#[test]
fn the_order_of_the_legs_of_a_call_is_of_no_account() {
    let mut teller = teller();
    let mut rows = teller.talk(0, "provider/+74950000001", &["1003", "1002"], 5_000);
    let question = Question { grouping: Some(Grouping::Line), ..Question::default() };
    let expected = report(question, rows.clone());

    for _ in 0..rows.len() {
        rows.rotate_left(1);
        assert_eq!(report(question, rows.clone()), expected);
    }
    rows.reverse();
    assert_eq!(report(question, rows), expected);
}

#[test]
fn days_and_hours_are_those_of_the_place() {
    let mut teller = teller();
    let hour = 3_600_000;
    let rows: Vec<_> = [-1, 0, hour, 9 * hour]
        .into_iter()
        .flat_map(|at| teller.talk(at, "1001", &["1002"], 1))
        .collect();
    let zone = Zone::named("Europe/Moscow").unwrap();
    let asked = |grouping| {
        let question = Question { grouping: Some(grouping), zone, ..Question::default() };
        report(question, rows.clone())
    };

    assert_eq!(names(&asked(Grouping::Day)), ["2026-11-27", "2026-11-28"]);
    assert_eq!(
        names(&asked(Grouping::Hour)),
        [
            "2026-11-27T14:00+03:00",
            "2026-11-27T15:00+03:00",
            "2026-11-27T16:00+03:00",
            "2026-11-28T00:00+03:00",
        ]
    );
    assert_eq!(names(&grouped(Grouping::Day, &rows)), ["2026-11-27"], "as UTC has it");
}

#[test]
fn an_hour_that_clocks_show_twice_is_two() {
    let mut teller = teller();
    // 2026-10-25 00:30 and 01:30 UTC: both are half past two in Berlin.
    let rows: Vec<_> = [1_792_888_200_000, 1_792_891_800_000]
        .into_iter()
        .flat_map(|at| teller.talk(at - NOON, "1001", &["1002"], 1))
        .collect();
    let zone = Zone::named("Europe/Berlin").unwrap();
    let question = Question { grouping: Some(Grouping::Hour), zone, ..Question::default() };

    let report = report(question, rows);

    assert_eq!(names(&report), ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]);
}

#[test]
fn lines_and_trunks_count_their_own_legs_and_each_call_once() {
    let mut teller = teller();
    let rows = [
        teller.talk(0, "provider/+74950000001", &["1001", "1002"], 1_000),
        teller.talk(1, "1001", &["provider/100", "spare/100"], 2_000),
        // Two devices of one line.
        teller.talk(2, "1002", &["1001", "1001"], 4_000),
    ]
    .concat();

    let lines = grouped(Grouping::Line, &rows);
    assert_eq!(names(&lines), ["1001", "1002"]);
    let line = &lines.groups[0].1;
    assert_eq!((line.calls.offered, line.calls.talk_ms), (3, 7_000));
    assert_eq!((line.caller_legs.offered, line.callee_legs.offered), (1, 3));
    assert_eq!(line.callee_legs.answered, 2);

    let trunks = grouped(Grouping::Trunk, &rows);
    assert_eq!(names(&trunks), ["provider", "spare"]);
    assert_eq!(trunks.groups[0].1.calls.offered, 2);
    assert_eq!(trunks.groups[1].1.callee_legs.missed.of(Reason::AnsweredElsewhere), 1);

    let directions = grouped(Grouping::Direction, &rows);
    assert_eq!(names(&directions), ["in", "internal", "out"]);
    let out = Question { direction: Some(CallDirection::Out), ..Question::default() };
    assert_eq!(report(out, rows).total, directions.groups[2].1);
}

#[test]
fn a_transfer_is_counted_once_whether_the_transferor_asked_first_or_not() {
    let mut teller = teller();
    let mut rows = teller.talk(0, "1001", &["1002", "1003"], 1_000);
    rows[1].cause = "transferred".to_owned();
    assert_eq!(report(Question::default(), rows.clone()).total.transfers, 1);
    let call = rows[0].call;
    let asked = teller.leg(call, LegRole::Caller, "1002", "1002");
    rows.push(LegRow { cause: "transferred".to_owned(), ..asked });
    assert_eq!(report(Question::default(), rows.clone()).total.transfers, 1);
    let lines = grouped(Grouping::Line, &rows);
    let by_line: Vec<_> = lines.groups.iter().map(|(_, it)| it.transfers).collect();
    assert_eq!(by_line, [0, 1, 0], "by 1002");

    for row in &mut rows {
        "transferred".clone_into(&mut row.cause);
    }
    assert_eq!(report(Question::default(), rows).total.transfers, 0, "only a question");
}

#[test]
fn the_period_has_a_first_and_no_last_moment() {
    let mut teller = teller();
    let rows: Vec<_> =
        [0, 10, 20].into_iter().flat_map(|at| teller.talk(at, "1001", &["1002"], 1)).collect();
    let (from, until) = (Some(UnixMillis(NOON + 10)), Some(UnixMillis(NOON + 20)));

    let report = report(Question { from, until, ..Question::default() }, rows);

    assert_eq!(report.total.calls.offered, 1);
}

#[test]
fn more_groups_than_anybody_reads_are_refused_with_what_to_do() {
    let mut teller = teller();
    let question = Question { grouping: Some(Grouping::Line), ..Question::default() };
    let mut statistics = Statistics::new(question);
    let mut refused = Ok(());
    for n in 0..=GROUPS_MAX {
        let call = teller.call(0);
        let party = format!("line-{n}");
        let row = teller.leg(call, LegRole::Caller, &party, &party);
        refused = refused.and_then(|()| statistics.push(row));
    }

    let error = refused.and_then(|()| statistics.finish().map(drop)).unwrap_err();

    assert!(error.to_string().contains("shorter period"), "{error}");
}
