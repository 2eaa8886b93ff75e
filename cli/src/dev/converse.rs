//! Bedrock's Converse on this machine, for the playgrounds of an app.

use axum::middleware::from_fn_with_state;
use mcp_lambda_agent::local::{Source, router};
use url::Url;

use super::edge::LoopbackHost;
use super::error::StackError;
use super::ports::{Ports, bind, origin, port_of};
use super::serve::serve;

/// What replies to the requests of playgrounds.
#[derive(Clone)]
pub(crate) enum LocalModel {
    /// The offline planner.
    Planner,
    /// A model of an endpoint that is compatible with OpenAI.
    Endpoint {
        url: Url,
        model: String,
        key: Option<String>,
    },
}

impl LocalModel {
    /// What a person reads.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Planner => {
                "the offline planner, which is no language model; --model-endpoint takes one"
                    .to_owned()
            }
            Self::Endpoint { url, model, .. } => format!("{model} of {url}"),
        }
    }

    fn source(self) -> Source {
        match self {
            Self::Planner => Source::Planner,
            Self::Endpoint { url, model, key } => {
                Source::open_ai(url.as_str(), key, reqwest::Client::new()).with_model(model)
            }
        }
    }
}

impl std::fmt::Debug for LocalModel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.description())
    }
}

/// Serves Converse until the program ends, and returns the origin. No playground may be there, so a port that is taken is no
/// reason to stop: a free one replaces it.
pub(crate) async fn start(model: LocalModel, ports: Ports) -> Result<String, StackError> {
    let listener = match bind(ports.converse(), "Converse", ports.edge).await {
        Err(StackError::PortTaken { .. }) => bind(0, "Converse", ports.edge).await?,
        bound => bound?,
    };
    let port = port_of(&listener)?;
    let host = LoopbackHost::new(port);
    let app = router(model.source()).layer(from_fn_with_state(host, LoopbackHost::check));
    serve(listener, app);
    Ok(origin(port))
}
