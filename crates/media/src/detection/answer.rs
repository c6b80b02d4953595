//! Whether a person or an answering machine took a call.
//!
//! A person says a word or two and waits for an answer; a machine says what it has to say. The
//! rules, and most of the figures, are those of Asterisk's AMD application; unlike there, noise and
//! music are no words, and a beep decides.

use std::time::Duration;

/// What makes a machine of the far end. The default is what Asterisk's `amd.conf` comes with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerRules {
    /// Silence before the first word that makes a machine (`initial_silence`, 2.5 s).
    pub initial_silence: Duration,
    /// Speech without its pauses that is more than a person greets with (`greeting`, 1.5 s).
    pub greeting: Duration,
    /// Silence after a greeting that makes a person, who waits (`after_greeting_silence`, 0.8 s).
    pub after_greeting: Duration,
    /// What is undecided until then stays so (`total_analysis_time`, 5 s).
    pub total: Duration,
    /// Speech that is long enough to be a word (`min_word_length`, 100 ms).
    pub word: Duration,
    /// Silence that is between two words and not within one (`between_words_silence`, 50 ms).
    pub between_words: Duration,
    /// More words than so many make a machine (`maximum_number_of_words`, 3).
    pub words: u32,
    /// After the verdict of a machine or of none, how long its beep is waited for (60 s; Asterisk
    /// has no such thing).
    pub beep: Duration,
}

impl Default for AnswerRules {
    fn default() -> Self {
        Self {
            initial_silence: Duration::from_millis(2500),
            greeting: Duration::from_millis(1500),
            after_greeting: Duration::from_millis(800),
            total: Duration::from_millis(5000),
            word: Duration::from_millis(100),
            between_words: Duration::from_millis(50),
            words: 3,
            beep: Duration::from_secs(60),
        }
    }
}

/// The verdict about who took a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Who did.
    pub answerer: Answerer,
    /// What decided it.
    pub reason: Reason,
    /// How long it was listened to.
    pub after: Duration,
}

/// Who took a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answerer {
    /// Somebody who waits for an answer.
    Person,
    /// What speaks or is silent without waiting.
    Machine,
    /// It cannot be told.
    Unsure,
}

/// What decided who took a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// A person waits: silence after a short greeting.
    SilenceAfterGreeting,
    /// A machine: nobody said anything.
    InitialSilence,
    /// A machine: the greeting went on.
    LongGreeting,
    /// A machine: the greeting had many words.
    ManyWords,
    /// A machine: it beeped after its greeting.
    Beep,
    /// Unsure: the time was up.
    TimeUp,
}

/// Judges the beginning of a call, and waits for the beep.
#[derive(Debug)]
pub(super) struct AnswerEar {
    rules: AnswerRules,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Judging(Greeting),
    AwaitingBeep { left: Duration },
    Over,
}

/// What was said so far.
#[derive(Debug, Default)]
struct Greeting {
    heard_for: Duration,
    words: u32,
    /// Speech in words.
    spoken_for: Duration,
    /// Since the last word.
    silent_for: Duration,
    /// Speech since the last pause between words, and silence in it.
    run: Duration,
    hole: Duration,
    is_in_word: bool,
}

impl AnswerEar {
    pub(super) fn new(rules: AnswerRules) -> Self {
        Self { rules, stage: Stage::Judging(Greeting::default()) }
    }

    /// Takes in whether a span was speech.
    pub(super) fn hear(&mut self, is_speech: bool, span: Duration) -> Option<Answer> {
        match &mut self.stage {
            Stage::Judging(greeting) => {
                greeting.add(is_speech, span, &self.rules);
                let (answerer, reason) = greeting.verdict(&self.rules)?;
                Some(self.decide(answerer, reason))
            }
            Stage::AwaitingBeep { left } => {
                *left = left.saturating_sub(span);
                if left.is_zero() {
                    self.stage = Stage::Over;
                }
                None
            }
            Stage::Over => None,
        }
    }

    /// Takes in that a beep has ended; says whether it was that of a machine, and what it decided.
    pub(super) fn hear_beep(&mut self) -> (Option<Answer>, bool) {
        match &self.stage {
            Stage::Judging(greeting) if greeting.words > 0 => {
                let answer = self.decide(Answerer::Machine, Reason::Beep);
                self.stage = Stage::Over;
                (Some(answer), true)
            }
            Stage::AwaitingBeep { .. } => {
                self.stage = Stage::Over;
                (None, true)
            }
            Stage::Judging(_) | Stage::Over => (None, false),
        }
    }

    /// Whether nothing more will be told.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    fn decide(&mut self, answerer: Answerer, reason: Reason) -> Answer {
        let next = match answerer {
            Answerer::Person => Stage::Over,
            Answerer::Machine | Answerer::Unsure => Stage::AwaitingBeep { left: self.rules.beep },
        };
        let after = match std::mem::replace(&mut self.stage, next) {
            Stage::Judging(greeting) => greeting.heard_for,
            Stage::AwaitingBeep { .. } | Stage::Over => Duration::ZERO,
        };
        Answer { answerer, reason, after }
    }
}

