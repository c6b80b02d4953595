//! A mail server of the test's own, on loopback.

use super::wait_for;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Keeps the letters that it gets, as far as it takes them.
pub(crate) struct MailServer {
    port: u16,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    letters: Mutex<Vec<String>>,
    /// Whether it refuses letters for the time being.
    refuses: AtomicBool,
}

impl MailServer {
    /// One that refuses letters until [`Self::take_letters`].
    pub(crate) fn start_refusing() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
        let port = listener.local_addr().expect("it listens").port();
        let kept = Arc::new(Kept { refuses: true.into(), ..Kept::default() });
        let shared = kept.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let kept = shared.clone();
                // A client that hangs up in the middle has its reasons.
                thread::spawn(move || serve(client, &kept).unwrap_or_default());
            }
        });
        Self { port, kept }
    }

    pub(crate) fn take_letters(&self) {
        self.kept.refuses.store(false, Ordering::Relaxed);
    }

    /// Lines of configuration with which letters go here.
    pub(crate) fn config(&self) -> String {
        format!(
            "[http]\npublic_url = \"https://desk.example/\"\n[mail]\n\
             url = \"smtp://127.0.0.1:{}\"\nfrom = \"Tandem <desk@a.example>\"\n",
            self.port
        )
    }

    pub(crate) fn letters(&self) -> Vec<String> {
        self.kept.letters.lock().expect("nobody panics with it").clone()
    }

    #[track_caller]
    pub(crate) fn wait_for_letter(&self, limit: Duration) -> String {
        wait_for("a letter", limit, || self.letters().first().cloned())
    }
}

/// As much of RFC 5321 as one client needs.
fn serve(client: TcpStream, kept: &Kept) -> std::io::Result<()> {
    let mut writer = client.try_clone()?;
    writer.write_all(b"220 here\r\n")?;
    let mut letter: Option<String> = None;
    for line in BufReader::new(client).lines() {
        let line = line?;
        let answer = match &mut letter {
            Some(text) if line == "." => {
                kept.letters.lock().expect("nobody panics with it").push(std::mem::take(text));
                letter = None;
                "250 kept\r\n"
            }
            Some(text) => {
                *text += &(line + "\n");
                continue;
            }
            None if line.starts_with("RCPT") && kept.refuses.load(Ordering::Relaxed) => {
                "451 later\r\n"
            }
            None if line == "DATA" => {
                letter = Some(String::new());
                "354 go on\r\n"
            }
            None if line == "QUIT" => "221 bye\r\n",
            None => "250 yes\r\n",
        };
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}
