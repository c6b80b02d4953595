//! Figures of calls, made of the call log and of the journal.

use crate::{places::Place, sample::cdr};
use base::{CallId, CdrId, DomainId, LegId, Rng, UnixMillis};
use call::{
    Cdr, HangupParty, LegRole,
    dialplan::Zone,
    facts::CallDirection,
    journal::{LegEvent, LegHappening},
    statistics::{Grouping, Question, Report},
};
use std::{path::Path, time::Duration};
use tandem::{
    cli::journal::{Terminal, restore},
    config::JournalKeeping,
    store::{
        Store,
        journal::{Entry, JournalFiles},
        statistics::of_journal,
    },
};

/// Histories of some hundred calls: some legs are cut off by a crash, rows come in any order and
/// some of them twice.
pub(crate) async fn figures_of_the_call_log_and_of_the_journal_are_the_same(place: Place) {
    let store = place.open().await;
    for seed in 0..4 {
        let mut teller = Teller::new(seed);
        let journal = place.directory.path().join(format!("journal-{seed}"));
        let mut rows = Vec::new();
        let (mut files, _) = open(&journal);
        for _ in 0..150 {
            let legs = teller.call();
            files.append(legs[0].started, &entries(&mut teller.rng, &legs, &mut rows)).unwrap();
        }
        drop(files);
        let (_files, left) = open(&journal);
        rows.extend_from_slice(&left.rows[left.rows.len() - left.legs..]);
        assert!(left.legs > 0, "some are cut off");
        shuffle(&mut teller.rng, &mut rows);
        store.insert_cdrs(&rows).await.unwrap();
        store.insert_cdrs(&rows[..rows.len() / 3]).await.unwrap();

        let before = both(&store, &journal, teller.domain).await;

        place.execute("DELETE FROM cdr").await;
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let mut terminal = Terminal { out: &mut out, notes: &mut notes };
        restore(&store, &journal, &mut terminal).await.unwrap();
        assert!(notes.is_empty(), "{}", String::from_utf8_lossy(&notes));
        assert_eq!(both(&store, &journal, teller.domain).await, before, "restored");
        place.execute("DELETE FROM cdr").await;
    }
}

pub(crate) async fn a_domain_has_its_own_figures_and_more_rows_than_a_page(place: Place) {
    let store = place.open().await;
    let mut rng = Rng::from_number(1);
    let [own, other] = [0, 1].map(|_| DomainId::new(UnixMillis(1), &mut rng));
    let rows: Vec<Cdr> = (0..5_003).map(|n| cdr(own, n)).collect();
    store.insert_cdrs(&rows).await.unwrap();
    store.insert_cdrs(&[cdr(other, 9_000)]).await.unwrap();

    let ask = async |domain| store.statistics(domain, Question::default()).await.unwrap().total;

    assert_eq!(ask(own).await.calls.offered, 5_003);
    assert_eq!(ask(other).await.calls.offered, 1);
    let nobody = DomainId::new(UnixMillis(2), &mut rng);
    assert_eq!(ask(nobody).await.calls.offered, 0);
}

/// The answers to many questions, which both sources must give alike.
async fn both(store: &Store, journal: &Path, domain: DomainId) -> Vec<Report> {
    let mut reports = Vec::new();
    for question in questions() {
        let of_log = store.statistics(domain, question).await.unwrap();
        let of_journal = of_journal(journal, Some(domain), question).unwrap();
        assert_eq!(of_journal.report.unwrap(), of_log, "{question:?}");
        reports.push(of_log);
    }
    assert!(reports[0].total.calls.offered > 50, "{:?}", reports[0].total.calls);
    reports
}

fn questions() -> Vec<Question> {
    let zone = Zone::named("Asia/Kolkata").unwrap();
    let groupings = Grouping::ALL.map(|it| Question { grouping: Some(it), zone, ..all() });
    let directions = [CallDirection::In, CallDirection::Out, CallDirection::Internal];
    let directions = directions.map(|it| Question { direction: Some(it), ..all() });
    let (from, until) = (Some(UnixMillis(BASE + DAY_MS)), Some(UnixMillis(BASE + 2 * DAY_MS)));
    let part = Question { from, until, grouping: Some(Grouping::Hour), ..all() };
    [all(), part].into_iter().chain(groupings).chain(directions).collect()
}

