//! docs/live-checks.md, from the table.

use std::fmt::Write;

use super::row::{Played, Row};
use super::rows::SECTIONS;

/// What stands before the sections.
const HEAD: &str = "# What only a live AWS account can show

```sh
npx cdk deploy
npm run live -- --stack DogFacts            # in a project: npx mcp-lambda live --stack Shop
npm run live -- --stack DogFacts --login --load --ask
```

`npm start` and `npm test` run the synthesized template in an emulator: their results are *emulator-verified*, not proven
on AWS. Known bugs of the emulator are patched at its start (`cli/emulator`, each with a test); the tables list what
remains.

`mcp-lambda live` plays the rows with **bold** ids against a deployed stack and writes a dated report: for each row a verdict and what was seen. `--login` adds those that need a person's access token: sign up with a real
address. `--load` adds those that send 200 requests at once. `--ask` asks a person about the other rows, and writes down what was seen. Correct the side that was wrong: the row here, or the code that it names.

It needs credentials that read the stack, its logs and its user pool, and that make and remove an app client and a resource server there, both called `mcp-lambda-live`; what a killed run has left, the next one removes. A run costs
less than a cent: some 50 requests, one access token of a program or two, and with `--load` 400 requests more. `npm test -- live` plays it against the local stack, where each row is confirmed, or the emulator cannot tell, and shows
each row that the emulator can tell about refuted once, by a stack that is broken for it.

<!-- Made by `cargo run --package mcp-lambda-cli --example live-checks > docs/live-checks.md` from cli/src/live/rows; do not edit. -->
";

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    // Writing to a string cannot fail.
    for section in &SECTIONS {
        let _ = write!(page, "\n## {}\n\n", section.title);
        if !section.prose.is_empty() {
            let _ = write!(page, "{}\n\n", section.prose);
        }
        let _ = writeln!(
            page,
            "| Check | Behaviour | {} | {} |\n|---|---|---|---|",
            section.second_column, section.third_column
        );
        for row in section.rows {
            let Row {
                behaviour,
                locally,
                live,
                ..
            } = row;
            let _ = writeln!(page, "| {} | {behaviour} | {locally} | {live} |", id(row));
        }
    }
    page
}

fn id(row: &Row) -> String {
    match row.played {
        Played::Program { .. } => format!("**`{}`**", row.id),
        Played::Person => format!("`{}`", row.id),
    }
}
