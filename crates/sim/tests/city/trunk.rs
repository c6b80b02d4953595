//! Calls to and from the carrier.

use crate::support::*;
use call::{
    Calls, LegRole, Rates, TrunkNews,
    directory::{Login, TrunkRegistration},
};
use sim::{City, Gate, LineState, Manner, Plot, Quality};

/// `1001` registered as phone 0, the carrier as phone 1.
fn with_provider() -> City {
    let mut city = city();
    city.add_registered("1001");
    city.add_provider("4951234567");
    city
}

/// The same; the carrier asks for a password, and the trunk has `password`.
fn with_gate(password: &str) -> City {
    let mut city = with_provider();
    city.phones[1].gate = Some(Gate::new("tandem", "s3cret", "carrier.test"));
    city.change_trunk("provider", |trunk| trunk.login = Some(login(password)));
    city
}

fn gate(city: &City) -> &Gate {
    city.phones[1].gate.as_ref().expect("it asks")
}

fn party(city: &City, role: LegRole) -> &str {
    &city.cdrs.iter().find(|it| it.role == role).expect("each leg has a row").party
}

#[test]
fn a_call_out_over_the_trunk_is_a_call_like_any_other() {
    let mut city = with_provider();
    city.dial(CALLER, "94951234567");
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
    assert_eq!(party(&city, LegRole::Callee), "provider/4951234567");
    assert_eq!(party(&city, LegRole::Caller), "1001");
    city.check_talk(millis(100));
}

#[test]
fn the_carrier_needs_no_password_and_reaches_what_is_said_for_it() {
    let mut city = with_provider();
    city.act(1, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    city.wait(secs(5));
    assert_eq!(line(&city, 1).final_status(), Some(200), "{}", city.story());
    assert!(is_heard_both_ways(&city));
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    city.act(1, |phone, now| phone.dial_uri(now, "sip:1001@10.0.0.1", true));
    city.finish();
    assert_eq!(line(&city, 1).final_status(), Some(404), "extensions are not dialled from outside");
    let is_challenge = |it: &str| it.contains("→ 10.2.0.1") && it.contains(" 401 ");
    assert!(!city.story().lines().any(is_challenge), "{}", city.story());
    assert_eq!(party(&city, LegRole::Caller), "provider/4951234567");
}

#[test]
fn a_carrier_that_does_not_answer_counts_as_unavailable() {
    let mut city = pair();
    city.dial(CALLER, "94951234567");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(480), "nobody is at the trunk's address");
    assert_eq!(party(&city, LegRole::Callee), "provider/4951234567");
}

#[test]
fn a_carrier_s_refusal_reaches_the_caller() {
    let mut city = with_provider();
    city.phones[1].manner = Manner::refuses_after(secs(1), 486);
    city.dial(CALLER, "94951234567");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(486));
}

#[test]
fn the_carrier_cannot_register() {
    let mut city = with_provider();
    city.act(1, sim::Phone::register);
    city.finish();
    assert_eq!(city.phones[1].registered, Some(401), "there is no such extension");
}

#[test]
fn a_challenge_is_answered_in_the_same_leg_with_the_next_cseq_by_server_and_proxy() {
    for is_proxy in [false, true] {
        let mut city = with_gate("s3cret");
        city.phones[1].gate.as_mut().expect("it asks").is_proxy = is_proxy;
        city.dial(CALLER, "94951234567");
        city.wait(secs(5));
        assert!(is_heard_both_ways(&city), "{}", city.story());

        let seen = &gate(&city).seen;
        let [(1, call_id, tag), (2, call_id_again, tag_again)] = seen.as_slice() else {
            panic!("one INVITE without and one with credentials: {seen:?}");
        };
        assert_eq!((call_id, tag), (call_id_again, tag_again), "RFC 3261 section 22.2");
        assert_eq!((gate(&city).challenges, gate(&city).refused), (1, 0));
        city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
    }
}

#[test]
fn a_proxy_that_asks_after_the_carrier_is_answered_beside_it() {
    for (password, status) in [("s3cret", 200), ("another", 500)] {
        let mut city = with_gate("s3cret");
        let mut proxy = Gate::new("tandem", password, "carrier.test");
        proxy.is_proxy = true;
        city.phones[1].gate.as_mut().expect("it asks").further = Some(Box::new(proxy));
        city.dial(CALLER, "94951234567");
        city.wait(secs(5));
        assert_eq!(line(&city, CALLER).final_status(), Some(status), "{}", city.story());
        let asked = gate(&city).further.as_ref().map(|it| it.challenges);
        if status == 200 {
            assert_eq!((gate(&city).challenges, asked), (1, Some(1)), "each is answered once");
        }
        hang_up_all(city);
    }
}

