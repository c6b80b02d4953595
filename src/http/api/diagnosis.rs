//! What went wrong with a call, in plain words: a pure function of its messages and its rows.

use super::Text;
use call::{Cdr, LegRole, cdr::number_of};
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that is worth knowing.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub(super) struct Diagnosis {
    /// How bad it is.
    pub(super) severity: Severity,
    /// What it is.
    pub(super) text: Text,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// The call failed, or was of no use.
    Error,
    /// Somebody may have been annoyed.
    Warning,
    /// As people do.
    Info,
}

/// A message of the call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Said<'a> {
    /// Who sent it; `None` for us.
    pub(super) by: Option<&'a str>,
    /// Of a response.
    pub(super) status: Option<u16>,
    /// Of the request, or of the one that is answered.
    pub(super) method: &'a str,
}

/// What is worth knowing about a call, the worst first. `legs` are its rows, none while it lives.
pub(super) fn diagnose(said: &[Said<'_>], legs: &[Cdr]) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    found.extend(of_messages(said, legs.is_empty()));
    for leg in legs {
        found.extend(of_cause(leg, legs));
        found.extend(of_media(leg));
    }
    found.sort_by_key(|it| it.severity);
    let mut once: Vec<Diagnosis> = Vec::with_capacity(found.len());
    for it in found {
        if !once.contains(&it) {
            once.push(it);
        }
    }
    once
}

fn of_messages(said: &[Said<'_>], is_live: bool) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for it in said {
        if let (Some(by), Some(401 | 407)) = (it.by, it.status) {
            found.push(error(
                format!("{by} требует пароль, которого у сервера нет или который неверен"),
                format!("{by} asks for a password that the server lacks or has wrong"),
            ));
        }
    }
    let asked = said.iter().filter(|it| it.by.is_none() && it.method == "INVITE");
    let is_asked = asked.clone().any(|it| it.status.is_none());
    let is_answered = said.iter().any(|it| it.by.is_some() && it.status.is_some());
    if is_live && is_asked && !is_answered {
        found.push(warning(
            "Вызываемое устройство пока ничего не ответило",
            "The called device has not answered anything yet",
        ));
    }
    found
}

/// What the cause in a leg's row means for people.
fn of_cause(leg: &Cdr, legs: &[Cdr]) -> Option<Diagnosis> {
    let who = number_of(&leg.party);
    let dialled = &leg.dialled;
    let is_callee = leg.role == LegRole::Callee;
    let is_rung = legs.iter().any(|it| it.role == LegRole::Callee);
    // What happened at a callee is told there, and only repeated at the caller.
    let is_told_elsewhere = !is_callee && is_rung;
    let diagnosis = match leg.cause.as_str() {
        "no_common_codec" if !is_told_elsewhere => error(
            format!("Нет общего кодека: {who} не принимает предложенное (488)"),
            format!("No common codec: {who} does not take what is offered (488)"),
        ),
        "unavailable" if !is_rung => error(
            format!("Номер {dialled} не зарегистрирован: ни одно устройство недоступно"),
            format!("{dialled} is not registered: no device of it can be reached"),
        ),
        "unavailable" if is_callee => error(
            format!("Устройство {who} не отвечает на сигнализацию"),
            format!("The device of {who} does not answer"),
        ),
        "not_found" if !is_told_elsewhere => {
            error(format!("Номера {dialled} нет"), format!("There is no number {dialled}"))
        }
        "refused" if !is_told_elsewhere => error(
            format!("План набора не разрешает звонить на {dialled}"),
            format!("The dialplan does not allow calls to {dialled}"),
        ),
        "barred" if !is_rung => error(
            format!("Нет права звонить на {dialled}: его дают линии администраторы"),
            format!("There is no right to call {dialled}: administrators give it to lines"),
        ),
        "capped" if !is_rung => error(
            format!("Звонок на {dialled} сверх предела: он в предупреждениях о звонках наружу"),
            format!("A call to {dialled} past a limit: see the alarms about calls out"),
        ),
        "capped" if is_callee => error(
            format!("Звонок завершён: минуты на {dialled} сегодня кончились"),
            format!("The call was ended: no minutes to {dialled} are left today"),
        ),
        "screened" if !is_rung => warning(
            "Вызывающий в списке тех, от кого звонки не принимаются, или не в списке тех, от кого \
             принимаются",
            "The caller is on the list of those whose calls are not taken, or not on that of those \
             whose calls are",
        ),
        "too_many_calls" => warning(
            format!("У {who} уже столько звонков, сколько можно"),
            format!("{who} has as many calls as it may"),
        ),
        "exhausted" => error(
            "Серверу не хватило медиапортов или мест для звонков",
            "The server has run out of media ports or room for calls",
        ),
        "loop" => error("Звонок вернулся на сервер по кругу", "The call came back in a loop"),
        "rtp_timeout" => of_silence(legs),
        "not_acked" if leg.role == LegRole::Caller => error(
            format!("{who} не подтвердил ответ (нет ACK): проверьте NAT и адрес сервера"),
            format!(
                "{who} did not acknowledge the answer (no ACK): check NAT and the server's address"
            ),
        ),
        "peer_lost" => error(
            format!("Устройство {who} потеряло разговор: оно перезапустилось или сменило адрес"),
            format!("The device of {who} lost the call: it restarted or changed its address"),
        ),
        "internal" => error("Внутренняя ошибка сервера", "The server failed"),
        "crash" => error(
            "Сервер аварийно остановился во время звонка и завершил его при следующем запуске",
            "The server crashed during the call, and ended it at its next start",
        ),
        "max_duration" => warning(
            "Звонок завершён по предельной длительности",
            "The call reached the longest allowed duration",
        ),
        "busy" if !is_told_elsewhere => info(format!("{who} занят"), format!("{who} was busy")),
        "no_answer" if !is_told_elsewhere => {
            info(format!("{who} не ответил"), format!("{who} did not answer"))
        }
        "rejected" if !is_told_elsewhere => {
            info(format!("{who} отклонил звонок"), format!("{who} rejected the call"))
        }
        "cancelled" if leg.role == LegRole::Caller => info(
            format!("{who} положил трубку, не дождавшись ответа"),
            format!("{who} gave up before an answer"),
        ),
        "shutdown" => warning("Сервер останавливали", "The server was being stopped"),
        _ => return None,
    };
    Some(diagnosis)
}

/// From whom nothing came before the call was given up: the one that was heard least.
fn of_silence(legs: &[Cdr]) -> Diagnosis {
    let answered = legs.iter().filter(|it| it.answer_ms.is_some());
    let silent = answered.min_by_key(|it| it.media.packets_received);
    let who = silent.map_or("", |it| number_of(&it.party));
    error(
        format!("Звонок прерван: от {who} перестал приходить звук (RTP)"),
        format!("The call was ended: audio (RTP) stopped coming from {who}"),
    )
}

/// What a leg's figures tell.
fn of_media(leg: &Cdr) -> Vec<Diagnosis> {
    let who = number_of(&leg.party);
    let (media, seconds) = (&leg.media, leg.talk_ms / 1000);
    let mut found = Vec::new();
    if leg.talk_ms < TALK_MS_MIN {
        return found;
    }
    match (media.packets_received, media.packets_sent) {
        (0, 1..) => found.push(error(
            format!(
                "Односторонняя слышимость: {who} слышит, но его не слышно ({seconds} с без RTP)"
            ),
            format!("One-way audio: {who} hears and is not heard ({seconds} s without RTP)"),
        )),
        (0, 0) => found.push(error(
            format!("От {who} не пришло ни одного пакета RTP за {seconds} с разговора"),
            format!("No RTP came from {who} in {seconds} s of conversation"),
        )),
        (1.., _) => {}
    }
    let received = media.packets_received as f64;
    let lost = media.packets_lost.max(0) as f64;
    let per_cent = (lost / (received + lost).max(1.0) * 100.0).round();
    if per_cent >= LOSS_PER_CENT_MIN {
        found.push(warning(
            format!("От {who} потеряно {per_cent} % пакетов"),
            format!("{per_cent} % of the packets from {who} were lost"),
        ));
    }
    if media.jitter_ms >= JITTER_MS_MIN {
        let jitter = media.jitter_ms.round();
        found.push(warning(
            format!("Пакеты от {who} приходили неровно: джиттер {jitter} мс"),
            format!("Packets from {who} came unevenly: jitter {jitter} ms"),
        ));
    }
    let far_lost = f64::from(media.far.packets_lost.unwrap_or_default().max(0));
    let far_per_cent = (far_lost / (media.packets_sent as f64).max(1.0) * 100.0).round();
    if far_per_cent >= LOSS_PER_CENT_MIN {
        found.push(warning(
            format!("До {who} не дошло {far_per_cent} % пакетов"),
            format!("{far_per_cent} % of the packets to {who} did not arrive"),
        ));
    }
    if let Some(far_jitter_ms) = media.far.jitter_ms.filter(|it| *it >= JITTER_MS_MIN) {
        let jitter = far_jitter_ms.round();
        found.push(warning(
            format!("К {who} пакеты приходили неровно: джиттер {jitter} мс"),
            format!("Packets came to {who} unevenly: jitter {jitter} ms"),
        ));
    }
    if let Some(rtt_ms) = media.far.rtt_ms.filter(|it| *it >= RTT_MS_MIN) {
        let rtt = rtt_ms.round();
        found.push(warning(
            format!("До {who} и обратно звук идёт {rtt} мс: собеседники перебивают друг друга"),
            format!("Audio takes {rtt} ms to {who} and back: people talk over each other"),
        ));
    }
    if media.packets_foreign > 0 {
        let count = media.packets_foreign;
        found.push(warning(
            format!("На порт {who} приходили чужие пакеты ({count}), они отброшены"),
            format!("Packets of a stranger came to the port of {who} ({count}) and were dropped"),
        ));
    }
    found
}

fn error(ru: impl Into<String>, en: impl Into<String>) -> Diagnosis {
    Diagnosis { severity: Severity::Error, text: Text::both(ru.into(), en.into()) }
}

fn warning(ru: impl Into<String>, en: impl Into<String>) -> Diagnosis {
    Diagnosis { severity: Severity::Warning, text: Text::both(ru.into(), en.into()) }
}

fn info(ru: impl Into<String>, en: impl Into<String>) -> Diagnosis {
    Diagnosis { severity: Severity::Info, text: Text::both(ru.into(), en.into()) }
}

/// Shorter conversations say nothing about media.
const TALK_MS_MIN: i64 = 2_000;

/// From here on people hear it.
const LOSS_PER_CENT_MIN: f64 = 3.0;

/// More than jitter buffers of phones take in their stride.
const JITTER_MS_MIN: f32 = 30.0;

/// Between a leg and us. ITU-T G.114: 150 ms one way to the other person go unnoticed, and there is a
/// second leg.
const RTT_MS_MIN: f32 = 300.0;

#[cfg(test)]
mod tests {
    use super::*;
    use base::{CallId, CdrId, DomainId, LegId, UnixMillis};
    use call::HangupParty;
    use media::{FarStats, StreamStats};
    use uuid::Uuid;

    #[test]
    fn a_good_call_has_nothing_to_tell() {
        let legs = [caller("normal", 60_000), callee("normal", 60_000)];

        assert_eq!(english(&[], &legs), [""; 0]);
    }

    #[test]
    fn what_happened_at_the_callee_is_told_once() {
        let told = |cause| english(&[], &[caller(cause, 0), callee(cause, 0)]);

        assert_eq!(
            told("no_common_codec"),
            ["Error: No common codec: 1002 does not take what is offered (488)"]
        );
        assert_eq!(told("busy"), ["Info: 1002 was busy"]);
        assert_eq!(told("unavailable"), ["Error: The device of 1002 does not answer"]);
    }

    #[test]
    fn a_number_without_devices_is_not_registered() {
        let told = english(&[], &[caller("unavailable", 0)]);

        assert_eq!(told, ["Error: 1002 is not registered: no device of it can be reached"]);
    }

    #[test]
    fn whoever_is_not_heard_is_named() {
        let mut legs = [caller("normal", 12_000), callee("normal", 12_000)];
        legs[1].media.packets_received = 0;
        let one_way = "Error: One-way audio: 1002 hears and is not heard (12 s without RTP)";
        assert_eq!(english(&[], &legs), [one_way]);

        for leg in &mut legs {
            leg.cause = "rtp_timeout".to_owned();
        }
        let ended = "Error: The call was ended: audio (RTP) stopped coming from 1002";
        assert_eq!(english(&[], &legs), [ended, one_way]);
    }

    #[test]
    fn loss_jitter_and_strangers_are_told_from_where_people_notice() {
        let mut leg = callee("normal", 60_000);
        (leg.media.packets_lost, leg.media.jitter_ms) = (20, 29.0);
        assert_eq!(english(&[], std::slice::from_ref(&leg)), [""; 0]);

        leg.media =
            StreamStats { packets_lost: 100, jitter_ms: 45.2, packets_foreign: 3, ..leg.media };
        assert_eq!(
            english(&[], &[leg]),
            [
                "Warning: 9 % of the packets from 1002 were lost",
                "Warning: Packets from 1002 came unevenly: jitter 45 ms",
                "Warning: Packets of a stranger came to the port of 1002 (3) and were dropped",
            ]
        );
    }

    #[test]
    fn what_the_far_end_told_is_told_too() {
        let mut leg = callee("normal", 60_000);
        leg.media.packets_sent = 1000;
        leg.media.far = FarStats {
            packets_lost: Some(50),
            jitter_ms: Some(40.4),
            mos: Some(3.9),
            rtt_ms: Some(420.0),
        };

        assert_eq!(
            english(&[], &[leg]),
            [
                "Warning: 5 % of the packets to 1002 did not arrive",
                "Warning: Packets came to 1002 unevenly: jitter 40 ms",
                "Warning: Audio takes 420 ms to 1002 and back: people talk over each other",
            ]
        );
    }

    #[test]
    fn a_carrier_that_wants_a_password_is_named() {
        let said = [
            Said { by: None, status: None, method: "INVITE" },
            Said { by: Some("provider"), status: Some(401), method: "INVITE" },
        ];

        let told = english(&said, &[callee("rejected", 0)]);

        assert_eq!(
            told[0],
            "Error: provider asks for a password that the server lacks or has wrong"
        );
    }

    #[test]
    fn a_live_call_whose_callee_says_nothing_is_told() {
        let mut said = vec![
            Said { by: Some("1001"), status: None, method: "INVITE" },
            Said { by: None, status: None, method: "INVITE" },
        ];
        let told = "Warning: The called device has not answered anything yet";
        assert_eq!(english(&said, &[]), [told]);

        said.push(Said { by: Some("1002"), status: Some(180), method: "INVITE" });
        assert_eq!(english(&said, &[]), [""; 0]);
    }

    fn english(said: &[Said<'_>], legs: &[Cdr]) -> Vec<String> {
        let line = |it: &Diagnosis| format!("{:?}: {}", it.severity, it.text.en);
        diagnose(said, legs).iter().map(line).collect()
    }

    fn caller(cause: &str, talk_ms: i64) -> Cdr {
        leg(LegRole::Caller, "1001", cause, talk_ms)
    }

    fn callee(cause: &str, talk_ms: i64) -> Cdr {
        leg(LegRole::Callee, "1002", cause, talk_ms)
    }

    fn leg(role: LegRole, party: &str, cause: &str, talk_ms: i64) -> Cdr {
        let id = Uuid::from_u128(1);
        Cdr {
            id: CdrId(id),
            call: CallId(id),
            leg: LegId(id),
            domain: DomainId(id),
            role,
            caller: "1001".to_owned(),
            dialled: "1002".to_owned(),
            party: party.to_owned(),
            name: None,
            user: None,
            workplace: None,
            sip_call_id: String::new(),
            signalling_peer: String::new(),
            started: UnixMillis(0),
            ring_ms: None,
            answer_ms: (talk_ms > 0).then_some(0),
            end_ms: talk_ms,
            talk_ms,
            sip_status: 200,
            hangup: HangupParty::Remote,
            cause: cause.to_owned(),
            codec: None,
            media: StreamStats { packets_received: 1000, packets_sent: 1000, ..Default::default() },
        }
    }
}
