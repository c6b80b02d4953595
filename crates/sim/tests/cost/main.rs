//! What calls cost the switch alone: memory, and with `--run-ignored` (nextest) or `--ignored`, time.

use sim::{City, Phone, Plot, Quality};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    time::{Duration, Instant},
};

const SEED: u64 = 1;

/// The goal of the house for an answered call on which nothing happens, in bytes.
const IDLE_CALL_BYTES_MAX: i64 = 25_000;

#[test]
fn an_idle_answered_call_needs_less_than_25_kb_of_heap() {
    const CALLS: usize = 200;
    let start = Instant::now();
    let (mut city, registered) = recorded_city(start, false);
    for _ in 0..CALLS {
        city.dial(0, "1002");
        city.wait(Duration::from_millis(50));
    }
    // Until every transaction of the set-ups is forgotten.
    city.wait(Duration::from_secs(60));
    assert_eq!(city.counts().calls, CALLS);
    assert_eq!(city.counts().endpoint.servers + city.counts().endpoint.clients, 0);
    let recording = city.recorded();

    let mut switch = City::new(start, SEED, plot());
    switch.replay(&recording.up_to(registered), 0);
    let before = heap_bytes();
    switch.replay(&recording, registered);
    let each = (heap_bytes() - before) / i64::try_from(CALLS).expect("a small number");

    assert_eq!(switch.counts().calls, CALLS, "the replay is the same story");
    eprintln!("{each} bytes of heap an idle answered call");
    assert!(each < IDLE_CALL_BYTES_MAX, "{each} bytes");
}

#[test]
#[ignore = "a measurement: run it alone, with --release"]
fn time_of_a_basic_call() {
    const CALLS: u32 = 5000;
    for is_challenged in [false, true] {
        let start = Instant::now();
        let (mut city, registered) = recorded_city(start, is_challenged);
        for _ in 0..CALLS {
            let line = city.dial(0, "1002");
            city.wait(Duration::from_millis(100));
            city.act(0, |phone: &mut Phone, now| phone.hang_up(now, line));
        }
        city.finish();
        assert_eq!(city.cdrs.len(), 2 * CALLS as usize);
        let recording = city.recorded();

        let best = (0..5).map(|_| {
            let mut switch = City::new(start, SEED, plot());
            switch.replay(&recording.up_to(registered), 0);
            let begun = Instant::now();
            let sent = switch.replay(&recording, registered);
            assert_eq!(switch.shards[0].totals().cdrs, u64::from(2 * CALLS));
            (begun.elapsed() / CALLS, sent)
        });
        let (best, sent) = best.min().expect("five runs");
        let inputs = (recording.len() - registered) as u32 / CALLS;
        eprintln!(
            "challenged: {is_challenged}: {best:?} a call, {inputs} inputs and {} messages out",
            sent as u32 / CALLS
        );
    }
}

fn plot() -> Plot {
    Plot {
        workers: 1,
        ports: 20_000,
        calls_max: 10_000,
        quality: Quality::even(Duration::from_millis(5)),
        rtp_timeout: None,
        has_hold_music: true,
        ..Plot::default()
    }
}

/// A city with `1001` and `1002`, and how long the recording was when both had registered.
fn recorded_city(start: Instant, is_challenged: bool) -> (City, usize) {
    let mut city = City::new(start, SEED, plot());
    city.record();
    for number in ["1001", "1002"] {
        let phone = city.add_registered(number);
        city.phones[phone].stop_refreshing();
        city.phones[phone].forgets_challenges = is_challenged;
        city.phones[phone].manner = sim::Manner::answers_after(Duration::from_millis(20));
    }
    city.wait(Duration::from_secs(60));
    let registered = city.recorded().len();
    (city, registered)
}

thread_local! {
    static HEAP_BYTES: Cell<i64> = const { Cell::new(0) };
}

fn heap_bytes() -> i64 {
    HEAP_BYTES.get()
}

/// The system's allocator, which counts what this thread holds.
struct Counting;

fn count(bytes: i64) {
    // At the end of a thread there is nothing left to count with.
    let _ = HEAP_BYTES.try_with(|it| it.set(it.get() + bytes));
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator is unsafe by its contract")]
// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's contract is this one's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's contract is this one's.
        unsafe { System.dealloc(pointer, layout) }
    }
}