fn all() -> Question {
    Question::default()
}

/// Makes calls of two domains.
struct Teller {
    rng: Rng,
    domain: DomainId,
    other: DomainId,
}

impl Teller {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::from_number(seed);
        let [domain, other] = [0, 1].map(|_| DomainId::new(UnixMillis(1), &mut rng));
        Self { rng, domain, other }
    }

    fn call(&mut self) -> Vec<Cdr> {
        let domain = if self.rng.chance(800) { self.domain } else { self.other };
        let began = UnixMillis(BASE + self.rng.below(3 * DAY_MS as u64) as i64);
        let call = CallId::new(began, &mut self.rng);
        let caller = self.party();
        let mut legs = vec![self.leg(domain, call, LegRole::Caller, &caller, &caller)];
        for _ in 0..self.rng.below(4) {
            let party = self.party();
            legs.push(self.leg(domain, call, LegRole::Callee, &caller, &party));
        }
        legs
    }

    fn party(&mut self) -> String {
        let parties = ["1001", "1002", "провайдер/+74950000001", "spare/100", "a\0b", "1003"];
        parties[self.rng.below(parties.len() as u64) as usize].to_owned()
    }

    fn leg(
        &mut self,
        domain: DomainId,
        call: CallId,
        role: LegRole,
        caller: &str,
        party: &str,
    ) -> Cdr {
        let started = UnixMillis(call.began().0 + self.rng.below(50) as i64);
        let ring_ms = self.rng.chance(800).then(|| self.rng.below(500) as i64);
        let answer_ms = self.rng.chance(600).then(|| 500 + self.rng.below(40_000) as i64);
        let talk_ms = answer_ms.map_or(0, |_| self.rng.below(600_000) as i64);
        let end_ms = answer_ms.unwrap_or(30_000) + talk_ms;
        let causes = ["normal", "busy", "cancelled", "no_answer", "transferred", "of tomorrow"];
        let hangups = [HangupParty::Remote, HangupParty::Peer, HangupParty::System];
        let ended = UnixMillis(started.0 + end_ms);
        Cdr {
            id: CdrId::new(ended, &mut self.rng),
            call,
            leg: LegId::new(started, &mut self.rng),
            domain,
            role,
            caller: caller.to_owned(),
            party: party.to_owned(),
            started,
            ring_ms,
            answer_ms,
            end_ms,
            talk_ms,
            hangup: hangups[self.rng.below(3) as usize],
            cause: causes[self.rng.below(causes.len() as u64) as usize].to_owned(),
            ..cdr(domain, 1)
        }
    }
}

/// What the journal is told of a call; one leg of fifty has no end. Rows go to `rows`, too.
fn entries(rng: &mut Rng, legs: &[Cdr], rows: &mut Vec<Cdr>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for leg in legs {
        let row = Cdr { answer_ms: None, ring_ms: None, end_ms: 0, talk_ms: 0, ..leg.clone() };
        let began = LegEvent {
            call: leg.call,
            leg: leg.leg,
            at: leg.started,
            what: LegHappening::Began(Box::new(row)),
        };
        entries.push(Entry::Leg(began.clone()));
        if leg.answer_ms.is_some() {
            let what = LegHappening::Answered(None);
            entries.push(Entry::Leg(LegEvent { what, ..began }));
        }
        if !rng.chance(20) {
            entries.push(Entry::Ended(Box::new(leg.clone())));
            rows.push(leg.clone());
        }
    }
    entries
}

fn shuffle(rng: &mut Rng, rows: &mut [Cdr]) {
    for n in (1..rows.len()).rev() {
        rows.swap(n, rng.below(n as u64 + 1) as usize);
    }
}

fn open(directory: &Path) -> (JournalFiles, tandem::store::journal::LeftBehind) {
    let keep = Duration::from_hours(24);
    // Short files, so that legs live on in others than those in which they began.
    let (bytes_max, segment_bytes) = (u64::MAX, 40_000);
    let config = JournalKeeping { dir: directory.to_owned(), keep, bytes_max, segment_bytes };
    JournalFiles::open(&config, UnixMillis(BASE + 4 * DAY_MS)).unwrap()
}

/// 2026-11-27 00:00 UTC.
const BASE: i64 = 1_795_737_600_000;
const DAY_MS: i64 = 24 * 3_600_000;
