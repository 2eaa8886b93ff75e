//! Follows the file of events.

use std::path::PathBuf;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::printer::Log;

/// How long an event may wait: a person does not see less.
const PAUSE: Duration = Duration::from_millis(50);

/// Gives each line of the file to the log, from its beginning on, until the program ends.
pub(crate) async fn follow(file: PathBuf, log: Log) {
    let mut reader = loop {
        match File::open(&file).await {
            Ok(reader) => break reader,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    };
    let mut open = Vec::new();
    loop {
        match reader.read_buf(&mut open).await {
            Ok(0) => tokio::time::sleep(PAUSE).await,
            Ok(_) => {
                while let Some(end) = open.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = open.drain(..=end).collect();
                    log.event(&line);
                }
            }
            Err(_) => return,
        }
    }
}
