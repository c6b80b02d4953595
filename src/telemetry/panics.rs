//! Units of work that contain their panics, as bulkheads do water.
//!
//! What works for many (a mailbox's caller, a phone that registers, a panel) does one thing for one of
//! them at a time. If that panics, it is counted, the log says what it was about, and its owner goes on
//! with the others. This keeps no state whole by itself: the owner says what becomes of what the unit may
//! have changed by half.

use super::metrics::CONTAINED_PANICS;
use futures_util::FutureExt as _;
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Whose work it is, for the metric and the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
    /// The keeper of mailboxes.
    Voicemail,
    /// The board of live calls.
    Board,
    /// The registrar.
    Registrar,
    /// The office of text messages.
    Texts,
    /// The desk of subscriptions.
    Subscriptions,
    /// Whoever sends letters about messages.
    Letters,
    /// Whoever changes lines as people order it on their phones.
    Lines,
    /// The API.
    Api,
}

impl Owner {
    /// As the metric has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Voicemail => "voicemail",
            Self::Board => "board",
            Self::Registrar => "registrar",
            Self::Texts => "texts",
            Self::Subscriptions => "subscriptions",
            Self::Letters => "letters",
            Self::Lines => "lines",
            Self::Api => "api",
        }
    }
}

/// Does a unit of work that takes its time; `None` if it panicked. `about` says in the log what it was
/// about: an id, nothing personal.
pub async fn contained<T>(
    owner: Owner,
    about: impl fmt::Display,
    work: impl Future<Output = T>,
) -> Option<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.map_err(|panic| note(owner, &about, &*panic)).ok()
}

/// The same for one that is done at once.
pub fn contained_now<T>(
    owner: Owner,
    about: impl fmt::Display,
    work: impl FnOnce() -> T,
) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.map_err(|panic| note(owner, &about, &*panic)).ok()
}

fn note(owner: Owner, about: &dyn fmt::Display, panic: &(dyn Any + Send)) {
    metrics::counter!(CONTAINED_PANICS, "owner" => owner.name()).increment(1);
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        owner = owner.name(), %about, panic = text.unwrap_or("without words"),
        "a panic ended this piece of work, and nothing else; please report it"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn a_panic_is_counted_and_what_did_not_panic_gives_what_it_made() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();

        let made = metrics::with_local_recorder(&recorder, || {
            let failed = contained_now(Owner::Board, "call 1", || panic!("poisoned by the test"));
            let never: Option<()> = failed;
            let waited = contained(Owner::Voicemail, "mailbox 1", async { 7 }).now_or_never();
            let of_async = contained(Owner::Voicemail, "mailbox 2", async {
                tokio::task::yield_now().await;
                assert!(std::hint::black_box(false), "poisoned by the test");
            });
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            (never, waited, runtime.block_on(of_async))
        });

        assert_eq!(made, (None, Some(Some(7)), None));
        let told = handle.render();
        for owner in ["board", "voicemail"] {
            let line = format!("tandem_contained_panics_total{{owner=\"{owner}\"}} 1");
            assert!(told.lines().any(|it| it == line), "{told}");
        }
    }
}