#[test]
fn a_carrier_that_asks_inside_calls_too_is_answered_there() {
    for is_proxy in [false, true] {
        for ends in [CALLER, CALLEE] {
            let mut city = with_gate("s3cret");
            let gate = city.phones[1].gate.as_mut().expect("it asks");
            (gate.is_proxy, gate.asks_inside) = (is_proxy, true);
            city.dial(CALLER, "94951234567");
            city.wait(secs(5));
            assert!(is_heard_both_ways(&city), "{}", city.story());
            city.act(CALLER, |phone, now| phone.hold(now, 0));
            city.wait(secs(2));
            city.act(CALLER, |phone, now| phone.resume(now, 0));
            city.wait(secs(2));
            assert_eq!(line(&city, CALLER).changes, [200, 200], "{}", city.story());
            assert!(is_heard_both_ways(&city), "{}", city.story());

            city.act(ends, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(2));

            assert_eq!(line(&city, CALLEE).state, LineState::Ended, "{}", city.story());
            let gate = city.phones[1].gate.as_ref().expect("it asks");
            assert_eq!(gate.refused, 0, "{}", city.story());
            let asked = if ends == CALLER { 4 } else { 3 };
            assert_eq!(gate.challenges, asked, "INVITE, two changes, BYE: {}", city.story());
            city.finish();
        }
    }
}

/// The carrier has called `1001`, and asks for a password inside its calls from then on.
fn called_with_gate(password: &str) -> City {
    let mut city = with_gate(password);
    city.act(1, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.phones[1].gate.as_mut().expect("it asks").asks_inside = true;
    city
}

#[test]
fn a_carrier_that_asks_inside_calls_of_its_own_is_answered_there_as_well() {
    for is_proxy in [false, true] {
        let mut city = called_with_gate("s3cret");
        city.phones[1].gate.as_mut().expect("it asks").is_proxy = is_proxy;
        city.act(0, |phone, now| phone.hold(now, 0));
        city.wait(secs(2));
        city.act(0, |phone, now| phone.resume(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, 0).changes, [200, 200], "{}", city.story());
        assert!(is_heard_both_ways(&city), "{}", city.story());

        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));

        assert_eq!(line(&city, 1).state, LineState::Ended, "{}", city.story());
        let gate = gate(&city);
        assert_eq!((gate.challenges, gate.refused), (3, 0), "{}", city.story());
        city.finish();
    }
}

#[test]
fn inside_a_call_of_the_carrier_only_its_realm_is_answered_and_twice_at_most() {
    let end = |city: &mut City| {
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(40));
        assert_eq!(city.counts().calls, 0, "{}", city.story());
    };
    // Another realm: nothing is said.
    let mut city = called_with_gate("s3cret");
    city.phones[1].gate.as_mut().expect("it asks").realm = "elsewhere.test".to_owned();
    city.act(0, |phone, now| phone.hold(now, 0));
    city.wait(secs(2));
    assert_eq!(line(&city, 0).state, LineState::Talking, "{}", city.story());
    end(&mut city);
    assert_eq!((gate(&city).seen.len(), city.phones[1].credentials_seen), (2, 0));

    // Another password.
    let mut city = called_with_gate("another");
    end(&mut city);
    assert!((1..=2).contains(&gate(&city).refused), "{:?}", gate(&city));

    // A carrier without credentials gets none of another's.
    let mut city = with_gate("s3cret");
    let backup = city.add_backup("4957654321");
    let mut asks = Gate::new("tandem", "s3cret", "carrier.test");
    asks.asks_inside = true;
    city.phones[backup].gate = Some(asks);
    city.act(backup, |phone, now| phone.dial_uri(now, "sip:74957654321@10.0.0.1", true));
    city.wait(secs(5));
    assert!(talk(&city, 0, backup), "{}", city.story());
    end(&mut city);
    assert_eq!(city.phones[backup].credentials_seen, 0, "{}", city.story());
}

