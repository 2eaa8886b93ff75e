//! What the command does to find out, a module for each part of AWS.

pub(super) mod authorization;
pub(super) mod cognito;
pub(super) mod front;
pub(super) mod gateway;
pub(super) mod load;
pub(super) mod operation;
pub(super) mod scope;
pub(super) mod tokens;

use crate::doctor::evidence::Received;

/// Defines a play. A failure of what it needs, such as an output that is missing, is left open and ends it; what was found before
/// stays.
macro_rules! try_play {
    ($name:ident, |$stage:ident, $findings:ident| $body:block) => {
        pub(crate) async fn $name(stage: &Stage) -> Findings {
            async fn play($stage: &Stage, $findings: &mut Findings) -> Result<(), String> {
                $body
                Ok(())
            }
            let mut findings = Findings::default();
            if let Err(missing) = play(stage, &mut findings).await {
                findings.leave_open(missing);
            }
            findings
        }
    };
}
use try_play;

/// The values of some headers and the error that a body names: what a report may show.
fn looked_at(response: &Received, headers: &[&str]) -> String {
    let headers = headers
        .iter()
        .filter_map(|name| Some(format!("{name}: {}", response.header(name)?)));
    let error = response
        .member("error")
        .or_else(|| response.member("message"))
        .map(|error| format!("({error})"));
    headers.chain(error).collect::<Vec<_>>().join(" ")
}
