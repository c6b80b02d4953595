//! Recording of a call: from the answer on if its dialplan rule says so, or as somebody orders.
//!
//! The worker records what the two far ends send, whatever is done with it; of a caller who hears us
//! it records that beside what the caller says. The recording ends with the call.

use super::{Call, State};
use crate::{
    context::Context,
    facts::CallRecording,
    recording::{RecordingOrder, RecordingRefusal},
};
use base::{MediaId, RecordingId};
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
    /// Whose sound it is, while it runs.
    of: [MediaId; 2],
}

#[derive(Clone, Copy, Debug)]
enum RecordingState {
    Off,
    /// A step of the plan wants it, and nobody talks yet.
    Awaited,
    Runs(RecordingId),
    Pauses(RecordingId),
    /// One of those who were recorded is gone: it goes on when the other talks to somebody.
    Interrupted {
        /// Whether it paused.
        pauses: bool,
    },
}

impl Recording {
    pub(super) fn new(is_by_rule: bool) -> Self {
        Self { is_by_rule, state: RecordingState::Off, of: [MediaId(0); 2] }
    }

    /// Whether the dialplan wants it.
    pub(super) fn is_by_rule(&self) -> bool {
        self.is_by_rule
    }

    /// As people are told.
    pub(super) fn shown(&self) -> CallRecording {
        match self.state {
            RecordingState::Off | RecordingState::Awaited => CallRecording::Off,
            RecordingState::Runs(_) | RecordingState::Interrupted { pauses: false } => {
                CallRecording::On
            }
            RecordingState::Pauses(_) | RecordingState::Interrupted { pauses: true } => {
                CallRecording::Paused
            }
        }
    }
}

impl Call {
    /// There is something to be recorded: it is, if the rule wants it, or if it was before.
    pub(super) fn record_by_rule(&mut self, ctx: &mut Context<'_>) {
        let pauses = match self.recording.state {
            RecordingState::Off if self.recording.is_by_rule => false,
            RecordingState::Awaited => false,
            RecordingState::Interrupted { pauses } => pauses,
            RecordingState::Off | RecordingState::Runs(_) | RecordingState::Pauses(_) => return,
        };
        // A call that cannot be recorded has ended.
        if self.start_recording(ctx).is_ok() && pauses {
            let _ = self.record(ctx, RecordingOrder::Pause);
        }
    }

    /// The guest talks to somebody: what is recorded of the call goes on with the two, in the recording
    /// that runs if it holds what both say.
    pub(super) fn record_pair(&mut self, ctx: &mut Context<'_>) {
        let State::Talking(talking) = &self.state else { return };
        let pair = [self.guest, talking.with].map(|leg| self.legs[leg].media());
        let holds_both = self.recording.of.iter().all(|it| pair.contains(&Some(*it)));
        match self.recording.state {
            RecordingState::Runs(_) | RecordingState::Pauses(_) if holds_both => return,
            RecordingState::Runs(_) | RecordingState::Pauses(_) => self.interrupt_recording(ctx),
            RecordingState::Off | RecordingState::Awaited | RecordingState::Interrupted { .. } => {}
        }
        self.record_by_rule(ctx);
    }

    /// A step of the plan wants the call recorded from now on, or no longer; where nobody talks yet,
    /// from when somebody does. What the rule wants as a whole is not for its steps to end.
    pub(super) fn record_by_step(&mut self, ctx: &mut Context<'_>, is_on: bool) {
        let order = if is_on { RecordingOrder::Start } else { RecordingOrder::Stop };
        if let Err(RecordingRefusal::NotConnected) = self.record(ctx, order) {
            self.recording.state = RecordingState::Awaited;
        }
    }

    /// A leg leaves, whose sound may be in the recording.
    pub(super) fn suspend_recording_of(&mut self, ctx: &mut Context<'_>, leg: usize) {
        let media = self.legs[leg].media();
        if self.recording.of.iter().any(|it| Some(*it) == media) {
            self.interrupt_recording(ctx);
        }
    }

    /// The call becomes part of another.
    pub(super) fn interrupt_any_recording(&mut self, ctx: &mut Context<'_>) {
        self.interrupt_recording(ctx);
    }

    fn interrupt_recording(&mut self, ctx: &mut Context<'_>) {
        let (recording, pauses) = match self.recording.state {
            RecordingState::Runs(recording) => (recording, false),
            RecordingState::Pauses(recording) => (recording, true),
            RecordingState::Off | RecordingState::Awaited | RecordingState::Interrupted { .. } => {
                return;
            }
        };
        self.tell_worker(ctx, MediaCommand::StopRecording { recording });
        self.recording.state = RecordingState::Interrupted { pauses };
    }

    /// Does as somebody orders.
    pub(crate) fn record(
        &mut self,
        ctx: &mut Context<'_>,
        order: RecordingOrder,
    ) -> Result<(), RecordingRefusal> {
        use RecordingState::{Awaited, Interrupted, Off, Pauses, Runs};
        match (order, self.recording.state) {
            (RecordingOrder::Start, Off | Awaited) => self.start_recording(ctx)?,
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
            (RecordingOrder::Stop, Interrupted { .. }) if self.recording.is_by_rule => {
                return Err(RecordingRefusal::ByRule);
            }
            (RecordingOrder::Stop, Interrupted { .. } | Awaited) => self.recording.state = Off,
            (RecordingOrder::Pause, Interrupted { .. }) => {
                self.recording.state = Interrupted { pauses: true };
            }
            (RecordingOrder::Start | RecordingOrder::Resume, Interrupted { .. }) => {
                self.recording.state = Interrupted { pauses: false };
            }
            // It is so already.
            (RecordingOrder::Start | RecordingOrder::Resume, Runs(_))
            | (RecordingOrder::Pause, Pauses(_)) => {}
            (RecordingOrder::Start, Pauses(_)) => return Err(RecordingRefusal::Paused),
            (RecordingOrder::Stop | RecordingOrder::Pause | RecordingOrder::Resume, Off)
            | (RecordingOrder::Pause | RecordingOrder::Resume, Awaited) => {
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
            parties: [self.legs[self.guest].view().number().to_owned(), right],
            purpose: Purpose::Call,
        });
        self.recording.of = sources.map(RecordedSource::media);
        self.tell_worker(ctx, MediaCommand::Record { recording, label, sources, has_tone });
        self.recording.state = RecordingState::Runs(recording);
        Ok(())
    }

    /// What is on the left and on the right, and who is on the right.
    fn recorded(&self) -> Option<([RecordedSource; 2], String)> {
        let caller = self.legs.get(self.guest)?.media()?;
        let (right, who) = match &self.state {
            State::Talking(talking) => {
                let callee = &self.legs[talking.with];
                (RecordedSource::Received(callee.media()?), callee.view().number().to_owned())
            }
            State::Playing { .. }
            | State::Gathering(_)
            | State::Asking { .. }
            | State::Parked(_)
            | State::Meeting(_)
            | State::Together(_)
            | State::Paging(_)
            | State::Supervising(_) => (RecordedSource::Sent(caller), self.dialled.clone()),
            State::Ringing(_) if self.is_guest_up() => {
                (RecordedSource::Sent(caller), self.dialled.clone())
            }
            // Of one who leaves a message there is another recording, which this one would end.
            State::Ringing(_) | State::Voicemail(_) | State::Ending { .. } => return None,
        };
        Some(([RecordedSource::Received(caller), right], who))
    }
}