#[test]
fn what_leads_away_from_the_carrier_is_not_signed() {
    let mut city = with_gate("s3cret");
    // Somebody who may pass for the carrier, but is not where the carrier is.
    let stranger = city.add_phone("1002");
    city.phones[stranger].gate = Some(Gate::new("tandem", "s3cret", "carrier.test"));
    let route = format!("<sip:{};lr>", city.phones[stranger].address());
    city.phones[1].invite_headers = vec![("Record-Route", route)];
    city.act(1, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    city.wait(secs(5));
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(40));
    assert_eq!(city.phones[stranger].credentials_seen, 0, "{}", city.story());
    assert_eq!(city.phones[1].credentials_seen, 0, "{}", city.story());
    assert_eq!(city.counts().calls, 0, "{}", city.story());
}

#[test]
fn a_wrong_password_inside_a_call_ends_its_bye_after_two_tries() {
    let mut city = with_gate("s3cret");
    city.dial(CALLER, "94951234567");
    city.wait(secs(5));
    let gate = city.phones[1].gate.as_mut().expect("it asks");
    (gate.asks_inside, gate.password) = (true, "another".to_owned());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(5));

    let gate = city.phones[1].gate.as_ref().expect("it asks");
    assert!((1..=2).contains(&gate.refused), "{gate:?}");
    assert_eq!(city.counts().calls, 0);
}

#[test]
fn a_wrong_password_is_tried_twice_at_most_and_a_challenge_without_one_ends_the_call() {
    let mut city = with_gate("wrong");
    city.dial(CALLER, "94951234567");
    city.finish();
    assert!(gate(&city).refused <= 2, "{:?}", gate(&city));
    assert_eq!(line(&city, CALLER).final_status(), Some(500), "a trouble of ours");

    let mut city = with_provider();
    city.phones[1].gate = Some(Gate::new("tandem", "s3cret", "carrier.test"));
    city.dial(CALLER, "94951234567");
    city.finish();
    assert_eq!((gate(&city).seen.len(), city.phones[1].credentials_seen), (1, 0));
    assert_eq!(line(&city, CALLER).final_status(), Some(500));
}

#[test]
fn credentials_go_to_the_trunk_they_are_for_and_only_for_the_realm_they_are_for() {
    let mut city = with_gate("s3cret");
    city.phones[1].gate.as_mut().expect("it asks").realm = "elsewhere.test".to_owned();
    city.add_registered("1002");
    let (backup, colleague) = (city.add_backup("4957654321"), 2);
    for phone in [backup, colleague] {
        city.phones[phone].gate = Some(Gate::new("tandem", "s3cret", "carrier.test"));
    }
    for number in ["94951234567", "1002", "84951234567"] {
        city.dial(CALLER, number);
        city.wait(secs(60));
    }
    city.finish();
    let asked = |phone: usize| city.phones[phone].gate.as_ref().map(|it| it.challenges > 0);
    assert!([1, backup, colleague].iter().all(|it| asked(*it) == Some(true)), "{}", city.story());
    let seen = [1, backup, colleague].map(|it| city.phones[it].credentials_seen);
    assert_eq!(seen, [0, 0, 0]);
}

#[test]
fn a_caller_that_gives_up_while_the_carrier_asks_leaves_nothing_behind() {
    for at in 0..30 {
        let mut city = with_gate("s3cret");
        city.phones[1].manner = Manner::ignores();
        city.dial(CALLER, "94951234567");
        city.wait(millis(10 * at));
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
    }
}

/// `1001` registered as phone 0, the carriers `provider` and `backup` as phones 1 and 2.
fn with_two_providers() -> City {
    let mut city = with_provider();
    city.add_backup("4951234567");
    city
}

/// How many calls each carrier saw.
fn calls_seen(city: &City) -> [usize; 2] {
    [1, 2].map(|phone: usize| city.phones[phone].lines.len())
}