impl Greeting {
    fn add(&mut self, is_speech: bool, span: Duration, rules: &AnswerRules) {
        self.heard_for += span;
        self.silent_for += span;
        if !is_speech {
            self.hole += span;
            if self.hole >= rules.between_words {
                self.run = Duration::ZERO;
                self.is_in_word = false;
            }
            return;
        }
        self.hole = Duration::ZERO;
        self.run += span;
        if self.is_in_word {
            self.spoken_for += span;
        } else if self.run >= rules.word {
            self.is_in_word = true;
            self.words += 1;
            self.spoken_for += self.run;
        }
        if self.is_in_word {
            self.silent_for = Duration::ZERO;
        }
    }

    fn verdict(&self, rules: &AnswerRules) -> Option<(Answerer, Reason)> {
        if self.words > rules.words {
            Some((Answerer::Machine, Reason::ManyWords))
        } else if self.spoken_for >= rules.greeting {
            Some((Answerer::Machine, Reason::LongGreeting))
        } else if self.words > 0 && self.silent_for >= rules.after_greeting {
            Some((Answerer::Person, Reason::SilenceAfterGreeting))
        } else if self.words == 0 && self.silent_for >= rules.initial_silence {
            Some((Answerer::Machine, Reason::InitialSilence))
        } else if self.heard_for >= rules.total {
            Some((Answerer::Unsure, Reason::TimeUp))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_has_its_reason_and_its_time() {
        let patient = AnswerRules { words: 100, ..AnswerRules::default() };
        let default = AnswerRules::default();
        let cases = [
            (
                "a word, and silence",
                &default,
                vec![(false, 500), (true, 400), (false, 3000)],
                answer(Answerer::Person, Reason::SilenceAfterGreeting, 1700),
            ),
            (
                "nothing",
                &default,
                vec![(false, 3000)],
                answer(Answerer::Machine, Reason::InitialSilence, 2500),
            ),
            (
                "clicks",
                &default,
                [(true, 50), (false, 60)].repeat(30),
                answer(Answerer::Machine, Reason::InitialSilence, 2500),
            ),
            (
                "a sentence",
                &default,
                vec![(false, 300), (true, 700), (false, 40), (true, 3000)],
                answer(Answerer::Machine, Reason::LongGreeting, 1840),
            ),
            (
                "four words",
                &default,
                [(true, 200), (false, 200)].repeat(5),
                answer(Answerer::Machine, Reason::ManyWords, 1300),
            ),
            (
                "words now and then",
                &patient,
                [(true, 100), (false, 600)].repeat(10),
                answer(Answerer::Unsure, Reason::TimeUp, 5000),
            ),
        ];
        for (name, rules, spans, expected) in cases {
            let mut ear = AnswerEar::new(rules.clone());
            assert_eq!(hear(&mut ear, &spans), [expected], "{name}");
        }
    }

    #[test]
    fn a_beep_decides_after_a_greeting_and_is_waited_for_after_the_verdict() {
        let mut ear = AnswerEar::new(AnswerRules::default());
        assert_eq!(ear.hear_beep(), (None, false), "before a word it is of the network");
        hear(&mut ear, &[(true, 600), (false, 200)]);
        let verdict = answer(Answerer::Machine, Reason::Beep, 800);
        assert_eq!(ear.hear_beep(), (Some(verdict), true));
        assert_eq!(ear.hear_beep(), (None, false), "told once");
        assert!(ear.is_over());

        let mut ear = AnswerEar::new(AnswerRules::default());
        assert_eq!(hear(&mut ear, &[(true, 20_000)]).len(), 1);
        assert_eq!(ear.hear_beep(), (None, true));

        let mut ear = AnswerEar::new(AnswerRules::default());
        hear(&mut ear, &[(true, 63_000)]);
        assert_eq!(ear.hear_beep(), (None, false), "nobody waits any more");

        let mut ear = AnswerEar::new(AnswerRules::default());
        hear(&mut ear, &[(true, 500), (false, 1000)]);
        assert_eq!(ear.hear_beep(), (None, false), "a person does not beep");
    }

    /// What is told of spans of speech and silence, in milliseconds.
    fn hear(ear: &mut AnswerEar, spans: &[(bool, u64)]) -> Vec<Answer> {
        let steps =
            spans.iter().flat_map(|(is_speech, length)| (0..length / 10).map(|_| *is_speech));
        steps.filter_map(|is_speech| ear.hear(is_speech, ms(10))).collect()
    }

    fn answer(answerer: Answerer, reason: Reason, after: u64) -> Answer {
        Answer { answerer, reason, after: ms(after) }
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
