//! CPU time of another process, to the nanosecond.

use anyhow::{Context, Result};
use std::{fs, time::Duration};

/// User and system time of all threads of a process. The first field of `schedstat` is the time
/// on a CPU, without the sampling error of `stat`.
pub(crate) fn of_process(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let path = task?.path().join("schedstat");
        let text = fs::read_to_string(&path)?;
        let on_cpu = text.split(' ').next().context("schedstat has no fields")?;
        nanos += on_cpu.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}
