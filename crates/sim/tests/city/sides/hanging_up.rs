//! Anybody hangs up at every step of what others do with a call of a carrier.

use super::*;
use call::Command;

#[test]
fn of_a_hold() {
    for sides in Sides::of_two() {
        for who in [ACTOR, PEER] {
            for delay in moments(6) {
                let mut city = sides.talking();
                city.act(ACTOR, |phone, now| phone.hold(now, 0));
                city.wait(delay);
                end(city, who);

                let mut city = sides.talking();
                city.act(PEER, |phone, now| phone.hold(now, 0));
                city.wait(secs(1));
                city.act(PEER, |phone, now| phone.resume(now, 0));
                city.wait(delay);
                end(city, who);
            }
        }
    }
}

#[test]
fn of_a_blind_transfer() {
    for sides in Sides::with_carrier() {
        for who in [ACTOR, PEER, THIRD] {
            for by_command in [false, true] {
                for begin in [secs(0), millis(1900)] {
                    for delay in moments(6) {
                        let mut city = sides.talking();
                        let to = sides.third_number();
                        if by_command {
                            let transfer = Command::Transfer(to.to_owned());
                            let _ = try_order(&mut city, "1001", transfer);
                        } else {
                            city.act(ACTOR, |phone, now| phone.refer(now, 0, to));
                        }
                        city.wait(begin + delay);
                        end(city, who);
                    }
                }
            }
        }
    }
}

#[test]
fn of_a_transfer_with_a_consultation() {
    for sides in Sides::with_carrier() {
        for third_calls in [false, true] {
            for who in [ACTOR, PEER, THIRD] {
                for delay in moments(7) {
                    let mut city = sides.talking();
                    if third_calls {
                        sides.let_third_call(&mut city);
                    } else {
                        city.dial(ACTOR, sides.third_number());
                    }
                    city.wait(secs(4));
                    city.act(ACTOR, |phone, now| phone.refer_to_line(now, 0, 1));
                    city.wait(delay);
                    end(city, who);
                }
            }
        }
    }
}

#[test]
fn of_a_consultation_by_command() {
    let commands = [Command::Swap, Command::Complete, Command::Cancel, Command::ThreeWay];
    for sides in Sides::with_carrier() {
        for command in &commands {
            for who in [ACTOR, PEER, THIRD] {
                for delay in moments(3) {
                    let mut city = sides.talking();
                    let consult = Command::Consult(sides.third_number().to_owned());
                    assert_eq!(order(&mut city, "1001", consult), Ok(()));
                    city.wait(secs(4));
                    leave(&mut city, who);
                    city.wait(delay);
                    let _ = try_order(&mut city, "1001", command.clone());
                    end(city, who);
                }
            }
        }
        for who in [ACTOR, PEER, THIRD] {
            for begin in [secs(0), millis(1900)] {
                for delay in moments(6) {
                    let mut city = sides.talking();
                    let consult = Command::Consult(sides.third_number().to_owned());
                    assert_eq!(order(&mut city, "1001", consult), Ok(()));
                    city.wait(begin + delay);
                    end(city, who);
                }
            }
        }
    }
}

#[test]
fn of_parking() {
    for sides in Sides::of_two() {
        for who in [ACTOR, PEER] {
            for delay in moments(10) {
                let mut city = sides.talking();
                city.act(ACTOR, |phone, now| phone.refer(now, 0, "700"));
                city.wait(delay);
                end(city, who);
            }
        }
    }
}

/// Somebody leaves, then everybody; nothing is left.
fn end(mut city: City, who: usize) {
    leave(&mut city, who);
    city.wait(secs(6));
    hang_up_all(city);
}
