//! Requests from outside any dialog: what is let in, and what becomes of it.

use crate::{
    call::{Arrival, Call, Calling, Entrance, Incoming, Wanted},
    calls::Calls,
    context::Handle,
    description::{self, SDP_TYPE},
    dialplan::{self, RouteQuery, Walk},
    directory::Extension,
    failure::{Cause, Refusal},
    gate::{Admitted, Caller, TurnedAway},
    leg::TrunkLogin,
    loops::{self, Hop},
    names::Names,
    occupancy::Seat,
    output::Output,
    registration::{RegistrationRequest, Ticket},
    replies::{not_allowed, retry_after},
    rules::MediaRules,
    subscriptions::allow_events,
};
use base::{CallId, Now};
use bytes::Bytes;
use media::{Family, sdp::Sdp};
use sip::{
    Header, HeaderName, MalformedReplaces, Method, Replaces, Request, ServerId, Source, Status,
    bindings::{Aor, Register},
    endpoint::{ALLOW, Reply},
};
use std::sync::Arc;

/// Max-Forwards of a request that brings none, RFC 3261 section 8.1.1.6.
const MAX_FORWARDS_DEFAULT: u8 = 70;

impl Calls {
    /// Admits a request and lets its method decide.
    pub(crate) fn handle_request(
        &mut self,
        now: Now,
        server: ServerId,
        request: &Request,
        source: Source,
    ) {
        if let Some(reply) = self.refusal_before_admission(request) {
            self.core.endpoint.respond(now.instant, server, reply);
            return;
        }
        let directory = Arc::clone(&self.world.directory);
        match self.gate.admit(now.instant, &directory, request, &source) {
            Ok(admitted) => self.handle_admitted(now, server, request, source, admitted),
            Err(TurnedAway { reply, is_offence }) => {
                if is_offence {
                    self.note_offence(source.remote.ip());
                }
                self.core.endpoint.respond(now.instant, server, reply);
            }
        }
    }

    /// What is refused without asking who wants it.
    fn refusal_before_admission(&self, request: &Request) -> Option<Reply> {
        if matches!(request.headers.max_forwards(), Ok(Some(0))) {
            return Some(Reply::new(Status(483)));
        }
        if !matches!(request.method, Method::Invite | Method::Refer) {
            return None;
        }
        let cause = self.refusal_of_new_calls()?;
        let headers = vec![retry_after(self.core.settings.retry_after_s)];
        Some(Reply { headers, ..Reply::new(cause.status()) })
    }

    fn handle_admitted(
        &mut self,
        now: Now,
        server: ServerId,
        request: &Request,
        source: Source,
        admitted: Admitted<'_>,
    ) {
        let reply = match request.method {
            Method::Invite => return self.handle_invite(now, server, request, source, admitted),
            Method::Subscribe => {
                return self.handle_subscribe(now, server, request, &admitted);
            }
            Method::Message => return self.handle_text(now, server, request, &admitted),
            Method::Refer => return self.handle_outside_refer(now, server, request, &admitted),
            Method::Register => match self.hand_over(server, request, &source, admitted) {
                Ok(()) => return,
                Err(reply) => reply,
            },
            Method::Options => Reply::new(Status(200))
                .with_header(HeaderName::Allow, ALLOW)
                .with_header(HeaderName::Accept, SDP_TYPE)
                .with_header(HeaderName::AllowEvents, allow_events()),
            // These live in dialogs only, and this one is not known.
            Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Info
            | Method::Prack
            | Method::Update => Reply::new(Status(481)),
            Method::Notify | Method::Publish | Method::Other(_) => not_allowed(),
        };
        self.core.endpoint.respond(now.instant, server, reply);
    }

