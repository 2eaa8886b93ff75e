//! How long what the model says takes to the page: `cargo bench --workspace --bench first_token`.
//!
//! Measured from the moment at which the simulated Bedrock sends it, so the way from there to the playground is part of it.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark starts servers and reads the clock"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]
#![allow(
    dead_code,
    unused_imports,
    reason = "the tests use the rest of the module"
)]

use std::io::Write;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::unbounded_channel;

#[path = "../tests/it/support/mod.rs"]
mod support;

use support::{Browser, Fault, Options, Stage};

const REPLIES: usize = 60;
const WORDS_OF_A_REPLY: usize = 20;
/// The promise of the project, for the first word.
const BAR: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() {
    let stage = Stage::with(Options {
        variables: vec![
            ("PLAYGROUND_TURNS_PER_MINUTE", "10000".to_owned()),
            ("PLAYGROUND_TOKENS_PER_DAY", "1000000000".to_owned()),
        ],
        ..Options::default()
    })
    .await;
    let mut browser = stage.signed_in("alice").await;
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for reply in 0..=REPLIES {
        let mut took = reply_to(&stage, &mut browser).await;
        // The first reply also opens the connections.
        if reply > 0 {
            first.push(took.remove(0));
            later.append(&mut took);
        }
    }
    let (first, later) = (quantiles(first), quantiles(later));
    let kept = if first[0] <= BAR { "kept" } else { "missed" };
    let mut out = std::io::stdout();
    writeln!(
        out,
        "first word: median {:?}, 99 % {:?} (at most {BAR:?}: {kept}); later words: median {:?}, 99 % {:?}; {REPLIES} replies",
        first[0], first[1], later[0], later[1],
    )
    .unwrap();
}

/// How long each word of one reply takes.
async fn reply_to(stage: &Stage, browser: &mut Browser) -> Vec<Duration> {
    let path = browser.new_conversation().await;
    let (model, heard) = unbounded_channel();
    stage.bedrock.fail([Fault::Hears(heard)]);
    let form = [("act", "ask"), ("text", "Hello")];
    let mut response = browser.open(&format!("{path}/act"), &form).await;
    let mut seen = String::new();
    let mut took = Vec::new();
    for number in 0..WORDS_OF_A_REPLY {
        // Let the playground wait for the model, as it does between two words.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let word = format!("word{number}x");
        let said = Instant::now();
        model.send(format!("{word} ")).unwrap();
        while !seen.contains(&word) {
            let chunk = response.chunk().await.unwrap().unwrap();
            seen.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        took.push(said.elapsed());
    }
    drop(model);
    while response.chunk().await.unwrap().is_some() {}
    took
}

/// The median and the value that 99 % do not exceed.
fn quantiles(mut took: Vec<Duration>) -> [Duration; 2] {
    took.sort_unstable();
    [took[took.len() / 2], took[took.len() * 99 / 100]]
}
