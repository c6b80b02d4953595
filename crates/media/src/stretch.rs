//! Making speech a little longer or shorter, by one period of the voice, unheard.

use crate::codec::Rate;

/// Leaves one period out of `pcm`; says how many samples are left of it. All of them are if no
/// period repeats itself well enough to be missed by nobody.
pub(crate) fn squeeze(pcm: &mut [i16], rate: Rate) -> usize {
    let Some(period) = period_of(pcm, rate) else { return pcm.len() };
    for n in 0..period {
        pcm[n] = mix(pcm[n], pcm[n + period], n, period);
    }
    pcm.copy_within(2 * period.., period);
    pcm.len() - period
}

/// Says one period of the first `count` samples of `pcm` twice, if there is room behind them; says
/// how many samples there are then.
pub(crate) fn stretch(pcm: &mut [i16], count: usize, rate: Rate) -> usize {
    let Some(period) = period_of(&pcm[..count], rate) else { return count };
    if pcm.len() < count + period {
        return count;
    }
    pcm.copy_within(period..count, 2 * period);
    for n in 0..period {
        // What comes after the first period leads over to what comes after it now: itself again.
        pcm[period + n] = mix(pcm[2 * period + n], pcm[n], n, period);
    }
    count + period
}

/// The lag at which the beginning is most like what follows it.
fn period_of(pcm: &[i16], rate: Rate) -> Option<usize> {
    let stride = rate.samples(1) / Rate::Narrow.samples(1);
    let (shortest, longest) = (rate.samples(5) / 2, rate.samples(10).min(pcm.len() / 2));
    let (lag, likeness) = (shortest..=longest)
        .step_by(stride)
        .map(|lag| (lag, likeness(&pcm[..lag], &pcm[lag..2 * lag], stride)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    (likeness > LIKENESS_MIN).then_some(lag)
}

/// 1 for the same, and for silence.
fn likeness(a: &[i16], b: &[i16], stride: usize) -> f32 {
    let (mut product, mut a_energy, mut b_energy) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().step_by(stride).zip(b.iter().step_by(stride)) {
        let (x, y) = (f32::from(*x), f32::from(*y));
        product += x * y;
        a_energy += x * x;
        b_energy += y * y;
    }
    let silence = SILENCE * SILENCE * (a.len() / stride) as f32;
    (product + silence) / ((a_energy * b_energy).sqrt() + silence)
}

/// From `a` to `b`.
fn mix(a: i16, b: i16, n: usize, of: usize) -> i16 {
    let weight = (n + 1) as f32 / (of + 1) as f32;
    (f32::from(a) * (1.0 - weight) + f32::from(b) * weight) as i16
}

/// Less alike, and the cut would be heard.
const LIKENESS_MIN: f32 = 0.85;
/// Amplitude below which everything is like everything.
const SILENCE: f32 = 60.0;

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn a_voice_loses_and_gains_whole_periods_without_a_click() {
        for rate in Rate::ALL {
            let said = voice(rate, 20, 200.0);
            let period = rate.samples(5);

            let mut shorter = said.clone();
            let left = squeeze(&mut shorter, rate);
            let mut longer = said.clone();
            longer.resize(said.len() * 2, 0);
            let grown = stretch(&mut longer, said.len(), rate);

            let (lost, gained) = (said.len() - left, grown - said.len());
            for changed in [lost, gained] {
                let off = changed % period;
                assert!(changed > 0 && off.min(period - off) <= rate.samples(1) / 8, "{changed}");
            }
            assert!(step(&shorter[..left]) <= step(&said) * 5 / 4, "{rate:?}");
            assert!(step(&longer[..grown]) <= step(&said) * 5 / 4, "{rate:?}");
            assert_eq!(shorter[left - 1], said[said.len() - 1]);
            assert_eq!(longer[grown - 1], said[said.len() - 1]);
        }
    }

    #[test]
    fn silence_is_stretched_and_what_never_repeats_is_left_alone() {
        assert!(squeeze(&mut [0; 160], Rate::Narrow) < 160);
        let mut chirp: Vec<i16> =
            (0..160).map(|n| (9000.0 * (f64::from(n * n) / 90.0).sin()) as i16).collect();
        assert_eq!(squeeze(&mut chirp, Rate::Narrow), 160);
        assert_eq!(stretch(&mut [0; 160], 160, Rate::Narrow), 160, "no room");
        assert_eq!(squeeze(&mut [0; 8], Rate::Narrow), 8, "too short");
    }

    fn voice(rate: Rate, millis: u32, hz: f64) -> Vec<i16> {
        let at = |n: usize| TAU * hz * n as f64 / f64::from(rate.hz());
        (0..rate.samples(millis))
            .map(|n| (3000.0 * (at(n).sin() + (3.0 * at(n)).sin())) as i16)
            .collect()
    }

    fn step(pcm: &[i16]) -> i32 {
        pcm.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs()).max().unwrap()
    }
}
