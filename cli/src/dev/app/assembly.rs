//! Reads a cloud assembly: the stacks in the order of their dependencies, and what the constructs recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::entry::{
    Entry, Front, MachineClient, Playground, Program, Record, Route, Server, Service, ToolsApi,
};
use super::json::read_json;
use super::local_mode::LOCAL_KEY;
use crate::dev::error::StackError;

/// A synthesized app.
#[derive(Debug, Default, Clone)]
pub(crate) struct Assembly {
    /// Its stacks; each follows those that it depends on.
    pub(crate) stacks: Vec<StackToDeploy>,
    pub(crate) fronts: Vec<Entry<Front>>,
    pub(crate) routes: Vec<Entry<Route>>,
    pub(crate) services: Vec<Entry<Service>>,
    pub(crate) programs: Vec<Entry<Program>>,
    pub(crate) servers: Vec<Entry<Server>>,
    pub(crate) machine_clients: Vec<Entry<MachineClient>>,
    pub(crate) playgrounds: Vec<Entry<Playground>>,
    pub(crate) tools_apis: Vec<Entry<ToolsApi>>,
    /// The ids of the user pools of other apps.
    pub(crate) user_pools: BTreeSet<String>,
}

/// A stack of a synthesized app.
#[derive(Debug, Clone)]
pub(crate) struct StackToDeploy {
    pub(crate) name: String,
    /// The directory of its template and assets.
    pub(crate) directory: PathBuf,
    pub(crate) template: String,
    /// The manifests of its assets.
    pub(crate) assets: Vec<String>,
    /// The account and the region, where the app names them.
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    artifacts: BTreeMap<String, Artifact>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    r#type: String,
    environment: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    properties: Properties,
    #[serde(default)]
    metadata: BTreeMap<String, Vec<Metadata>>,
    additional_metadata_file: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Properties {
    template_file: Option<String>,
    stack_name: Option<String>,
    /// Of an asset manifest.
    file: Option<String>,
    /// Of a nested assembly.
    directory_name: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    r#type: String,
    data: Option<Value>,
}

impl Assembly {
    /// Reads the assembly in `directory` and those nested in it.
    pub(crate) fn read(directory: &Path) -> Result<Self, StackError> {
        let mut assembly = Self::default();
        assembly.add(directory)?;
        Ok(assembly)
    }

