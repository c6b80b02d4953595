//! All that is listened for in one session.

use super::{
    Detected, Wanted, answer::AnswerEar, beep::BeepEar, fax::FaxEar, pitch::Pitch,
    silence::SilenceEar, speech::SpeechEar,
};
use crate::{codec::Rate, playout::FRAME_MS, resample::Resampler};

/// Listens to one far end, a frame a tick. Allocates when it is made and when the rate changes.
#[derive(Debug)]
pub(crate) struct Watch {
    rate: Rate,
    speech: Option<Spoken>,
    tones: Option<Tones>,
}

/// Speech and its absence.
#[derive(Debug)]
struct Spoken {
    resampler: Resampler,
    frame: Box<[i16]>,
    ear: SpeechEar,
    silence: Option<SilenceEar>,
    answer: Option<AnswerEar>,
}

/// Tones that are no keys.
#[derive(Debug)]
struct Tones {
    resampler: Resampler,
    frame: Box<[i16]>,
    beep: BeepEar,
    fax: Option<FaxEar>,
}

impl Watch {
    /// Listens for what is wanted.
    pub(crate) fn new(wanted: Wanted) -> Self {
        let Wanted { silence, answer, fax } = wanted;
        let rate = Rate::Narrow;
        let tones = (fax || answer.is_some()).then(|| Tones {
            resampler: Resampler::new(rate, Rate::Narrow),
            frame: vec![0; Rate::Narrow.samples(FRAME_MS)].into(),
            beep: BeepEar::default(),
            fax: fax.then(FaxEar::default),
        });
        let speech = (silence.is_some() || answer.is_some()).then(|| Spoken {
            resampler: Resampler::new(rate, SPEECH_RATE),
            frame: vec![0; SPEECH_RATE.samples(FRAME_MS)].into(),
            ear: SpeechEar::new(),
            silence: silence.map(SilenceEar::new),
            answer: answer.map(AnswerEar::new),
        });
        Self { rate, speech, tones }
    }

    /// Listens to a frame at a rate; says what it tells.
    pub(crate) fn hear(&mut self, rate: Rate, frame: &[i16], mut tell: impl FnMut(Detected)) {
        self.keep_up(rate);
        let has_beeped = self.tones.as_mut().is_some_and(|it| it.hear(frame, &mut tell));
        let is_tone = self.tones.as_ref().is_some_and(|it| it.beep.is_sounding());
        if let Some(speech) = &mut self.speech {
            speech.hear(frame, is_tone, &mut tell);
            if has_beeped {
                speech.hear_beep(&mut tell);
            }
        }
    }

    /// Whether all was told that ever will be.
    pub(crate) fn is_over(&self) -> bool {
        let is_fax_over = self.tones.iter().flat_map(|it| &it.fax).all(FaxEar::is_over);
        let is_speech_over = self
            .speech
            .iter()
            .all(|it| it.silence.is_none() && it.answer.as_ref().is_none_or(AnswerEar::is_over));
        is_fax_over && is_speech_over
    }

    /// What was heard stays heard when the far end changes its codec.
    fn keep_up(&mut self, rate: Rate) {
        if rate == self.rate {
            return;
        }
        self.rate = rate;
        if let Some(it) = &mut self.speech {
            it.resampler = Resampler::new(rate, SPEECH_RATE);
        }
        if let Some(it) = &mut self.tones {
            it.resampler = Resampler::new(rate, Rate::Narrow);
        }
    }
}

impl Tones {
    /// Says whether a beep has ended.
    fn hear(&mut self, frame: &[i16], tell: &mut impl FnMut(Detected)) -> bool {
        self.resampler.process(frame, &mut self.frame);
        let pitch = Pitch::of(&self.frame);
        if let Some(tone) = self.fax.as_mut().and_then(|it| it.hear(pitch)) {
            tell(Detected::Fax(tone));
        }
        self.beep.hear(pitch)
    }
}

impl Spoken {
    fn hear(&mut self, frame: &[i16], is_tone: bool, tell: &mut impl FnMut(Detected)) {
        let Self { resampler, frame: wide, ear, silence, answer } = self;
        resampler.process(frame, wide);
        ear.hear(wide, |is_speech| {
            let is_speech = is_speech && !is_tone;
            if let Some(told) = silence.as_mut().and_then(|it| it.hear(is_speech, SpeechEar::SPAN))
            {
                tell(told);
            }
            if let Some(told) = answer.as_mut().and_then(|it| it.hear(is_speech, SpeechEar::SPAN)) {
                tell(Detected::Answered(told));
            }
        });
    }

    fn hear_beep(&mut self, tell: &mut impl FnMut(Detected)) {
        let Some(answer) = &mut self.answer else { return };
        let (decided, is_machine) = answer.hear_beep();
        if let Some(told) = decided {
            tell(Detected::Answered(told));
        }
        if is_machine {
            tell(Detected::Beep);
        }
    }
}

/// What the library for speech takes.
const SPEECH_RATE: Rate = Rate::Wide;
