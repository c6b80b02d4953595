//! Offer/answer order of one dialog: who has offered, and what may be sent now (RFC 3261 section
//! 13.2.1, RFC 3264 section 4, RFC 6337).
//!
//! One [`OfferAnswer`] belongs to a leg. Tell it each INVITE, UPDATE, provisional response, 2xx and
//! ACK that is received (`handle_*`) or about to be sent (`send_*`); it says what the body means
//! ([`Description`]) or why it may not be there ([`OrderError`]). It never looks into a body.
//!
//! | INVITE or UPDATE | 1xx | 2xx | ACK |
//! |---|---|---|---|
//! | offer | preview of the answer | answer | nothing |
//! | nothing (INVITE only) | nothing | offer | answer |
//!
//! 100rel is not spoken here, so no provisional response carries more than a preview.

use bytes::Bytes;

/// Offer and answer of one dialog.
#[derive(Clone, Debug, Default)]
pub struct OfferAnswer {
    exchange: Exchange,
    /// What both agreed on last; what a failed exchange falls back to.
    agreed: Option<Agreement>,
}

/// What a message's body is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Description {
    /// There is none, and none is due.
    Nothing,
    /// A new offer: an answer is due.
    Offer(Bytes),
    /// What the answer will be; media may flow by it, and it may change until the answer comes.
    Preview(Bytes),
    /// The answer: the exchange is complete.
    Answer(Bytes),
    /// An INVITE without an offer: its 2xx must bring one.
    OfferIsDue,
}

/// The two descriptions in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Agreement {
    /// Ours.
    pub local: Bytes,
    /// The peer's.
    pub remote: Bytes,
}

/// Why a message may not be sent or cannot be used as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// Our own offer, or INVITE, is under way: answer 491.
    #[error("offers crossed each other: answer 491 and try again later")]
    Glare,
    /// The peer's offer, or INVITE, waits for our answer: do not send; answer a second one 500.
    #[error("an exchange is under way: finish it first")]
    Busy,
    /// A 2xx or ACK without the description that is due: the exchange has failed.
    #[error("a session description is due and missing: end the call")]
    Missing,
    /// A description where none may be.
    #[error("a session description where none may be: ignore it")]
    Unexpected,
}

impl OfferAnswer {
    /// Nothing agreed, nothing under way.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a new exchange may begin from our side.
    pub fn is_idle(&self) -> bool {
        matches!(self.exchange, Exchange::Idle)
    }

    /// The descriptions in force, once an exchange was completed.
    pub fn agreed(&self) -> Option<&Agreement> {
        self.agreed.as_ref()
    }

    /// The peer's offer that waits for our answer.
    pub fn remote_offer(&self) -> Option<&Bytes> {
        match &self.exchange {
            Exchange::RemoteOffer { offer } => Some(offer),
            Exchange::Idle
            | Exchange::LocalOffer { .. }
            | Exchange::LateLocalOffer { .. }
            | Exchange::LocalOfferDue
            | Exchange::RemoteOfferDue => None,
        }
    }

    /// An INVITE or UPDATE goes out; without a body an INVITE asks the peer to offer. (An UPDATE
    /// without a body is no part of any exchange: do not tell it here.)
    pub fn send_invite(&mut self, body: Option<Bytes>) -> Result<(), OrderError> {
        self.begin(match body {
            Some(offer) => Exchange::LocalOffer { offer, preview: None },
            None => Exchange::RemoteOfferDue,
        })
    }

    /// An INVITE or UPDATE came in.
    pub fn handle_invite(&mut self, body: Option<Bytes>) -> Result<Description, OrderError> {
        let Some(offer) = body else {
            self.begin(Exchange::LocalOfferDue)?;
            return Ok(Description::OfferIsDue);
        };
        self.begin(Exchange::RemoteOffer { offer: offer.clone() })?;
        Ok(Description::Offer(offer))
    }

    /// A provisional response goes out.
    pub fn send_provisional(&self, body: Option<Bytes>) -> Result<Description, OrderError> {
        match (&self.exchange, body) {
            (_, None) => Ok(Description::Nothing),
            (Exchange::RemoteOffer { .. }, Some(preview)) => Ok(Description::Preview(preview)),
            // An offer needs a response that surely arrives (RFC 3261 section 13.2.1).
            (_, Some(_)) => Err(OrderError::Unexpected),
        }
    }

