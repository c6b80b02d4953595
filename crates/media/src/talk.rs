//! Whether somebody talks.

/// Whether a frame of a level, in decibels below full scale, may be speech.
pub(crate) fn is_loud(level: u8) -> bool {
    level <= LOUD
}

/// Judges one party, a frame of 20 ms at a time.
#[derive(Debug, Default)]
pub(crate) struct TalkDetector {
    /// Loud frames in a row.
    loud: u32,
    /// Frames since the last loud one.
    quiet: u32,
    /// Frames until others do not hear it any more.
    open: u32,
    is_talking: bool,
    /// Frames until the talk is told of again.
    until_told: u32,
    /// The loudest frame since then; quiet ones are not counted.
    loudest: Option<u8>,
}

/// What to tell of a party.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Talk {
    /// It began to talk, or goes on; its loudest frame since it was told of last.
    Sounds(u8),
    /// It fell silent.
    Ended,
}

impl TalkDetector {
    /// Takes in how loud a frame was, in decibels below full scale; says what is new.
    pub(crate) fn hear(&mut self, level: u8) -> Option<Talk> {
        if is_loud(level) {
            self.loud = self.loud.saturating_add(1);
            self.quiet = 0;
            self.open = OPEN;
            self.loudest = Some(self.loudest.map_or(level, |it| it.min(level)));
        } else {
            self.loud = 0;
            self.quiet = self.quiet.saturating_add(1);
            self.open = self.open.saturating_sub(1);
        }
        let was_talking = self.is_talking;
        self.is_talking =
            if was_talking { self.quiet < TALK_ENDS } else { self.loud >= TALK_BEGINS };
        self.until_told = self.until_told.saturating_sub(1);
        match (was_talking, self.is_talking) {
            (_, true) if self.until_told == 0 && self.quiet == 0 => {
                let loudest = self.loudest.take()?;
                self.until_told = TOLD_EACH;
                Some(Talk::Sounds(loudest))
            }
            (true, false) => {
                self.loudest = None;
                self.until_told = 0;
                Some(Talk::Ended)
            }
            (_, _) => None,
        }
    }

    /// Whether it should be heard by others: from the first loud frame to some time after the last,
    /// so that neither beginnings nor ends of words are cut.
    pub(crate) fn is_open(&self) -> bool {
        self.open > 0
    }
}

/// Frames as loud as this are speech: some 25 dB below people, and above what rooms and lines hum.
const LOUD: u8 = 50;
/// Loud frames that make somebody a talker: a click is shorter.
const TALK_BEGINS: u32 = 3;
/// Quiet frames after which a talker is told to be silent: a second.
const TALK_ENDS: u32 = 50;
/// Frames from a loud one on in which others hear somebody: half a second.
const OPEN: u32 = 25;
/// Frames between two tellings of the same talk: a second.
const TOLD_EACH: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_is_told_when_it_begins_each_second_and_when_it_ended() {
        let mut talk = TalkDetector::default();
        let told: Vec<_> =
            (0..200).map(|n| talk.hear(if n < 103 { 20 } else { 90 })).zip(0..).collect();

        let told: Vec<_> = told.into_iter().filter_map(|(talk, n)| Some((n, talk?))).collect();
        let expected = [
            (2, Talk::Sounds(20)),
            (52, Talk::Sounds(20)),
            (102, Talk::Sounds(20)),
            (152, Talk::Ended),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_gate_opens_with_the_first_loud_frame_and_outlasts_pauses_between_words() {
        let mut talk = TalkDetector::default();
        assert!(!talk.is_open(), "nothing was heard yet");
        talk.hear(90);
        assert!(!talk.is_open());
        talk.hear(30);
        assert!(talk.is_open());
        for _ in 1..OPEN {
            talk.hear(90);
            assert!(talk.is_open());
        }
        talk.hear(90);
        assert!(!talk.is_open());
    }

    #[test]
    fn a_click_is_no_talk() {
        let mut talk = TalkDetector::default();
        for level in [90, 5, 5, 90, 90, 5, 90] {
            assert_eq!(talk.hear(level), None);
        }
    }
}
