//! Checks cursors and returns pages of lists.

use rmcp::ErrorData;
use rmcp::model::Extensions;

use crate::request_facts::RequestFacts;

/// Refuses a cursor that is not a string.
pub(crate) fn check_cursor(extensions: &Extensions) -> Result<(), ErrorData> {
    if RequestFacts::find(extensions).is_some_and(|facts| facts.has_malformed_cursor) {
        return Err(ErrorData::invalid_params(
            "params.cursor must be a string, the nextCursor of the page before",
            None,
        ));
    }
    Ok(())
}

pub(crate) fn unknown_cursor() -> ErrorData {
    ErrorData::invalid_params(
        "params.cursor is not known: this list has one page, leave the cursor out",
        None,
    )
}

/// One page of a list of the author's server.
///
/// A server without pagination ignores the cursor and returns its whole list, which is not the page after the cursor.
/// Its first page has no next cursor. The first page is requested only when the page with the cursor may be the last
/// one.
macro_rules! page {
    ($server:expr, $name:ident, $request:ident, $context:ident) => {
        async {
            $crate::endpoint::lists::check_cursor(&$context.extensions)?;
            let has_cursor = $request
                .as_ref()
                .is_some_and(|request| request.cursor.is_some());
            let first = has_cursor.then(|| ($request.clone(), $context.clone()));
            let page = $server.$name($request, $context).await?;
            if let (Some((request, context)), None) = (first, &page.next_cursor) {
                let request = request.map(|request| request.with_cursor(None));
                let first = $server.$name(request, context).await?;
                if first.next_cursor.is_none() {
                    return Err($crate::endpoint::lists::unknown_cursor());
                }
            }
            Ok(page)
        }
    };
}

pub(crate) use page;
