//! What each kind of work costs a media worker, beside plain relaying in the same rounds.

use crate::{
    Measured,
    generator::Generator,
    measure, say,
    speech::{PACKET_MS, Said, Voice},
    tandem,
};
use anyhow::Result;
use clap::ValueEnum;
use std::time::Duration;

/// One kind of work.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Work {
    /// A-law both ways, passed on.
    Relay,
    /// The same, recorded.
    Recorded,
    /// Between A-law and µ-law.
    Pcmu,
    /// Between A-law and G.722.
    G722,
    /// Between A-law and Opus.
    Opus,
    /// Hold music for every far end, which says nothing.
    Music,
    /// The same packet again and again for as many far ends, by a loop that does nothing else.
    Constant,
    /// All far ends in one conference: ten talk, the others send silence.
    Room,
}

impl Work {
    /// What the far ends of a call send; nothing where they only hear.
    pub(crate) fn said(self, leg: usize) -> Result<Option<Said>> {
        let is_a = leg.is_multiple_of(2);
        match self {
            Self::Relay | Self::Recorded => Voice::Pcma.speech().map(Some),
            Self::Pcmu | Self::G722 | Self::Opus if is_a => Voice::Pcma.speech().map(Some),
            Self::Pcmu => Voice::Pcmu.speech().map(Some),
            Self::G722 => Voice::G722.speech().map(Some),
            Self::Opus => Voice::Opus.speech().map(Some),
            Self::Music | Self::Constant => Ok(None),
            Self::Room if leg < TALKERS => Voice::Pcma.speech().map(Some),
            Self::Room => Ok(Some(Voice::silence())),
        }
    }

    /// The codec of a call's second far end.
    pub(crate) fn second(self) -> Voice {
        match self {
            Self::Pcmu => Voice::Pcmu,
            Self::G722 => Voice::G722,
            Self::Opus => Voice::Opus,
            Self::Relay | Self::Recorded | Self::Music | Self::Constant | Self::Room => Voice::Pcma,
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default()
    }
}

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Kinds of work.
    #[arg(long, value_delimiter = ',', default_values_t = [
        Work::Relay, Work::Recorded, Work::Pcmu, Work::G722, Work::Opus, Work::Constant, Work::Music,
    ])]
    work: Vec<Work>,
    /// Calls at once, each with two far ends.
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// How long each measurement takes, after a warm-up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often the kinds take turns.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Measures all of them in turn and prints a table.
pub(crate) fn compare(options: &Options) -> Result<()> {
    let mut rows: Vec<_> = options.work.iter().map(|work| (*work, Vec::new())).collect();
    for _ in 0..options.rounds.max(1) {
        for (work, rounds) in &mut rows {
            rounds.push(one(*work, options)?);
        }
    }
    let call_seconds = options.calls as f64 * options.seconds as f64;
    let medians: Vec<_> = rows.iter().map(|(work, rounds)| (*work, median(rounds))).collect();
    let micros = |wanted: Work| {
        let found = medians.iter().find(|(work, _)| *work == wanted);
        found.map(|(_, cpu)| cpu.as_secs_f64() * 1e6 / call_seconds)
    };
    say(&format_args!(
        "{} calls, {} s, {} rounds",
        options.calls, options.seconds, options.rounds
    ))?;
    for (work, rounds) in &rows {
        let cost = micros(*work).unwrap_or_default();
        let base = micros(if *work == Work::Music { Work::Constant } else { Work::Relay });
        let ratio = base.map(|base| format!("  {:.2} ×", cost / base)).unwrap_or_default();
        let share = cost * options.calls as f64 / 1e4;
        let late: u64 = rounds.iter().map(|it| it.ticks_late).sum();
        let lost: u64 = rounds.iter().map(|it| it.recorded_lost).sum();
        let name = work.name();
        say(&format_args!(
            "  {name:<9} {cost:>7.0} µs CPU a call and second{ratio}, {share:.1} % of a core, \
             {late} ticks late, {lost} packets not recorded"
        ))?;
    }
    if let (Some(relay), Some(opus)) = (micros(Work::Relay), micros(Work::Opus)) {
        let codec = Voice::Opus.cost_a_second()?.as_secs_f64() * 1e6;
        let ratio = opus / (codec + relay);
        say(&format_args!(
            "  Opus itself {codec:.0} µs; opus is {ratio:.2} × (Opus itself + relay)"
        ))?;
    }
    Ok(())
}

/// One measurement.
#[derive(Debug)]
struct Round {
    cpu: Duration,
    ticks_late: u64,
    recorded_lost: u64,
}

fn one(work: Work, options: &Options) -> Result<Round> {
    let generator = Generator::bind(options.calls)?;
    let said = (0..2 * options.calls).map(|leg| work.said(leg)).collect::<Result<Vec<_>>>()?;
    let generator = generator.saying(said);
    let mut relay = tandem::Process::start(work)?;
    let ports = relay.bridge(&generator.ports())?;
    let before = relay.figures()?;
    let Measured { cpu, .. } = measure(options.seconds, generator, &ports, relay.pid())?;
    let after = relay.figures()?;
    Ok(Round {
        cpu,
        ticks_late: after.ticks_late - before.ticks_late,
        recorded_lost: after.recorded_lost - before.recorded_lost,
    })
}

fn median(rounds: &[Round]) -> Duration {
    let mut cpu: Vec<_> = rounds.iter().map(|it| it.cpu).collect();
    cpu.sort_unstable();
    cpu[cpu.len() / 2]
}

impl std::fmt::Display for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

/// Who talks in a room.
const TALKERS: usize = 10;
/// Between two packets of a far end.
pub(crate) const PACKET_TIME: Duration = Duration::from_millis(PACKET_MS as u64);
