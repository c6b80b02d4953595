//! Faxes, and what must not be taken for one.

use crate::{
    audio::{called_fax, calling_fax, noisy, silence, tone, tune, voices},
    support::*,
    world::{Activity, World},
};
use base::Rng;
use media::detection::{Detected, FaxTone, Wanted};

#[test]
fn faxes_are_heard_in_noise_and_loss() {
    let mut rng = Rng::from_number(1);
    for (snr_db, loss) in [(60.0, 0), (20.0, 10), (10.0, 0), (10.0, 30)] {
        for _ in 0..5 {
            let calling = noisy(calling_fax(&mut rng), &mut rng, snr_db);
            let called = noisy(called_fax(&mut rng), &mut rng, snr_db);
            for (audio, tone) in [(calling, FaxTone::Calling), (called, FaxTone::Called)] {
                let mut world = listening().with_loss(loss);
                world.say(&audio);
                let told: Vec<_> = world.told().iter().map(|it| it.1).collect();
                assert_eq!(told, [Detected::Fax(tone)], "{snr_db} dB, {loss} ‰ lost");
            }
        }
    }
}

#[test]
fn speech_music_and_other_tones_are_no_fax() {
    let mut world = listening();
    world.take_up(Activity::Relay);
    for voice in voices() {
        world.say(&voice);
        world.say(&silence(400));
    }
    assert_eq!(world.told(), [], "speech");

    let mut rng = Rng::from_number(4);
    world.say(&tune(&mut rng, 120_000));
    assert_eq!(world.told(), [], "music");

    for (hz, on, off) in [(425.0, 1000, 4000), (425.0, 350, 350), (1000.0, 500, 3000)] {
        world.say(&[tone(hz, on), silence(off)].concat().repeat(3));
        assert_eq!(world.told(), [], "{hz} Hz");
    }
    world.say(&[tone(1100.0, 500), silence(8000)].concat());
    assert_eq!(world.told(), [], "one beep");
}

fn listening() -> World {
    World::new(&format(8, "PCMA", 8000, 1), Wanted { fax: true, ..Wanted::default() })
}
