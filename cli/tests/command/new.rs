//! `mcp-lambda new`, as far as it asks no registry.

use std::process::Command;

use crate::folder::Folder;

#[test]
fn a_checkout_without_what_the_project_installs_is_one_message_and_nothing_is_written() {
    let version = env!("CARGO_PKG_VERSION");
    let wheel = format!("dist/packages/python/mcp_lambda_cdk-{version}-py3-none-any.whl");
    for (stack, file, fix) in [
        (
            "typescript",
            "cdk/.jsii",
            "npm ci && npm run build --workspace cdk",
        ),
        (
            "rust",
            "cdk/.jsii",
            "npm ci && npm run build --workspace cdk",
        ),
        ("python", &wheel, "npm ci && npm run pack -- python"),
    ] {
        let folder = Folder::new();
        let checkout = std::fs::canonicalize(folder.path()).unwrap();
        let krate = checkout.join("lambda/mcp-lambda");
        std::fs::create_dir_all(&krate).unwrap();
        std::fs::write(krate.join("Cargo.toml"), "").unwrap();
        let said = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
            .args(["new", "shop", "--yes", "--source", ".", "--stack", stack])
            .current_dir(&checkout)
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&said.stderr),
            format!(
                "\nerror: {checkout}/{file} does not exist: run `{fix}` in {checkout}, then this command again\n",
                checkout = checkout.display()
            )
        );
        assert_eq!(said.status.code(), Some(1));
        assert!(!checkout.join("shop").exists());
    }
}

#[test]
fn a_folder_that_is_no_checkout_is_refused_before_anything_is_written() {
    let folder = Folder::new();
    let source = std::fs::canonicalize(folder.path()).unwrap();
    let said = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(["new", "shop", "--yes", "--source", "."])
        .current_dir(&source)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        format!(
            "\nerror: {} is no checkout of mcp-lambda (it has no lambda/mcp-lambda/Cargo.toml): give --source the folder of a clone\n",
            source.display()
        )
    );
    assert_eq!(said.status.code(), Some(1));
    assert!(!source.join("shop").exists());
}
