//! Calls between two registered phones.

use crate::support::*;
use sim::Phone;

#[test]
fn two_phones_talk_and_the_log_has_a_row_for_each_leg() {
    let mut city = pair();
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city));
    assert_eq!(city.workers[0].bridges_made(), 1);
    assert_eq!(line(&city, CALLER).statuses, [100, 180, 200]);

    city.wait(secs(60));
    city.act(CALLER, |phone: &mut Phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal remote", "callee 200 normal peer"]);
    city.check_talk(millis(100));
    assert!(city.cdrs.iter().all(|it| it.talk_ms > 60_000));
    assert_eq!(line(&city, CALLER).bye, Some(200));
}
