//! The section "The playground".

use crate::live::row::{Row, Section, person};

pub(super) const SECTION: Section = Section {
    title: "The playground",
    prose: "",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "inference-profile",
        "The permission for an inference profile: the profile, and the model in any Region on condition of `bedrock:InferenceProfileArn`",
        "Bedrock's Converse on this machine checks no permission",
        "Deploy with `McpBedrockModel.inferenceProfile` of a geography and a global one, ask one question with each; then try the model without the profile with the function's role: it must be denied",
    ),
    person(
        "playground-streaming",
        "Streaming through CloudFront and API Gateway to a browser",
        "The local edge streams",
        "Ask for something long: words must come one by one; let a tool take longer than the read timeout",
    ),
    person(
        "playground-document",
        "The playground's metadata document (`/client.json`) as its OAuth client",
        "Over http the playground registers itself instead",
        "Sign in at a server behind `McpAuthorization.server`: the log of its authorization server has `metadataDocument`",
    ),
    person(
        "playground-gateway-pages",
        "Pages of API Gateway itself (429, 5xx) as HTML",
        "The emulator sends its own",
        "Send 200 requests at once with a browser's `Accept`, and look at the page",
    ),
];
