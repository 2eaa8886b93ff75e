//! The section "Models (Bedrock)".

use crate::live::row::{Row, Section, person};

pub(super) const SECTION: Section = Section {
    title: "Models (Bedrock)",
    prose: "",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "converse-refusals",
        "Converse: what it refuses, and with which words",
        "A validator refuses what Bedrock is known to refuse, with its messages; Bedrock may be stricter for a model or change its words",
        "`mcp-lambda chat --model ID` for a model of each provider: ask for two tools in one question, stop a reply, undo, continue; no ValidationException appears",
    ),
    person(
        "model-access",
        "Credentials, access to a model, throttling, guardrails",
        "Their exceptions are played by tests",
        "`mcp-lambda chat --model ID` without access to the model, with expired credentials, and with `--guardrail`",
    ),
];
