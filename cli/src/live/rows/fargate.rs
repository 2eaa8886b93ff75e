//! The section "AWS Fargate".

use crate::live::row::{Row, Section, person};

pub(super) const SECTION: Section = Section {
    title: "AWS Fargate",
    prose: "Everything between the front and the process is AWS's: the local stack runs two processes behind the edge.",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "vpc-origin-streams",
        "A VPC origin streams: events arrive one by one, and a pause may be as long as `readTimeout` of the front and `idleTimeout`",
        "The edge forwards every part at once, without limits",
        "Call a tool that reports progress with `curl -N`; then one that sends nothing for 50 and for 70 seconds",
    ),
    person(
        "vpc-origin-prefix-list",
        "CloudFront's prefix list is enough for a VPC origin",
        "No security group",
        "Deploy and `curl -i -X POST` to the MCP URL: 401 with the challenge, not 504",
    ),
    person(
        "security-group-quota",
        "The quota of rules of a security group: the prefix list counts as 55 of 60",
        "None",
        "Deploy; share the load balancer between two servers and deploy again",
    ),
    person(
        "vpc-origin-deletion",
        "One VPC origin for each load balancer, and its deletion with the stack",
        "Not simulated",
        "Deploy, destroy; deploy a host with two servers on one `listener`",
    ),
    person(
        "isolated-subnets",
        "Tasks with `vpcEndpointsEnabled` in isolated subnets become healthy: Cognito serves `/.well-known/jwks.json` at its interface endpoint",
        "Not simulated",
        "Deploy into isolated subnets; `GET /health` of a task must not say that the keys have not been read",
    ),
    person(
        "task-credentials",
        "The credentials of the task's role are renewed",
        "The processes have static credentials",
        "Call a tool that uses the table, seven hours after the start",
    ),
    person(
        "task-start",
        "A task definition with all capabilities dropped, a read-only file system and the user 65532 starts on Fargate arm64",
        "Not simulated: `lambda/mcp-lambda` runs as any program",
        "Deploy; the service becomes stable",
    ),
    person(
        "task-metrics",
        "CloudWatch makes metrics of the log lines of a task (`awslogs`)",
        "None",
        "Call a tool and look for `McpLambda` in CloudWatch's metrics",
    ),
    person(
        "rolling-deployment",
        "No call is lost in a rolling deployment, and in blue/green, linear and canary",
        "A killed process loses its calls; a rebuild of the program replaces the processes in order",
        "Call a tool of 20 seconds again and again while a new version is deployed",
    ),
    person(
        "blue-green-update",
        "Blue/green after an update of the stack: CloudFormation leaves the weights of the listener rule as Amazon ECS changed them",
        "Not simulated",
        "Deploy twice with `McpDeployment.blueGreen()`, each with new code",
    ),
    person(
        "circuit-breaker",
        "The circuit breaker and `NewTasksFail` bring back the tasks from before",
        "Not simulated",
        "Deploy a program that ends at once; then one that fails every call",
    ),
    person(
        "service-scaling",
        "Scaling on CPU and on requests",
        "Not simulated",
        "`ab -n 100000 -c 64` with an access token, and watch the running tasks",
    ),
    person(
        "spot",
        "Spot: a task ends in order within two minutes of its notice",
        "Not simulated",
        "Run with `FARGATE_SPOT` for some days and look for `listening` in the log",
    ),
];
