//! The process under test, as the bench sees it.

use crate::Load;
use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use std::{env, fs, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// What the server says when it is there.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Begun {
    /// Where it listens.
    pub(crate) address: String,
    /// The cookie of each person, signed in.
    pub(crate) cookies: Vec<String>,
}

/// Ends with its standard input, so that a bench that dies leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) begun: Begun,
}

impl Server {
    pub(crate) async fn start(load: &Load) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("serve")
            .args(["--people", &load.people.to_string()])
            .args(["--lines", &load.lines.to_string()])
            .args(["--changes", &load.changes.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().context("the server has no output")?;
        BufReader::new(output).read_line(&mut line).await?;
        let begun = serde_json::from_str(&line).context("the server did not start")?;
        Ok(Self { child, begun })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// What of its memory is in RAM.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kib = line.and_then(|it| it.trim().strip_suffix(" kB")).context("no VmRSS")?;
        Ok(kib.trim().parse::<u64>()? * 1024)
    }

    pub(crate) async fn stop(&mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait().await?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}
