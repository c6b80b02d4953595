//! Recording of a call: from the answer on if its dialplan rule says so, or as somebody orders.
//!
//! The worker records what the two far ends send, whatever is done with it; of a caller who hears us
//! it records that beside what the caller says. The recording ends with the call.

use super::{CALLER, Call, State};
use crate::{
    context::Context,
    facts::CallRecording,
    recording::{RecordingOrder, RecordingRefusal},
};
use base::RecordingId;
use media::{
    MediaCommand, RecordedSource,
    recording::{Label, Purpose},
};

/// How a call is recorded.
#[derive(Debug)]
pub(super) struct Recording {
    /// Its dialplan rule wants it recorded, whole.
    is_by_rule: bool,
    state: RecordingState,
}

#[derive(Clone, Copy, Debug)]
enum RecordingState {
    Off,
    Runs(RecordingId),
    Pauses(RecordingId),
}

impl Recording {
    pub(super) fn new(is_by_rule: bool) -> Self {
        Self { is_by_rule, state: RecordingState::Off }
    }

    /// Whether the dialplan wants it.
    pub(super) fn is_by_rule(&self) -> bool {
        self.is_by_rule
    }

    /// As people are told.
    pub(super) fn shown(&self) -> CallRecording {
        match self.state {
            RecordingState::Off => CallRecording::Off,
            RecordingState::Runs(_) => CallRecording::On,
            RecordingState::Pauses(_) => CallRecording::Paused,
        }
    }
}

impl Call {
    /// The call is answered.
    pub(super) fn record_by_rule(&mut self, ctx: &mut Context<'_>) {
        if self.recording.is_by_rule {
            // A call that cannot be recorded has ended.
            let _ = self.start_recording(ctx);
        }
    }

    /// Does as somebody orders.
    pub(crate) fn record(
        &mut self,
        ctx: &mut Context<'_>,
        order: RecordingOrder,
    ) -> Result<(), RecordingRefusal> {
        use RecordingState::{Off, Pauses, Runs};
        match (order, self.recording.state) {
            (RecordingOrder::Start, Off) => self.start_recording(ctx)?,
            (RecordingOrder::Stop, Runs(_) | Pauses(_)) if self.recording.is_by_rule => {
                return Err(RecordingRefusal::ByRule);
            }
            (RecordingOrder::Stop, Runs(recording) | Pauses(recording)) => {
                self.tell_worker(ctx, MediaCommand::StopRecording { recording });
                self.recording.state = Off;
            }
            (RecordingOrder::Pause, Runs(recording)) => {
                self.tell_worker(ctx, MediaCommand::PauseRecording { recording, pause: true });
                self.recording.state = Pauses(recording);
            }
            (RecordingOrder::Resume, Pauses(recording)) => {
                self.tell_worker(ctx, MediaCommand::PauseRecording { recording, pause: false });
                self.recording.state = Runs(recording);
            }
            // It is so already.
            (RecordingOrder::Start | RecordingOrder::Resume, Runs(_))
            | (RecordingOrder::Pause, Pauses(_)) => {}
            (RecordingOrder::Start, Pauses(_)) => return Err(RecordingRefusal::Paused),
            (RecordingOrder::Stop | RecordingOrder::Pause | RecordingOrder::Resume, Off) => {
                return Err(RecordingRefusal::NotRecorded);
            }
        }
        Ok(())
    }

    fn start_recording(&mut self, ctx: &mut Context<'_>) -> Result<(), RecordingRefusal> {
        let (sources, right) = self.recorded().ok_or(RecordingRefusal::NotConnected)?;
        let has_tone = ctx.settings.has_recording_tone;
        let recording = RecordingId::new(ctx.now.unix, ctx.rng);
        let label = Box::new(Label {
            call: self.id,
            domain: self.domain,
            started: ctx.now.unix,
            parties: [self.legs[CALLER].view().number().to_owned(), right],
            purpose: Purpose::Call,
        });
        self.tell_worker(ctx, MediaCommand::Record { recording, label, sources, has_tone });
        self.recording.state = RecordingState::Runs(recording);
        Ok(())
    }

    /// What is on the left and on the right, and who is on the right.
    fn recorded(&self) -> Option<([RecordedSource; 2], String)> {
        let caller = self.legs[CALLER].media()?;
        let (right, who) = match &self.state {
            State::Talking(talking) => {
                let callee = &self.legs[talking.callee];
                (RecordedSource::Received(callee.media()?), callee.view().number().to_owned())
            }
            State::Playing { .. } | State::Meeting(_) | State::Supervising(_) => {
                (RecordedSource::Sent(caller), self.dialled.clone())
            }
            // Of one who leaves a message there is another recording, which this one would end.
            State::Ringing(_) | State::Voicemail(_) | State::Ending { .. } => return None,
        };
        Some(([RecordedSource::Received(caller), right], who))
    }
}
