//! What directories, and the people who choose in a client, ask of prompts, resources and MCP Apps: names, titles and descriptions.

use super::rule::{DirectoryFinding, DirectoryRule, LONGEST_DESCRIPTION, TOOL_NAME, is_blank};
use crate::{Contract, McpResource, Prompt};

/// The findings about prompts, resources and MCP Apps.
pub(super) fn described_findings(contract: &Contract) -> Vec<DirectoryFinding> {
    let mut found = Vec::new();
    for each in &contract.prompts {
        found.extend(prompt(each));
    }
    for each in &contract.mcp_resources {
        found.extend(resource(each));
    }
    for app in &contract.apps {
        let about = format!("MCP App {}", app.name);
        found.extend(words(
            &about,
            (DirectoryRule::ResourceTitle, app.title.as_ref()),
            (DirectoryRule::ResourceDescription, app.description.as_ref()),
        ));
    }
    found
}

fn prompt(prompt: &Prompt) -> Vec<DirectoryFinding> {
    let about = format!("prompt {}", prompt.name);
    let mut found = Vec::new();
    if !TOOL_NAME.allows(&prompt.name) {
        let message = "has a name that not every client makes a command of: use 1 to 64 of the characters A-Z a-z 0-9 _ -";
        found.push(finding(&about, DirectoryRule::PromptName, message));
    }
    found.extend(words(
        &about,
        (DirectoryRule::PromptTitle, prompt.title.as_ref()),
        (
            DirectoryRule::PromptDescription,
            prompt.description.as_ref(),
        ),
    ));
    let arguments = prompt.arguments.iter();
    let bare: Vec<&str> = arguments
        .filter(|argument| is_blank(argument.description.as_ref()))
        .map(|argument| argument.name.as_str())
        .collect();
    if !bare.is_empty() {
        let message = format!(
            "has arguments without a description ({}): say what a person writes there",
            bare.join(", ")
        );
        found.push(finding(&about, DirectoryRule::PromptArguments, &message));
    }
    found
}

fn resource(resource: &McpResource) -> Vec<DirectoryFinding> {
    let about = format!("MCP resource {}", resource.uri);
    let mut found = Vec::new();
    if resource.name.trim().is_empty() {
        found.push(finding(
            &about,
            DirectoryRule::ResourceName,
            "has no name: give it one",
        ));
    }
    found.extend(words(
        &about,
        (DirectoryRule::ResourceTitle, resource.title.as_ref()),
        (
            DirectoryRule::ResourceDescription,
            resource.description.as_ref(),
        ),
    ));
    found
}

/// What is wrong with a title and a description.
fn words(
    about: &str,
    (title_rule, title): (DirectoryRule, Option<&String>),
    (rule, description): (DirectoryRule, Option<&String>),
) -> Vec<DirectoryFinding> {
    let mut found = Vec::new();
    if is_blank(title) {
        found.push(finding(
            about,
            title_rule,
            "has no title: add one for people",
        ));
    }
    let length = description.map_or(0, |words| words.chars().count());
    if is_blank(description) {
        found.push(finding(
            about,
            rule,
            "has no description: say what it is for",
        ));
    } else if length > LONGEST_DESCRIPTION {
        let message = format!(
            "has a description of {length} characters: shorten it to {LONGEST_DESCRIPTION}"
        );
        found.push(finding(about, rule, &message));
    }
    found
}

fn finding(about: &str, rule: DirectoryRule, message: &str) -> DirectoryFinding {
    DirectoryFinding {
        rule,
        about: about.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{described_findings, prompt, resource};
    use crate::DirectoryRule::{
        PromptArguments, PromptDescription, PromptName, PromptTitle, ResourceDescription,
        ResourceName, ResourceTitle,
    };
    use crate::manifest::tests::contract;
    use crate::{DirectoryFinding, DirectoryRule, McpResource, Prompt, PromptArgument};

    fn good_prompt() -> Prompt {
        Prompt {
            name: "walk-dog".to_owned(),
            title: Some("Walk the dog".to_owned()),
            description: Some("Plans a walk.".to_owned()),
            arguments: vec![PromptArgument {
                name: "dog".to_owned(),
                description: Some("Name of the dog.".to_owned()),
                required: true,
            }],
        }
    }

    fn good_resource() -> McpResource {
        McpResource {
            uri: "dogs://{name}".to_owned(),
            name: "dog".to_owned(),
            title: Some("A dog".to_owned()),
            description: Some("Weight and age of a dog.".to_owned()),
        }
    }

    fn rules(found: Vec<DirectoryFinding>) -> Vec<DirectoryRule> {
        found.into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn finds_nothing_in_prompts_and_resources_that_say_what_they_are() {
        let mut contract = contract();
        contract.prompts = vec![good_prompt()];
        contract.mcp_resources = vec![good_resource()];
        assert_eq!(described_findings(&contract), []);
    }

    #[test]
    fn finds_what_a_prompt_does_not_say() {
        let found = |change: fn(&mut Prompt)| {
            let mut changed = good_prompt();
            change(&mut changed);
            rules(prompt(&changed))
        };
        assert_eq!(
            found(|prompt| prompt.name = "walk the dog".to_owned()),
            [PromptName]
        );
        assert_eq!(
            found(|prompt| prompt.title = Some(" ".to_owned())),
            [PromptTitle]
        );
        assert_eq!(
            found(|prompt| prompt.description = None),
            [PromptDescription]
        );
        assert_eq!(
            found(|prompt| prompt.description = Some("é".repeat(1025))),
            [PromptDescription]
        );
        assert_eq!(
            found(|prompt| prompt.arguments[0].description = None),
            [PromptArguments]
        );
        assert_eq!(found(|prompt| prompt.arguments.clear()), []);
    }

    #[test]
    fn names_every_argument_without_a_description() {
        let mut changed = good_prompt();
        changed.arguments.push(PromptArgument {
            name: "hours".to_owned(),
            description: None,
            required: false,
        });
        changed.arguments[0].description = Some(String::new());
        let found = prompt(&changed);
        assert_eq!(
            found[0].message,
            "has arguments without a description (dog, hours): say what a person writes there"
        );
        assert_eq!(found[0].about, "prompt walk-dog");
    }

    #[test]
    fn finds_what_a_resource_does_not_say() {
        let bare = McpResource {
            name: String::new(),
            title: None,
            description: None,
            ..good_resource()
        };
        assert_eq!(
            rules(resource(&bare)),
            [ResourceName, ResourceTitle, ResourceDescription]
        );
    }
}
