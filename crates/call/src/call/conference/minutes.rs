//! The recording of a conference as a whole: from its beginning on if its plan says so, or as a
//! moderator switches it. Whoever comes in is told.
//!
//! The worker records a room once, so that each call that comes in asks for it: then it does not
//! matter which of them the worker takes in first, nor whose calls are which shard's.

use super::{Call, Meeting, Words};
use crate::{call::State, context::Context, speech::Phrase};
use base::RecordingId;
use media::{
    MediaCommand,
    recording::{Label, Purpose},
};

impl Call {
    /// The caller has come in.
    pub(super) fn record_on_coming(&self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let Meeting { plan, place, .. } = &**meeting;
        if plan.is_recorded {
            place.set_recorded(true);
        }
        if place.is_recorded() {
            self.record_room(ctx);
            self.tell(ctx, Words::NowRecorded);
        }
    }

    /// A moderator switches the recording of the room.
    pub(super) fn toggle_recording(&self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let Meeting { plan, place, .. } = &**meeting;
        let is_recorded = !place.is_recorded();
        place.set_recorded(is_recorded);
        let room = place.room();
        let words = if is_recorded {
            self.record_room(ctx);
            Words::NowRecorded
        } else {
            self.tell_worker(ctx, MediaCommand::StopRecordingRoom { room });
            Words::NotRecorded
        };
        let sounds = vec![ctx.world.sounds.say(plan.language, &[Phrase::Prompt(words.prompt())])];
        self.tell_worker(ctx, MediaCommand::Announce { room, sounds });
    }

    fn record_room(&self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let label = Box::new(Label {
            call: self.id,
            domain: self.domain,
            started: ctx.now.unix,
            parties: [meeting.plan.room.clone(), self.legs[self.guest].view().number().to_owned()],
            purpose: Purpose::Call,
        });
        let recording = RecordingId::new(ctx.now.unix, ctx.rng);
        let (room, has_tone) = (meeting.place.room(), ctx.settings.has_recording_tone);
        self.tell_worker(ctx, MediaCommand::RecordRoom { recording, label, room, has_tone });
    }
}
