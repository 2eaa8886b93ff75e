//! Finds the log groups of a stack or a function by the names that CloudFormation gives them.

use aws_sdk_cloudwatchlogs::Client;

use super::error::LogsError;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// What it is called in front of its lines.
    pub label: String,
}

/// The log groups of `target`: a log group by its name (`/aws/…`), the functions of a stack, or one function. With no target,
/// all there are.
///
/// # Errors
///
/// [`LogsError::NoGroup`] if there is none, other errors when CloudWatch Logs fails.
pub async fn find(
    client: &Client,
    target: Option<&str>,
    region: &str,
) -> Result<Vec<LogGroup>, LogsError> {
    let Some(target) = target else {
        return Ok(labelled(names(client, None).await?, ""));
    };
    if target.starts_with('/') {
        return Ok(labelled(vec![target.to_owned()], ""));
    }
    let mut found = names(client, Some(target)).await?;
    found.retain(|name| belongs_to(name, target));
    if found.is_empty() {
        let of_lambda = format!("/aws/lambda/{target}");
        found = names(client, Some(&of_lambda)).await?;
    }
    if found.is_empty()
        && let Some(prefix) = log_of_function(target)
    {
        found = names(client, Some(&prefix)).await?;
    }
    if found.is_empty() {
        return Err(LogsError::NoGroup {
            target: target.to_owned(),
            region: region.to_owned(),
        });
    }
    Ok(labelled(found, target))
}

/// The names of the log groups with this prefix.
async fn names(client: &Client, prefix: Option<&str>) -> Result<Vec<String>, LogsError> {
    let mut names = Vec::new();
    let mut pages = client
        .describe_log_groups()
        .set_log_group_name_prefix(prefix.map(str::to_owned))
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(LogsError::of("listing the log groups"))?;
        let groups = page.log_groups.unwrap_or_default();
        names.extend(groups.into_iter().filter_map(|group| group.log_group_name));
    }
    Ok(names)
}

/// Whether a group is of the stack and not of another one whose name begins with it: the rest of the name is the logical id
/// and a random part, neither of which has a hyphen.
fn belongs_to(name: &str, stack: &str) -> bool {
    match name.strip_prefix(stack) {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('-')
            .is_some_and(|rest| rest.matches('-').count() == 1),
        None => false,
    }
}

/// The beginning of the name of a function's log group: `Shop-ServerFunction1A2B3C4D-x9` writes to
/// `Shop-ServerFunctionLog…`, as `McpFunction` defines it.
fn log_of_function(function: &str) -> Option<String> {
    let (name, _random) = function.rsplit_once('-')?;
    let (name, hash) = name.split_at_checked(name.len().checked_sub(8)?)?;
    let is_hash = hash
        .chars()
        .all(|digit| matches!(digit, '0'..='9' | 'A'..='F'));
    is_hash.then(|| format!("{name}Log"))
}

/// Names the groups for the front of their lines: without the stack, the hash and the random part.
fn labelled(names: Vec<String>, target: &str) -> Vec<LogGroup> {
    names
        .into_iter()
        .map(|name| LogGroup {
            label: label(&name, target),
            name,
        })
        .collect()
}

fn label(name: &str, target: &str) -> String {
    let of_stack = name
        .strip_prefix(target)
        .and_then(|rest| rest.strip_prefix('-'));
    let logical = of_stack.and_then(|rest| rest.split('-').next());
    match logical {
        Some(id) => {
            let id = id.get(..id.len().saturating_sub(8)).unwrap_or(id);
            id.trim_end_matches("Log").to_owned()
        }
        None => name.rsplit('/').next().unwrap_or(name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_has_its_groups_and_not_those_of_a_stack_with_a_longer_name() {
        assert!(belongs_to("Shop-ServerFunctionLog04964BC3-x9Yz", "Shop"));
        assert!(!belongs_to(
            "Shop-prod-ServerFunctionLog04964BC3-x9Yz",
            "Shop"
        ));
        assert!(belongs_to(
            "Shop-prod-ServerFunctionLog04964BC3-x9Yz",
            "Shop-prod"
        ));
        assert!(!belongs_to(
            "Shopping-ServerFunctionLog04964BC3-x9Yz",
            "Shop"
        ));
        assert_eq!(
            label("Shop-ServerFunctionLog04964BC3-x9Yz", "Shop"),
            "ServerFunction"
        );
        assert_eq!(label("/aws/lambda/orders", ""), "orders");
    }

    #[test]
    fn the_log_of_a_function_is_found_by_the_functions_name() {
        let prefix = log_of_function("Shop-ServerFunction1A2B3C4D-x9Yz");
        assert_eq!(prefix.as_deref(), Some("Shop-ServerFunctionLog"));
        assert_eq!(log_of_function("orders"), None);
        assert_eq!(log_of_function("my-function"), None);
    }
}
