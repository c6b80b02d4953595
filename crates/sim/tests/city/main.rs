//! Scenarios: a file a topic, a test a sentence. All of it in virtual time.

mod calls;
mod support;
