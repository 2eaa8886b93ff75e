//! What faults are made of: another response at a path, another member of a document.

use serde_json::{Value, json};

use crate::stub::{Asked, Reply};

/// Changes a response.
type Change = Box<crate::stub::AnyFault>;

fn replaced(when: impl Fn(&Asked) -> bool + Send + Sync + 'static, with: fn() -> Reply) -> Change {
    Box::new(move |asked, reply| {
        if when(asked) {
            *reply = with();
        }
    })
}

/// Another response at a path.
pub(super) fn at(path: &'static str, with: fn() -> Reply) -> Change {
    replaced(move |asked| asked.path == path, with)
}

/// Another response at the MCP URL.
pub(super) fn at_mcp(with: fn() -> Reply) -> Change {
    replaced(Asked::is_mcp, with)
}

/// Another response to `GET` of the MCP URL.
pub(super) fn at_mcp_get(with: fn() -> Reply) -> Change {
    replaced(|asked| asked.is("GET", &asked.mcp), with)
}

/// Another response to `POST` at the MCP URL.
pub(super) fn at_mcp_post(with: fn() -> Reply) -> Change {
    replaced(|asked| asked.is("POST", &asked.mcp), with)
}

/// Another response at the URLs of protected resource metadata.
pub(super) fn at_resource_metadata(with: fn() -> Reply) -> Change {
    replaced(Asked::is_resource_metadata, with)
}

/// Another response at the URLs of authorization server metadata.
pub(super) fn at_server_metadata(with: fn() -> Reply) -> Change {
    replaced(Asked::is_server_metadata, with)
}

/// Protected resource metadata with another value of a member.
pub(super) fn resource_with(member: &'static str, value: Value) -> Change {
    Box::new(move |asked, reply| {
        on_resource(asked, reply, |document, _| document[member] = value.clone());
    })
}

/// Protected resource metadata without a member.
pub(super) fn resource_without(member: &'static str) -> Change {
    Box::new(move |asked, reply| {
        on_resource(asked, reply, |document, _| remove(document, member));
    })
}

/// Authorization server metadata with another value of a member.
pub(super) fn server_with(member: &'static str, value: Value) -> Change {
    Box::new(move |asked, reply| {
        on_server(asked, reply, |document, _| document[member] = value.clone());
    })
}

/// Authorization server metadata without a member.
pub(super) fn server_without(member: &'static str) -> Change {
    Box::new(move |asked, reply| {
        on_server(asked, reply, |document, _| remove(document, member));
    })
}

/// Changes authorization server metadata; `edit` gets the document and the stub's origin.
pub(super) fn on_server(asked: &Asked, reply: &mut Reply, edit: impl FnOnce(&mut Value, &str)) {
    if asked.is_server_metadata() {
        reply.edit(|document| edit(document, &asked.origin));
    }
}

/// Changes protected resource metadata.
pub(super) fn on_resource(asked: &Asked, reply: &mut Reply, edit: impl FnOnce(&mut Value, &str)) {
    if asked.is_resource_metadata() && reply.status == 200 {
        reply.edit(|document| edit(document, &asked.origin));
    }
}

/// Removes a member of a document.
pub(super) fn remove(document: &mut Value, member: &str) {
    document.as_object_mut().unwrap().remove(member);
}

/// A function's response behind API Gateway.
pub(super) fn api_gateway(status: u16, kind: &str, message: &str) -> Reply {
    let mut reply = Reply::json(status, &json!({ "message": message }));
    reply.set("x-amzn-errortype", kind);
    reply.set("x-amzn-requestid", "1");
    reply
}
