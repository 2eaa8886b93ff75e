//! Deploys the stacks of an app, and says what the expressions of their templates have become.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use crate::dev::app::Assembly;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::ports::origin;
use crate::dev::process::{command, step_with_input};

/// The deployed stacks by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deployed {
    pub(crate) stacks: BTreeMap<String, DeployedStack>,
    account: Option<Account>,
}

/// What a stack has become.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct DeployedStack {
    pub(crate) outputs: BTreeMap<String, String>,
    /// The physical ids by logical id.
    pub(crate) resources: BTreeMap<String, String>,
    /// The containers of task definitions, by ARN.
    #[serde(default)]
    pub(crate) containers: BTreeMap<String, Container>,
}

/// What a task runs: a program, which the constructs name as its image, and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Container {
    #[serde(rename = "image")]
    pub(crate) program: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
}

/// Creates or updates the stacks of `assembly` at the emulator on `port`.
pub(crate) async fn deploy(
    paths: &Paths,
    port: u16,
    account: &Account,
    assembly: &Assembly,
) -> Result<Deployed, StackError> {
    let stacks = assembly.stacks.iter().map(|stack| {
        json!({
            "name": stack.name,
            "template": stack.template,
            "directory": stack.directory,
            "assets": stack.assets,
        })
    });
    let plan = json!({ "userPools": assembly.user_pools, "stacks": stacks.collect::<Vec<_>>() });
    let deployed = step_with_input(
        "deploying the stacks",
        "fix the stack; if it deployed before, forget the old one with --reset",
        command(paths.python(), paths)
            .arg(paths.emulator("deploy_app.py"))
            .args(["--endpoint", &origin(port), "--region", &account.region]),
        plan.to_string().as_bytes(),
    )
    .await?;
    let stacks = serde_json::from_slice(&deployed).map_err(|error| StackError::Incomplete {
        missing: format!("readable outputs ({error})"),
    })?;
    Ok(Deployed {
        stacks,
        account: Some(account.clone()),
    })
}

impl Deployed {
    /// The value of an expression in the template of `stack`, as far as records of the constructs use them: strings, `Ref`,
    /// `Fn::Join` and the attribute `Arn` of what has its ARN or name as physical id.
    pub(crate) fn value(&self, stack: &str, expression: &Value) -> Option<String> {
        match expression {
            Value::String(text) => Some(text.clone()),
            Value::Object(object) => {
                let (function, argument) = object.iter().next()?;
                match (function.as_str(), argument) {
                    ("Ref", Value::String(id)) => self.reference(stack, id),
                    ("Fn::Join", Value::Array(join)) => {
                        let [Value::String(separator), Value::Array(parts)] = join.as_slice()
                        else {
                            return None;
                        };
                        let parts: Option<Vec<String>> =
                            parts.iter().map(|part| self.value(stack, part)).collect();
                        Some(parts?.join(separator))
                    }
                    _ => None,
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }

    /// The container of a task definition in the template of `stack`.
    pub(crate) fn container(&self, stack: &str, task_definition: &Value) -> Option<&Container> {
        let arn = self.value(stack, task_definition)?;
        self.stacks.get(stack)?.containers.get(&arn)
    }

    fn reference(&self, stack: &str, id: &str) -> Option<String> {
        let account = self.account.as_ref()?;
        match id {
            "AWS::Region" => Some(account.region.clone()),
            "AWS::AccountId" => Some(account.id.clone()),
            "AWS::Partition" => Some("aws".to_owned()),
            "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
            _ => self.stacks.get(stack)?.resources.get(id).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_gets_the_physical_ids_of_its_own_stack() {
        let stack = |id: &str| DeployedStack {
            resources: [("Api".to_owned(), id.to_owned())].into(),
            ..DeployedStack::default()
        };
        let deployed = Deployed {
            stacks: [("A".to_owned(), stack("a1")), ("B".to_owned(), stack("b1"))].into(),
            account: Some(Account {
                id: "1".into(),
                region: "eu-west-1".into(),
            }),
        };
        let joined = json!({ "Fn::Join": ["", ["http://", { "Ref": "Api" }, ".", { "Ref": "AWS::Region" }]] });
        assert_eq!(
            deployed.value("B", &joined).as_deref(),
            Some("http://b1.eu-west-1")
        );
        assert_eq!(
            deployed.value("A", &json!({ "Ref": "Api" })).as_deref(),
            Some("a1")
        );
        assert_eq!(deployed.value("A", &json!({ "Ref": "Gone" })), None);
        assert_eq!(deployed.value("A", &json!({ "Fn::Sub": "x" })), None);
    }
}
