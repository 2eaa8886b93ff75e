//! One fault each: which check names it, which clients it stops, and the fix.

mod aws;
mod challenge;
mod parts;
mod reach;
mod registration;
mod resource;
mod server;

use mcp_lambda_cli::doctor::Report;
use mcp_lambda_cli::doctor::verdict::Outcome;
use serde_json::json;

use self::parts::api_gateway;
use crate::report;
use crate::stub::{AnyFault, Asked, Reply, start};

/// A row: what is broken, the check that names it first, and the clients that do not connect.
struct Case {
    name: &'static str,
    fault: Box<AnyFault>,
    check: &'static str,
    stopped: Stopped,
    /// Part of the fix.
    fix: &'static str,
}

/// The clients that do not connect, by id.
enum Stopped {
    All,
    None,
    These(&'static [&'static str]),
    /// All but these.
    AllBut(&'static [&'static str]),
    /// They ask for a client id, all but those that do not connect.
    Ask {
        not: &'static [&'static str],
    },
    /// They ask for a client id, all but those that connect.
    AskBut(&'static [&'static str]),
}

use Stopped::{All, AllBut, Ask, AskBut, These};

fn case(
    name: &'static str,
    check: &'static str,
    stopped: Stopped,
    fix: &'static str,
    fault: impl Fn(&Asked, &mut Reply) + Send + Sync + 'static,
) -> Case {
    Case {
        name,
        fault: Box::new(fault),
        check,
        stopped,
        fix,
    }
}

/// Clients that do not connect, and those that ask for an id.
fn outcomes(report: &Report) -> (Vec<&str>, Vec<&str>) {
    let of = |outcome: Outcome| {
        report
            .clients
            .iter()
            .filter(|client| client.verdict.outcome == outcome)
            .map(|client| client.id)
            .collect::<Vec<_>>()
    };
    (of(Outcome::DoesNotConnect), of(Outcome::AsksForClientId))
}

fn expected(stopped: &Stopped, all: &[&'static str]) -> (Vec<&'static str>, Vec<&'static str>) {
    let without = |left_out: &[&str]| {
        all.iter()
            .copied()
            .filter(|id| !left_out.contains(id))
            .collect::<Vec<_>>()
    };
    let only = |kept: &[&str]| {
        all.iter()
            .copied()
            .filter(|id| kept.contains(id))
            .collect::<Vec<_>>()
    };
    match stopped {
        All => (all.to_vec(), Vec::new()),
        Stopped::None => (Vec::new(), Vec::new()),
        These(ids) => (only(ids), Vec::new()),
        AllBut(ids) => (without(ids), Vec::new()),
        Ask { not } => (only(not), without(not)),
        AskBut(ids) => (Vec::new(), without(ids)),
    }
}

/// Runs the cases and says every difference at once.
async fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let report = report(&start("/mcp", case.fault).await, None).await;
        let all: Vec<&'static str> = report.clients.iter().map(|client| client.id).collect();
        let found: Vec<&str> = report.faults.iter().map(|fault| fault.id).collect();
        let (stopped, asking) = outcomes(&report);
        if (&stopped, &asking)
            != (
                &expected(&case.stopped, &all).0,
                &expected(&case.stopped, &all).1,
            )
        {
            let why: Vec<String> = report
                .clients
                .iter()
                .filter_map(|client| {
                    Some(format!(
                        "{}: {}",
                        client.id,
                        client.verdict.obstacle.as_ref()?.check
                    ))
                })
                .collect();
            wrong.push(format!(
                "{}: stopped {stopped:?}, asking {asking:?}, because {why:?}",
                case.name
            ));
        }
        match report.faults.iter().find(|fault| fault.id == case.check) {
            None => wrong.push(format!(
                "{}: found {found:?}, not {}",
                case.name, case.check
            )),
            Some(fault) if !fault.fix.construct.contains(case.fix) => {
                wrong.push(format!("{}: the fix is {}", case.name, fault.fix.construct));
            }
            Some(_) => {}
        }
        // What stops a client is found by a check as well, and the client's fix is that of the check.
        for client in &report.clients {
            if let Some(obstacle) = &client.verdict.obstacle
                && (!found.contains(&obstacle.check) || client.fix.is_none())
            {
                wrong.push(format!(
                    "{}: {} stops at {}, found {found:?}",
                    case.name, client.id, obstacle.check
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn names_what_keeps_clients_from_reaching_the_server() {
    check(reach::cases()).await;
}

#[tokio::test]
async fn names_the_causes_that_are_awss_own() {
    check(aws::cases()).await;
}

#[tokio::test]
async fn names_what_is_wrong_with_the_first_response() {
    check(challenge::cases()).await;
}

#[tokio::test]
async fn names_what_is_wrong_with_protected_resource_metadata() {
    check(resource::cases()).await;
}

#[tokio::test]
async fn names_what_is_wrong_with_authorization_server_metadata() {
    check(server::cases()).await;
}

#[tokio::test]
async fn names_what_is_wrong_with_registration_and_endpoints() {
    check(registration::cases()).await;
}

#[tokio::test]
async fn a_stage_path_without_a_front_is_named() {
    let url = start("/prod/mcp", |asked, reply| {
        // A REST API serves everything below its stage only, and its own 403 elsewhere.
        if asked.path.starts_with("/.well-known") {
            *reply = api_gateway(
                403,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            );
        }
        if asked.path == "/prod/.well-known/oauth-protected-resource/mcp" {
            let resource = format!("{}{}", asked.origin, asked.mcp);
            let servers = [format!("{}/prod", asked.origin)];
            *reply = Reply::json(
                200,
                &json!({ "resource": resource, "authorization_servers": servers }),
            );
        }
        reply.unset("www-authenticate");
    })
    .await;
    let report = report(&url, None).await;
    let found: Vec<&str> = report.faults.iter().map(|fault| fault.id).collect();
    assert!(found.contains(&"aws-stage-path"), "{found:?}");
    assert!(
        found.contains(&"aws-missing-authentication-token"),
        "{found:?}"
    );
    assert_eq!(report.failing(), report.clients.len());
}

#[tokio::test]
async fn a_healthy_server_raises_no_alarm() {
    let report = report(&start("/mcp", |_, _| {}).await, None).await;
    let found: Vec<&str> = report.faults.iter().map(|fault| fault.id).collect();
    assert_eq!((report.failing(), found), (0, vec![]));
    assert!(report.clients.len() >= 12, "{}", report.clients.len());
    let documents: Vec<&str> = report
        .clients
        .iter()
        .filter(|client| client.verdict.identity == Some("metadata document"))
        .map(|client| client.id)
        .collect();
    assert_eq!(documents, registration::BY_DOCUMENT);
    // Politeness: each request once, and fewer than a page load.
    assert!(report.exchanges.len() < 70, "{}", report.exchanges.len());
}

#[test]
fn there_are_at_least_forty_faults_of_different_kinds() {
    let cases = [
        reach::cases(),
        aws::cases(),
        challenge::cases(),
        resource::cases(),
        server::cases(),
        registration::cases(),
    ];
    let mut checks: Vec<&str> = cases.iter().flatten().map(|case| case.check).collect();
    checks.sort_unstable();
    checks.dedup();
    assert!(checks.len() >= 40, "{}", checks.len());
}
