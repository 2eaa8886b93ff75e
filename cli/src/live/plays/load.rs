//! Bounded load: rate limits of API Gateway as clients meet them.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use super::authorization::{authorization_url, register};
use crate::live::findings::Findings;
use crate::live::plays::try_play;
use crate::live::stage::{Request, Stage};

/// Requests of one play, and how many of them at once.
const REQUESTS: usize = 200;
const AT_ONCE: usize = 50;

/// How often each status came, and whether a 429 says when to come back.
async fn statuses(stage: &Stage, url: &str) -> Result<(BTreeMap<u16, usize>, bool), String> {
    let responses: Vec<_> = stream::iter(0..REQUESTS)
        .map(|_| stage.send(Request::get(url)))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut counts = BTreeMap::new();
    let mut says_when = true;
    for response in responses {
        let response = response?;
        *counts.entry(response.status).or_default() += 1;
        says_when &= response.status != 429 || response.header("retry-after").is_some();
    }
    Ok((counts, says_when))
}

/// Nothing but the response of a single request and 429. Without a 429, nothing was learned about the limit.
fn judge(findings: &mut Findings, what: &str, counts: &BTreeMap<u16, usize>, says_when: bool) {
    let shown: Vec<String> = counts
        .iter()
        .map(|(status, count)| format!("{count} × {status}"))
        .collect();
    let seen = format!(
        "{REQUESTS} requests for {what}, {AT_ONCE} at once: {}",
        shown.join(", ")
    );
    let is_limited = counts.contains_key(&429);
    let as_expected = counts.keys().all(|status| matches!(status, 200 | 429));
    if as_expected && !is_limited {
        findings.observe(seen);
        findings.leave_open(format!("no 429 for {what}: the limit was not reached"));
        return;
    }
    findings.expect(as_expected, seen);
    if is_limited {
        findings.expect(says_when, "every 429 has Retry-After");
    }
}

try_play!(metadata, |stage, findings| {
    if !stage.may_load {
        findings.leave_open("sends 200 requests at once: --load");
        return Ok(());
    }
    let url = stage.output("OAuthMetadataUrl")?;
    let (counts, says_when) = statuses(stage, url).await?;
    judge(findings, "the metadata", &counts, says_when);
});

try_play!(authorization, |stage, findings| {
    if !stage.may_load {
        findings.leave_open("sends 200 requests at once: --load");
        return Ok(());
    }
    let client_id = register(stage).await?;
    let url = authorization_url(
        stage,
        &client_id,
        "http://127.0.0.1:9/callback",
        &[("state", "s")],
    )
    .await?;
    let (counts, says_when) = statuses(stage, url.as_str()).await?;
    judge(findings, "the consent page", &counts, says_when);
    findings.leave_open("cold start at sign-in: `initDuration` in the log");
});
