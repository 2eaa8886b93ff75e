//! The list of a person's servers.

use mcp_lambda_agent::mcp::labels;
use url::Url;

use crate::access::Visitor;
use crate::browser::hex_digest;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::settings::ServerEntry;
use crate::store::{Key, When};

const PREFIX: &str = "server#";
/// More servers make every question slow.
const MOST: usize = 20;

/// A server of a person.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// Names it in addresses and keys.
    pub(crate) key: String,
    /// The beginning of its tools' names.
    pub(crate) label: String,
    pub(crate) entry: ServerEntry,
    /// Its access token says who a person is.
    pub(crate) is_first: bool,
    /// The person added it.
    pub(crate) is_added: bool,
}

/// The key of the server at `url`.
pub(crate) fn key_of(url: &str) -> String {
    hex_digest(&[url]).chars().take(16).collect()
}

impl Playground {
    /// The first server, which everybody signs in to.
    pub(crate) fn first_server(&self) -> Option<&ServerEntry> {
        self.settings.servers.first()
    }

    /// The person's servers.
    pub(crate) async fn servers(&self, visitor: &Visitor) -> Result<Vec<Known>, Problem> {
        let added = self
            .table()?
            .list(visitor.person.partition(), PREFIX)
            .await?;
        let added = added
            .iter()
            .filter_map(|item| serde_json::from_str::<ServerEntry>(&item.value).ok())
            .filter(|entry| {
                self.settings
                    .servers
                    .iter()
                    .all(|known| known.url != entry.url)
            });
        let configured = self.settings.servers.iter().cloned();
        let all: Vec<(ServerEntry, bool)> = configured
            .map(|entry| (entry, false))
            .chain(added.map(|entry| (entry, true)))
            .collect();
        let urls: Vec<&str> = all.iter().map(|(entry, _)| entry.url.as_str()).collect();
        let labels = labels(&urls);
        let known = all.into_iter().zip(labels).enumerate();
        Ok(known
            .map(|(index, ((entry, is_added), label))| Known {
                key: key_of(&entry.url),
                label,
                entry,
                is_first: index == 0,
                is_added,
            })
            .collect())
    }

    /// The person's server of this key.
    pub(crate) async fn server(&self, visitor: &Visitor, key: &str) -> Result<Known, Problem> {
        let known = self.servers(visitor).await?;
        let found = known.into_iter().find(|known| known.key == key);
        found.ok_or(Problem::NotFound)
    }

    /// Adds a server by its URL.
    pub(crate) async fn add_server(&self, visitor: &Visitor, url: &str) -> Result<Known, Problem> {
        let url = url.trim();
        let parsed = Url::parse(url)
            .map_err(|_| Problem::Field(format!("{url:?} is no URL: it begins with https://")))?;
        let name = parsed.host_str().unwrap_or_default().to_owned();
        let entry = ServerEntry {
            name,
            url: parsed.to_string(),
        };
        let rule = entry.check(self.settings.allow_private_servers);
        rule.map_err(|rule| Problem::Field(format!("the server must {rule}")))?;
        let public = self.network.check_name(&parsed).await;
        public.map_err(|error| Problem::Field(error.to_string()))?;
        let known = self.servers(visitor).await?;
        if let Some(known) = known.iter().find(|known| known.entry.url == entry.url) {
            return Ok(known.clone());
        }
        if known.len() >= MOST {
            return Err(Problem::Field(format!(
                "there are {MOST} servers already: remove one first"
            )));
        }
        let key = key_of(&entry.url);
        let value = serde_json::to_string(&entry).unwrap_or_default();
        let expires = self.seconds() + self.settings.retention_seconds;
        let table = self.table()?;
        table
            .put(item(visitor, &key), value, expires, When::Always)
            .await?;
        self.server(visitor, &key).await
    }

    /// Removes a server that the person added.
    pub(crate) async fn remove_server(
        &self,
        visitor: &Visitor,
        known: &Known,
    ) -> Result<(), Problem> {
        if !known.is_added {
            return Err(Problem::Field(format!(
                "{} belongs to this page and stays",
                known.entry.name
            )));
        }
        Ok(self.table()?.delete(item(visitor, &known.key)).await?)
    }
}

fn item(visitor: &Visitor, key: &str) -> Key {
    Key::new(visitor.person.partition(), format!("{PREFIX}{key}"))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use mcp_lambda_runtime::process::Process;
    use serde_json::json;

    use crate::person::Person;
    use crate::playground::Playground;

    #[tokio::test]
    async fn a_server_inside_the_network_is_not_added() {
        let variables = [
            ("PLAYGROUND_ORIGIN", "https://play.example.com"),
            (
                "PLAYGROUND_SERVERS",
                r#"[{"name":"x","url":"https://mcp.example.com/mcp"}]"#,
            ),
            ("PLAYGROUND_MODELS", r#"[{"id":"x"}]"#),
            ("PLAYGROUND_SECRET", "0123456789abcdef0123456789abcdef"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let process = Process::new([], variables, || SystemTime::UNIX_EPOCH);
        let playground = Playground::new(&process).unwrap();
        let person: Person = serde_json::from_value(json!({ "id": "alice" })).unwrap();
        let visitor = playground.enter(person).await.unwrap();
        for url in [
            "https://127.0.0.1/mcp",
            "https://localhost/mcp",
            "https://[::1]/mcp",
            "https://[::ffff:127.0.0.1]/mcp",
            "https://10.0.0.1/mcp",
            "https://192.168.0.1/mcp",
            "https://172.16.0.1/mcp",
            "https://169.254.169.254/latest/meta-data/",
            "https://[fd00:ec2::254]/mcp",
            "https://0.0.0.0/mcp",
            "https://2130706433/mcp",
            "https://0x7f.1/mcp",
            "http://93.184.216.34/mcp",
            "ftp://mcp.example.com/",
            "file:///etc/passwd",
            "https://user@93.184.216.34/mcp",
            "javascript:alert(1)",
            "",
        ] {
            let added = playground.add_server(&visitor, url).await;
            assert!(added.is_err(), "{url} was added");
        }
        let public = playground
            .add_server(&visitor, "https://93.184.216.34/mcp")
            .await;
        assert!(public.is_ok_and(|known| known.is_added));
    }
}
