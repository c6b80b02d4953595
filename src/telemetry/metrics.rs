//! Names of the metrics, and the recorder that `/metrics` renders.

use call::{
    CallCounts, Occupancy, RegistrationState, Totals, TrunkHealth, TrunkStates,
    outbound::OutboundAlarm,
};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::collections::{BTreeMap, BTreeSet};

/// Installs the process's recorder; call once, before anything is counted.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(SECONDS_BUCKETS)?.install_recorder()?;
    describe();
    Ok(handle)
}

/// Call detail records that are in the database.
pub const CDRS_WRITTEN: &str = "tandem_cdrs_written_total";
/// Call detail records that found neither room in memory nor in the spool. Never zero by design:
/// alarm on any.
pub const CDRS_LOST: &str = "tandem_cdrs_lost_total";
/// Call detail records that the database refused; they lie in the spool's `refused.spool`.
pub const CDRS_REFUSED: &str = "tandem_cdrs_refused_total";
/// Lines of the spool that a crash tore or the disk damaged.
pub const CDR_LINES_DAMAGED: &str = "tandem_cdr_lines_damaged_total";
/// Bytes of spool that wait for the database.
pub const CDR_SPOOL_BYTES: &str = "tandem_cdr_spool_bytes";
/// 1 while the spool cannot be written: the disk is full or fails, or the spool is full.
pub const CDR_SPOOL_FAILING: &str = "tandem_cdr_spool_failing";
/// Entries that are missing in the journal of calls, because the disk failed. Never zero by design:
/// alarm on any.
pub const JOURNAL_LOST: &str = "tandem_journal_entries_lost_total";
/// 1 while the journal of calls cannot be written: the disk is full or fails.
pub const JOURNAL_FAILING: &str = "tandem_journal_failing";
/// 1 while the database does not take call detail records.
pub const CDR_DATABASE_AWAY: &str = "tandem_cdr_database_away";

/// Calls that are alive, settling ones included.
pub const CALLS: &str = "tandem_calls";
/// Legs of those.
pub const LEGS: &str = "tandem_legs";
/// Media sessions open or closing.
pub const MEDIA_SESSIONS: &str = "tandem_media_sessions";
/// Port pairs leased to the shards and waiting for a call.
pub const MEDIA_PORTS_FREE: &str = "tandem_media_ports_leased_free";
/// RTP and RTCP packets taken in.
pub const RTP_RECEIVED: &str = "tandem_rtp_packets_received_total";
/// RTCP packets among them that were believed.
pub const RTCP_RECEIVED: &str = "tandem_rtcp_packets_received_total";
/// RTP and RTCP packets sent: relayed, played, and reports.
pub const RTP_SENT: &str = "tandem_rtp_packets_sent_total";
/// RTP and RTCP packets that went nowhere, by reason.
pub const RTP_DROPPED: &str = "tandem_rtp_packets_dropped_total";
/// Packets of playouts left out because a media worker came too late.
pub const TICKS_SKIPPED: &str = "tandem_media_ticks_skipped_total";
/// Ticks of playouts and conferences that began 5 ms or more after their time.
pub const TICKS_LATE: &str = "tandem_media_ticks_late_total";
/// Recordings of calls that run.
pub const RECORDINGS_RUNNING: &str = "tandem_recordings_running";
/// Recordings that were finished: stitched, on the disk and in the database.
pub const RECORDINGS_KEPT: &str = "tandem_recordings_kept_total";
/// Messages for mailboxes that were finished.
pub const MESSAGES_KEPT: &str = "tandem_voicemail_messages_kept_total";
/// Letters about messages that the mail server took.
pub const LETTERS_SENT: &str = "tandem_voicemail_letters_sent_total";
/// Tries to send a letter about a message that failed.
pub const LETTERS_FAILED: &str = "tandem_voicemail_letters_failed_total";
/// Letters about messages that are tried no more.
pub const LETTERS_GIVEN_UP: &str = "tandem_voicemail_letters_given_up_total";
/// Letters about messages that wait to be sent.
pub const LETTERS_WAITING: &str = "tandem_voicemail_letters_waiting";
/// Packets copied for recordings.
pub const RECORDING_PACKETS: &str = "tandem_recording_packets_total";
/// Packets left out of recordings because the disk did not keep up.
pub const RECORDING_PACKETS_LOST: &str = "tandem_recording_packets_lost_total";
/// Records of recordings that could not be written: the disk is full or fails.
pub const RECORDING_RECORDS_LOST: &str = "tandem_recording_records_lost_total";
/// 1 while recordings cannot be written.
pub const RECORDING_FAILING: &str = "tandem_recording_failing";
/// Subscriptions to events.
pub const SUBSCRIPTIONS: &str = "tandem_subscriptions";
/// Documents built for those, each shared by all who watch the same.
pub const DOCUMENTS_BUILT: &str = "tandem_subscription_documents_built_total";
/// Text messages that no device of their recipient has yet.
pub const TEXTS_WAITING: &str = "tandem_texts_waiting";
/// Dialogs, early ones included.
pub const DIALOGS: &str = "tandem_sip_dialogs";
/// Server and client transactions.
pub const TRANSACTIONS: &str = "tandem_sip_transactions";
/// INVITEs that were let in.
pub const CALLS_TOTAL: &str = "tandem_calls_total";
/// Requests with wrong credentials.
pub const OFFENCES: &str = "tandem_auth_offences_total";
/// Panics that ended a call. Zero by design: alarm on any.
pub const PANICS: &str = "tandem_call_panics_total";
/// Panics that ended one piece of work of somebody who works for many, by owner. Zero by design: alarm on
/// any.
pub const CONTAINED_PANICS: &str = "tandem_contained_panics_total";

