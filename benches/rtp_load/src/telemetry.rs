//! What the server's rooms count, which nobody reads here.

pub(crate) mod metrics {
    pub(crate) const RECORDINGS_RUNNING: &str = "running";
    pub(crate) const RECORDING_RECORDS_LOST: &str = "lost";
    pub(crate) const RECORDING_FAILING: &str = "failing";
}
