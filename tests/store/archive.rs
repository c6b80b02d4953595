//! The archive of calls: rows made of records, and their pages.

use crate::places::Place;
use base::{CallId, CdrId, DomainId, LegId, Rng, UnixMillis, UserId};
use call::{Cdr, HangupParty, LegRole};
use media::StreamStats;
use tandem::store::{CallDirection, CallQuery, CdrQuery, LoggedCall, Store};

/// Makes the records of calls that tests tell of.
struct Teller {
    rng: Rng,
    domain: DomainId,
    anna: UserId,
    boris: UserId,
}

impl Teller {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::from_number(seed);
        Self {
            domain: DomainId::new(UnixMillis(1), &mut rng),
            anna: UserId::new(UnixMillis(2), &mut rng),
            boris: UserId::new(UnixMillis(3), &mut rng),
            rng,
        }
    }

    /// The legs of a call: `caller` and `callees`, of whom the first answers if `talk_ms` is not 0.
    fn call(&mut self, at: i64, caller: &str, callees: &[&str], talk_ms: i64) -> Vec<Cdr> {
        let started = UnixMillis(BASE + at);
        let call = CallId::new(started, &mut self.rng);
        let mut legs = vec![self.leg((call, started), caller, caller, LegRole::Caller, talk_ms)];
        for (n, callee) in callees.iter().enumerate() {
            let talk_ms = if n == 0 { talk_ms } else { 0 };
            let begun = UnixMillis(started.0 + 3);
            legs.push(self.leg((call, begun), caller, callee, LegRole::Callee, talk_ms));
        }
        legs
    }

    fn leg(
        &mut self,
        (call, started): (CallId, UnixMillis),
        caller: &str,
        party: &str,
        role: LegRole,
        talk_ms: i64,
    ) -> Cdr {
        let (name, user) = match party {
            "1001" => (Some("Анна Ёлкина"), Some(self.anna)),
            "1002" => (Some("Boris"), Some(self.boris)),
            _ => (None, None),
        };
        Cdr {
            id: CdrId::new(UnixMillis(started.0 + 2000 + talk_ms), &mut self.rng),
            call,
            leg: LegId::new(started, &mut self.rng),
            domain: self.domain,
            role,
            caller: caller.to_owned(),
            dialled: "700".to_owned(),
            party: party.to_owned(),
            name: name.map(str::to_owned),
            user,
            workplace: None,
            sip_call_id: "x".to_owned(),
            signalling_peer: "192.0.2.1:5060;udp".to_owned(),
            started,
            ring_ms: Some(150),
            answer_ms: (talk_ms > 0).then_some(2000),
            end_ms: 2000 + talk_ms,
            talk_ms,
            sip_status: if talk_ms > 0 { 200 } else { 486 },
            hangup: HangupParty::Remote,
            cause: if talk_ms > 0 { "normal" } else { "busy" }.to_owned(),
            codec: None,
            media: StreamStats::default(),
        }
    }

    fn query(&self) -> CallQuery {
        CallQuery {
            domain: self.domain,
            user: None,
            direction: None,
            search: None,
            peer: None,
            from: None,
            until: None,
            is_newest_first: true,
            after: None,
            limit: 200,
        }
    }
}

async fn all(store: &Store, query: CallQuery) -> Vec<LoggedCall> {
    let page = store.page_calls(&query, true).await.unwrap();
    assert_eq!(page.total, Some(page.calls.len() as u64), "the total of {query:?}");
    page.calls
}

/// `A>B` of each.
async fn sides(store: &Store, query: CallQuery) -> Vec<String> {
    let calls = all(store, query).await;
    calls.into_iter().map(|it| format!("{}>{}", it.a.number, it.b.number)).collect()
}