/// 1 while a trunk answers OPTIONS, 0 while calls pass it over, by trunk; of those that are asked.
/// Alarm on 0.
pub const TRUNK_UP: &str = "tandem_trunk_up";
/// 1 while we are registered with a trunk, by trunk; of those that want it. Alarm on 0.
pub const TRUNK_REGISTERED: &str = "tandem_trunk_registered";
/// Calls through a trunk, both directions together, by trunk.
pub const TRUNK_CALLS: &str = "tandem_trunk_calls";

/// Alarms about calls out through trunks, by limit. Alarm on any.
pub const OUTBOUND_ALARMS: &str = "tandem_outbound_alarms_total";

/// Requests to the API, by route, method and status.
pub const HTTP_REQUESTS: &str = "tandem_http_requests_total";
/// How long the API took to begin its answers, in seconds, by route and method.
pub const HTTP_SECONDS: &str = "tandem_http_request_seconds";
/// Sessions of people and walls that are good.
pub const SESSIONS: &str = "tandem_sessions";

/// Gauges of trunks. Those of trunks that are gone, or not asked any more, become NaN: no alarm is to
/// go by what they were.
#[derive(Debug, Default)]
pub struct TrunkGauges {
    /// Trunks with a value, by gauge.
    told: BTreeMap<&'static str, BTreeSet<String>>,
}

impl TrunkGauges {
    /// How trunks stand, and what goes through them.
    pub fn report(&mut self, states: &TrunkStates, occupancy: &Occupancy) {
        let states = states.all();
        let up = states.iter().filter_map(|(name, state)| match state.health {
            TrunkHealth::NotAsked => None,
            TrunkHealth::Up => Some((name.clone(), 1.0)),
            TrunkHealth::Down => Some((name.clone(), 0.0)),
        });
        self.set(TRUNK_UP, up.collect());
        let registered = states.iter().filter_map(|(name, state)| match state.registration {
            RegistrationState::NotWanted => None,
            RegistrationState::At(_) => Some((name.clone(), 1.0)),
            RegistrationState::Lost => Some((name.clone(), 0.0)),
        });
        self.set(TRUNK_REGISTERED, registered.collect());
        let calls = occupancy.trunks().into_iter();
        let calls = calls.filter(|(name, calls)| *calls > 0 || states.contains_key(name));
        self.set(TRUNK_CALLS, calls.map(|(name, calls)| (name, f64::from(calls))).collect());
    }

    fn set(&mut self, key: &'static str, values: BTreeMap<String, f64>) {
        for (name, value) in &values {
            gauge!(key, "trunk" => name.clone()).set(*value);
        }
        let told = self.told.entry(key).or_default();
        for gone in told.iter().filter(|it| !values.contains_key(*it)) {
            gauge!(key, "trunk" => gone.clone()).set(f64::NAN);
        }
        *told = values.into_keys().collect();
    }
}

/// Somebody reached a cap of calls out, or tried what nobody may call.
pub fn count_outbound_alarm(alarm: &OutboundAlarm) {
    counter!(OUTBOUND_ALARMS, "limit" => alarm.limit.name()).increment(1);
}

/// Brings the figures of all shards together.
pub fn report_calls(shards: impl Iterator<Item = (CallCounts, Totals)>) {
    let (mut counts, mut totals) = (CallCounts::default(), Totals::default());
    for (of_shard, totals_of_shard) in shards {
        counts += of_shard;
        totals += totals_of_shard;
    }
    gauge!(CALLS).set(counts.calls as f64);
    gauge!(LEGS).set(counts.legs as f64);
    gauge!(MEDIA_SESSIONS).set(counts.media_sessions as f64);
    gauge!(MEDIA_PORTS_FREE).set(counts.free_leases as f64);
    gauge!(DIALOGS).set(counts.endpoint.dialogs as f64);
    gauge!(TRANSACTIONS).set((counts.endpoint.servers + counts.endpoint.clients) as f64);
    counter!(CALLS_TOTAL).absolute(totals.calls);
    counter!(OFFENCES).absolute(totals.offences);
    counter!(PANICS).absolute(totals.panics);
}