    /// A provisional response came in.
    pub fn handle_provisional(&mut self, body: Option<Bytes>) -> Result<Description, OrderError> {
        match (&mut self.exchange, body) {
            (_, None) => Ok(Description::Nothing),
            (Exchange::LocalOffer { preview, .. }, Some(body)) => {
                *preview = Some(body.clone());
                Ok(Description::Preview(body))
            }
            (_, Some(_)) => Err(OrderError::Unexpected),
        }
    }

    /// A 2xx to an INVITE or UPDATE of the peer's goes out.
    pub fn send_success(&mut self, body: Option<Bytes>) -> Result<Description, OrderError> {
        match (std::mem::take(&mut self.exchange), body) {
            (Exchange::RemoteOffer { offer }, Some(answer)) => {
                Ok(self.agree(answer.clone(), offer, answer))
            }
            (Exchange::LocalOfferDue, Some(offer)) => {
                self.exchange = Exchange::LateLocalOffer { offer: offer.clone() };
                Ok(Description::Offer(offer))
            }
            (Exchange::Idle, None) => Ok(Description::Nothing),
            (Exchange::RemoteOffer { .. } | Exchange::LocalOfferDue, None) => {
                Err(OrderError::Missing)
            }
            (other, _) => {
                self.exchange = other;
                Err(OrderError::Unexpected)
            }
        }
    }

    /// A 2xx to our INVITE or UPDATE came in. An [`Description::Offer`] is answered in the ACK.
    pub fn handle_success(&mut self, body: Option<Bytes>) -> Result<Description, OrderError> {
        match (std::mem::take(&mut self.exchange), body) {
            (Exchange::LocalOffer { offer, .. }, Some(answer)) => {
                Ok(self.agree(offer, answer.clone(), answer))
            }
            // Some peers take their preview for the answer.
            (Exchange::LocalOffer { offer, preview: Some(answer) }, None) => {
                Ok(self.agree(offer, answer.clone(), answer))
            }
            (Exchange::RemoteOfferDue, Some(offer)) => {
                self.exchange = Exchange::RemoteOffer { offer: offer.clone() };
                Ok(Description::Offer(offer))
            }
            (Exchange::Idle, None) => Ok(Description::Nothing),
            (Exchange::LocalOffer { preview: None, .. } | Exchange::RemoteOfferDue, None) => {
                Err(OrderError::Missing)
            }
            (other, _) => {
                self.exchange = other;
                Err(OrderError::Unexpected)
            }
        }
    }

    /// The ACK of a 2xx goes out.
    pub fn send_ack(&mut self, body: Option<Bytes>) -> Result<Description, OrderError> {
        match (std::mem::take(&mut self.exchange), body) {
            (Exchange::RemoteOffer { offer }, Some(answer)) => {
                Ok(self.agree(answer.clone(), offer, answer))
            }
            (Exchange::RemoteOffer { .. }, None) => Err(OrderError::Missing),
            (other, body) => self.leave(other, body.as_ref()),
        }
    }

    /// The ACK of our 2xx came in. An offer that we made in an INVITE since then waits for another
    /// message.
    pub fn handle_ack(&mut self, body: Option<Bytes>) -> Result<Description, OrderError> {
        match (std::mem::take(&mut self.exchange), body) {
            (Exchange::LateLocalOffer { offer }, Some(answer)) => {
                Ok(self.agree(offer, answer.clone(), answer))
            }
            (Exchange::LateLocalOffer { .. }, None) => Err(OrderError::Missing),
            (other, body) => self.leave(other, body.as_ref()),
        }
    }

    /// The INVITE or UPDATE under way was refused, or nobody answered: what was agreed before is in
    /// force again.
    pub fn roll_back(&mut self) {
        self.exchange = Exchange::Idle;
    }

