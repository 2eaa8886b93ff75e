//! The synthesized stack in an emulator: builds the servers, synthesizes the template and deploys it.

mod app;
mod emulator;
mod prepare;
mod process;

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use self::app::AppOptions;
pub(crate) use self::emulator::GRACE;
pub use self::prepare::install_emulator;
pub(crate) use self::process::{Service, command, step};
use super::edge::Routes;
use super::error::StackError;
use super::paths::Paths;
use super::ports::Ports;
use super::progress::Progress;
use super::sign_in::PasswordPolicy;

/// Everything that the servers need.
pub(crate) struct Ready {
    pub(crate) ports: Ports,
    pub(crate) emulator: Service,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) routes: Routes,
    pub(crate) policy: PasswordPolicy,
}

/// Builds, synthesizes and deploys the stack of `options` to an emulator.
pub(crate) async fn deploy(
    options: AppOptions,
    paths: &Paths,
    mut ports: Ports,
    progress: Progress,
) -> Result<Ready, StackError> {
    for directory in [&paths.state, &paths.cdk_out, &paths.log] {
        std::fs::create_dir_all(directory).map_err(StackError::file(directory))?;
    }
    // The outputs of an earlier run would look as if this one were ready.
    let _ = std::fs::remove_file(paths.outputs());

    prepare::tools(paths).await?;
    let emulator = async {
        prepare::venv(paths, progress).await?;
        progress
            .step("Starting the emulator", emulator::start(paths, ports))
            .await
    };
    let template = async {
        prepare::servers(paths, options, progress).await?;
        prepare::template(paths, ports, options, progress).await
    };
    let ((emulator, port), ()) = tokio::try_join!(emulator, template)?;
    ports.emulator = port;
    let stack = options.app.stack();
    let template = read_template(&paths.cdk_out.join(format!("{stack}.template.json")))?;
    let missing = |missing: &str| StackError::Incomplete {
        missing: missing.into(),
    };
    let policy = PasswordPolicy::from_template(&template).ok_or_else(|| missing("user pool"))?;
    let deployed = progress
        .step("Deploying the stack", emulator::deploy(paths, ports, stack))
        .await?;
    let routes = Routes::from_template(&template, &deployed.rest_api_ids)
        .ok_or_else(|| missing("REST API"))?;
    Ok(Ready {
        ports,
        emulator,
        outputs: deployed.outputs,
        routes,
        policy,
    })
}

fn read_template(template: &Path) -> Result<serde_json::Value, StackError> {
    let text = std::fs::read(template).map_err(StackError::file(template))?;
    serde_json::from_slice(&text)
        .map_err(|cause| StackError::file(template)(std::io::Error::other(cause)))
}