fn describe() {
    use metrics::{
        describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram,
    };

    counter!(CDRS_WRITTEN, "Call detail records that are in the database");
    counter!(CDRS_LOST, "Call detail records lost because memory and spool were full");
    counter!(CDRS_REFUSED, "Call detail records that the database refused");
    counter!(CDR_LINES_DAMAGED, "Spool lines that were torn or damaged");
    gauge!(CDR_SPOOL_BYTES, "Bytes of spool that wait for the database");
    gauge!(CDR_SPOOL_FAILING, "1 while the spool cannot be written");
    counter!(JOURNAL_LOST, "Entries missing in the journal of calls");
    gauge!(JOURNAL_FAILING, "1 while the journal of calls cannot be written");
    gauge!(CDR_DATABASE_AWAY, "1 while the database does not take call detail records");
    gauge!(CALLS, "Calls that are alive, settling ones included");
    gauge!(LEGS, "Legs of live calls");
    gauge!(MEDIA_SESSIONS, "Media sessions open or closing");
    gauge!(MEDIA_PORTS_FREE, "Port pairs leased to the shards and waiting for a call");
    counter!(RTP_RECEIVED, "RTP and RTCP packets taken in");
    counter!(RTCP_RECEIVED, "RTCP packets taken in and believed");
    counter!(RTP_SENT, "RTP and RTCP packets sent: relayed, played, and reports");
    counter!(RTP_DROPPED, "RTP and RTCP packets that went nowhere, by reason");
    counter!(TICKS_SKIPPED, "Packets of playouts left out because a media worker came too late");
    counter!(
        TICKS_LATE,
        "Ticks of playouts and conferences that began 5 ms or more after their time"
    );
    gauge!(RECORDINGS_RUNNING, "Recordings of calls that run");
    counter!(RECORDINGS_KEPT, "Recordings that were finished");
    counter!(MESSAGES_KEPT, "Messages for mailboxes that were finished");
    counter!(LETTERS_SENT, "Letters about messages that the mail server took");
    counter!(LETTERS_FAILED, "Tries to send a letter about a message that failed");
    counter!(LETTERS_GIVEN_UP, "Letters about messages that are tried no more");
    gauge!(LETTERS_WAITING, "Letters about messages that wait to be sent");
    counter!(RECORDING_PACKETS, "Packets copied for recordings");
    counter!(RECORDING_PACKETS_LOST, "Packets left out because the disk did not keep up");
    counter!(RECORDING_RECORDS_LOST, "Records of recordings that could not be written");
    gauge!(RECORDING_FAILING, "1 while recordings cannot be written");
    gauge!(SUBSCRIPTIONS, "Subscriptions to events");
    counter!(
        DOCUMENTS_BUILT,
        "Documents built for subscriptions, shared by all who watch the same"
    );
    gauge!(TEXTS_WAITING, "Text messages that no device of their recipient has yet");
    gauge!(DIALOGS, "SIP dialogs, early ones included");
    gauge!(TRANSACTIONS, "SIP transactions");
    counter!(CALLS_TOTAL, "INVITEs that were let in");
    counter!(OFFENCES, "Requests with wrong credentials");
    counter!(PANICS, "Panics that ended a call");
    counter!(CONTAINED_PANICS, "Panics that ended one piece of work and nothing else, by owner");
    counter!(HTTP_REQUESTS, "Requests to the API, by route, method and status");
    histogram!(HTTP_SECONDS, "How long the API took to begin its answers, in seconds");
    gauge!(TRUNK_UP, "1 while a trunk answers OPTIONS, 0 while calls pass it over, by trunk");
    gauge!(TRUNK_REGISTERED, "1 while we are registered with a trunk, by trunk");
    gauge!(TRUNK_CALLS, "Calls through a trunk, both directions together, by trunk");
    counter!(OUTBOUND_ALARMS, "Alarms about calls out through trunks, by limit");
    gauge!(SESSIONS, "Sessions of people and walls that are good");
}

/// From one millisecond to half a minute: histograms here are of seconds.
const SECONDS_BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_that_is_gone_is_neither_up_nor_down() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let up = |names: &[(&str, f64)]| {
            names.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
        };
        let mut gauges = TrunkGauges::default();

        ::metrics::with_local_recorder(&recorder, || {
            gauges.set(TRUNK_UP, up(&[("a", 1.0), ("b", 0.0)]));
            gauges.set(TRUNK_UP, up(&[("a", 1.0)]));
        });

        let told = handle.render();
        for line in ["tandem_trunk_up{trunk=\"a\"} 1", "tandem_trunk_up{trunk=\"b\"} NaN"] {
            assert!(told.lines().any(|it| it == line), "{told}");
        }
    }
}
