//! Who talks with whom: the one list that all shards share, for those who supervise calls.

use base::{CallId, DomainId, MediaId};
use media::TapMode;
use smallvec::SmallVec;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// All conversations of two. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Conversations(Arc<Mutex<BTreeMap<CallId, Entry>>>);

#[derive(Debug)]
struct Entry {
    conversation: Conversation,
    /// Whether the two talk now, and the one is not about to talk to somebody else.
    goes_on: bool,
    /// The call of the supervisor who speaks to them.
    speaker: Option<CallId>,
}

/// Two who talk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Conversation {
    pub(crate) call: CallId,
    pub(crate) domain: DomainId,
    /// The media worker on which both their sessions live.
    pub(crate) worker: u8,
    /// The caller, and who answered.
    pub(crate) sides: [Side; 2],
}

/// One of two who talk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Side {
    /// An extension of the domain; `None` for somebody outside.
    pub(crate) extension: Option<String>,
    /// Its number, wherever it is.
    pub(crate) number: String,
    pub(crate) media: MediaId,
}

/// A conversation's place in the list; dropping it takes it out.
#[derive(Debug)]
pub(crate) struct Listed {
    conversations: Conversations,
    /// Its call, and those that have become part of that.
    calls: SmallVec<[CallId; 1]>,
}

/// A supervisor's word in a conversation; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Word {
    conversations: Conversations,
    conversation: CallId,
    speaker: CallId,
}

impl Conversations {
    /// Lists a conversation for as long as the place is kept.
    pub(crate) fn list(&self, conversation: Conversation) -> Listed {
        let call = conversation.call;
        self.lock().insert(call, Entry { conversation, goes_on: true, speaker: None });
        Listed { conversations: self.clone(), calls: SmallVec::from_buf([call]) }
    }

    /// The conversation of an extension, and which of the two it is; of several, the one that began
    /// last.
    pub(crate) fn of(&self, domain: DomainId, extension: &str) -> Option<(Conversation, usize)> {
        let entries = self.lock();
        entries.values().rev().filter(|it| it.goes_on).find_map(|Entry { conversation, .. }| {
            let is_it = |side: &Side| side.extension.as_deref() == Some(extension);
            let side = conversation.sides.iter().position(is_it)?;
            (conversation.domain == domain).then(|| (conversation.clone(), side))
        })
    }

    /// The conversation of a call of a domain.
    pub(crate) fn of_call(&self, domain: DomainId, call: CallId) -> Option<Conversation> {
        self.in_call(domain, call, |it| it.goes_on)
    }

    /// The same, or the last one that there was in a call which is not over.
    pub(crate) fn last_of_call(&self, domain: DomainId, call: CallId) -> Option<Conversation> {
        self.in_call(domain, call, |_| true)
    }

    /// How a conversation goes on: as it is until others talk in its call, or in the one that this has become
    /// part of. `None` if it is over.
    pub(crate) fn continuation(&self, of: &Conversation) -> Option<Conversation> {
        let entries = self.lock();
        let Entry { conversation, goes_on, .. } = entries.get(&of.call)?;
        Some(if *goes_on { conversation } else { of }.clone())
    }

    fn in_call(
        &self,
        domain: DomainId,
        call: CallId,
        is_meant: impl FnOnce(&Entry) -> bool,
    ) -> Option<Conversation> {
        let entries = self.lock();
        let found = entries.get(&call).filter(|it| it.conversation.domain == domain);
        found.filter(|it| is_meant(it)).map(|it| it.conversation.clone())
    }

    /// Whether a supervisor speaks in a conversation.
    pub(crate) fn has_speaker(&self, conversation: CallId) -> bool {
        self.lock().get(&conversation).is_some_and(|it| it.speaker.is_some())
    }

    /// Lets a supervisor speak in a conversation, unless another does or it is over: two who whisper
    /// to different sides would be heard by both.
    pub(crate) fn take_word(&self, conversation: CallId, speaker: CallId) -> Option<Word> {
        let mut entries = self.lock();
        let entry = entries.get_mut(&conversation).filter(|it| it.speaker.is_none())?;
        entry.speaker = Some(speaker);
        Some(Word { conversations: self.clone(), conversation, speaker })
    }

    /// Whether nobody talks.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// A panic elsewhere cannot leave a half-made list: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<CallId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listed {
    /// The two talk no longer; one of them may talk to somebody else by and by.
    pub(crate) fn pause(&self) {
        self.change(|entry| entry.goes_on = false);
    }

    /// Others talk in the call, or the same again.
    pub(crate) fn go_on(&self, conversation: &Conversation) {
        self.change(|entry| {
            entry.conversation = conversation.clone();
            entry.goes_on = true;
        });
    }

    /// Another call becomes part of this one: whoever looks for that finds who talks here.
    pub(crate) fn take_in(&mut self, mut other: Self) {
        self.calls.append(&mut other.calls);
    }

    fn change(&self, change: impl Fn(&mut Entry)) {
        let mut entries = self.conversations.lock();
        for call in &self.calls {
            entries.get_mut(call).into_iter().for_each(&change);
        }
    }
}

