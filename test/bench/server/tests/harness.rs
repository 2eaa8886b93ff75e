//! The benchmark's server on mcp-lambda gives the answers that the harness asks for, in every way that it is measured.

use std::path::PathBuf;

use bench_harness::{Asked, ISSUER, Program, RESOURCE, Revision, measure};

fn program(mode: &str, asked: Asked) -> Program {
    let variables = [
        ("MCP_RESOURCE", RESOURCE),
        ("MCP_ISSUER", ISSUER),
        ("MCP_RESPONSE_MODE", mode),
    ];
    Program {
        name: "mcp-lambda".to_owned(),
        command: vec![env!("CARGO_BIN_EXE_bench-server").to_owned()],
        environment: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        asked,
    }
}

#[test]
fn answers_as_every_candidate_does() {
    let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("server.log");
    for revision in [Revision::Initialized, Revision::Stateless] {
        for mode in ["stream", "buffered"] {
            let asked = Asked::Greet {
                revision,
                warm_up: 0,
                calls: 2,
            };
            let figures = measure(&program(mode, asked), true, &log).unwrap();
            assert_eq!(figures.sockets_when_ready, Some(1), "{revision:?} {mode}");
        }
        let asked = Asked::Report { revision, calls: 1 };
        measure(&program("stream", asked), false, &log).unwrap();
    }
}
