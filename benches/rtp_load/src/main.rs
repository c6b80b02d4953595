//! What a relayed packet costs: our media workers beside rtpengine, under the same RTP load; and what
//! other work costs beside relaying.
//!
//! `rtp-load compare` and `rtp-load work` are the benches. Each relay runs in a process of its own; the generator here
//! plays both ends of every call, 50 packets a second each way, and reads the relay's CPU time
//! from `/proc`. Only the ratio means anything on a machine that does other things too.

mod cpu;
mod generator;
#[path = "../../../src/mediaserver/mod.rs"]
#[expect(unreachable_pub, reason = "a room of the server's library")]
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the bench uses a part of the room")
)]
mod mediaserver;
mod recordings;
mod rtpengine;
mod speech;
mod tandem;
mod telemetry;
mod work;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use generator::{Generator, Outcome};
use std::{
    fmt,
    io::{self, Write},
    net::SocketAddr,
    thread,
    time::Duration,
};
use work::Work;

#[derive(Debug, Parser)]
#[command(about = "RTP load: relaying against rtpengine, and other work against relaying")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure both relays, one after the other, and print the ratio of their CPU a packet.
    Compare(Compare),
    /// Measure our media workers alone.
    Tandem(Compare),
    /// Measure rtpengine alone.
    Rtpengine(Compare),
    /// Measure what transcoding, recording, music and conferences cost beside relaying.
    Work(work::Options),
    /// Be the relay under test: reads pairs of far-end ports, writes pairs of its own. Started
    /// by the others.
    #[command(hide = true)]
    Serve {
        /// What to do for them.
        work: Work,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct Compare {
    /// Calls at once, each with two legs; several numbers are measured one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [200, 500])]
    calls: Vec<usize>,
    /// How long each measurement takes, after a warm-up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often the relays take turns.
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Fail if our CPU a packet is more than this part of rtpengine's.
    #[arg(long)]
    ratio_max: Option<f64>,
}

/// The ports of a relay that a call's two ends send to.
#[derive(Clone, Copy, Debug)]
struct RelayPorts {
    a: SocketAddr,
    b: SocketAddr,
}

fn main() -> Result<()> {
    raise_file_limit()?;
    match Arguments::parse().command {
        Command::Compare(options) => compare(&options),
        Command::Tandem(options) => alone(&options, measure_tandem),
        Command::Rtpengine(options) => alone(&options, measure_rtpengine),
        Command::Work(options) => work::compare(&options),
        Command::Serve { work } => tandem::serve(work),
    }
}

fn compare(options: &Compare) -> Result<()> {
    if !rtpengine::is_installed() {
        say(&"rtpengine is left out: it is not installed (Debian: rtpengine-daemon)")?;
        return alone(options, measure_tandem);
    }
    let mut ratios = Vec::new();
    for calls in options.calls.iter().copied() {
        let (mut ours, mut theirs) = (Measured::default(), Measured::default());
        for _ in 0..options.rounds.max(1) {
            ours.add(&measure_tandem(calls, options.seconds)?);
            theirs.add(&measure_rtpengine(calls, options.seconds)?);
        }
        let ratio = ours.cpu_micros_a_packet() / theirs.cpu_micros_a_packet();
        say(&format_args!("{calls} calls\n  tandem     {ours}\n  rtpengine  {theirs}"))?;
        say(&format_args!("  ratio      {ratio:.3} of rtpengine's CPU a relayed packet"))?;
        ratios.push(ratio);
    }
    let worst = ratios.into_iter().fold(0.0, f64::max);
    if let Some(ratio_max) = options.ratio_max {
        ensure!(worst <= ratio_max, "the ratio {worst:.3} is above {ratio_max}");
    }
    Ok(())
}

fn alone(options: &Compare, measure: fn(usize, u64) -> Result<Measured>) -> Result<()> {
    for calls in options.calls.iter().copied() {
        let mut measured = Measured::default();
        for _ in 0..options.rounds.max(1) {
            measured.add(&measure(calls, options.seconds)?);
        }
        say(&format_args!("{calls} calls\n  {measured}"))?;
    }
    Ok(())
}

fn measure_tandem(calls: usize, seconds: u64) -> Result<Measured> {
    let generator = Generator::bind(calls)?;
    let mut relay = tandem::Process::start(Work::Relay)?;
    let ports = relay.bridge(&generator.ports())?;
    measure(seconds, generator, &ports, relay.pid())
}

fn measure_rtpengine(calls: usize, seconds: u64) -> Result<Measured> {
    let generator = Generator::bind(calls)?;
    let mut relay = rtpengine::Process::start(calls)?;
    let ports = relay.bridge(&generator.ports())?;
    measure(seconds, generator, &ports, relay.pid())
}

fn measure(seconds: u64, generator: Generator, ports: &[RelayPorts], pid: u32) -> Result<Measured> {
    let running = generator.start(ports)?;
    thread::sleep(WARM_UP);
    running.begin_window();
    let before = cpu::of_process(pid).context("the relay has ended")?;
    thread::sleep(Duration::from_secs(seconds));
    let cpu = cpu::of_process(pid).context("the relay has ended")?.saturating_sub(before);
    Ok(Measured { cpu, outcome: running.finish()? })
}

/// What one relay needed and did.
#[derive(Debug, Default)]
struct Measured {
    cpu: Duration,
    outcome: Outcome,
}

impl Measured {
    fn add(&mut self, other: &Self) {
        self.cpu += other.cpu;
        self.outcome.add(&other.outcome);
    }

    fn cpu_micros_a_packet(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.outcome.received.max(1) as f64
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = self.cpu_micros_a_packet();
        // A call is 100 packets a second, so a hundred calls are ten thousand.
        let cores = cpu * 10_000.0 / 1e6;
        write!(f, "{cpu:.2} µs CPU a packet, {cores:.3} cores a 100 calls, {}", self.outcome)
    }
}

/// A call needs four descriptors here or there, more than the usual limit.
fn raise_file_limit() -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("raise the limit of open files")
}

fn say(what: &dyn fmt::Display) -> Result<()> {
    Ok(writeln!(io::stdout(), "{what}")?)
}

/// Until every leg is latched and the first packets are out of the way.
const WARM_UP: Duration = Duration::from_secs(2);
