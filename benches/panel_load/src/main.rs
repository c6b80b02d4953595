//! What the event stream costs with a thousand panels on it, and how late they hear.
//!
//! `panel-load` starts the server's HTTP side, board and event stream in a process of its own, with
//! calls that change the status of lines at a steady rate; this process connects the panels over
//! loopback, reads all that they are told, and reads the server's CPU time and memory from `/proc`.

#[path = "../../rtp_load/src/cpu.rs"]
mod cpu;
mod house;
mod panels;
mod server;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use panels::{Heard, Panels};
use server::Server;
use std::{
    io::{self, Write as _},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// What the server allocates with, as in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(about = "Panels on the event stream: how late they hear, and what they cost")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be the server under test. Started by the bench itself.
    #[command(hide = true)]
    Serve(house::Size),
}

#[derive(Clone, Debug, clap::Args)]
struct Load {
    /// Connected panels, each of a tab of its own.
    #[arg(long, default_value_t = 1000)]
    panels: usize,
    /// People whose panels these are.
    #[arg(long, default_value_t = 100)]
    people: usize,
    /// Lines of the domain.
    #[arg(long, default_value_t = 250)]
    lines: usize,
    /// Changes of a line's status a second.
    #[arg(long, default_value_t = 500)]
    changes: u32,
    /// How long the measurement takes, after a warm-up.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// How long changes flow before anything counts.
const WARM_UP: Duration = Duration::from_secs(3);

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.command {
        Some(Command::Serve(size)) => runtime.block_on(house::serve(size)),
        None => runtime.block_on(measure(&arguments.load)),
    }
}

async fn measure(load: &Load) -> Result<()> {
    ensure!(load.people > 0 && load.lines > 1, "give at least one person and two lines");
    let mut server = Server::start(load).await?;

    let alone = cpu_share(&server, load).await?;
    let (bytes_before, connected) = (server.resident_bytes()?, Instant::now());
    let panels = Panels::connect(&server.begun, load.panels).await?;
    let connecting = connected.elapsed();
    sleep(WARM_UP).await;
    panels.forget();
    let cpu = cpu_share(&server, load).await?;
    let heard = panels.heard();
    let bytes = server.resident_bytes()?.saturating_sub(bytes_before);
    ensure!(
        panels.connected() == load.panels,
        "{} panels were cut off",
        load.panels - panels.connected()
    );
    server.stop().await?;

    report(load, &heard, &Cost { alone, cpu, bytes, connecting })
}

/// What the server spent.
struct Cost {
    /// Share of a core without panels, changes flowing.
    alone: f64,
    /// The same with them.
    cpu: f64,
    /// Resident memory that the panels added.
    bytes: u64,
    connecting: Duration,
}

/// Share of a core that the server takes while changes flow.
async fn cpu_share(server: &Server, load: &Load) -> Result<f64> {
    let (begun, before) = (Instant::now(), cpu::of_process(server.pid())?);
    sleep(Duration::from_secs(load.seconds)).await;
    let spent = cpu::of_process(server.pid())?.saturating_sub(before);
    Ok(spent.as_secs_f64() / begun.elapsed().as_secs_f64())
}

fn report(load: &Load, heard: &Heard, cost: &Cost) -> Result<()> {
    let panels = load.panels.max(1) as f64;
    let frames = heard.delays_ms.len() as f64;
    let told = frames / panels / load.seconds as f64;
    let of = |share: f64| heard.quantile_ms(share).context("the panels heard nothing");
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| panels | changes/s | frames/s a panel | delay p50 / p99 / max ms | share of a core (without panels) | kB a panel |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    writeln!(
        out,
        "| {} | {} | {told:.0} | {} / {} / {} | {:.1} % ({:.1} %) | {:.1} |",
        load.panels,
        load.changes,
        of(0.5)?,
        of(0.99)?,
        of(1.0)?,
        cost.cpu * 100.0,
        cost.alone * 100.0,
        cost.bytes as f64 / 1000.0 / panels,
    )?;
    writeln!(
        out,
        "\n{} panels connected in {:.1} s; the goal is p99 < 100 ms, < 50 % of a core, < 100 kB a panel",
        load.panels,
        cost.connecting.as_secs_f64()
    )?;
    Ok(())
}
