//! Makes the folder of the built panel exist, so that the server compiles where the panel was not
//! built; it says so when it is asked for a page.

use std::{fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed={PANEL}");
    fs::create_dir_all(PANEL)
}

const PANEL: &str = "web/dist";
