//! What the switch was fed, so that it can be fed the same again without the city around it: to
//! measure the switch alone.

use crate::{City, plot};
use base::Now;
use bytes::Bytes;
use call::{
    Calls, Output, features::FeatureReply, registration::RegistrationReply,
    voicemail::VoicemailReply, web::WebReply,
};
use media::MediaEvent;
use sip::{
    Message, Source,
    parse::{Framing, parse},
};

/// One thing that a shard was told.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    Message { source: Source, bytes: Bytes },
    Media(MediaEvent),
    Registered(RegistrationReply),
    Voicemail(VoicemailReply),
    Feature(FeatureReply),
    Web(WebReply),
    Timeout,
}

/// Everything that shard 0 was told, in order.
#[derive(Clone, Debug, Default)]
pub struct Recording(Vec<(Now, Input)>);

impl Recording {
    /// Its first `count` inputs.
    pub fn up_to(&self, count: usize) -> Self {
        Self(self.0[..count].to_vec())
    }

    /// How much it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl City {
    /// Records what shard 0 is told from here on; best right after [`City::new`].
    pub fn record(&mut self) {
        self.recording = Some(Recording::default());
    }

    /// What was recorded so far.
    pub fn recorded(&self) -> Recording {
        self.recording.clone().unwrap_or_default()
    }

    pub(crate) fn note(&mut self, input: impl FnOnce() -> Input) {
        let now = self.now();
        if let Some(recording) = &mut self.recording {
            recording.0.push((now, input()));
        }
    }

    /// Feeds a recording's inputs from `first` on to shard 0. The city must be made with the
    /// recorded one's start, seed and plot: then the switch makes the same tags and branches, and
    /// what the phones answered fits. Returns how many messages went out.
    pub fn replay(&mut self, recording: &Recording, first: usize) -> usize {
        let mut sent = 0;
        for (now, input) in &recording.0[first..] {
            self.registrar.set_now(now.unix);
            feed(&mut self.shards[0], *now, input);
            while let Some(output) = self.shards[0].poll_output() {
                match output {
                    Output::Send(_) => sent += 1,
                    Output::Register(request) => {
                        self.registrar.handle(&request, &plot::policy());
                    }
                    Output::Media { .. }
                    | Output::Voicemail(_)
                    | Output::Feature(_)
                    | Output::Web(_)
                    | Output::Watch(_)
                    | Output::Text(_)
                    | Output::Cdr(_)
                    | Output::Journal(_)
                    | Output::Link { .. }
                    | Output::Fact(_)
                    | Output::Trunk { .. }
                    | Output::Offence(_)
                    | Output::WrongPins(_)
                    | Output::Panicked { .. } => {}
                }
            }
        }
        sent
    }
}

fn feed(shard: &mut Calls, now: Now, input: &Input) {
    match input {
        Input::Message { source, bytes } => {
            // A copy, as from a socket: what the switch keeps of it is the switch's.
            let bytes = Bytes::copy_from_slice(bytes);
            shard.handle_message(now, *source, read(&bytes));
        }
        Input::Media(event) => shard.handle_media(now, event.clone()),
        Input::Registered(reply) => shard.handle_registration(now, reply.clone()),
        Input::Voicemail(reply) => shard.handle_voicemail(now, reply.clone()),
        Input::Feature(reply) => shard.handle_feature(now, *reply),
        Input::Web(reply) => shard.handle_web(now, reply.clone()),
        Input::Timeout => shard.handle_timeout(now),
    }
}

fn read(bytes: &Bytes) -> Message {
    parse(bytes, Framing::Datagram).expect("only good messages are recorded")
}
