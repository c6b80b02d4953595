//! Dialplans.