pub(crate) async fn a_call_is_one_row_whatever_the_order_of_its_legs(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(1);
    let legs = teller.call(0, "provider/+74950000001", &["1002", "1001"], 60_000);
    let mut orders = vec![vec![0, 1, 2], vec![2, 1, 0], vec![1, 0, 2], vec![2, 0, 1]];
    let mut rows = Vec::new();

    for order in orders.drain(..) {
        let mut other = Teller::new(1);
        other.domain = DomainId::new(UnixMillis(9), &mut teller.rng);
        for leg in order {
            let record = Cdr {
                domain: other.domain,
                id: CdrId::new(legs[leg].started, &mut teller.rng),
                ..legs[leg].clone()
            };
            store.insert_cdrs(std::slice::from_ref(&record)).await.unwrap();
            // A batch may come again after a crash.
            store.insert_cdrs(&[record]).await.unwrap();
        }
        rows.extend(all(&store, other.query()).await);
    }

    assert_eq!(rows.len(), 4);
    for row in &rows {
        let expected = LoggedCall { domain: row.domain, ..rows[0].clone() };
        assert_eq!(row, &expected);
    }
    let row = &rows[0];
    assert_eq!((row.a.number.as_str(), row.a.name.as_deref()), ("+74950000001", None));
    assert_eq!((row.b.number.as_str(), row.b.name.as_deref()), ("1002", Some("Boris")));
    assert_eq!(row.b.user, Some(teller.boris));
    assert_eq!(row.direction, CallDirection::In);
    assert_eq!((row.talk_ms, row.answer_ms, row.cause.as_str()), (60_000, Some(2000), "normal"));
    assert_eq!(row.started, legs[0].started);
    assert_eq!(row.dialled, "700");
}

pub(crate) async fn calls_of_a_user_are_those_in_which_a_line_of_theirs_took_part(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(2);
    let mut records = teller.call(1, "1001", &["1003"], 5000);
    records.extend(teller.call(2, "1003", &["1002", "1001"], 7000));
    records.extend(teller.call(3, "1002", &["provider/+79000000001"], 0));
    records.extend(teller.call(4, "1003", &[], 0));
    store.insert_cdrs(&records).await.unwrap();
    let of = |user, direction| CallQuery { user: Some(user), direction, ..teller.query() };

    assert_eq!(sides(&store, of(teller.anna, None)).await, ["1003>1002", "1001>1003"]);
    assert_eq!(sides(&store, of(teller.boris, None)).await, ["1002>+79000000001", "1003>1002"]);
    let out = of(teller.boris, Some(CallDirection::Out));
    assert_eq!(sides(&store, out).await, ["1002>+79000000001"]);
    let calls = all(&store, teller.query()).await;
    assert_eq!(calls.len(), 4);
    assert!(store.took_part(teller.anna, calls[2].id).await.unwrap());
    assert!(!store.took_part(teller.anna, calls[1].id).await.unwrap());
    let stranger = Teller::new(3);
    assert_eq!(all(&store, stranger.query()).await, []);
    assert_eq!(store.logged_call(stranger.domain, calls[0].id).await.unwrap(), None);
    let own = store.logged_call(teller.domain, calls[0].id).await.unwrap();
    assert_eq!(own.as_ref(), Some(&calls[0]));
    assert_eq!(calls[0].b.number, "700", "nobody was rung: side B is what was dialled");
}

pub(crate) async fn a_search_finds_the_start_of_numbers_and_any_part_of_names(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(4);
    let mut records = teller.call(1, "1001", &["provider/+74950000017"], 5000);
    records.extend(teller.call(2, "provider/74950000018", &["1002"], 5000));
    records.extend(teller.call(3, "1002", &["1001"], 5000));
    records.extend(teller.call(4, "1003", &["10011"], 5000));
    store.insert_cdrs(&records).await.unwrap();
    let found = async |text: &str| {
        sides(&store, CallQuery { search: Some(text.to_owned()), ..teller.query() }).await
    };

    assert_eq!(found("7495").await, ["74950000018>1002", "1001>+74950000017"]);
    assert_eq!(found("+7 (495) 000-00-17").await, ["1001>+74950000017"]);
    assert_eq!(found("1001").await, ["1003>10011", "1002>1001", "1001>+74950000017"]);
    assert_eq!(found("ёлк").await, ["1002>1001", "1001>+74950000017"]);
    assert_eq!(found("ORI").await, ["1002>1001", "74950000018>1002"]);
    assert_eq!(found("0018").await, [""; 0], "the middle of a number is not searched");
    assert_eq!(found("%").await, [""; 0]);
    assert_eq!(found("' OR 1=1 --").await, [""; 0]);
    let both = CallQuery {
        search: Some("анна".to_owned()),
        peer: Some("Boris".to_owned()),
        ..teller.query()
    };
    assert_eq!(sides(&store, both.clone()).await, ["1002>1001"]);
    let annas = CallQuery { user: Some(teller.anna), search: Some("7495".into()), ..both };
    let annas = CallQuery { peer: None, direction: Some(CallDirection::Out), ..annas };
    assert_eq!(sides(&store, annas).await, ["1001>+74950000017"]);
}

