//! What is set of calls that a line sends out.

use std::collections::BTreeSet;

/// What a line may call outside, and what is seen of it there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LineOutbound {
    /// Names of the classes of numbers that it may call through trunks.
    pub classes: BTreeSet<String>,
    /// The number that trunks see of it; `None` for what the trunk says.
    pub caller_number: Option<String>,
    /// Whether those whom it calls through trunks are not to know who calls.
    pub is_withheld: bool,
}
