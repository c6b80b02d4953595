//! What can be ordered of the recording of a live call.

/// An order of somebody who may give it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordingOrder {
    /// Begin one.
    Start,
    /// End it; another may begin.
    Stop,
    /// Leave out what comes.
    Pause,
    /// Leave out no more.
    Resume,
}

/// Why an order is not carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecordingRefusal {
    /// There is no such call.
    #[error("there is no such call")]
    NoCall,
    /// Nobody has answered yet, or the call ends.
    #[error("the call is not connected: try again once it is answered")]
    NotConnected,
    /// There is nothing to stop, pause or resume.
    #[error("the call is not recorded: start a recording first")]
    NotRecorded,
    /// It runs already, and pauses.
    #[error("the recording pauses: resume it")]
    Paused,
    /// Its dialplan rule wants the whole call.
    #[error("the dialplan rule of the call wants it recorded: it can only pause")]
    ByRule,
}
