//! The section "Function and data".

use crate::live::plays::operation;
use crate::live::row::Emulator::{CannotTell, Tells};
use crate::live::row::{Row, Section, person, program};

pub(super) const SECTION: Section = Section {
    title: "Function and data",
    prose: "",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "audit-trail",
        "[Audit trail](audit.md): time of `PutLogEvents` and `CreateLogStream`, the order of events of one millisecond, and that the function's role can do no more",
        "The emulator's CloudWatch Logs responds at once; a log group in memory loses requests and responses",
        "Deploy with `audit`, make 1,000 calls, run `mcp-lambda audit verify`, and compare the calls' duration with and without; try `aws logs delete-log-stream` with the role",
    ),
    person(
        "caller-limits",
        "[`callerLimits`](rate-limits.md) under load: one item takes 1,000 writes a second at most, and DynamoDB throttles above that",
        "Exact on the emulator and in memory",
        "`ab -n 20000 -c 200` with one access token: 200 and 429 only, no 503",
    ),
    program(
        "cold-start",
        "Cold start, memory, arm64",
        "The function runs natively on this machine, unlimited; the arm64 artefact runs in one test under QEMU",
        "Read `initDuration` and `maxMemoryUsed` in the log",
        CannotTell,
        |stage| Box::pin(operation::cold_start(stage)),
    ),
    person(
        "after-the-stream",
        "Work between the end of a streamed response and the request for the next invocation (`ResponseStream::close`)",
        "Documented for custom runtimes: an invocation lasts until the process asks for the next one. Here the Runtime API is simulated, with that rule",
        "Call a tool of a server with `resumable_streams()` that closes its stream and takes ten seconds more; come back with `Last-Event-ID`, and compare `billedDuration`",
    ),
    person(
        "freezing",
        "Freezing between invocations",
        "Processes keep running",
        "Let a tool start work that outlives its response",
    ),
    person(
        "lambda-network",
        "Clock, network, name resolution of the Lambda environment; outbound HTTPS to the Dog API",
        "Locally a mock on loopback responds",
        "Call `getDogFacts`",
    ),
    person(
        "spans",
        "Spans: that the client has its response before the export begins, and that a collector in a layer receives them",
        "Nothing is between the function and its Runtime API here",
        "Set `OTEL_EXPORTER_OTLP_ENDPOINT` to an address that does not respond, and compare the client's time with `billedDuration`",
    ),
    program(
        "log-format",
        "Log format and retention, alarms, metrics",
        "Log groups exist, their retention is not enforced",
        "Check CloudWatch after a day",
        Tells,
        |stage| Box::pin(operation::log_format(stage)),
    ),
    person(
        "resource-policies",
        "IAM beyond the function's role: resource policies, service-linked roles, KMS",
        "The role is evaluated; `lambda:InvokeFunction` for the gateway is not",
        "Remove the permission from the template and deploy",
    ),
];
