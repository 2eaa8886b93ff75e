//! Responds to requests for resources: those of the MCP Apps, then those of the author's server.

use rmcp::model::{
    ListResourceTemplatesResult, ListResourcesResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::endpoint::lists::{check_cursor, page, unknown_cursor};
use crate::guard::Guarded;
use crate::guard::apps::freshness;
use crate::request_facts::RequestFacts;

impl<S: ServerHandler> Guarded<S> {
    /// A page of `resources/list`; the first one begins with the MCP Apps.
    pub(crate) async fn page_of_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let is_first = is_first(request.as_ref());
        let mut list = if self.has_only_apps() {
            check_only_page(is_first, &context)?;
            let mut list = ListResourcesResult::with_all_items(Vec::new());
            (list.ttl_ms, list.cache_scope) = freshness(is_legacy(&context)?);
            list
        } else {
            page!(self.server, list_resources, request, context).await?
        };
        if is_first {
            self.apps.add_to(&mut list);
        }
        Ok(list)
    }

    /// A page of `resources/templates/list`: MCP Apps have none.
    pub(crate) async fn page_of_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        if !self.has_only_apps() {
            return page!(self.server, list_resource_templates, request, context).await;
        }
        check_only_page(is_first(request.as_ref()), &context)?;
        let mut list = ListResourceTemplatesResult::with_all_items(Vec::new());
        (list.ttl_ms, list.cache_scope) = freshness(is_legacy(&context)?);
        Ok(list)
    }

    /// What `resources/read` returns.
    pub(crate) async fn resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if let Some(document) = self.apps.read(&request.uri, is_legacy(&context)?) {
            return Ok(document.into());
        }
        if self.has_only_apps() {
            return Err(ErrorData::resource_not_found(
                format!(
                    "the server has no such resource; it has {}",
                    self.apps.uris()
                ),
                None,
            ));
        }
        self.server.read_resource(request, context).await
    }

    /// Whether the author's server has no resources, but MCP Apps.
    fn has_only_apps(&self) -> bool {
        !self.apps.is_empty() && self.server.get_info().capabilities.resources.is_none()
    }
}

fn is_first(request: Option<&PaginatedRequestParams>) -> bool {
    request.is_none_or(|request| request.cursor.is_none())
}

fn is_legacy(context: &RequestContext<RoleServer>) -> Result<bool, ErrorData> {
    Ok(RequestFacts::of(&context.extensions)?.revision.is_legacy())
}

/// Refuses a cursor where there is one page.
fn check_only_page(is_first: bool, context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    check_cursor(&context.extensions)?;
    if is_first {
        Ok(())
    } else {
        Err(unknown_cursor())
    }
}
