//! Trunks that call us from wherever they are, and sign in.

use crate::support::*;
use call::directory::Login;
use sim::{City, Plot};

/// `1001` registered as phone 0; the carrier is phone 1, at an address that no trunk has.
fn with_roaming_provider(password: &str) -> City {
    let mut city = city_with(Plot::default());
    city.add_registered("1001");
    city.add_phone("4951234567");
    password.clone_into(&mut city.phones[PROVIDER].password);
    city.change_trunk("provider", |trunk| {
        trunk.sources.clear();
        trunk.inbound_login = Some(Login {
            username: "4951234567".to_owned(),
            password: "of the trunk".to_owned(),
            realm: None,
        });
    });
    city
}

fn call_in(city: &mut City) {
    city.act(PROVIDER, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    city.wait(secs(5));
}

const PROVIDER: usize = 1;

#[test]
fn a_trunk_that_signs_in_calls_from_anywhere_as_what_it_is() {
    let mut city = with_roaming_provider("of the trunk");
    call_in(&mut city);
    assert!(talk(&city, PROVIDER, 0), "{}", city.story());
    // What it does inside its call is its own business, and nobody asks again.
    city.act(PROVIDER, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    city.act(PROVIDER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(
        city.cdrs.iter().find(|it| it.party != "1001").map(|it| it.party.as_str()),
        Some("provider/4951234567")
    );

    city.set_caller_list(None, &["4951234567"], &[]);
    call_in(&mut city);
    assert_eq!(line(&city, PROVIDER).final_status(), Some(603), "{}", city.story());
    assert_eq!(city.offences, 0);
    city.finish();
}

#[test]
fn a_wrong_password_is_an_offence_and_calls_nobody() {
    let mut city = with_roaming_provider("guessed");
    call_in(&mut city);
    assert_eq!(line(&city, PROVIDER).final_status(), Some(401), "{}", city.story());
    assert!(city.offences > 0);
    assert!(city.phones[0].lines.is_empty() && city.cdrs.is_empty());
    city.finish();
}

#[test]
fn a_trunk_that_signs_in_is_no_line_and_is_not_registered() {
    let mut city = with_roaming_provider("of the trunk");
    city.act(PROVIDER, sim::Phone::register);
    city.wait(secs(5));
    assert_ne!(city.phones[PROVIDER].registered, Some(200), "{}", city.story());

    // Nor may it what lines may.
    city.act(PROVIDER, |phone, now| phone.dial_uri(now, "sip:1001@10.0.0.1", true));
    city.wait(secs(2));
    assert_eq!(line(&city, PROVIDER).final_status(), Some(404), "{}", city.story());
    city.finish();
}

#[test]
fn a_trunk_that_is_taken_away_signs_in_no_more() {
    let mut city = with_roaming_provider("of the trunk");
    city.remove_trunk("provider");
    call_in(&mut city);
    assert_eq!(line(&city, PROVIDER).final_status(), Some(401), "{}", city.story());
    city.finish();
}
