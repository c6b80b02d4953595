use super::*;
use base::Rng;
use call::journal::LegEvent;

fn log() -> QueueLog {
    QueueLog { wanted: Wanted::default(), waiting: HashMap::new() }
}

fn event(at_ms: i64, queue: &str, what: QueueHappening) -> Entry {
    let at = UnixMillis(NOON + at_ms);
    let domain = DomainId::new(UnixMillis(1), &mut Rng::from_number(1));
    let what = QueueEvent { domain, queue: queue.to_owned(), what };
    let (call, leg) = (call(), LegId::new(at, &mut Rng::from_number(3)));
    Entry::Leg(LegEvent { call, leg, at, what: LegHappening::Queue(Box::new(what)) })
}

fn call() -> CallId {
    CallId::new(UnixMillis(NOON), &mut Rng::from_number(2))
}

fn entered(caller: &str) -> QueueHappening {
    QueueHappening::Entered { caller: caller.to_owned(), position: 2 }
}

fn lines(entries: &[Entry]) -> Vec<String> {
    let mut log = log();
    entries.iter().filter_map(|it| log.line(it)).map(|(_, line)| line).collect()
}

#[test]
fn lines_are_those_that_asterisk_writes() {
    let wait = Wait { position: 1, first_position: 2, waited_ms: 3_999 };
    let entries = [
        Entry::Started(UnixMillis(NOON - 1)),
        event(0, "4000", entered("provider/+74950000001")),
        event(4_000, "4000", QueueHappening::LeftEmpty(wait)),
        event(5_000, "4000", QueueHappening::Abandoned(wait)),
        Entry::Stopped(UnixMillis(NOON)),
    ];

    let call = call();
    assert_eq!(
        lines(&entries),
        [
            "1795780799|NONE|NONE|NONE|QUEUESTART|".to_owned(),
            format!("1795780800|{call}|4000|NONE|ENTERQUEUE||+74950000001|2"),
            format!("1795780804|{call}|4000|NONE|EXITEMPTY|1|2|3"),
            format!("1795780805|{call}|4000|NONE|ABANDON|1|2|3"),
        ]
    );
}

#[test]
fn a_name_cannot_end_its_field_or_its_line() {
    let told = lines(&[event(0, "a|b\nc\r", entered("x|y\u{0}"))]);

    assert_eq!(told, [format!("1795780800|{}|a_b_c_|NONE|ENTERQUEUE||x_y_|2", call())]);
}

#[test]
fn queues_of_other_domains_are_left_out() {
    let mut log = log();
    log.wanted.domain = Some(DomainId::new(UnixMillis(9), &mut Rng::from_number(9)));

    assert_eq!(log.line(&event(0, "4000", entered("1001"))), None);
}

const NOON: i64 = 1_795_780_800_000;