pub(crate) async fn pages_go_both_ways_without_gap_or_repetition(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(5);
    // Several in each millisecond, and more than an index is asked for at once.
    let mut records = Vec::new();
    for n in 0..1300 {
        let party = if n % 2 == 0 { "1001" } else { "1002" };
        records.extend(teller.call(n / 3, party, &["provider/+79000000001"], n % 4 * 1000));
    }
    store.insert_cdrs(&records).await.unwrap();
    let searches = [None, Some("7900".to_owned()), Some("1001".to_owned())];

    for is_newest_first in [true, false] {
        for search in &searches {
            for user in [None, Some(teller.anna)] {
                let mut query = CallQuery {
                    is_newest_first,
                    search: search.clone(),
                    user,
                    limit: 70,
                    ..teller.query()
                };
                let mut ids = Vec::new();
                let mut total = None;
                loop {
                    let page = store.page_calls(&query, query.after.is_none()).await.unwrap();
                    total = total.or(page.total);
                    let Some(last) = page.calls.last() else { break };
                    query.after = Some(last.id);
                    ids.extend(page.calls.iter().map(|it| it.id));
                }
                let is_half = user.is_some() || search.as_deref() == Some("1001");
                assert_eq!(ids.len(), if is_half { 650 } else { 1300 }, "{query:?}");
                assert_eq!(total, Some(ids.len() as u64));
                let is_in_order =
                    ids.windows(2).all(|it| (it[0] > it[1]) == is_newest_first && it[0] != it[1]);
                assert!(is_in_order, "{query:?}");
            }
        }
    }
}

pub(crate) async fn many_hits_are_met_on_the_way_and_totals_are_estimated(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(6);
    let mut records = Vec::new();
    for n in 0..12_000 {
        let callee = if n % 2 == 0 { "1001" } else { "1003" };
        records.extend(teller.call(n * 1000, "1004", &[callee], 1000));
    }
    for batch in records.chunks(4096) {
        store.insert_cdrs(batch).await.unwrap();
    }
    let query = |search: Option<&str>| CallQuery {
        search: search.map(str::to_owned),
        limit: 50,
        ..teller.query()
    };

    let plain = store.page_calls(&query(None), true).await.unwrap();
    let searched = store.page_calls(&query(Some("1001")), true).await.unwrap();
    let named = store.page_calls(&query(Some("анна")), true).await.unwrap();

    assert_eq!(plain.total, Some(12_000));
    assert_eq!(searched.calls.len(), 50);
    assert!(searched.calls.iter().all(|it| it.b.number == "1001"));
    let total = searched.total.unwrap();
    assert!((5_900..=6_100).contains(&total), "{total} is no estimate of 6000");
    assert_eq!(named.calls, searched.calls);
}

pub(crate) async fn the_period_has_a_first_and_no_last_moment(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(7);
    for at in [10, 20, 30] {
        let records = teller.call(at, "1001", &["1002"], 1000);
        store.insert_cdrs(&records).await.unwrap();
    }
    let span = CallQuery {
        from: Some(UnixMillis(BASE + 20)),
        until: Some(UnixMillis(BASE + 30)),
        ..teller.query()
    };

    for search in [None, Some("1001".to_owned())] {
        let found = all(&store, CallQuery { search, ..span.clone() }).await;
        assert_eq!(found.iter().map(|it| it.started.0 - BASE).collect::<Vec<_>>(), [20]);
    }
}

