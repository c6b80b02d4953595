//! Signalling shards: tasks that each own the transactions, dialogs, legs and calls of their part
//! of the traffic. They share nothing; a message finds its shard by what is written in it.

mod event_loop;
mod handle;
mod shard;

pub use event_loop::EventLoop;
pub use handle::{Figures, ShardGone, ShardHandle, TraceQuery};
pub use shard::{Shard, Wires};