    fn begin(&mut self, exchange: Exchange) -> Result<(), OrderError> {
        let is_ours = matches!(exchange, Exchange::LocalOffer { .. } | Exchange::RemoteOfferDue);
        match &self.exchange {
            Exchange::Idle => {
                self.exchange = exchange;
                Ok(())
            }
            Exchange::LocalOffer { .. }
            | Exchange::LateLocalOffer { .. }
            | Exchange::RemoteOfferDue
                if !is_ours =>
            {
                Err(OrderError::Glare)
            }
            Exchange::LocalOffer { .. }
            | Exchange::LateLocalOffer { .. }
            | Exchange::RemoteOfferDue
            | Exchange::RemoteOffer { .. }
            | Exchange::LocalOfferDue => Err(OrderError::Busy),
        }
    }

    fn agree(&mut self, local: Bytes, remote: Bytes, answer: Bytes) -> Description {
        self.agreed = Some(Agreement { local, remote });
        Description::Answer(answer)
    }

    fn leave(
        &mut self,
        exchange: Exchange,
        body: Option<&Bytes>,
    ) -> Result<Description, OrderError> {
        self.exchange = exchange;
        match body {
            None => Ok(Description::Nothing),
            Some(_) => Err(OrderError::Unexpected),
        }
    }
}

/// What is under way.
#[derive(Clone, Debug, Default)]
enum Exchange {
    #[default]
    Idle,
    /// Our INVITE or UPDATE offered; the answer comes in the 2xx.
    LocalOffer { offer: Bytes, preview: Option<Bytes> },
    /// Our 2xx offered; the answer comes in its ACK.
    LateLocalOffer { offer: Bytes },
    /// The peer offered; our answer goes into the 2xx, or into the ACK of its.
    RemoteOffer { offer: Bytes },
    /// The peer's INVITE had no offer; ours goes into the 2xx.
    LocalOfferDue,
    /// Our INVITE had no offer; the peer's comes in the 2xx.
    RemoteOfferDue,
}

#[cfg(test)]
mod tests {
    use super::{Description::*, *};

    #[test]
    fn the_callers_offer_is_previewed_and_then_answered_in_the_2xx() {
        let (mut caller, mut callee) = (OfferAnswer::new(), OfferAnswer::new());

        assert_eq!(caller.send_invite(sdp("o")), Ok(()));
        assert_eq!(callee.handle_invite(sdp("o")), Ok(Offer("o".into())));
        assert_eq!(callee.send_provisional(sdp("p")), Ok(Preview("p".into())));
        assert_eq!(caller.handle_provisional(sdp("p")), Ok(Preview("p".into())));
        assert!(caller.agreed().is_none(), "a preview is no answer");
        assert_eq!(callee.send_success(sdp("a")), Ok(Answer("a".into())));
        assert_eq!(caller.handle_success(sdp("a")), Ok(Answer("a".into())));
        assert_eq!(caller.send_ack(None), Ok(Nothing));
        assert_eq!(callee.handle_ack(None), Ok(Nothing));

        assert_eq!(caller.agreed(), Some(&agreement("o", "a")));
        assert_eq!(callee.agreed(), Some(&agreement("a", "o")));
        assert!(caller.is_idle() && callee.is_idle());
    }

    #[test]
    fn an_offer_that_goes_out_before_the_ack_of_the_last_exchange_waits_for_its_own_answer() {
        let mut ours = OfferAnswer::new();
        assert_eq!(ours.handle_invite(sdp("o")), Ok(Offer("o".into())));
        assert_eq!(ours.send_success(sdp("a")), Ok(Answer("a".into())));
        assert_eq!(ours.send_invite(sdp("p")), Ok(()));
        assert_eq!(ours.handle_ack(None), Ok(Nothing));
        assert_eq!(ours.handle_success(sdp("b")), Ok(Answer("b".into())));
        assert_eq!(ours.agreed(), Some(&agreement("p", "b")));
    }