pub(crate) async fn records_are_listed_by_number_cause_trunk_and_time(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(8);
    let mut records = teller.call(1, "1001", &["provider/+74950000017"], 5000);
    records.extend(teller.call(2, "other/74950000018", &["1002"], 0));
    records.extend(teller.call(3, "1002", &["1001"], 1000));
    store.insert_cdrs(&records).await.unwrap();
    let query = CdrQuery {
        domain: teller.domain,
        number: None,
        cause: None,
        trunk: None,
        from: None,
        until: None,
        is_newest_first: false,
        after: None,
        limit: 50,
    };
    let parties = async |query: CdrQuery| {
        let (rows, total) = store.page_cdr_list(&query, true).await.unwrap();
        assert_eq!(total, Some(rows.len() as u64));
        let mut parties: Vec<_> = rows.into_iter().map(|it| it.party).collect();
        parties.sort();
        parties
    };
    let some = |text: &str| Some(text.to_owned());

    assert_eq!(parties(query.clone()).await.len(), 6);
    let by_number = CdrQuery { number: some("7495"), ..query.clone() };
    let both = ["1001", "1002", "other/74950000018", "provider/+74950000017"];
    assert_eq!(parties(by_number).await, both);
    let by_trunk = CdrQuery { trunk: some("provider"), ..query.clone() };
    assert_eq!(parties(by_trunk).await, ["provider/+74950000017"]);
    let by_cause = CdrQuery { cause: some("busy"), ..query.clone() };
    assert_eq!(parties(by_cause).await, ["1002", "other/74950000018"]);
    let late = CdrQuery { from: Some(UnixMillis(BASE + 3)), ..query.clone() };
    assert_eq!(parties(late).await.len(), 4);
    let early = CdrQuery { until: Some(UnixMillis(BASE + 2)), ..query.clone() };
    assert_eq!(parties(early).await, ["1001"]);
    let (first, _) =
        store.page_cdr_list(&CdrQuery { limit: 4, ..query.clone() }, false).await.unwrap();
    let rest = CdrQuery { after: Some(first[3].id), ..query };
    assert_eq!(store.page_cdr_list(&rest, false).await.unwrap().0.len(), 2);
}

pub(crate) async fn calls_from_before_the_archive_are_in_it(place: Place) {
    let store = place.open().await;
    let mut teller = Teller::new(9);
    let mut records = Vec::new();
    for n in 0..2500 {
        records.extend(teller.call(n, "1001", &["1002", "1003"], n % 2 * 1000));
    }
    store.insert_cdrs(&records).await.unwrap();
    let expected = all(&store, CallQuery { limit: 3000, ..teller.query() }).await;
    store.close().await;

    place.execute(BACK_TO_THE_FIRST_TABLES).await;
    let store = place.open().await;

    let found = all(&store, CallQuery { limit: 3000, ..teller.query() }).await;
    assert_eq!(found.len(), 2500);
    // Names and people are those of today, and here there are none.
    let without_people = |call: &LoggedCall| {
        let mut call = call.clone();
        for side in [&mut call.a, &mut call.b] {
            (side.name, side.user) = (None, None);
        }
        call
    };
    assert_eq!(found, expected.iter().map(without_people).collect::<Vec<_>>());
}

const BACK_TO_THE_FIRST_TABLES: &str = "
    DROP TABLE call_log; DROP TABLE call_user; DROP TABLE call_name; DROP TABLE backfill;
    ALTER TABLE cdr DROP COLUMN party_name; ALTER TABLE cdr DROP COLUMN user_id;
    DELETE FROM _sqlx_migrations WHERE version = 3;";

/// Some moment.
const BASE: i64 = 1_800_000_000_000;
