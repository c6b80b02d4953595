//! Scenarios: a file a topic, a test a sentence. All of it in virtual time.

mod calls;
mod changes;
mod conferences;
mod days;
mod facts;
mod features;
mod forks;
mod invitations;
mod losses;
mod media;
mod operations;
mod plans;
mod races;
mod recordings;
mod refusals;
mod registration;
mod restarts;
mod subscriptions;
mod supervision;
mod support;
mod texts;
mod torture;
mod transfers;
mod trunk;
mod voicemail;
