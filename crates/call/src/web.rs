//! Questions that plans put to web servers in the middle of a call.

use crate::dialplan::WebOrder;
use base::CallId;

/// A call wants something asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebRequest {
    /// The shard that hears the reply.
    pub shard: u8,
    /// The call that waits for it.
    pub call: CallId,
    /// Which of its questions this is.
    pub asked: u32,
    /// What.
    pub order: WebOrder,
}

/// What a call hears of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebReply {
    /// The call.
    pub call: CallId,
    /// Which of its questions is answered; a call that asks another one waits for that.
    pub asked: u32,
    /// Names and values of the variables that the answer sets; `None` if there is none that can be
    /// used.
    pub values: Option<Vec<(String, String)>>,
}
