//! Names of the tools of several servers, unique and within Converse's pattern.

use std::collections::HashSet;
use std::iter;

use crate::conversation::ToolName;

/// The name for the model of each tool of `(server, tool)`, in the same order.
///
/// With `several` servers, a name begins with its server's, so that it does not change when another server gets a tool of
/// the same name.
#[must_use]
pub fn names(tools: &[(&str, &str)], several: bool) -> Vec<ToolName> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(tools.len());
    for (server, tool) in tools {
        let full = if several {
            format!("{server}__{tool}")
        } else {
            (*tool).to_owned()
        };
        let plain = iter::once(ToolName::sanitized(&full))
            // What is cut off could be all that tells two names apart.
            .filter(|name| full.chars().count() == name.as_str().len());
        let mut candidates = plain.chain((0_u32..).map(|salt| digested(&full, server, salt)));
        let name = candidates.find(|name| taken.insert(name.clone()));
        names.extend(name);
    }
    names
}

/// The beginning of `full` with a digest of all of it.
fn digested(full: &str, server: &str, salt: u32) -> ToolName {
    let start: String = full.chars().take(55).collect();
    let all = format!("{full}\n{server}\n{salt}");
    ToolName::sanitized(&format!("{start}_{:08x}", fnv1a(all.as_bytes())))
}

/// FNV-1a: the same name for the same tool in every process and release.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
