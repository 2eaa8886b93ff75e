//! Every seed once: those that the minimizer chose, and those that somebody wrote.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and names the input"
)]

use std::fs;
use std::path::Path;

use fuzz_targets::{TARGETS, target};

#[test]
fn every_target_holds_for_every_input_of_its_corpus() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for (name, run) in TARGETS {
        let inputs = fs::read_dir(corpora.join(name))
            .unwrap_or_else(|error| panic!("corpus/{name}: {error}"));
        let mut count = 0;
        for input in inputs {
            let path = input.unwrap().path();
            let data = fs::read(&path).unwrap();
            if let Err(problem) = std::panic::catch_unwind(|| run(&data)) {
                eprintln!("{}", path.display());
                std::panic::resume_unwind(problem);
            }
            count += 1;
        }
        assert!(count >= 3, "corpus/{name} has {count} inputs");
        for nothing in [b"".as_slice(), b"\0", b"\xff\xfe", b"{}", b"[]", b"null"] {
            run(nothing);
        }
    }
    for corpus in fs::read_dir(&corpora).unwrap() {
        let name = corpus.unwrap().file_name();
        assert!(
            target(&name.to_string_lossy()).is_some(),
            "corpus/{name:?} is of no target"
        );
    }
}
