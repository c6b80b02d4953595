//! Child processes that never outlive their test.

use super::wait_for;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

/// A running program whose output goes to a file. Dropped, it is killed by its own id; if the test
/// is failing, the end of its output is shown.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// How a program that ran to its end did.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Its exit status.
    pub(crate) status: ExitStatus,
    /// All that it said, stdout and stderr in the order written.
    pub(crate) output: String,
}

impl Process {
    /// Starts `command`, writing what it says to `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Self {
        Self::spawn(name, command.stdin(Stdio::null()), log)
    }

    /// The same for a program that takes commands on its standard input.
    pub(crate) fn start_driven(
        name: &str,
        command: &mut Command,
        log: &Path,
    ) -> (Self, ChildStdin) {
        let mut process = Self::spawn(name, command.stdin(Stdio::piped()), log);
        let commands = process.child.stdin.take().expect("it was asked for");
        (process, commands)
    }

    fn spawn(name: &str, command: &mut Command, log: &Path) -> Self {
        let out = File::options().create(true).append(true).open(log).expect("log can be opened");
        let err = out.try_clone().expect("log can be opened twice");
        let child = command.stdout(out).stderr(err).spawn().unwrap_or_else(|error| {
            panic!("{name} does not start ({error}): run `make test`, which installs it")
        });
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// Runs `command` to its end.
    pub(crate) fn run(name: &str, command: &mut Command, log: &Path, limit: Duration) -> Outcome {
        Self::start(name, command, log).wait(limit)
    }

    /// Waits for the program to end by itself.
    pub(crate) fn wait(mut self, limit: Duration) -> Outcome {
        let name = self.name.clone();
        let status = wait_for(&format!("end of {name}"), limit, || self.exited());
        Outcome { status, output: self.output() }
    }

    /// Its exit status, once it has ended.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("child can be waited for")
    }

    /// All that it has said so far.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// SIGKILL: no goodbye, no flush.
    pub(crate) fn kill(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal, for example SIGTERM: please finish.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("own child can be signalled");
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let output = self.output();
            let skipped = output.lines().count().saturating_sub(LINES_SHOWN);
            eprintln!("---- {} said (last {LINES_SHOWN} lines) ----", self.name);
            output.lines().skip(skipped).for_each(|line| eprintln!("{line}"));
        }
    }
}

const LINES_SHOWN: usize = 60;
