//! The emulator's files, which the command brings along, so that it works in any folder.

use crate::dev::error::StackError;
use crate::dev::paths::Paths;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../emulator/", $name)))),+]
    };
}

/// Names and contents.
const FILES: [(&str, &str); 13] = files![
    "cloudformation_patches.py",
    "cognito_patches.py",
    "deploy.py",
    "deploy_app.py",
    "dynamodb_patches.py",
    "function_patches.py",
    "gateway_patches.py",
    "http_integration.py",
    "identity_patches.py",
    "launch.py",
    "machine_token.py",
    "requirements.txt",
    "runtime_streaming.py",
];

/// Writes the files that are not there as they should be. Another run may do the same at the same moment.
pub(super) fn write(paths: &Paths) -> Result<(), StackError> {
    for (name, content) in FILES {
        let file = paths.emulator(name);
        if std::fs::read(&file).is_ok_and(|known| known == content.as_bytes()) {
            continue;
        }
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory).map_err(StackError::file(directory))?;
        }
        let part = file.with_extension(format!("{}.part", std::process::id()));
        std::fs::write(&part, content).map_err(StackError::file(&part))?;
        std::fs::rename(&part, &file).map_err(StackError::file(&file))?;
    }
    Ok(())
}
