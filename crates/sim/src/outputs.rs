//! What the switch wants done, and who in the city does it.

use crate::{
    City,
    city::{BACK_OFFICE_DELAY, Late},
};
use base::MediaId;
use call::{
    CallFact, Output, facts::CallState, features::FeatureReply, subscriptions::Registrations as _,
    voicemail::Mailbox, web::WebReply,
};
use media::{MediaCommand, MediaEvent};
use sip::{
    Destination,
    bindings::{Aor, Binding},
    endpoint::Send,
};
use std::time::Duration;

/// How long a web server takes.
const WEB_DELAY: Duration = Duration::from_secs(1);

impl City {
    pub(crate) fn carry_out(&mut self, shard: usize, output: Output) {
        match output {
            Output::Send(send) => self.carry(shard, send),
            Output::Media { worker, command } => {
                if let MediaCommand::Record { recording, label, .. } = &command {
                    self.mailboxes.note(*recording, label);
                }
                for event in self.workers[usize::from(worker)].handle(self.now, command) {
                    self.report(shard, event);
                }
            }
            Output::Register(request) => {
                let reply = self.registrar.handle(&request, &self.policy);
                self.later(Late::Registered { shard: request.shard, reply });
            }
            Output::Voicemail(request) => {
                let replies = self.mailboxes.handle(*request);
                self.hand_out(replies);
            }
            Output::Feature(request) => {
                let verdict = self.obey_line_order(&request);
                let reply = FeatureReply { call: request.call, asked: request.asked, verdict };
                self.later(Late::Feature { shard: request.shard, reply });
            }
            Output::Web(question) => {
                let (shard, call, asked) = (question.shard, question.call, question.asked);
                self.web_questions.push(question.order);
                let reply = WebReply { call, asked, values: self.web_answer.clone() };
                self.after(WEB_DELAY, Late::Web { shard, reply });
            }
            Output::Watch(order) => self.desk.handle(*order),
            Output::Text(order) => self.texts.handle(self.now, *order),
            Output::Journal(event) => self.journal.take_in(&event),
            Output::Cdr(cdr) => {
                self.journal.end(&cdr);
                self.cdrs.push(*cdr);
            }
            Output::Link { call, sip_call_id } => {
                // A dialog that goes from one call to another is told anew.
                let sip_call_id = String::from_utf8_lossy(&sip_call_id).into_owned();
                self.links.retain(|(_, it)| *it != sip_call_id);
                self.links.push((call, sip_call_id));
            }
            Output::Fact(fact) => self.take_in(shard, fact),
            Output::Trunk { name, news } => self.trunk_news.push((name, news)),
            Output::Offence(_) => self.offences += 1,
            Output::WrongPins(alarm) => self.pin_alarms.push(*alarm),
            Output::Panicked { .. } => self.panics += 1,
        }
    }

    /// What a listener does who knows nothing but the facts.
    fn take_in(&mut self, shard: usize, fact: CallFact) {
        self.facts.push(fact.clone());
        let board = &mut self.board[shard];
        match fact {
            CallFact::Began(view) => {
                let before = board.insert(view.id, *view);
                assert_eq!(before, None, "a call begins once");
            }
            CallFact::Changed(change) => {
                let view = board.get_mut(&change.call).expect("a call begins before it changes");
                let before = view.clone();
                view.apply(&change);
                assert_ne!(*view, before, "a change changes something: {change:?}");
            }
            CallFact::Merged { call, into } => {
                assert!(board.remove(&call).is_some(), "a call is merged once");
                assert!(board.contains_key(&into), "the other one is there");
            }
            CallFact::Over(id) => {
                let view = board.remove(&id).expect("a call is over once");
                assert_eq!(view.state, CallState::Ending, "{view:?}");
            }
        }
    }

    fn carry(&mut self, shard: usize, send: Send) {
        if self.is_cut_off(&send.to) {
            let now = self.now();
            if let Some(client) = send.client {
                self.shards[shard].handle_send_failure(now, client);
            }
            return;
        }
        self.transmit(&send.to, send.bytes);
    }

    /// Whether nothing can be sent there: the connection is closed, and no new one is accepted.
    fn is_cut_off(&self, to: &Destination) -> bool {
        if !to.transport.is_reliable() {
            return false;
        }
        let phone = self.phones.iter().find(|it| to.host.ip() == Some(it.address.ip()));
        let flow = to.flow.or(phone.map(|it| it.flow));
        flow.is_none_or(|it| self.closed_flows.contains(&it))
    }

    /// Lets the desk see what has become of lines, registrations and mailboxes.
    pub(crate) fn tell_watchers(&mut self) {
        let now = self.now().unix;
        for _ in 0..2 {
            let (registrar, mailboxes) = (&self.registrar, &self.mailboxes);
            let keys = |aor: &Aor| registrar.bindings(aor).iter().map(Binding::key).collect();
            let counts = |it: &Mailbox| mailboxes.counts(it.extension);
            let changed = self.desk.look_around(now, &self.directory, &self.board, counts, keys);
            for aor in changed {
                self.texts.handle_registration(self.now, &aor);
            }
            self.texts.handle_timeout(self.now);
            for (shard, reply) in self.texts.take_replies(self.now) {
                self.later(Late::Text { shard, reply });
            }
            for (shard, reply) in self.desk.take_replies() {
                self.later(Late::Watch { shard, reply });
            }
        }
    }

    /// What a worker tells: to the shard that asked, or the one that named the session.
    pub(crate) fn report(&mut self, asker: usize, event: MediaEvent) {
        let asker = u8::try_from(asker).expect("few shards");
        let shard = event.media().map_or(asker, MediaId::shard);
        self.later(Late::Media { shard, event });
    }

    pub(crate) fn later(&mut self, late: Late) {
        self.after(BACK_OFFICE_DELAY, late);
    }

    fn after(&mut self, delay: Duration, late: Late) {
        self.errands += 1;
        self.back_office.insert((self.now + delay, self.errands), late);
    }
}