    fn add(&mut self, directory: &Path) -> Result<(), StackError> {
        let Manifest { artifacts } = read_json(&directory.join("manifest.json"))?;
        for name in in_order(&artifacts) {
            let artifact = &artifacts[name];
            match artifact.r#type.as_str() {
                "aws:cloudformation:stack" => self.add_stack(directory, &artifacts, name)?,
                "cdk:cloud-assembly" => {
                    if let Some(nested) = &artifact.properties.directory_name {
                        self.add(&directory.join(nested))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add_stack(
        &mut self,
        directory: &Path,
        artifacts: &BTreeMap<String, Artifact>,
        name: &str,
    ) -> Result<(), StackError> {
        let artifact = &artifacts[name];
        let stack = artifact.properties.stack_name.as_deref().unwrap_or(name);
        let more = match &artifact.additional_metadata_file {
            Some(file) => read_json::<BTreeMap<String, Vec<Metadata>>>(&directory.join(file))?,
            None => BTreeMap::new(),
        };
        for (construct, metadata) in artifact.metadata.iter().chain(&more) {
            let ours = metadata.iter().filter(|each| each.r#type == LOCAL_KEY);
            for data in ours.filter_map(|each| each.data.as_ref()) {
                self.add_record(construct.trim_start_matches('/'), stack, data)?;
            }
        }
        let (account, region) = environment(artifact.environment.as_deref().unwrap_or_default());
        let assets = artifact.dependencies.iter();
        self.stacks.push(StackToDeploy {
            name: stack.to_owned(),
            directory: directory.to_owned(),
            template: artifact
                .properties
                .template_file
                .clone()
                .unwrap_or_default(),
            assets: assets
                .filter_map(|id| artifacts.get(id)?.properties.file.clone())
                .collect(),
            account,
            region,
        });
        Ok(())
    }

    fn add_record(&mut self, construct: &str, stack: &str, data: &Value) -> Result<(), StackError> {
        let record = Record::deserialize(data).map_err(|cause| StackError::OtherRelease {
            construct: construct.to_owned(),
            cause,
        })?;
        let (construct, stack) = (construct.to_owned(), stack.to_owned());
        macro_rules! entry {
            ($record:expr) => {
                Entry {
                    construct,
                    stack,
                    record: $record,
                }
            };
        }
        match record {
            Record::Front(front) => self.fronts.push(entry!(front)),
            Record::Route(route) => self.routes.push(entry!(route)),
            Record::Service(service) => self.services.push(entry!(service)),
            Record::Program(program) => self.programs.push(entry!(program)),
            Record::Server(server) => self.servers.push(entry!(server)),
            Record::MachineClient(client) => self.machine_clients.push(entry!(client)),
            Record::Playground(playground) => self.playgrounds.push(entry!(playground)),
            Record::ToolsApi(api) => self.tools_apis.push(entry!(api)),
            Record::UserPool { id } => {
                let Value::String(id) = id else {
                    return Err(StackError::UserPoolUnknown { construct });
                };
                self.user_pools.insert(id);
            }
        }
        Ok(())
    }
}

/// The artifacts in the order of their dependencies; the CDK refuses circles.
fn in_order(artifacts: &BTreeMap<String, Artifact>) -> Vec<&str> {
    fn visit<'a>(
        name: &'a str,
        artifacts: &'a BTreeMap<String, Artifact>,
        ordered: &mut Vec<&'a str>,
        seen: &mut BTreeSet<&'a str>,
    ) {
        if !seen.insert(name) {
            return;
        }
        let Some(artifact) = artifacts.get(name) else {
            return;
        };
        for dependency in &artifact.dependencies {
            visit(dependency, artifacts, ordered, seen);
        }
        ordered.push(name);
    }
    let (mut ordered, mut seen) = (Vec::new(), BTreeSet::new());
    for name in artifacts.keys() {
        visit(name, artifacts, &mut ordered, &mut seen);
    }
    ordered
}

/// Account and region of `aws://account/region`, where they are known.
fn environment(environment: &str) -> (Option<String>, Option<String>) {
    let mut parts = environment.trim_start_matches("aws://").split('/');
    let mut next = || {
        let part = parts.next()?;
        (!part.is_empty() && !part.starts_with("unknown-")).then(|| part.to_owned())
    };
    (next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../target/tmp")
            .join(name);
        let _ = std::fs::remove_dir_all(&directory);
        for (file, text) in files {
            let file = directory.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        directory
    }

    #[test]
    fn a_stack_follows_those_that_it_depends_on_and_nested_assemblies_count() {
        let directory = written(
            "assembly-order",
            &[
                (
                    "manifest.json",
                    r#"{"artifacts": {
                        "A": {"type": "aws:cloudformation:stack", "dependencies": ["B", "A.assets"], "properties": {"templateFile": "A.json"},
                            "environment": "aws://123456789012/eu-west-1"},
                        "A.assets": {"type": "cdk:asset-manifest", "properties": {"file": "A.assets.json"}},
                        "B": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "B.json", "stackName": "Shared"},
                            "environment": "aws://unknown-account/unknown-region"},
                        "stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-stage"}}}}"#,
                ),
                (
                    "assembly-stage/manifest.json",
                    r#"{"artifacts": {"C": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "C.json"}}}}"#,
                ),
            ],
        );
        let assembly = Assembly::read(&directory).unwrap();
        let names: Vec<&str> = assembly
            .stacks
            .iter()
            .map(|stack| stack.name.as_str())
            .collect();
        assert_eq!(names, ["Shared", "A", "C"]);
        let a = &assembly.stacks[1];
        assert_eq!(a.assets, ["A.assets.json"]);
        assert_eq!(
            (a.account.as_deref(), a.region.as_deref()),
            (Some("123456789012"), Some("eu-west-1"))
        );
        assert_eq!(assembly.stacks[0].region, None);
        assert!(assembly.stacks[2].directory.ends_with("assembly-stage"));
    }

    #[test]
    fn records_are_read_from_the_manifest_and_from_the_file_beside_it() {
        let record = |kind: &str, rest: &str| {
            format!(r#"[{{"type": "mcp-lambda:local", "data": {{"kind": "{kind}", {rest}}}}}]"#)
        };
        let manifest = format!(
            r#"{{"artifacts": {{"A": {{"type": "aws:cloudformation:stack", "additionalMetadataFile": "A.metadata.json",
                "metadata": {{"/A/Host": {}}}}}}}}}"#,
            record(
                "front",
                r#""origin": "http://127.0.0.1:1", "api": {"Ref": "Api"}, "hasPage": true"#
            ),
        );
        let more = format!(
            r#"{{"/A/Host/Pool": {}}}"#,
            record("userPool", r#""id": "eu-west-1_a""#)
        );
        let directory = written(
            "assembly-records",
            &[("manifest.json", &manifest), ("A.metadata.json", &more)],
        );
        let assembly = Assembly::read(&directory).unwrap();
        assert_eq!(assembly.fronts[0].construct, "A/Host");
        assert_eq!(assembly.fronts[0].record.origin, "http://127.0.0.1:1");
        assert!(assembly.user_pools.contains("eu-west-1_a"));
    }
}
