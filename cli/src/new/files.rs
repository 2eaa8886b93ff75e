//! The files of a new project: which ones a stack and an example have, and the template of each.

use askama::Template;

use super::dependencies::VERSION;
use super::project::{Example, Project, Stack};

/// Renders templates, checked when this crate is compiled, to pairs of a path in the project and the content.
macro_rules! rendered {
    ($project:expr, $($path:literal: $template:tt),+ $(,)?) => {
        vec![$({
            #[derive(Template)]
            #[template(path = $template, escape = "none")]
            struct File<'a> {
                #[allow(dead_code, reason = "a template may be the same for each project")]
                project: &'a Project,
            }
            let mut content = File { project: $project }.render()?;
            // The engine removes the last line break.
            content.push('\n');
            ($path, content)
        }),+]
    };
}

/// The files of `project`: their paths in it, with `/`, and what they hold.
pub(super) fn render(project: &Project) -> Result<Vec<(&'static str, String)>, askama::Error> {
    let mut files = rendered![project,
        "Cargo.toml": "new/base/Cargo.toml.template",
        "README.md": "new/base/README.md",
        "package.json": "new/base/package.json",
        "cdk.json": "new/base/cdk.json",
        ".gitignore": "new/base/gitignore",
        ".github/workflows/deploy.yml": "new/base/deploy.yml",
    ];
    files.extend(match project.example {
        Example::Tool => rendered![project,
            "src/main.rs": "new/tool/main.rs",
            "tests/server.rs": "new/tool/server_test.rs",
            "contract.json": "new/tool/contract.json",
        ],
        Example::State => rendered![project,
            "src/main.rs": "new/state/main.rs",
            "tests/server.rs": "new/state/server_test.rs",
            "contract.json": "new/state/contract.json",
        ],
        Example::Http => rendered![project,
            "src/main.rs": "new/http/main.rs",
            "tests/server.rs": "new/http/server_test.rs",
            "contract.json": "new/http/contract.json",
        ],
    });
    files.extend(match project.stack {
        Stack::TypeScript => rendered![project,
            "infra/app.ts": "new/typescript/app.ts",
            "infra/stack.ts": "new/typescript/stack.ts",
            "infra/stack.test.ts": "new/typescript/stack.test.ts",
            "tsconfig.json": "new/typescript/tsconfig.json",
        ],
        Stack::Python => rendered![project,
            "infra/app.py": "new/python/app.py",
            "infra/stack.py": "new/python/stack.py",
            "infra/test_stack.py": "new/python/test_stack.py",
            "infra/requirements.txt": "new/python/requirements.txt",
        ],
        Stack::Rust => rendered![project,
            "infra/Cargo.toml": "new/rust/Cargo.toml.template",
            "infra/src/lib.rs": "new/rust/lib.rs",
            "infra/src/main.rs": "new/rust/main.rs",
            "infra/tests/stack.rs": "new/rust/stack_test.rs",
        ],
    });
    Ok(files)
}
