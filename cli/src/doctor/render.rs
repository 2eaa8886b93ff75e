//! The report as text for a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::report::{ClientReport, ExchangeReport, FaultReport, Report};
use super::verdict::Outcome;

const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// The report with ANSI styles; the printer removes them where there is no terminal.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let stopping: Vec<&str> = report
        .clients
        .iter()
        .filter_map(|client| Some(client.verdict.obstacle.as_ref()?.check))
        .collect();
    // Writing to a string cannot fail.
    let _ = clients(&mut text, report);
    let _ = faults(&mut text, report, &stopping);
    let _ = sign_in(&mut text, report);
    let _ = unchecked(&mut text, report);
    text
}

fn clients(text: &mut String, report: &Report) -> std::fmt::Result {
    let name = width(report, |client| client.name);
    let version = width(report, |client| client.version);
    writeln!(
        text,
        "{BOLD}{:name$}  {:version$}  {}{BOLD:#}",
        "CLIENT", "VERSION", report.url
    )?;
    let shared = shared_obstacle(report);
    for client in &report.clients {
        let (style, words) = words(client.verdict.outcome);
        let identity = client
            .verdict
            .identity
            .filter(|_| client.verdict.outcome == Outcome::Connects)
            .map_or_else(String::new, |identity| format!(" ({identity})"));
        writeln!(
            text,
            "{:name$}  {:version$}  {style}{words}{style:#}{identity}",
            client.name, client.version
        )?;
        if shared {
            continue;
        }
        if let Some(obstacle) = &client.verdict.obstacle {
            writeln!(
                text,
                "    {}: {} [{}]",
                obstacle.step.name(),
                obstacle.detail,
                obstacle.check
            )?;
        }
        if let Some(fix) = &client.fix {
            writeln!(text, "    fix: {}", fix.construct)?;
        }
    }
    Ok(())
}

/// Whether all clients stop at the same obstacle, which is then shown once, below.
fn shared_obstacle(report: &Report) -> bool {
    let mut obstacles = report.clients.iter().map(|client| {
        client
            .verdict
            .obstacle
            .as_ref()
            .map(|obstacle| (obstacle.check, &obstacle.detail))
    });
    let first = obstacles.next().flatten();
    report.clients.len() > 1 && first.is_some() && obstacles.all(|obstacle| obstacle == first)
}

fn faults(text: &mut String, report: &Report, stopping: &[&str]) -> std::fmt::Result {
    if report.faults.is_empty() {
        return writeln!(text, "\nNo check failed.");
    }
    let (stops, others): (Vec<&FaultReport>, Vec<&FaultReport>) = report
        .faults
        .iter()
        .partition(|fault| stopping.contains(&fault.id));
    for (title, faults) in [
        ("What stops clients", stops),
        ("What else is wrong", others),
    ] {
        if faults.is_empty() {
            continue;
        }
        writeln!(text, "\n{BOLD}{title}{BOLD:#}")?;
        for fault in faults {
            writeln!(text, "{YELLOW}{}{YELLOW:#}: {}", fault.id, fault.title)?;
            writeln!(text, "    seen: {}", fault.detail)?;
            writeln!(text, "    why: {}", fault.why)?;
            writeln!(text, "    fix: {}", fault.fix.construct)?;
            writeln!(text, "    any other server: {}", fault.fix.elsewhere)?;
            for exchange in fault.exchanges.iter().take(1) {
                if let Some(exchange) = report.exchanges.get(*exchange) {
                    evidence(text, exchange)?;
                }
            }
        }
    }
    Ok(())
}

/// The request and what tells something about the response.
fn evidence(text: &mut String, exchange: &ExchangeReport) -> std::fmt::Result {
    const TELLING: [&str; 7] = [
        "www-authenticate",
        "x-amzn-",
        "x-cache",
        "content-type",
        "location",
        "date",
        "server",
    ];
    writeln!(text, "    > {}", exchange.request)?;
    match (exchange.status, &exchange.failure) {
        (Some(status), _) => writeln!(text, "    < {status}, {} ms", exchange.milliseconds)?,
        (None, Some(failure)) => writeln!(text, "    < no response: {failure}")?,
        (None, None) => {}
    }
    for header in &exchange.response_headers {
        if TELLING.iter().any(|name| header.starts_with(name)) {
            writeln!(text, "    < {header}")?;
        }
    }
    if !exchange.body.is_empty() {
        writeln!(text, "    < {}", exchange.body.replace('\n', " "))?;
    }
    Ok(())
}

/// How the sign-in of a person ended.
fn sign_in(text: &mut String, report: &Report) -> std::fmt::Result {
    let Some(sign_in) = &report.sign_in else {
        return Ok(());
    };
    writeln!(text, "\n{BOLD}Sign-in in the browser{BOLD:#}")?;
    match (&sign_in.problem, &sign_in.refresh_problem) {
        (Some(problem), _) => writeln!(text, "{RED}failed{RED:#}: {problem}"),
        (None, Some(problem)) => {
            writeln!(text, "signed in; {RED}the refresh failed{RED:#}: {problem}")
        }
        (None, None) if sign_in.refreshed => {
            writeln!(text, "signed in, and the access token was refreshed")
        }
        (None, None) => writeln!(text, "not needed: the server asks for no access token"),
    }
}

/// What was not checked, each once.
fn unchecked(text: &mut String, report: &Report) -> std::fmt::Result {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for client in &report.clients {
        for what in &client.verdict.unchecked {
            match lines.iter_mut().find(|(line, _)| line == what) {
                Some((_, names)) => names.push(client.id),
                None => lines.push((what.clone(), vec![client.id])),
            }
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{BOLD}Not checked{BOLD:#}")?;
    for (line, names) in lines {
        writeln!(text, "{line}: {}", names.join(", "))?;
    }
    Ok(())
}

fn words(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Connects => (GREEN, "connects"),
        Outcome::AsksForClientId => (YELLOW, "asks for a client id"),
        Outcome::DoesNotConnect => (RED, "does not connect"),
    }
}

fn width(report: &Report, column: fn(&ClientReport) -> &'static str) -> usize {
    report
        .clients
        .iter()
        .map(|client| column(client).chars().count())
        .max()
        .unwrap_or_default()
        .max("VERSION".len())
}
