//! The command line: what it refuses before anything runs, and what it prints about itself.

use std::process::Command;

/// Exit status, standard output and standard error of a command line that runs nothing.
fn mcp_lambda(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn wrong_usage_is_status_2_with_the_option_its_value_and_what_it_takes() {
    for (arguments, said) in [
        (
            "clients list --user-pool nonsense",
            "invalid value 'nonsense' for '--user-pool <ID>': give the id of a user pool, such as eu-west-1_AbCdEfGhI",
        ),
        (
            "clients list",
            "the following required arguments were not provided:\n  --user-pool <ID>",
        ),
        (
            "clients add CI --user-pool a_b",
            "the following required arguments were not provided:\n  --scope <SCOPE>",
        ),
        (
            "clients add CI --user-pool a_b --scope s --token-minutes 4",
            "invalid value '4' for '--token-minutes <MINUTES>': 4 is not in 5..=1440",
        ),
        (
            "dev --port 80",
            "invalid value '80' for '--port <PORT>': choose 0 (any free port) or a port between 1024 and 65500",
        ),
        (
            "dev -c stage",
            "invalid value 'stage' for '--context <KEY=VALUE>': give a key and a value, such as stage=test",
        ),
        ("devv", "unrecognized subcommand 'devv'"),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let (status, printed, error) = mcp_lambda(&arguments);
        assert_eq!((status, printed.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(error.starts_with(&format!("error: {said}")), "{error}");
    }
}

#[test]
fn every_command_and_option_is_described() {
    for command in [
        "",
        "new ",
        "dev ",
        "doctor ",
        "call ",
        "chat ",
        "token ",
        "completions ",
        "connect ",
        "deploy ",
        "logs ",
        "clients ",
        "clients add ",
        "clients list ",
        "clients rotate ",
        "clients remove ",
        "users ",
        "users invite ",
        "users disable ",
    ] {
        let (status, help, _) = mcp_lambda(&format!("{command}-h").split(' ').collect::<Vec<_>>());
        assert_eq!(status, Some(0), "{command}");
        assert!(
            help.contains(&format!("Usage: mcp-lambda {command}").trim_end().to_owned()),
            "{help}"
        );
        let entries = help
            .lines()
            .filter(|line| line.starts_with("  -") || line.starts_with("      --"));
        for entry in entries {
            let described = entry.trim().split_once("  ").map_or("", |(_, text)| text);
            assert!(!described.trim().is_empty(), "{command}{entry}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_crate() {
    let (status, printed, _) = mcp_lambda(&["--version"]);
    let expected = concat!("mcp-lambda ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!((status, printed.as_str()), (Some(0), expected));
}