impl Conversation {
    /// The sessions of both.
    pub(crate) fn medias(&self) -> [MediaId; 2] {
        self.sides.each_ref().map(|it| it.media)
    }

    /// How a supervisor is heard by one of the two alone.
    pub(crate) fn whisper_to(&self, side: usize) -> TapMode {
        TapMode::Whisper(self.sides[side].media)
    }

    /// Which of the two an extension is.
    pub(crate) fn side_of(&self, extension: &str) -> Option<usize> {
        self.sides.iter().position(|it| it.extension.as_deref() == Some(extension))
    }

    /// Whom a whisper is for that names nobody: who answered, unless that is somebody outside.
    pub(crate) fn own_side(&self) -> Option<usize> {
        [1, 0].into_iter().find(|it| self.sides[*it].extension.is_some())
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut entries = self.conversations.lock();
        for call in &self.calls {
            entries.remove(call);
        }
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        if let Some(entry) = self.conversations.lock().get_mut(&self.conversation)
            && entry.speaker == Some(self.speaker)
        {
            entry.speaker = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Rng, UnixMillis};

    #[test]
    fn the_last_conversation_of_an_extension_is_found_in_its_domain_until_it_is_over() {
        let conversations = Conversations::default();
        let first = conversations.list(conversation(1, ["1001", "1002"]));
        let second = conversations.list(conversation(2, ["1003", "1001"]));
        let found = |extension| {
            let found = conversations.of(domain(1), extension);
            found.map(|(it, side)| (it.call, side))
        };
        assert_eq!(found("1001"), Some((call(2), 1)), "the later one");
        assert_eq!(found("1002"), Some((call(1), 1)));
        assert_eq!(found("1009"), None);
        assert_eq!(conversations.of(domain(2), "1001"), None, "another domain's");

        let of_call = |n| conversations.of_call(domain(n), call(2)).map(|it| it.call);
        assert_eq!([of_call(1), of_call(2)], [Some(call(2)), None], "another domain's");

        let last = || conversations.last_of_call(domain(1), call(2)).map(|it| it.call);
        second.pause();
        assert_eq!((of_call(1), last()), (None, Some(call(2))), "somebody else is looked for");
        assert_eq!(found("1001"), Some((call(1), 0)));
        drop(second);
        assert_eq!(last(), None, "it is over");
        assert_eq!(found("1001"), Some((call(1), 0)));
        drop(first);
        assert!(conversations.is_empty());
    }

    #[test]
    fn a_conversation_goes_on_with_others_in_its_call_or_in_the_one_that_took_that_in() {
        let conversations = Conversations::default();
        let (before, other) =
            (conversation(1, ["1001", "1002"]), conversation(2, ["1002", "1003"]));
        let mut listed = conversations.list(before.clone());
        let taken_in = conversations.list(other.clone());
        let after = |of: &Conversation| conversations.continuation(of);
        listed.pause();
        assert_eq!(after(&before), Some(before.clone()), "others are looked for");

        let joined = conversation(1, ["1001", "1003"]);
        listed.take_in(taken_in);
        listed.go_on(&joined);
        assert_eq!([&before, &other].map(after), [Some(joined.clone()), Some(joined.clone())]);
        drop(listed);
        assert_eq!([&before, &other, &joined].map(after), [None, None, None]);
        assert!(conversations.is_empty());
    }

    #[test]
    fn a_whisper_is_for_who_answered_unless_that_is_somebody_outside() {
        let mut conversation = conversation(1, ["1001", "1002"]);
        assert_eq!(conversation.own_side(), Some(1));
        assert_eq!(
            ["1001", "1002", "1003"].map(|it| conversation.side_of(it)),
            [Some(0), Some(1), None]
        );
        conversation.sides[1].extension = None;
        assert_eq!(conversation.own_side(), Some(0));
        conversation.sides[0].extension = None;
        assert_eq!(conversation.own_side(), None);
    }

    #[test]
    fn one_supervisor_speaks_at_a_time() {
        let conversations = Conversations::default();
        let listed = conversations.list(conversation(1, ["1001", "1002"]));
        let word = conversations.take_word(call(1), call(7)).unwrap();
        assert!(conversations.take_word(call(1), call(8)).is_none());
        drop(word);
        let word = conversations.take_word(call(1), call(8)).unwrap();
        drop(listed);
        drop(word);
        assert!(conversations.take_word(call(1), call(7)).is_none(), "it is over");
    }

    fn conversation(n: u64, extensions: [&str; 2]) -> Conversation {
        let side = |n: u64, extension: &str| Side {
            extension: Some(extension.to_owned()),
            number: extension.to_owned(),
            media: MediaId(n),
        };
        let [a, b] = extensions;
        let sides = [side(2 * n, a), side(2 * n + 1, b)];
        Conversation { call: call(n), domain: domain(1), worker: 0, sides }
    }

    fn call(n: u64) -> CallId {
        CallId::new(UnixMillis(n as i64), &mut Rng::from_number(n))
    }

    fn domain(n: u64) -> DomainId {
        DomainId::new(UnixMillis(0), &mut Rng::from_number(n))
    }
}
