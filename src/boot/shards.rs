//! Starts the signalling shards, each with what it hears, what it may ask, and what all of them share.

use super::{Knowledge, outbound, recents, settings};
use crate::{
    config::Config,
    mediaserver::MediaServer,
    registrar::{self, Locations},
    signalling::{EventLoop, Shard, ShardHandle, Wires},
    store::{JournalSender, Store, StoreError},
    subscriptions, texts,
    transport::{TransportEvent, TransportHandle},
    voicemail,
};
use base::Rng;
use call::{
    Conversations, Occupancy, Parking, Queues, Recents, Rooms, TrunkStates, World,
    facts::Telling,
    features::FeatureRequest,
    outbound::OutboundUse,
    registration::{RegistrarCommand, RegistrationReply},
    subscriptions::{KeptSubscription, WatchOrder, WatchReply},
    texts::{TextOrder, TextReply},
    voicemail::{VoicemailReply, VoicemailRequest},
    web::WebRequest,
};
use media::MediaEvent;
use sip::{dialog::DialogRecord, transport::Listener};
use tokio::{sync::mpsc, task::JoinHandle};

/// Events of media workers that may wait for a shard. A worker whose events find no room keeps
/// them and tries again.
const MEDIA_EVENTS_MAX: usize = 4096;

/// What one shard hears.
pub(super) struct Ears {
    transport: mpsc::Receiver<TransportEvent>,
    media: mpsc::Receiver<MediaEvent>,
    registrations: mpsc::Receiver<RegistrationReply>,
    voicemail: mpsc::Receiver<VoicemailReply>,
    watches: mpsc::Receiver<WatchReply>,
    texts: mpsc::Receiver<TextReply>,
}

/// Where whoever tells the shards something puts it, by number of shard.
#[derive(Default)]
pub(super) struct Inboxes {
    pub(super) transport: Vec<mpsc::Sender<TransportEvent>>,
    pub(super) media: Vec<mpsc::Sender<MediaEvent>>,
    pub(super) registrations: Vec<mpsc::Sender<RegistrationReply>>,
    pub(super) voicemail: Vec<mpsc::Sender<VoicemailReply>>,
    pub(super) watches: Vec<mpsc::Sender<WatchReply>>,
    pub(super) texts: Vec<mpsc::Sender<TextReply>>,
}

impl Ears {
    /// Those of all shards. `transport_max` bounds the messages that may wait for one of them.
    pub(super) fn of_all(shards: u8, transport_max: usize) -> (Inboxes, Vec<Self>) {
        let mut inboxes = Inboxes::default();
        let ears = (0..shards).map(|_| Self {
            transport: ear(&mut inboxes.transport, transport_max),
            media: ear(&mut inboxes.media, MEDIA_EVENTS_MAX),
            registrations: ear(&mut inboxes.registrations, registrar::REPLIES_MAX),
            voicemail: ear(&mut inboxes.voicemail, voicemail::REPLIES_MAX),
            watches: ear(&mut inboxes.watches, subscriptions::REPLIES_MAX),
            texts: ear(&mut inboxes.texts, texts::REPLIES_MAX),
        });
        let ears = ears.collect();
        (inboxes, ears)
    }
}

fn ear<T>(inboxes: &mut Vec<mpsc::Sender<T>>, capacity: usize) -> mpsc::Receiver<T> {
    let (inbox, ear) = mpsc::channel(capacity);
    inboxes.push(inbox);
    ear
}

/// What the calls of all shards share.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub(super) rooms: Rooms,
    conversations: Conversations,
    parking: Parking,
    queues: Queues,
    pub(super) trunks: TrunkStates,
    pub(super) occupancy: Occupancy,
    recents: Recents,
    pub(super) outbound_use: OutboundUse,
}

impl Shared {
    /// With what of it outlives the process.
    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            recents: recents::load(store).await?,
            outbound_use: outbound::restored(store).await?,
            ..Self::default()
        })
    }
}

/// What all shards are made of.
pub(super) struct ShardStart<'a> {
    pub(super) config: &'a Config,
    pub(super) event_loops: &'a [EventLoop],
    pub(super) listeners: Vec<Listener>,
    pub(super) knowledge: Knowledge,
    pub(super) locations: Locations,
    pub(super) transport: TransportHandle,
    pub(super) media: &'a MediaServer,
    pub(super) registrar: mpsc::Sender<RegistrarCommand>,
    pub(super) voicemail: mpsc::Sender<VoicemailRequest>,
    pub(super) features: mpsc::Sender<FeatureRequest>,
    pub(super) questions: mpsc::Sender<WebRequest>,
    pub(super) watch_orders: mpsc::Sender<WatchOrder>,
    pub(super) text_orders: mpsc::Sender<TextOrder>,
    /// Subscriptions of an earlier process, by shard.
    pub(super) kept: Vec<Vec<KeptSubscription>>,
    /// Dialogs that a crash cut off, by shard.
    pub(super) cut_off: Vec<Vec<DialogRecord>>,
    pub(super) journal: JournalSender,
    pub(super) tellings: mpsc::Sender<(u8, Telling)>,
    pub(super) shared: Shared,
}

impl ShardStart<'_> {
    pub(super) fn all(
        mut self,
        ears: Vec<Ears>,
        rng: &mut Rng,
    ) -> (Vec<ShardHandle>, Vec<JoinHandle<()>>) {
        let shards = u8::try_from(ears.len()).unwrap_or(u8::MAX);
        let loop_secret = rng.u64();
        let left_over =
            std::mem::take(&mut self.kept).into_iter().zip(std::mem::take(&mut self.cut_off));
        (0..shards)
            .zip(self.event_loops)
            .zip(ears)
            .zip(left_over)
            .map(|(((number, event_loop), ears), (kept, cut_off))| {
                let settings =
                    settings::shard(self.config, &self.listeners, number, shards, loop_secret);
                let trace = settings::trace(self.config, shards);
                let wires = self.wires(number, ears, kept, cut_off);
                Shard::start(event_loop, settings, self.world(), trace, wires, rng.split())
            })
            .unzip()
    }

    fn world(&self) -> World {
        let shared = self.shared.clone();
        World {
            directory: self.knowledge.directory.clone(),
            plans: self.knowledge.plans.clone(),
            sounds: self.knowledge.sounds.clone(),
            locator: Box::new(self.locations.clone()),
            occupancy: shared.occupancy,
            outbound_use: shared.outbound_use,
            rooms: shared.rooms,
            conversations: shared.conversations,
            parking: shared.parking,
            queues: shared.queues,
            recents: shared.recents,
            trunks: shared.trunks,
        }
    }

    fn wires(
        &self,
        number: u8,
        ears: Ears,
        kept: Vec<KeptSubscription>,
        cut_off: Vec<DialogRecord>,
    ) -> Wires {
        Wires {
            transport_events: ears.transport,
            media_events: ears.media,
            registrations: ears.registrations,
            transport: self.transport.clone(),
            media: self.media.handle(number),
            registrar: self.registrar.clone(),
            voicemail: self.voicemail.clone(),
            voicemail_replies: ears.voicemail,
            features: self.features.clone(),
            questions: self.questions.clone(),
            watch_orders: self.watch_orders.clone(),
            watch_replies: ears.watches,
            text_orders: self.text_orders.clone(),
            text_replies: ears.texts,
            kept,
            cut_off,
            journal: self.journal.clone(),
            tellings: self.tellings.clone(),
        }
    }
}
