//! The section "Deployment".

use crate::live::row::{Row, Section, person};

pub(super) const SECTION: Section = Section {
    title: "Deployment",
    prose: "`npm test -- integration` deploys two apps with `cdk deploy`, one with the defaults and one with every option that can be combined, updates them and destroys them,
with the emulator's CloudFormation. On AWS, run `npx cdk deploy --app 'node test/integration/apps/defaults.ts'` with the context of `test/integration/deploy.test.ts`. For `everything.ts` add
`-c zoneName=<a domain of yours> -c zoneId=<its Route 53 zone>`: its certificate waits for a record in that zone, which no certificate of `example.com` ever gets.",
    second_column: "Emulator",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "traffic-shifting",
        "Traffic shifting",
        r#"`AWS::CodeDeploy::Application` and `AWS::CodeDeploy::DeploymentGroup` are "Unrecognized resource types", so substitutes without effect replace them: an alias moves to a new version at once"#,
        "Deploy with `trafficShifting`, change the code, watch the deployment in CodeDeploy; let the new version fail",
    ),
    person(
        "web-acl",
        "Web ACL",
        "`AWS::WAFv2::WebACLAssociation` is unrecognized too; a patch makes the association in the emulator's WAF, which inspects nothing",
        "Deploy with `webAcl`, add a rule that blocks a header, send it",
    ),
    person(
        "alarm-requests-fail",
        "The alarm `RequestsFail`",
        r#""Properties.Metrics (metric math) is not supported": stored without a metric, so it never goes off"#,
        "Let a tool panic for ten minutes",
    ),
    person(
        "network-and-concurrency",
        "Network and concurrency: `vpc`, `reservedConcurrency`, `provisionedConcurrency`",
        "Stored as settings; functions run on this machine, in no network, started on demand",
        "Deploy with them, call a tool that reads the table, check the function's metrics. A new account has a quota of 10 instances at once, which no reservation may touch",
    ),
    person(
        "custom-domain",
        "Custom domain",
        "The certificate counts as issued, and the name is not resolved",
        "Deploy with `McpFront.customDomain` and a zone of your own",
    ),
    person(
        "unknown-resource-types",
        "Resources of other types than the emulator knows",
        "Accepted without effect; `mcp-lambda dev` names each",
        "Deploy the app",
    ),
    person(
        "cloudformation-refusals",
        "What CloudFormation refuses, replaces or cannot delete",
        "The emulator has its own rules",
        "Deploy, update and destroy both apps; compare physical ids before and after",
    ),
];