    fn hand_over(
        &mut self,
        server: ServerId,
        request: &Request,
        source: &Source,
        admitted: Admitted<'_>,
    ) -> Result<(), Reply> {
        let Caller::Extension(extension) = admitted.caller else {
            return Err(Reply::new(Status(403)));
        };
        let register = Register::from_request(request, source).map_err(|refusal| Reply {
            headers: refusal.headers(),
            ..Reply::new(refusal.status())
        })?;
        self.core.outputs.push_back(Output::Register(RegistrationRequest {
            shard: self.core.settings.shard,
            ticket: Ticket(server.0),
            aor: Aor { domain: admitted.domain.id, user: extension.number.clone() },
            register,
        }));
        Ok(())
    }

    fn handle_invite(
        &mut self,
        now: Now,
        server: ServerId,
        request: &Request,
        source: Source,
        admitted: Admitted<'_>,
    ) {
        let rules = admitted.rules();
        let offer = match offer_of(request, &rules) {
            Ok(offer) => offer,
            Err(reply) => {
                self.core.endpoint.respond(now.instant, server, *reply);
                return;
            }
        };
        let Ok(comes_into) = self.entrance_of(request) else {
            self.core.endpoint.respond(now.instant, server, Reply::new(Status(400)));
            return;
        };
        let id = CallId::new(now.unix, &mut self.core.rng);
        let asked = request.uri.user_text().unwrap_or_default();
        let dialled = match admitted.caller {
            Caller::Extension(_) => asked.into_owned(),
            Caller::Trunk(trunk) => trunk.numbers.called_in.apply(&asked).into_owned(),
        };
        let names = Names::of(&admitted, request);
        let (walk, seat, headers) = match self.way(now, request, &admitted, &names, &dialled) {
            Ok((walk, seat, mark)) => (Ok(walk), seat, vec![mark]),
            Err(refusal) => (Err(refusal), None, Vec::new()),
        };
        let Names { caller, number, display, caller_name, is_withheld, trail } = names;
        let is_line = admitted.caller.extension().is_some();
        let incoming = Incoming {
            call: id,
            server,
            sip_call_id: request.headers.call_id().cloned().unwrap_or_default(),
            domain: admitted.domain.id,
            caller,
            line: admitted.line(),
            login: admitted.caller.trunk().and_then(|it| TrunkLogin::of(it)),
            rules,
            caller_name,
            calling: Calling { number, display, is_line, is_withheld, trail },
            dialled,
            offer_bytes: description::of(&request.headers, &request.body),
            arrival: Arrival {
                family: Family::of(source.remote),
                offer,
                max_forwards: max_forwards_of(request),
                headers,
            },
            source,
            seat,
            walk,
            comes_into,
        };
        self.begin(now, id, server, |ctx| Call::start(ctx, incoming));
    }

    /// Where a caller comes in that names a dialog; none that there is if nobody knows it. Nobody can
    /// take a place and come between two at once (RFC 3911 section 4).
    fn entrance_of(&self, request: &Request) -> Result<Option<Entrance>, MalformedReplaces> {
        let headers = &request.headers;
        let (named, joins) = match (Replaces::of(headers)?, Replaces::joined(headers)?) {
            (None, None) => return Ok(None),
            (Some(replaces), None) => (replaces, false),
            (None, Some(joined)) => (joined, true),
            (Some(_), Some(_)) => return Err(MalformedReplaces),
        };
        if self.core.settings.is_of_other_shard(&named) {
            return Ok(Some(Entrance::InPlace(Wanted::OnOtherShard)));
        }
        let dialog = self.core.endpoint.dialog_named(&named);
        let leg = dialog.and_then(|it| self.core.handles.find(Handle::Dialog(it)));
        let is_early_only = named.is_early_only;
        Ok(Some(match leg {
            None => Entrance::InPlace(Wanted::Nothing),
            Some(leg) if joins => Entrance::Between(leg),
            Some(leg) => Entrance::InPlace(Wanted::WithLeg { leg, is_early_only }),
        }))
    }

