//! What the audit can tell.

use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// As the audit keeps it and the API writes it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = [$($word),*];
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {}
    };
}

words! {
    /// Everything that the audit tells of.
    AuditAction {
        /// Somebody talks again to the first, and let go of whom it consulted.
        CallBack = "call.consultation_cancelled",
        /// Somebody had its own phone rung, to be connected with a number.
        CallBegun = "call.begun",
        /// Somebody connected the two that it consulted with.
        CallCompleted = "call.consultation_completed",
        /// Somebody called another number in the middle of its call.
        CallConsulted = "call.consulted",
        /// Somebody put the other side of its call on hold.
        CallHeld = "call.held",
        /// Somebody ended a call of others.
        CallHungUp = "call.hung_up",
        /// Somebody let the other side of its call wait in a parking slot.
        CallParked = "call.parked",
        /// Somebody had its own phone rung, to answer what rings elsewhere.
        CallPickedUp = "call.picked_up",
        /// The recording of a call was started, stopped, paused or resumed.
        CallRecorded = "call.recording",
        /// Somebody talks again to whom it had put on hold.
        CallResumed = "call.resumed",
        /// Somebody hears a call of others, or speaks in it.
        CallSupervised = "call.supervised",
        /// Somebody went on with the other of the two that it consults with.
        CallSwapped = "call.swapped",
        /// Somebody brought all three together.
        CallThreeWay = "call.three_way",
        /// Somebody transferred the other side of its call.
        CallTransferred = "call.transferred",
        /// The call log was taken away as a file.
        CdrsExported = "cdrs.exported",
        /// A conference was locked.
        ConferenceLocked = "conference.locked",
        /// A conference was ended for all.
        ConferenceEnded = "conference.ended",
        /// Somebody was asked into a conference.
        ConferenceInvited = "conference.invited",
        /// All parties of a conference but moderators were muted, or let speak again.
        ConferenceMuted = "conference.muted",
        /// A conference is recorded as a whole, or no longer.
        ConferenceRecorded = "conference.recording",
        /// A conference was opened again.
        ConferenceOpened = "conference.opened",
        /// A party of a conference was muted, made deaf, or let speak and hear again.
        ConferencePartyChanged = "conference.party_changed",
        /// A file of dialplans was made or changed.
        DialplanChanged = "dialplan.changed",
        /// Whom a domain takes calls from was changed.
        DomainCallersChanged = "domain.callers_changed",
        /// A domain was made.
        DomainAdded = "domain.added",
        /// A domain was changed.
        DomainChanged = "domain.changed",
        /// A domain was removed.
        DomainRemoved = "domain.removed",
        /// An extension was made.
        LineAdded = "line.added",
        /// Whom an extension takes calls from was changed.
        LineCallersChanged = "line.callers_changed",
        /// An extension was changed.
        LineChanged = "line.changed",
        /// Whoever sits at an extension changed what becomes of calls to it.
        LineFeaturesChanged = "line.features_changed",
        /// Where the owner of a mailbox is written to was changed.
        LineMailboxChanged = "line.mailbox_changed",
        /// An extension got another password.
        LinePasswordChanged = "line.password_changed",
        /// A mailbox got another PIN, or none.
        LinePinChanged = "line.pin_changed",
        /// An extension was removed.
        LineRemoved = "line.removed",
        /// An extension was signed out of the phone of another one.
        LineSignedOut = "line.signed_out",
        /// Somebody listened to a recording.
        RecordingHeard = "recording.heard",
        /// A role was changed.
        RoleChanged = "role.changed",
        /// A role was made.
        RoleMade = "role.made",
        /// A role was removed.
        RoleRemoved = "role.removed",
        /// A session was ended.
        SessionClosed = "session.closed",
        /// Somebody signed in.
        SessionOpened = "session.opened",
        /// Somebody was not let in.
        SessionRefused = "session.refused",
        /// A trunk was made.
        TrunkAdded = "trunk.added",
        /// A trunk was changed.
        TrunkChanged = "trunk.changed",
        /// A trunk was removed.
        TrunkRemoved = "trunk.removed",
        /// A person was changed.
        UserChanged = "user.changed",
        /// A person may no longer sign in.
        UserDisabled = "user.disabled",
        /// A person may sign in again.
        UserEnabled = "user.enabled",
        /// A person was made.
        UserMade = "user.made",
        /// A person got another password.
        UserPasswordChanged = "user.password_changed",
        /// A person made another password by a letter.
        UserPasswordRecovered = "user.password_recovered",
        /// A letter for another password was sent.
        UserRecoverySent = "user.recovery_sent",
        /// A person was removed.
        UserRemoved = "user.removed",
        /// A wall's token was made.
        WallMade = "wall.made",
        /// A wall's token was removed.
        WallRemoved = "wall.removed",
    }
}

words! {
    /// What such a thing is done to.
    AuditObject {
        /// A live call.
        Call = "call",
        /// The call log.
        Cdrs = "cdrs",
        /// A conference.
        Conference = "conference",
        /// A file of dialplans.
        Dialplan = "dialplan",
        /// A domain.
        Domain = "domain",
        /// An extension.
        Line = "line",
        /// A recording.
        Recording = "recording",
        /// A role.
        Role = "role",
        /// A session.
        Session = "session",
        /// A trunk.
        Trunk = "trunk",
        /// A person.
        User = "user",
        /// A wall's token.
        Wall = "wall",
    }
}

/// Something worth a line in the audit.
#[derive(Clone, Debug)]
pub struct Act {
    /// What was done.
    pub what: AuditAction,
    /// To what.
    pub object: AuditObject,
    /// Its id.
    pub object_id: String,
    /// How it was, without secrets.
    pub before: Option<Value>,
    /// How it is, without secrets.
    pub after: Option<Value>,
}

impl Act {
    /// Without a before and an after.
    pub fn on(what: AuditAction, object: AuditObject, id: impl ToString) -> Self {
        Self { what, object, object_id: id.to_string(), before: None, after: None }
    }
}
