//! Supervisors: whose call they hear, who hears them, and who is no supervisor.

use crate::support::*;
use base::CallId;
use call::{Supervised, SupervisionMode, SupervisionRefusal, SupervisionRequest};
use sim::{City, LineState, Manner, Plot, SUPERVISOR, SUPERVISOR_TOO};
use std::net::SocketAddr;

#[test]
fn a_supervisor_hears_both_and_its_keys_say_who_hears_it() {
    let mut city = supervised();
    let [caller, callee] = [CALLER, CALLEE].map(|it| line(&city, it).rtp);
    let told = |city: &City| taps(city, WATCHER).expect("it supervises");
    assert_eq!(told(&city), [vec![caller, callee], vec![]], "{}", city.story());

    for (key, heard_by) in [
        ('5', vec![callee]),
        ('6', vec![caller, callee]),
        ('7', vec![caller, callee]),
        ('4', vec![]),
    ] {
        city.press(WATCHER, 0, key);
        city.wait(secs(1));
        assert_eq!(told(&city), [vec![caller, callee], heard_by], "after {key}\n{}", city.story());
    }
    assert!(is_heard_both_ways(&city), "the call knows nothing of it");
    hang_up_all(city);
}

#[test]
fn the_supervisors_call_ends_with_the_one_that_it_hears_and_leaves_it_alone_when_it_goes_first() {
    let mut city = supervised();
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    assert_eq!(line(&city, WATCHER).state, LineState::Ended, "{}", city.story());
    city.finish();

    let mut city = supervised();
    city.press(WATCHER, 0, '6');
    city.wait(secs(1));
    city.act(WATCHER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    assert_eq!(line(&city, CALLER).state, LineState::Talking);
    hang_up_all(city);
}

#[test]
fn whoever_is_no_supervisor_hears_nothing_and_neither_does_one_of_its_own_call() {
    let mut city = talking();
    let stranger = city.add_registered("1003");
    city.dial(stranger, "*441002");
    city.wait(secs(1));
    assert_eq!(status(&city, stranger), Some(403), "{}", city.story());

    let watcher = city.add_registered(SUPERVISOR);
    for (dialled, refused) in [("*441003", 480), ("*441099", 480)] {
        city.dial(watcher, dialled);
        city.wait(secs(1));
        assert_eq!(status(&city, watcher), Some(refused), "{dialled}\n{}", city.story());
    }
    let other = city.add_registered("1004");
    city.dial(other, SUPERVISOR);
    city.wait(secs(5));
    city.dial(watcher, "*441004");
    city.wait(secs(1));
    assert_eq!(status(&city, watcher), Some(403), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn one_speaks_at_a_time_and_the_next_when_it_is_done() {
    let mut city = supervised();
    let callee = line(&city, CALLEE).rtp;
    // The same person at a second phone.
    let second = city.add_registered(SUPERVISOR);
    city.dial(second, "*441001");
    city.wait(secs(2));
    city.press(WATCHER, 0, '5');
    city.wait(secs(1));
    city.press(second, 0, '6');
    city.wait(secs(1));
    let heard_by = |city: &City, phone| taps(city, phone).map(|[_, heard_by]| heard_by);
    assert_eq!(heard_by(&city, WATCHER), Some(vec![callee]));
    assert_eq!(heard_by(&city, second), Some(vec![]), "{}", city.story());

    city.act(WATCHER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.press(second, 0, '5');
    city.wait(secs(1));
    assert_eq!(heard_by(&city, second), Some(vec![line(&city, CALLER).rtp]), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn whom_a_whisper_is_for_stays_when_another_speaks() {
    let mut city = talking();
    let call = only_call(&city);
    for supervisor in [SUPERVISOR, SUPERVISOR_TOO] {
        let phone = city.add_registered(supervisor);
        city.dial(phone, "*441002");
        city.wait(secs(2));
    }
    let other = WATCHER + 1;
    city.press(other, 0, '6');
    city.wait(secs(1));
    let refused = ask(&mut city, call, SupervisionMode::Whisper, Some("1001"));
    assert_eq!(refused, Err(SupervisionRefusal::Taken), "{}", city.story());
    city.press(other, 0, '4');
    city.wait(secs(1));
    city.press(WATCHER, 0, '5');
    city.wait(secs(1));
    let callee = line(&city, CALLEE).rtp;
    let heard_by = taps(&city, WATCHER).map(|[_, heard_by]| heard_by);
    assert_eq!(heard_by, Some(vec![callee]), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_call_is_found_whatever_its_shard_and_its_worker() {
    let mut city = city_with(Plot { shards: 3, workers: 3, ..Plot::default() });
    for number in ["1001", "1002", SUPERVISOR] {
        city.add_registered(number);
    }
    for dialled in ["1002", "1002", "1002"] {
        city.dial(CALLER, dialled);
        city.wait(secs(5));
        city.dial(WATCHER, "*441001");
        city.wait(secs(2));
        let [caller, callee] = [CALLER, CALLEE].map(|it| line(&city, it).rtp);
        let hears = taps(&city, WATCHER).map(|[hears, _]| hears);
        assert_eq!(hears, Some(vec![caller, callee]), "the latest\n{}", city.story());
    }
    hang_up_all(city);
}

#[test]
fn by_command_the_own_phone_rings_for_that_very_call_and_commands_say_who_hears_it() {
    use SupervisionMode::{Barge, Listen, Whisper};
    let mut city = talking();
    city.add_registered(SUPERVISOR);
    let call = only_call(&city);
    // A later call of the same extension is not meant.
    city.add_registered("1003");
    city.dial(3, "1002");
    city.wait(secs(5));
    let [caller, callee] = [CALLER, CALLEE].map(|it| city.phones[it].lines[0].rtp);
    let own = match ask(&mut city, call, Whisper, None) {
        Ok(Some(Supervised::Rings(own))) => own,
        other => panic!("{other:?}"),
    };
    city.wait(secs(4));
    let told = |city: &City| taps(city, WATCHER).expect("it supervises");
    assert_eq!(told(&city), [vec![caller, callee], vec![callee]], "{}", city.story());

    for (mode, whisper_to, heard_by) in [
        (Whisper, Some("1001"), vec![caller]),
        (Listen, None, vec![]),
        (Whisper, None, vec![caller]),
        (Barge, None, vec![caller, callee]),
    ] {
        let done = ask(&mut city, call, mode, whisper_to);
        assert_eq!(done, Ok(Some(Supervised::Changed(own))));
        city.wait(secs(1));
        assert_eq!(told(&city), [vec![caller, callee], heard_by], "{mode:?}\n{}", city.story());
    }
    // Keys do the same as ever.
    city.press(WATCHER, 0, '5');
    city.wait(secs(1));
    assert_eq!(told(&city), [vec![caller, callee], vec![caller]], "{}", city.story());
    assert_eq!(city.phones[WATCHER].lines.len(), 1, "it rings once");
    hang_up_all(city);
}

#[test]
fn what_a_supervisor_wants_while_its_phone_rings_is_what_it_gets() {
    let mut city = talking();
    city.add_registered(SUPERVISOR);
    let call = only_call(&city);
    let rung = ask(&mut city, call, SupervisionMode::Listen, None);
    assert!(matches!(rung, Ok(Some(Supervised::Rings(_)))), "{rung:?}");
    city.wait(millis(500));
    let wanted = ask(&mut city, call, SupervisionMode::Whisper, Some("1001"));
    assert!(matches!(wanted, Ok(Some(Supervised::Changed(_)))), "{wanted:?}");
    city.wait(secs(4));
    assert_eq!(city.phones[WATCHER].lines.len(), 1, "{}", city.story());
    let heard_by = taps(&city, WATCHER).map(|[_, heard_by]| heard_by);
    assert_eq!(heard_by, Some(vec![line(&city, CALLER).rtp]), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_call_that_ends_while_the_supervisors_phone_rings_rings_no_longer() {
    for delay in [0, 20, 500, 1500, 1990, 2010, 2030, 2060] {
        let mut city = talking();
        city.add_registered(SUPERVISOR);
        let call = only_call(&city);
        assert!(ask(&mut city, call, SupervisionMode::Barge, None).is_ok());
        city.wait(millis(delay));
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, WATCHER).state, LineState::Ended, "{delay}: {}", city.story());
        assert!(city.shards[0].views().is_empty(), "{delay}: {}", city.story());
        city.finish();
    }
}

#[test]
fn a_supervisor_that_hangs_up_at_any_moment_leaves_the_call_alone() {
    // It says no, or hangs up after it has answered.
    for delay in [500, 2025, 2030, 2045, 2060, 3000] {
        let mut city = talking();
        city.add_registered(SUPERVISOR);
        let call = only_call(&city);
        if delay < 2000 {
            city.phones[WATCHER].manner = Manner::refuses_after(millis(delay), 486);
        }
        assert!(ask(&mut city, call, SupervisionMode::Barge, None).is_ok());
        city.wait(millis(delay));
        city.act(WATCHER, |phone, now| phone.hang_up(now, 0));
        city.phones[WATCHER].manner = Manner::answers_after(secs(2));
        city.wait(secs(3));
        assert!(is_heard_both_ways(&city), "{delay}: {}", city.story());
        assert_eq!(city.shards[0].views().len(), 1, "{delay}: {}", city.story());
        let again = ask(&mut city, call, SupervisionMode::Listen, None);
        assert!(matches!(again, Ok(Some(Supervised::Rings(_)))), "{delay}: {again:?}");
        city.wait(secs(4));
        assert!(taps(&city, WATCHER).is_some(), "{delay}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_call_that_is_handed_on_is_heard_on_and_nobody_is_whispered_to_who_was_not_meant() {
    use SupervisionMode::{Barge, Whisper};
    // While the supervisor's phone rings, and when it hears the call.
    for delay in [500, 1990, 2030, 4000] {
        for mode in [Whisper, Barge] {
            let mut city = talking();
            city.add_registered(SUPERVISOR);
            let third = city.add_registered("1003");
            let call = only_call(&city);
            assert!(ask(&mut city, call, mode, None).is_ok());
            city.wait(millis(delay));
            city.act(CALLEE, |phone, now| phone.refer(now, 0, "1003"));
            city.wait(secs(8));
            assert!(talk(&city, CALLER, third), "{delay} {mode:?}: {}", city.story());
            let both = [CALLER, third].map(|it| line(&city, it).rtp).to_vec();
            let heard_by = if mode == Barge { both.clone() } else { Vec::new() };
            let told = taps(&city, WATCHER);
            assert_eq!(told, Some([both, heard_by]), "{delay} {mode:?}: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn a_call_that_becomes_part_of_another_is_heard_on_there_with_whoever_was_meant() {
    for mode in [SupervisionMode::Listen, SupervisionMode::Whisper] {
        let mut city = talking();
        city.add_registered(SUPERVISOR);
        let third = city.add_registered("1003");
        let first = only_call(&city);
        city.dial(CALLEE, "1003");
        city.wait(secs(4));
        let mut calls = city.shards[0].views().into_iter().map(|it| it.id);
        let second = calls.find(|it| *it != first).expect("it consults");
        assert!(ask(&mut city, second, mode, None).is_ok());
        city.wait(secs(3));
        assert_ne!(taps(&city, WATCHER), None, "{}", city.story());

        city.act(CALLEE, |phone, now| phone.refer_to_line(now, 0, 1));
        city.wait(secs(4));

        assert!(talk(&city, CALLER, third), "{}", city.story());
        let [caller, third] = [CALLER, third].map(|it| line(&city, it).rtp);
        let heard_by = if mode == SupervisionMode::Whisper { vec![third] } else { vec![] };
        let told = taps(&city, WATCHER);
        assert_eq!(told, Some([vec![caller, third], heard_by]), "{mode:?} {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn nobody_hears_itself_when_the_call_that_it_supervises_is_handed_to_it() {
    let mut city = supervised();
    city.act(CALLEE, |phone, now| phone.refer(now, 0, SUPERVISOR));
    city.wait(secs(8));
    assert!(talk(&city, CALLER, WATCHER), "{}", city.story());
    assert_eq!(city.phones[WATCHER].lines[0].state, LineState::Ended, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_cannot_be_supervised_by_command_rings_nobody_and_says_why() {
    use SupervisionMode::{Barge, Listen, Whisper};
    let mut city = talking();
    let call = only_call(&city);
    let unknown = CallId::new(city.now().unix, &mut base::Rng::from_number(7));
    let off = ask(&mut city, call, Listen, None);
    assert!(matches!(off, Err(SupervisionRefusal::NotRung(_))), "{off:?}");
    city.add_registered(SUPERVISOR);
    assert_eq!(ask(&mut city, unknown, Listen, None), Err(SupervisionRefusal::NotTalking));
    let nobody = Err(SupervisionRefusal::NobodyToWhisperTo);
    assert_eq!(ask(&mut city, call, Whisper, Some("1003")), nobody);
    let order = SupervisionRequest { by: "1003".to_owned(), ..request(&city, call, Listen, None) };
    let stranger = city.operate(0, |calls, now| calls.supervise(now, &order, true));
    assert_eq!(stranger, Err(SupervisionRefusal::NotAllowed));
    assert_eq!(city.phones[WATCHER].lines.len(), 0, "{}", city.story());

    let unheard = SupervisionRequest { by: SUPERVISOR.to_owned(), ..order };
    assert_eq!(city.operate(0, |calls, now| calls.supervise(now, &unheard, false)), Ok(None));

    // One at a time speaks.
    let second = city.add_registered(SUPERVISOR_TOO);
    city.dial(second, "*441001");
    city.wait(secs(2));
    city.press(second, 0, '6');
    city.wait(secs(1));
    assert_eq!(ask(&mut city, call, Barge, None), Err(SupervisionRefusal::Taken));
    assert!(matches!(ask(&mut city, call, Listen, None), Ok(Some(Supervised::Rings(_)))));
    city.wait(secs(4));
    assert_eq!(ask(&mut city, call, Whisper, None), Err(SupervisionRefusal::Taken));
    assert_eq!(taps(&city, WATCHER).map(|[_, heard_by]| heard_by), Some(vec![]));
    hang_up_all(city);

    let mut city = city_with(Plot::default());
    for number in ["1001", SUPERVISOR] {
        city.add_registered(number);
    }
    city.dial(CALLER, SUPERVISOR);
    city.wait(secs(5));
    let call = only_call(&city);
    assert_eq!(ask(&mut city, call, Barge, None), Err(SupervisionRefusal::OwnCall));
    hang_up_all(city);
}

#[test]
fn a_supervisor_and_a_phone_of_whose_the_call_is_join_it_by_its_dialog_and_others_do_not() {
    for (number, names, status_due) in [
        (SUPERVISOR, CALLER, 200),
        (SUPERVISOR, CALLEE, 200),
        ("1001", CALLER, 200),
        ("1001", CALLEE, 200),
        ("1003", CALLER, 403),
    ] {
        let mut city = talking();
        let joins = city.add_registered(number);
        join(&mut city, joins, names);
        city.wait(secs(1));
        assert_eq!(status(&city, joins), Some(status_due), "{number}\n{}", city.story());
        if status_due == 200 {
            let both = [CALLER, CALLEE].map(|it| line(&city, it).rtp).to_vec();
            assert_eq!(taps(&city, joins), Some([both.clone(), both]), "{}", city.story());
        }
        assert!(is_heard_both_ways(&city), "{}", city.story());
        city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, joins).state, LineState::Ended, "{}", city.story());
        city.finish();
    }
}

#[test]
fn a_dialog_that_is_not_there_or_is_over_or_rings_is_not_joined_and_nobody_is_rung() {
    let mut city = pair();
    let watcher = city.add_registered(SUPERVISOR);
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(2));
    for rings in [CALLER, CALLEE] {
        join(&mut city, watcher, rings);
        city.wait(secs(1));
        assert_eq!(status(&city, watcher), Some(481), "{}", city.story());
    }
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    city.wait(secs(2));
    join(&mut city, watcher, CALLER);
    city.wait(secs(1));
    assert_eq!(status(&city, watcher), Some(481), "{}", city.story());
    let rows = vec![
        ("Join", line(&city, CALLER).replaces()),
        ("Replaces", "x;to-tag=1;from-tag=2".to_owned()),
    ];
    city.phones[watcher].invite_headers = rows;
    city.dial(watcher, "1002");
    city.wait(secs(1));
    assert_eq!(status(&city, watcher), Some(400), "{}", city.story());
    assert_eq!(city.phones[CALLEE].lines.len(), 1, "{}", city.story());
    city.finish();
}

#[test]
fn whoever_joined_its_own_call_does_not_hear_those_who_talk_when_its_side_is_gone() {
    for (number, state) in [("1001", LineState::Ended), (SUPERVISOR, LineState::Talking)] {
        let mut city = talking();
        let joins = city.add_registered(number);
        let third = city.add_registered("1003");
        join(&mut city, joins, CALLER);
        city.wait(secs(1));
        city.act(CALLER, |phone, now| phone.refer(now, 0, "1003"));
        city.wait(secs(8));
        assert!(talk(&city, CALLEE, third), "{number}: {}", city.story());
        assert_eq!(line(&city, joins).state, state, "{number}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn whoever_joins_may_hang_up_at_any_moment_and_so_may_those_who_talk() {
    for goes in [WATCHER, CALLER, CALLEE] {
        for delay in (0..400).step_by(37) {
            let mut city = talking();
            let joins = city.add_registered("1001");
            join(&mut city, joins, CALLER);
            city.wait(millis(delay));
            city.act(goes, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(2));
            if goes == WATCHER {
                assert!(is_heard_both_ways(&city), "after {delay} ms: {}", city.story());
            }
            hang_up_all(city);
        }
    }
}

/// A phone names the switch's side of another's dialog.
fn join(city: &mut City, phone: usize, of: usize) {
    let dialog = line(city, of).replaces();
    city.phones[phone].invite_headers = vec![("Join", dialog)];
    city.dial(phone, "1002");
}

fn only_call(city: &City) -> CallId {
    city.shards[0].views()[0].id
}

fn request(
    city: &City,
    call: CallId,
    mode: SupervisionMode,
    whisper_to: Option<&str>,
) -> SupervisionRequest {
    let domain = city.directory().domain_of_host(sim::DOMAIN).expect("it is there").id;
    let (by, whisper_to) = (SUPERVISOR.to_owned(), whisper_to.map(str::to_owned));
    SupervisionRequest { domain, by, call, mode, whisper_to }
}

/// The supervisor wants a call supervised, by command.
fn ask(
    city: &mut City,
    call: CallId,
    mode: SupervisionMode,
    whisper_to: Option<&str>,
) -> Result<Option<Supervised>, SupervisionRefusal> {
    let request = request(city, call, mode, whisper_to);
    city.operate(0, |calls, now| calls.supervise(now, &request, true))
}

/// Phone of the supervisor in [`supervised`].
const WATCHER: usize = 2;

/// Two who talk, and a supervisor who hears them.
fn supervised() -> City {
    let mut city = talking();
    city.add_registered(SUPERVISOR);
    city.dial(WATCHER, "*441002");
    city.wait(secs(2));
    assert_eq!(line(&city, WATCHER).state, LineState::Talking, "{}", city.story());
    city
}

/// Whom a phone hears as a supervisor, and who hears it.
fn taps(city: &City, phone: usize) -> Option<[Vec<SocketAddr>; 2]> {
    let port = line(city, phone).remote_rtp?;
    city.workers.iter().find_map(|it| it.taps_at(port))
}

fn status(city: &City, phone: usize) -> Option<u16> {
    line(city, phone).final_status()
}
