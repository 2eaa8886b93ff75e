//! The checked-in bindings are what the generator makes, and it makes the same every time.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jsii_bindgen::rust::{Options, generate};
use jsii_bindgen::spec::{Assembly, load_with_dependencies};

fn folder(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .join(relative)
}

fn fixture() -> BTreeMap<String, Assembly> {
    load_with_dependencies("fixture-animals", &folder("cdk/rust/fixture/animals")).expect("built")
}

fn bindgen(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jsii-bindgen"));
    command
        .arg("rust")
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("jsii-bindgen runs")
}

const FIXTURE: &[&str] = &[
    "--assembly",
    "fixture-animals",
    "--roots",
    "fixture-animals.*,fixture-base.Veteran,fixture-base.Beast",
    "--overridable",
    "*",
    "--out",
    "../src/generated",
];

#[test]
fn bindings_of_the_fixture_are_not_stale() {
    let output = bindgen(
        &folder("cdk/rust/fixture/animals"),
        &[FIXTURE, &["--check"]].concat(),
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn bindings_of_the_constructs_are_not_stale() {
    let arguments = [
        "--assembly",
        "mcp-lambda-cdk",
        "--roots",
        "@mcp-lambda-cdk/roots.txt",
        "--out",
        "mcp-lambda-cdk/src/generated",
        "--check",
    ];
    let output = bindgen(&folder("cdk/rust"), &arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn check_fails_and_names_the_first_line_that_differs() {
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("generated");
    let out = copy.display().to_string();
    let arguments = [
        "--assembly",
        "fixture-animals",
        "--roots",
        "fixture-animals.Counter",
        "--out",
        &out,
    ];
    let directory = folder("cdk/rust/fixture/animals");
    assert!(bindgen(&directory, &arguments).status.success());
    let file = copy.join("fixture_animals/mod.rs");
    let text = fs::read_to_string(&file).expect("generated");
    fs::write(
        &file,
        text.replacen("pub struct Counter", "pub struct Abacus", 1),
    )
    .expect("written");
    let stale = bindgen(&directory, &[&arguments[..], &["--check"]].concat());
    let message = String::from_utf8_lossy(&stale.stderr).into_owned();
    assert!(!stale.status.success());
    assert!(
        message.contains("fixture_animals/mod.rs' is stale from line"),
        "{message}"
    );
}

#[test]
fn the_same_input_gives_the_same_output() {
    let options = |roots: &[&str]| Options {
        roots: roots.iter().map(|root| (*root).to_owned()).collect(),
        path: "crate::generated".to_owned(),
        ..Options::default()
    };
    let forward = generate(
        &fixture(),
        "fixture-animals",
        &options(&["fixture-animals.Counter", "fixture-animals.Box"]),
    )
    .expect("the roots exist");
    let backward = generate(
        &fixture(),
        "fixture-animals",
        &options(&["fixture-animals.Box", "fixture-animals.Counter"]),
    )
    .expect("the roots exist");
    assert_eq!(forward.files, backward.files);
}

#[test]
fn only_what_the_roots_reach_is_generated() {
    let options = Options {
        roots: vec!["fixture-animals.Bell".to_owned()],
        path: "crate::generated".to_owned(),
        ..Options::default()
    };
    let output = generate(&fixture(), "fixture-animals", &options).expect("the root exists");
    assert_eq!(output.type_count, 2, "a bell and its interface");
}

#[test]
fn what_only_a_feature_reaches_is_compiled_with_that_feature() {
    let root = |name: &str| vec![format!("fixture-animals.{name}")];
    let options = Options {
        roots: root("Bell"),
        features: BTreeMap::from([("counting".to_owned(), root("Counter"))]),
        path: "crate::generated".to_owned(),
        ..Options::default()
    };
    let output = generate(&fixture(), "fixture-animals", &options).expect("the roots exist");
    let text = output
        .files
        .get(Path::new("fixture_animals/mod.rs"))
        .expect("generated");
    let gated = text
        .split_once("#[cfg(feature = \"counting\")]\nmod with_counting {")
        .and_then(|(before, after)| {
            let reexport = "#[cfg(feature = \"counting\")]\npub use with_counting::*;";
            Some((before, after.split_once(reexport)?.0))
        });
    let (always, gated) = gated.expect("a module for the feature");
    assert!(always.contains("pub struct Bell(") && !always.contains("pub struct Counter("));
    assert!(gated.contains("pub struct Counter(") && !gated.contains("pub struct Bell("));
}

#[test]
fn the_crate_declares_the_features_that_its_roots_name() {
    let read = |name: &str| {
        fs::read_to_string(folder("cdk/rust/mcp-lambda-cdk").join(name)).expect("checked in")
    };
    let roots = read("roots.txt");
    let named: Vec<&str> = roots
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'))
        .collect();
    let manifest = read("Cargo.toml");
    let declared: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.strip_suffix(" = []"))
        .collect();
    assert_eq!(declared, named);
}

#[test]
fn names_of_the_users_table_replace_those_of_the_rules() {
    let mut options = Options {
        roots: vec!["fixture-animals.Counter".to_owned()],
        path: "crate::generated".to_owned(),
        ..Options::default()
    };
    options.names.members.insert(
        "fixture-animals.Counter#addAll".to_owned(),
        "sum_of".to_owned(),
    );
    let output = generate(&fixture(), "fixture-animals", &options).expect("the root exists");
    let text = output
        .files
        .get(Path::new("fixture_animals/mod.rs"))
        .expect("generated");
    assert!(
        text.contains("pub fn sum_of(") && !text.contains("pub fn add_all("),
        "{text}"
    );
}

#[test]
fn types_of_another_crate_are_named_and_not_made_again() {
    let options = Options {
        roots: vec!["fixture-animals.Lion".to_owned()],
        path: "crate::generated".to_owned(),
        external: BTreeMap::from([("fixture-base".to_owned(), "::jsii_fixture::base".to_owned())]),
        ..Options::default()
    };
    let output = generate(&fixture(), "fixture-animals", &options).expect("the root exists");
    let text = output
        .files
        .get(Path::new("fixture_animals/mod.rs"))
        .expect("generated");
    assert!(
        text.contains("pub struct Lion(::jsii_fixture::base::Creature);"),
        "{text}"
    );
    assert!(!output.files.contains_key(Path::new("fixture_base/mod.rs")));
}

#[test]
fn a_misspelt_root_is_named() {
    let options = Options {
        roots: vec!["fixture-animals.Giraff".to_owned()],
        ..Options::default()
    };
    assert_eq!(
        generate(&fixture(), "fixture-animals", &options)
            .expect_err("there is no such type")
            .to_string(),
        "no type of the assembly fits the root 'fixture-animals.Giraff': check its spelling"
    );
}

#[test]
fn generated_code_has_no_panic_and_no_unsafe() {
    for folder in [
        folder("cdk/rust/fixture/src/generated"),
        folder("cdk/rust/mcp-lambda-cdk/src/generated"),
    ] {
        let mut pending = vec![folder];
        let mut lines = 0;
        while let Some(next) = pending.pop() {
            for entry in fs::read_dir(next).expect("generated").flatten() {
                if entry.path().is_dir() {
                    pending.push(entry.path());
                    continue;
                }
                let text = fs::read_to_string(entry.path()).expect("generated");
                for line in text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                {
                    let code = line.split('"').step_by(2).collect::<String>();
                    for word in [
                        "unsafe ",
                        "panic!",
                        ".unwrap()",
                        ".expect(",
                        "unreachable!",
                        "todo!",
                    ] {
                        assert!(!code.contains(word), "{}: {line}", entry.path().display());
                    }
                    lines += 1;
                }
            }
        }
        assert!(lines > 1000);
    }
}
