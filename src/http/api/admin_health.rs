//! `/admin/health`: how the server is.

use super::{Access, ApiState, Door, Problem};
use crate::store::Right;
use axum::{Json, extract::State};
use rustix::{
    fs::statvfs,
    time::{ClockId, clock_gettime},
};
use serde::Serialize;
use std::{fs, time::Instant};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::HealthView), routes!(health))
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// Version of the program.
    version: &'static str,
    /// Since the start, in seconds.
    uptime_s: u64,
    /// Whether new calls are taken.
    ready: bool,
    /// The database.
    database: DatabaseHealth,
    /// Processor time since the start, in seconds.
    cpu_s: f64,
    /// Resident memory, in bytes.
    memory_bytes: u64,
    /// Open files and sockets.
    files: u64,
    /// Live calls.
    calls: u64,
    /// Their legs.
    legs: u64,
    /// Bindings of phones, expired ones included.
    registrations: u64,
    /// Signalling shards.
    shards: u64,
    /// Audio.
    media: MediaHealth,
    /// The call log's way to the database.
    spool: SpoolHealth,
    /// Free on the disk of the data directory, in bytes.
    #[schema(required)]
    disk_free_bytes: Option<u64>,
}

/// The database.
#[derive(Debug, Serialize, ToSchema)]
struct DatabaseHealth {
    /// `sqlite` or `postgresql`.
    kind: &'static str,
    /// It answers.
    ok: bool,
    /// How long its answer took, in ms.
    latency_ms: f64,
}

/// Audio.
#[derive(Debug, Serialize, ToSchema)]
struct MediaHealth {
    /// Sessions that are open.
    sessions: u64,
}

/// The call log's way to the database.
#[derive(Debug, Serialize, ToSchema)]
struct SpoolHealth {
    /// What waits on the disk, in bytes.
    bytes: u64,
}

/// How the server is
#[utoipa::path(
    get, path = "/admin/health", tag = "administration",
    responses((status = 200, body = Health), Problem)
)]
async fn health(State(api): State<ApiState>) -> Json<Health> {
    let asked = Instant::now();
    let ok = api.store.ping().await.is_ok();
    let latency_ms = asked.elapsed().as_secs_f64() * 1000.0;
    let vitals = match &api.house {
        Some(house) => house.vitals().await,
        None => super::house::Vitals::default(),
    };
    let url = api.config.store.url.expose();
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let disk = statvfs(&api.config.server.data_dir).ok();
    Json(Health {
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: api.started.elapsed().as_secs(),
        ready: ok && vitals.is_ready,
        database: DatabaseHealth {
            kind: if url.starts_with("sqlite:") { "sqlite" } else { "postgresql" },
            ok,
            latency_ms,
        },
        cpu_s: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
        memory_bytes: resident_bytes(),
        files: fs::read_dir("/proc/self/fd").map_or(0, |it| it.count() as u64),
        calls: vitals.calls,
        legs: vitals.legs,
        registrations: api.store.count_bindings().await.unwrap_or_default(),
        shards: vitals.shards,
        media: MediaHealth { sessions: vitals.media_sessions },
        spool: SpoolHealth { bytes: vitals.spool_bytes },
        disk_free_bytes: disk.map(|it| it.f_bavail * it.f_frsize),
    })
}

/// As Linux tells it; 0 elsewhere.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
