//! How long nobody has spoken.

use super::Detected;
use std::time::Duration;

/// Waits for a silence, then for its end, and so on.
#[derive(Debug)]
pub(super) struct SilenceEar {
    limit: Duration,
    silent_for: Duration,
    spoken_for: Duration,
    is_told: bool,
}

impl SilenceEar {
    pub(super) fn new(limit: Duration) -> Self {
        let silent_for = Duration::ZERO;
        Self { limit, silent_for, spoken_for: Duration::ZERO, is_told: false }
    }

    /// Takes in whether a span was speech.
    pub(super) fn hear(&mut self, is_speech: bool, span: Duration) -> Option<Detected> {
        self.spoken_for = if is_speech { self.spoken_for + span } else { Duration::ZERO };
        self.silent_for += span;
        if self.spoken_for >= SPEECH_MIN {
            self.silent_for = Duration::ZERO;
            return std::mem::take(&mut self.is_told).then_some(Detected::Speech);
        }
        if self.is_told || self.silent_for < self.limit {
            return None;
        }
        self.is_told = true;
        Some(Detected::Silence { lasted: self.limit })
    }
}

/// What is shorter is no word, and no end of a silence.
const SPEECH_MIN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_told_once_and_so_is_its_end() {
        let told = hear(2000, &[(false, 5000), (true, 300), (false, 1900), (true, 200)]);
        assert_eq!(
            told,
            [(2000, Detected::Silence { lasted: ms(2000) }), (5100, Detected::Speech)]
        );

        let told = hear(2000, &[(true, 300), (false, 2500), (true, 150), (false, 2500)]);
        let silence = Detected::Silence { lasted: ms(2000) };
        assert_eq!(told, [(2300, silence), (2900, Detected::Speech), (4950, silence)]);
    }

    #[test]
    fn a_click_does_not_end_a_silence() {
        let told = hear(1000, &[(false, 800), (true, 80), (false, 200), (true, 80), (false, 500)]);
        assert_eq!(told, [(1000, Detected::Silence { lasted: ms(1000) })]);
    }

    /// What is told of spans of speech and silence, with when, all in milliseconds.
    fn hear(limit: u64, spans: &[(bool, u64)]) -> Vec<(u64, Detected)> {
        let mut ear = SilenceEar::new(ms(limit));
        let mut now = 0;
        let mut told = Vec::new();
        for (is_speech, length) in spans {
            for _ in 0..length / 10 {
                now += 10;
                told.extend(ear.hear(*is_speech, ms(10)).map(|it| (now, it)));
            }
        }
        told
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
