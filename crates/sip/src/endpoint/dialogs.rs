//! The dialogs of an endpoint and how messages find theirs.

use super::{
    DialogId, Endpoint, NoSuchDialog, Reply, ServerId,
    servers::{DialogOf, Machine},
};
use crate::{
    dialog::{BadRecord, Dialog, DialogRecord},
    message::Status,
    shard::LocalTag,
};
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap};

/// Every dialog, early or confirmed.
#[derive(Debug, Default)]
pub(super) struct Dialogs {
    by_id: HashMap<DialogId, Dialog>,
    /// Forks of one INVITE share our tag.
    by_tag: BTreeSet<(u64, DialogId)>,
    last_id: u64,
}

impl Dialogs {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn insert(&mut self, dialog: Dialog) -> DialogId {
        self.last_id += 1;
        let id = DialogId(self.last_id);
        self.by_tag.insert((dialog.local_tag.random, id));
        self.by_id.insert(id, dialog);
        id
    }

    pub(super) fn get(&self, id: DialogId) -> Option<&Dialog> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: DialogId) -> Option<&mut Dialog> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn contains(&self, id: DialogId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The dialog with our tag, this Call-ID and the peer's tag (section 12.2.2).
    pub(super) fn find(
        &self,
        local: LocalTag,
        call_id: &[u8],
        remote_tag: Option<&Bytes>,
    ) -> Option<DialogId> {
        let forks = (local.random, DialogId(0))..=(local.random, DialogId(u64::MAX));
        self.by_tag.range(forks).map(|it| it.1).find(|id| {
            self.by_id.get(id).is_some_and(|dialog| {
                dialog.local_tag == local && dialog.is_with(call_id, remote_tag)
            })
        })
    }

    pub(super) fn remove(&mut self, id: DialogId) -> Option<Dialog> {
        let dialog = self.by_id.remove(&id)?;
        self.by_tag.remove(&(dialog.local_tag.random, id));
        Some(dialog)
    }
}

impl Endpoint {
    /// The dialog that a 2xx to this SUBSCRIBE or REFER will open, or that it was sent in; `None` if
    /// there is none.
    pub fn record_for(&self, server: ServerId) -> Option<DialogRecord> {
        match &self.servers.get(server)?.dialog {
            DialogOf::Seed(dialog) => Some(dialog.record()),
            DialogOf::In(dialog) => self.dialogs.get(*dialog).map(Dialog::record),
            DialogOf::None => None,
        }
    }

    /// A dialog as plain values; `None` if it is gone.
    pub fn dialog_record(&self, dialog: DialogId) -> Option<DialogRecord> {
        self.dialogs.get(dialog).map(Dialog::record)
    }

    /// Goes on with a dialog of an earlier process, over whatever flow leads to its peer.
    pub fn restore_dialog(&mut self, record: &DialogRecord) -> Result<DialogId, BadRecord> {
        Ok(self.dialogs.insert(Dialog::restored(record)?))
    }

    /// The CSeq number of our last request in a dialog, 0 before the first.
    pub fn local_cseq(&self, dialog: DialogId) -> Result<u32, NoSuchDialog> {
        self.dialogs.get(dialog).map(Dialog::local_cseq).ok_or(NoSuchDialog)
    }

    /// Forgets a dialog that ended otherwise than by BYE. An INVITE of the peer's that still waits
    /// for its answer inside the dialog gets 487.
    pub fn forget_dialog(&mut self, dialog: DialogId) {
        self.end_dialog(dialog);
    }

    /// The dialog with our tag, this Call-ID and the peer's tag.
    pub(crate) fn find_dialog(
        &self,
        local: LocalTag,
        call_id: &[u8],
        remote_tag: &Bytes,
    ) -> Option<DialogId> {
        self.dialogs.find(local, call_id, Some(remote_tag))
    }

    /// Whether a BYE of ours must wait for the ACK of our 2xx.
    pub(super) fn must_hold_bye(&self, id: DialogId) -> bool {
        let invite = self.dialogs.get(id).and_then(|it| it.invite_in);
        let server = invite.and_then(|it| self.servers.get(it.server));
        server.is_some_and(|it| match &it.machine {
            Machine::Invite(machine) => machine.awaits_ack_of_2xx(),
            Machine::Request(_) => false,
        })
    }

    /// Sends the BYE that waited, if there is one.
    pub(super) fn release_bye(&mut self, id: DialogId) -> bool {
        let held = self.dialogs.get_mut(id).and_then(|it| it.held_bye.take());
        let Some(bye) = held else { return false };
        self.send_bye(id, bye.client, &bye.headers, bye.body.as_ref());
        true
    }

    /// Takes a dialog away and settles the INVITEs that are still under way in it, so that neither
    /// peer waits for ever (section 15.1.2).
    pub(super) fn end_dialog(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.remove(id) else { return };
        if let Some(invite) = dialog.invite_out {
            self.limit_client(invite.client);
        }
        let Some(invite) = dialog.invite_in else { return };
        let Some(server) = self.servers.get_mut(invite.server) else { return };
        if let Machine::Invite(machine) = &mut server.machine {
            machine.handle_dialog_end();
        }
        server.dialog = DialogOf::In(id);
        if server.is_unanswered() {
            self.respond(self.now, invite.server, Reply::new(Status(487)));
        } else {
            self.drive_server(invite.server);
        }
    }
}