#[test]
fn the_next_trunk_is_tried_for_troubles_of_the_way_only() {
    let cases = [
        (503, 2, 200),
        (500, 2, 200),
        (408, 2, 200),
        (302, 2, 200),
        (603, 1, 603),
        (404, 1, 404),
        (484, 1, 484),
        (403, 1, 403),
        (480, 1, 480),
    ];
    for (status, tried, heard) in cases {
        let mut city = with_two_providers();
        city.phones[1].manner = Manner::refuses_after(secs(1), status);
        city.dial(CALLER, "84951234567");
        city.wait(secs(10));
        assert_eq!(calls_seen(&city), [1, tried - 1], "after {status}");
        assert_eq!(line(&city, CALLER).final_status(), Some(heard), "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_busy_callee_is_busy_behind_every_trunk_and_the_plan_goes_on_with_that() {
    for status in [486, 600] {
        let mut city = with_two_providers();
        city.phones[1].manner = Manner::refuses_after(secs(1), status);
        city.dial(CALLER, "84951234567");
        city.wait(secs(10));
        assert_eq!(calls_seen(&city), [1, 0]);
        assert!(is_spoken_to(&city, CALLER), "the steps for busy follow: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_trunk_that_rings_in_vain_ends_the_list_and_a_silent_one_does_not() {
    let mut city = with_two_providers();
    city.phones[1].manner = Manner::ignores();
    city.dial(CALLER, "84951234567");
    city.finish();
    assert_eq!(calls_seen(&city), [1, 0]);
    assert_eq!(line(&city, CALLER).final_status(), Some(480));

    let mut city = with_two_providers();
    city.phones[1].manner = Manner { rings_after: None, ..Manner::ignores() };
    city.dial(CALLER, "84951234567");
    city.wait(secs(30));
    assert_eq!(calls_seen(&city), [1, 1]);
    assert_eq!(line(&city, CALLER).final_status(), Some(200), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_full_trunk_is_passed_over_and_free_again_when_its_calls_are() {
    let mut city = with_two_providers();
    city.add_registered("1002");
    city.change_trunk("provider", |trunk| trunk.limits.channels_max = Some(1));
    city.dial(CALLER, "84951234567");
    city.wait(secs(5));
    city.dial(3, "84957654321");
    city.wait(secs(5));
    assert_eq!(calls_seen(&city), [1, 1], "{}", city.story());
    assert_eq!(line(&city, 3).final_status(), Some(200));

    city.act(3, |phone, now| phone.dial(now, "94957654321"));
    city.wait(secs(5));
    assert_eq!(line(&city, 3).final_status(), Some(486), "there is no other way for this one");
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.act(3, |phone, now| phone.dial(now, "94957654321"));
    city.wait(secs(5));
    assert_eq!(line(&city, 3).final_status(), Some(200));
    hang_up_all(city);
}

#[test]
fn channels_count_both_directions_on_all_shards_and_an_incoming_call_past_them_gets_503() {
    let mut city = city_with(Plot { shards: 3, ..Plot::default() });
    city.add_registered("1001");
    city.add_provider("4951234567");
    city.change_trunk("provider", |trunk| trunk.limits.channels_max = Some(2));
    city.dial(CALLER, "94951234567");
    city.wait(secs(5));
    for _ in 0..3 {
        city.act(1, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    }
    city.wait(secs(5));
    let mut heard: Vec<_> =
        city.phones[1].lines[1..].iter().filter_map(sim::Line::final_status).collect();
    heard.sort_unstable();
    assert_eq!(heard, [200, 503, 503], "{}", city.story());
    let refused = city.cdrs.iter().filter(|it| it.cause == "too_many_calls").count();
    assert_eq!(refused, 2, "the call log says why");
    hang_up_all(city);
}

#[test]
fn new_calls_beyond_so_many_a_second_are_refused_and_not_counted() {
    let mut city = with_provider();
    city.change_trunk("provider", |trunk| trunk.limits.cps_max = Some(2));
    for at in 0..40 {
        city.act(1, |phone, now| phone.dial_uri(now, "sip:74950000009@10.0.0.1", true));
        city.wait(millis(100));
        assert!(city.phones[1].lines.len() == at + 1);
    }
    city.finish();
    let heard: Vec<_> = city.phones[1].lines.iter().filter_map(sim::Line::final_status).collect();
    let taken = heard.iter().filter(|it| **it == 404).count();
    assert!((8..=9).contains(&taken), "two in each of four seconds: {heard:?}");
    assert_eq!(heard.iter().filter(|it| **it == 503).count(), 40 - taken);
}

/// The same as [`with_two_providers`]; `provider` is asked for its health every 10 s.
fn with_health() -> City {
    let mut city = with_two_providers();
    city.change_trunk("provider", |trunk| trunk.health_interval = Some(secs(10)));
    city
}

fn news(city: &City) -> Vec<TrunkNews> {
    assert!(city.trunk_news.iter().all(|(name, _)| name == "provider"));
    city.trunk_news.iter().map(|(_, news)| news.clone()).collect()
}

/// Nobody is asked any more, and nothing is left.
fn finish_watching(mut city: City) {
    city.change_trunk("provider", |trunk| trunk.health_interval = None);
    hang_up_all(city);
}

#[test]
fn a_trunk_that_falls_silent_is_passed_over_at_once_until_it_answers_again() {
    let mut city = with_health();
    city.wait(secs(60));
    assert!((5..=6).contains(&city.phones[1].options_seen), "{}", city.story());
    city.phones[1].options_status = None;
    city.wait(secs(60));
    assert_eq!(news(&city), [TrunkNews::Down]);

    city.dial(CALLER, "84951234567");
    city.wait(secs(5));
    assert_eq!(calls_seen(&city), [0, 1], "{}", city.story());
    assert_eq!(line(&city, CALLER).final_status(), Some(200));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.dial(CALLER, "94951234567");
    city.wait(secs(1));
    assert_eq!(line(&city, CALLER).final_status(), Some(480), "there is no other way");
    assert_eq!(calls_seen(&city), [0, 1]);

    city.phones[1].options_status = Some(200);
    city.wait(secs(30));
    assert_eq!(news(&city), [TrunkNews::Down, TrunkNews::Up]);
    city.dial(CALLER, "84951234567");
    city.wait(secs(5));
    assert_eq!(calls_seen(&city), [1, 1]);
    finish_watching(city);
}

#[test]
fn a_flapping_trunk_changes_nothing_and_a_refusal_of_options_is_a_sign_of_life() {
    let mut city = with_health();
    for status in [Some(503), Some(200), None, None, Some(405), Some(500), None, Some(401)] {
        let seen = city.phones[1].options_seen;
        city.phones[1].options_status = status;
        assert!(city.wait_until(secs(20), |city| city.phones[1].options_seen > seen));
        city.wait(secs(5));
    }
    assert_eq!(news(&city), []);
    assert_eq!(city.phones[1].credentials_seen, 0);

    city.phones[1].options_status = Some(503);
    city.wait(secs(40));
    for status in [200, 503, 200, 503] {
        let seen = city.phones[1].options_seen;
        city.phones[1].options_status = Some(status);
        assert!(city.wait_until(secs(20), |city| city.phones[1].options_seen > seen));
        city.wait(secs(5));
    }
    assert_eq!(news(&city), [TrunkNews::Down], "one answer does not make it up");
    finish_watching(city);
}

#[test]
fn calls_of_every_shard_pass_a_trunk_over_that_one_shard_found_down() {
    let mut city = city_with(Plot { shards: 4, ..Plot::default() });
    city.add_registered("1001");
    city.add_provider("4951234567");
    city.phones[1].options_status = None;
    city.change_trunk("provider", |trunk| trunk.health_interval = Some(secs(5)));
    city.wait(secs(40));
    for _ in 0..8 {
        city.dial(CALLER, "94951234567");
        city.wait(secs(1));
        assert_eq!(line(&city, CALLER).final_status(), Some(480));
    }
    assert!(city.phones[1].lines.is_empty(), "{}", city.story());
    finish_watching(city);
}

/// The carriers of [`with_two_providers`] are one that wants us to register, at either, with a
/// password; both are off.
fn with_registrar() -> City {
    let mut city = with_two_providers();
    for phone in [1, 2] {
        city.phones[phone].gate = Some(Gate::new("tandem", "s3cret", "carrier.test"));
    }
    let fallback = city.directory().trunks["backup"].destination.clone();
    city.change_trunk("provider", |trunk| {
        trunk.login = Some(login("s3cret"));
        trunk.registration = Some(TrunkRegistration { expires_s: 600, fallbacks: vec![fallback] });
    });
    city
}

fn login(password: &str) -> Login {
    let [username, password, realm] = ["tandem", password, "carrier.test"].map(str::to_owned);
    Login { username, password, realm: Some(realm) }
}

fn stop_registering(mut city: City) {
    city.change_trunk("provider", |trunk| trunk.registration = None);
    hang_up_all(city);
}

fn last_news(city: &City) -> Option<&TrunkNews> {
    city.trunk_news.last().map(|(_, news)| news)
}

#[test]
fn we_register_with_a_password_refresh_in_time_and_are_called_there() {
    let mut city = with_registrar();
    city.phones[1].grants_s = Some(400);
    city.wait(secs(20));
    assert!(matches!(last_news(&city), Some(TrunkNews::Registered { .. })), "{}", city.story());
    assert_eq!(city.phones[1].registered_contacts, ["<sip:tandem@10.0.0.1:5060>"]);
    let seen = &gate(&city).seen;
    let series: Vec<_> = seen.iter().map(|(cseq, call_id, tag)| (cseq, call_id, tag)).collect();
    assert_eq!((series.len(), series[0].1, series[0].2), (2, series[1].1, series[1].2));

    city.wait(secs(1000));
    assert_eq!(city.phones[1].registered_contacts.len(), 4, "every 300 s: {}", city.story());
    assert_eq!(city.trunk_news.len(), 1, "nothing new");
    assert_eq!(city.phones[2].registers_seen, 0, "the other destination is for troubles");

    city.act(1, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1:5060", true));
    city.wait(secs(5));
    assert_eq!(line(&city, 1).final_status(), Some(200), "{}", city.story());
    stop_registering(city);
}

#[test]
fn registration_is_lost_with_the_registrar_and_regained_with_it() {
    let mut city = with_registrar();
    city.phones[1].grants_s = Some(400);
    city.wait(secs(10));
    city.phones[1].grants_s = None;
    city.wait(secs(500));
    assert_eq!(last_news(&city), Some(&TrunkNews::RegistrationLost), "{}", city.story());
    let asked = city.phones[1].registers_seen;
    city.wait(secs(3600));
    let asked = city.phones[1].registers_seen - asked;
    // Eleven to a REGISTER over UDP (RFC 3261 section 17.1.2.1).
    assert!((70..=180).contains(&asked), "pauses grow: {asked}");

    city.phones[1].grants_s = Some(400);
    city.wait(secs(400));
    assert!(matches!(last_news(&city), Some(TrunkNews::Registered { .. })));
    stop_registering(city);
}

#[test]
fn a_further_destination_takes_the_registration_and_the_calls_until_the_first_is_back() {
    let mut city = with_registrar();
    city.phones[2].grants_s = Some(400);
    city.wait(secs(20));
    assert_eq!(city.phones[2].registered_contacts.len(), 1, "{}", city.story());
    city.dial(CALLER, "94951234567");
    city.wait(secs(5));
    assert_eq!(calls_seen(&city), [0, 1], "{}", city.story());
    assert_eq!(line(&city, CALLER).final_status(), Some(200));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));

    city.phones[1].grants_s = Some(400);
    city.wait(secs(400));
    assert_eq!(city.phones[1].registered_contacts.len(), 1);
    city.dial(CALLER, "94951234567");
    city.wait(secs(5));
    assert_eq!(calls_seen(&city), [1, 1], "{}", city.story());
    stop_registering(city);
}

#[test]
fn a_wrong_password_is_not_tried_again_for_a_while_and_told() {
    let mut city = with_registrar();
    for phone in [1, 2] {
        city.phones[phone].grants_s = Some(400);
    }
    city.change_trunk("provider", |trunk| trunk.login = Some(login("wrong")));
    city.wait(secs(290));
    let refused = [1, 2].map(|it: usize| city.phones[it].gate.as_ref().map_or(0, |it| it.refused));
    assert!(refused.iter().all(|it| (1..=2).contains(it)), "{refused:?}");
    let is_refusal = |it: &TrunkNews| matches!(it, TrunkNews::RegistrationRefused { .. });
    assert_eq!(city.trunk_news.iter().filter(|(_, it)| is_refusal(it)).count(), 2);
    stop_registering(city);
}

#[test]
fn registration_survives_a_lossy_network() {
    let quality = Quality { loss_per_mille: 300, ..Quality::GOOD };
    let mut city = city_with(Plot { quality, ..Plot::default() });
    city.add_phone("1001");
    city.add_provider("4951234567");
    city.phones[1].grants_s = Some(120);
    city.phones[1].gate = Some(Gate::new("tandem", "s3cret", "carrier.test"));
    city.change_trunk("provider", |trunk| {
        trunk.login = Some(login("s3cret"));
        trunk.registration = Some(TrunkRegistration { expires_s: 120, fallbacks: Vec::new() });
    });
    city.wait(secs(60));
    assert!(matches!(last_news(&city), Some(TrunkNews::Registered { .. })), "{}", city.story());
    city.wait(secs(3600));
    let lost = city.trunk_news.iter().filter(|(_, it)| *it == TrunkNews::RegistrationLost).count();
    assert!(lost <= 3, "{:?}", city.trunk_news);
    stop_registering(city);
}

#[test]
fn the_cheapest_trunk_for_the_number_is_tried_first_and_then_the_next() {
    let rates = |texts: &[&str]| {
        let texts: Vec<_> = texts.iter().map(|it| (*it).to_owned()).collect();
        Rates::parse(&texts).expect("these are rates")
    };
    for (provider, backup, seen) in [
        (["8495 1.50"].as_slice(), ["8 1.49"].as_slice(), [0, 1]),
        (&["8495 1.50"], &["8 1.50"], [1, 0]),
        (&[], &["* 99"], [0, 1]),
        (&["8 1", "8495 9"], &["8 2"], [0, 1]),
        (&["8496 1"], &[], [1, 0]),
    ] {
        let mut city = with_two_providers();
        city.change_trunk("provider", |it| it.rates = rates(provider));
        city.change_trunk("backup", |it| it.rates = rates(backup));
        city.dial(CALLER, "684951234567");
        city.wait(secs(10));
        assert_eq!(calls_seen(&city), seen, "{provider:?} {backup:?}: {}", city.story());
        hang_up_all(city);
    }

    let mut city = with_two_providers();
    city.change_trunk("backup", |it| it.rates = rates(&["* 1"]));
    city.phones[2].manner = Manner::refuses_after(secs(1), 503);
    city.dial(CALLER, "684951234567");
    city.wait(secs(10));
    assert_eq!(calls_seen(&city), [1, 1], "{}", city.story());
    assert_eq!(line(&city, CALLER).final_status(), Some(200));
    hang_up_all(city);
}

#[test]
fn a_trunk_that_is_taken_away_or_lies_elsewhere_now_hears_that_we_leave() {
    let registered = || {
        let mut city = with_registrar();
        (city.phones[1].grants_s, city.phones[2].grants_s) = (Some(400), Some(400));
        city.wait(secs(10));
        assert!(matches!(last_news(&city), Some(TrunkNews::Registered { .. })), "{}", city.story());
        city
    };
    let ended = |city: &City| [1, 2].map(|it: usize| city.phones[it].registers_ended);

    let mut city = registered();
    city.remove_trunk("provider");
    city.wait(secs(1));
    assert_eq!(ended(&city), [1, 0], "{}", city.story());
    assert!(!city.shards[0].is_leaving_trunks());
    city.finish();

    let mut city = registered();
    let elsewhere = city.directory().trunks["backup"].destination.clone();
    city.change_trunk("provider", |it| {
        it.destination = elsewhere;
        it.registration = Some(TrunkRegistration { expires_s: 600, fallbacks: Vec::new() });
    });
    city.wait(secs(1));
    assert_eq!(ended(&city), [1, 0], "{}", city.story());
    assert!(matches!(last_news(&city), Some(TrunkNews::Registered { .. })));
    stop_registering(city);

    // The same registration goes on.
    let mut city = registered();
    city.change_trunk("provider", |it| it.health_interval = Some(secs(10)));
    city.wait(secs(1));
    assert_eq!(ended(&city), [0, 0], "{}", city.story());
    city.change_trunk("provider", |it| it.health_interval = None);
    stop_registering(city);
}

#[test]
fn a_switch_that_stops_leaves_its_trunks_whether_they_hear_it_or_not() {
    for is_there in [true, false] {
        let mut city = with_registrar();
        city.phones[1].grants_s = Some(400);
        city.wait(secs(10));
        assert!(matches!(last_news(&city), Some(TrunkNews::Registered { .. })), "{}", city.story());
        city.phones[1].grants_s = is_there.then_some(400);
        city.operate(0, Calls::drain);
        assert!(city.shards[0].is_leaving_trunks());
        city.wait(secs(1));
        assert_eq!(city.shards[0].is_leaving_trunks(), !is_there, "{}", city.story());
        city.wait(secs(2));
        assert!(!city.shards[0].is_leaving_trunks());
        city.wait(secs(60));
        let before = city.phones[1].registers_seen;
        city.wait(secs(1200));
        assert_eq!(city.phones[1].registers_seen, before, "we register no more: {}", city.story());
        city.finish();
    }
}