    /// How the call goes on its way: through the plan, on the caller's seat, with a mark.
    fn way(
        &self,
        now: Now,
        request: &Request,
        admitted: &Admitted<'_>,
        names: &Names,
        dialled: &str,
    ) -> Result<(Box<Walk>, Option<Seat>, Header), Refusal> {
        let number = &names.number;
        let hop = Hop::new(self.core.settings.loop_secret, admitted.domain.id, number, dialled);
        let mark = loops::mark(&request.headers, hop).ok_or_else(|| Refusal::of(Cause::Loop))?;
        let is_of_trunk = matches!(admitted.caller, Caller::Trunk(_));
        let directory = &self.world.directory;
        if is_of_trunk && !directory.lets_into(admitted.domain.id, number, names.is_withheld) {
            return Err(Refusal::of(Cause::Screened));
        }
        let from = match admitted.caller {
            Caller::Extension(extension) => dialplan::Caller::Extension(&extension.number),
            Caller::Trunk(trunk) => dialplan::Caller::Trunk(&trunk.name),
        };
        let domain = &admitted.domain.name;
        let query = RouteQuery { domain, from, number, dialled, now: now.unix };
        let walk = Walk::begin(&self.world.plans, &query);
        let seat = self.seat_of(now, admitted.caller, &walk)?;
        Ok((Box::new(walk), Some(seat), mark))
    }

    /// What counts against the caller's limits. Whoever calls for help does, however many calls it has.
    fn seat_of(&self, now: Now, caller: Caller<'_>, walk: &Walk) -> Result<Seat, Refusal> {
        let occupancy = &self.world.occupancy;
        match caller {
            Caller::Extension(Extension { id, calls_max, number, .. }) => {
                let seat = occupancy.take(*id, *calls_max);
                let seat = seat.or_else(|| {
                    self.is_for_help(now, walk).then(|| occupancy.take(*id, None)).flatten()
                });
                seat.ok_or_else(|| {
                    let reason = Some(format!("{number} has as many calls as it may"));
                    Refusal { reason, ..Refusal::of(Cause::TooManyCalls) }
                })
            }
            Caller::Trunk(trunk) => occupancy.take_trunk(now.instant, trunk).map_err(|full| {
                // A carrier may try again, or go another way: 503 tells it so (RFC 3261 section
                // 21.5.4).
                let reason = Some(format!("Trunk {} has {full}", trunk.name));
                Refusal { cause: Cause::TooManyCalls, status: Status(503), reason }
            }),
        }
    }

    /// Whether an emergency number was dialled, or is rung first whatever stands before it.
    fn is_for_help(&self, now: Now, walk: &Walk) -> bool {
        let outbound = &self.world.directory.outbound;
        if outbound.is_emergency(walk.dialled()) {
            return true;
        }
        let numbers = walk.rings_behind_trunks(now.unix);
        !numbers.is_empty() && numbers.iter().all(|it| outbound.is_emergency(it))
    }
}

/// The caller's description, with what is allowed to it alone; a body that is none is refused with
/// the types we take.
fn offer_of(request: &Request, rules: &MediaRules) -> Result<Option<Sdp>, Box<Reply>> {
    let refusal =
        |reason: String| Box::new(Reply { reason: Some(reason), ..Reply::new(Status(488)) });
    match description::of(&request.headers, &request.body) {
        Some(sdp) => {
            let offer = Sdp::parse(&sdp).map_err(|error| refusal(error.to_string()))?;
            rules.limit(offer).map(Some).map_err(|error| refusal(error.to_string()))
        }
        None if request.body.is_empty() => Ok(None),
        None => {
            let value = Bytes::from_static(SDP_TYPE.as_bytes());
            let headers = vec![Header { name: HeaderName::Accept, value }];
            Err(Box::new(Reply { headers, ..Reply::new(Status(415)) }))
        }
    }
}

fn max_forwards_of(request: &Request) -> u8 {
    let given = request.headers.max_forwards().ok().flatten();
    given.unwrap_or(MAX_FORWARDS_DEFAULT).saturating_sub(1)
}
