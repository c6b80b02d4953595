//! What a conversation sounds like, reckoned from what its packets went through: the E-model of
//! ITU-T G.107 with its defaults for everything that a network cannot tell (R = 93.2 at best).
//!
//! The scale is that of narrow-band telephony, which ends at 4.41 (G.711 without loss or delay);
//! wideband codecs are rated on it as G.711 with concealment is, not higher.

/// What the packets of one direction went through.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Passage {
    /// Share of the packets that were lost, 0 to 1.
    pub(crate) loss: f32,
    /// How much longer losses are in a row than losses by chance; 1 where that is not known.
    pub(crate) burst_ratio: f32,
    /// Interarrival jitter, in milliseconds.
    pub(crate) jitter_ms: f32,
    /// Round trip between the far end and us, in milliseconds; 0 where that is not known.
    pub(crate) rtt_ms: f32,
}

impl Passage {
    /// Of a direction whose losses came by chance, as far as we know.
    pub(crate) fn by_chance(loss: f32, jitter_ms: f32, rtt_ms: Option<f32>) -> Self {
        Self { loss, burst_ratio: 1.0, jitter_ms, rtt_ms: rtt_ms.unwrap_or_default() }
    }
}

/// Mean opinion score for listening and talking, 1 to 4.5; `None` for codecs without published
/// figures. `encoding` is the name of the codec in `a=rtpmap`.
pub(crate) fn mos(encoding: &str, passage: Passage) -> Option<f32> {
    let codec = Impairment::of(encoding)?;
    Some(mos_of_rating(BEST - delay_impairment(passage) - codec.with_loss(passage)))
}

/// Equipment impairment of a codec (ITU-T G.113 appendix I): without loss, and how well it stands
/// loss.
#[derive(Clone, Copy, Debug)]
struct Impairment {
    ie: f32,
    bpl: f32,
}

impl Impairment {
    fn of(encoding: &str) -> Option<Self> {
        let known =
            CODECS.iter().find(|it| it.0.iter().any(|it| it.eq_ignore_ascii_case(encoding)));
        known.map(|(_, it)| *it)
    }

    /// Ie,eff of G.107 section 7.5.
    fn with_loss(self, passage: Passage) -> f32 {
        let loss_per_cent = passage.loss.clamp(0.0, 1.0) * 100.0;
        let burst_ratio = passage.burst_ratio.max(1.0);
        self.ie + (95.0 - self.ie) * loss_per_cent / (loss_per_cent / burst_ratio + self.bpl)
    }
}

/// Idd of G.107 section 7.4: what the time from mouth to ear costs above 100 ms. Echo is taken to
/// be cancelled.
fn delay_impairment(passage: Passage) -> f32 {
    let buffer_ms = PACKET_MS + JITTERS_BUFFERED * passage.jitter_ms;
    let delay_ms = passage.rtt_ms / 2.0 + buffer_ms;
    if delay_ms <= 100.0 {
        return 0.0;
    }
    let x = (delay_ms / 100.0).log2();
    25.0 * ((1.0 + x.powi(6)).powf(1.0 / 6.0) - 3.0 * (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0)
        + 2.0)
}

/// G.107 annex B.
fn mos_of_rating(r: f32) -> f32 {
    match r {
        ..=0.0 => 1.0,
        100.0.. => 4.5,
        _ => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0),
    }
}

/// By their names. G.711 with the concealment of its appendix I.
const CODECS: [(&[&str], Impairment); 4] = [
    (&["PCMU", "PCMA", "G722", "L16", "opus"], Impairment { ie: 0.0, bpl: 25.1 }),
    (&["G729"], Impairment { ie: 11.0, bpl: 19.0 }),
    (&["G723"], Impairment { ie: 15.0, bpl: 16.1 }),
    (&["GSM-EFR"], Impairment { ie: 5.0, bpl: 10.0 }),
];
/// R without any impairment (G.107 table 3).
const BEST: f32 = 93.2;
/// What a packet holds, in milliseconds.
const PACKET_MS: f32 = 20.0;
/// How many times the jitter a buffer of the far end keeps.
const JITTERS_BUFFERED: f32 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: Passage = Passage { loss: 0.0, burst_ratio: 1.0, jitter_ms: 0.0, rtt_ms: 0.0 };

    #[test]
    fn a_clean_line_has_the_best_score_of_its_codec() {
        assert_near("PCMA", CLEAN, 4.41);
        assert_near("opus", CLEAN, 4.41);
        // G.113: G.729A has R = 82.
        assert_near("G729", CLEAN, 4.1);
        assert_eq!(mos("speex", CLEAN), None);
    }

    /// R = 93.2 − 95 · 5 / (5 + 25.1) = 77.4.
    #[test]
    fn loss_costs_what_the_model_says_and_more_in_a_row() {
        let lossy = Passage { loss: 0.05, ..CLEAN };
        assert_near("PCMU", lossy, 3.92);

        let scores =
            [1.0, 2.0, 8.0].map(|burst_ratio| mos("PCMU", Passage { burst_ratio, ..lossy }));
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
    }

    /// At 400 ms from mouth to ear Idd is 24.1, and R 69.1.
    #[test]
    fn delay_costs_nothing_below_100_ms_and_much_at_400() {
        assert_near("PCMA", Passage { rtt_ms: 100.0, ..CLEAN }, 4.41);
        assert_near("PCMA", Passage { rtt_ms: 760.0, ..CLEAN }, 3.56);
    }

    #[test]
    fn nonsense_stays_on_the_scale() {
        for loss in [-1.0, 0.0, 1.0, 7.0] {
            for rtt_ms in [0.0, 1e9] {
                let passage = Passage { loss, burst_ratio: 0.0, jitter_ms: 1e9, rtt_ms };
                let score = mos("PCMA", passage).unwrap();
                assert!((1.0..=4.5).contains(&score), "{passage:?}: {score}");
            }
        }
    }

    fn assert_near(encoding: &str, passage: Passage, expected: f32) {
        let score = mos(encoding, passage).unwrap();
        assert!((score - expected).abs() < 0.02, "{encoding}: {score}, not {expected}");
    }
}