    #[test]
    fn a_late_offer_comes_in_the_2xx_and_is_answered_in_the_ack() {
        let (mut caller, mut callee) = (OfferAnswer::new(), OfferAnswer::new());

        assert_eq!(caller.send_invite(None), Ok(()));
        assert_eq!(callee.handle_invite(None), Ok(OfferIsDue));
        assert_eq!(callee.send_success(sdp("o")), Ok(Offer("o".into())));
        assert_eq!(caller.handle_success(sdp("o")), Ok(Offer("o".into())));
        assert_eq!(caller.send_ack(sdp("a")), Ok(Answer("a".into())));
        assert_eq!(callee.handle_ack(sdp("a")), Ok(Answer("a".into())));

        assert_eq!(callee.agreed(), Some(&agreement("o", "a")));
        assert!(caller.is_idle() && callee.is_idle());
    }

    #[test]
    fn a_preview_stands_for_the_answer_that_a_2xx_lacks() {
        let mut caller = OfferAnswer::new();
        caller.send_invite(sdp("o")).unwrap();
        caller.handle_provisional(sdp("p")).unwrap();

        assert_eq!(caller.handle_success(None), Ok(Answer("p".into())));
    }

    #[test]
    fn crossing_offers_are_glare_and_a_second_one_is_busy() {
        let mut leg = talking();
        leg.send_invite(sdp("o2")).unwrap();
        assert_eq!(leg.handle_invite(sdp("x")), Err(OrderError::Glare));
        assert_eq!(leg.send_invite(sdp("o3")), Err(OrderError::Busy));

        let mut leg = talking();
        leg.handle_invite(sdp("x")).unwrap();
        assert_eq!(leg.send_invite(sdp("o2")), Err(OrderError::Busy));
        assert_eq!(leg.handle_invite(sdp("y")), Err(OrderError::Busy));
        assert_eq!(leg.remote_offer(), Some(&"x".into()));
    }

    #[test]
    fn a_refused_reinvite_rolls_back_to_what_was_agreed() {
        for begin in [
            |leg: &mut OfferAnswer| leg.send_invite(sdp("o2")),
            |leg: &mut OfferAnswer| leg.handle_invite(sdp("x")).map(|_| ()),
            |leg: &mut OfferAnswer| leg.handle_invite(None).map(|_| ()),
        ] {
            let mut leg = talking();
            begin(&mut leg).unwrap();
            assert!(!leg.is_idle());

            leg.roll_back();

            assert!(leg.is_idle());
            assert_eq!(leg.agreed(), Some(&agreement("o", "a")));
        }
    }

    #[test]
    fn a_missing_answer_fails_the_exchange_and_leaves_the_agreement() {
        let mut leg = talking();
        leg.send_invite(sdp("o2")).unwrap();
        assert_eq!(leg.handle_success(None), Err(OrderError::Missing));
        assert!(leg.is_idle());
        assert_eq!(leg.agreed(), Some(&agreement("o", "a")));

        let mut callee = OfferAnswer::new();
        callee.handle_invite(None).unwrap();
        callee.send_success(sdp("o")).unwrap();
        assert_eq!(callee.handle_ack(None), Err(OrderError::Missing));
    }

    #[test]
    fn a_description_out_of_place_is_named_and_changes_nothing() {
        let mut leg = talking();
        assert_eq!(leg.handle_ack(sdp("x")), Err(OrderError::Unexpected));
        assert_eq!(leg.handle_success(sdp("x")), Err(OrderError::Unexpected));
        assert_eq!(leg.handle_provisional(sdp("x")), Err(OrderError::Unexpected));
        assert_eq!(leg.agreed(), Some(&agreement("o", "a")));

        leg.handle_invite(None).unwrap();
        assert_eq!(leg.send_provisional(sdp("x")), Err(OrderError::Unexpected), "no 100rel");
    }

    fn talking() -> OfferAnswer {
        let mut leg = OfferAnswer::new();
        leg.send_invite(sdp("o")).unwrap();
        leg.handle_success(sdp("a")).unwrap();
        leg
    }

    #[expect(clippy::unnecessary_wraps, reason = "bodies of messages are optional")]
    fn sdp(text: &'static str) -> Option<Bytes> {
        Some(Bytes::from_static(text.as_bytes()))
    }

    fn agreement(local: &'static str, remote: &'static str) -> Agreement {
        Agreement { local: local.into(), remote: remote.into() }
    }
}
