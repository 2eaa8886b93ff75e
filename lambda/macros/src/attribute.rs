//! Reads what stands in the parentheses of `#[tool(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, LitBool, Token, Type, parenthesized};

/// The hints of MCP about what a tool does, in the order in which rmcp takes them.
const HINTS: [&str; 4] = ["read_only", "destructive", "idempotent", "open_world"];

/// What `#[tool(…)]` says about a tool.
#[derive(Default)]
pub(crate) struct Attribute {
    pub(crate) name: Option<Expr>,
    pub(crate) title: Option<Expr>,
    pub(crate) description: Option<Expr>,
    pub(crate) icon: Option<Expr>,
    /// The OAuth scopes; `None` when the attribute names none.
    pub(crate) scopes: Option<Vec<Expr>>,
    /// The type of the structured content.
    pub(crate) output: Option<Type>,
    /// Those of [`HINTS`] that are given.
    hints: [Option<bool>; 4],
    /// Calls of methods of `ToolPolicy`.
    pub(crate) policy: Vec<TokenStream>,
}

impl Attribute {
    /// The MCP annotations, as an expression; `None` when no hint is given.
    pub(crate) fn annotations(&self) -> Option<TokenStream> {
        if self.hints.iter().all(Option::is_none) {
            return None;
        }
        let [read_only, destructive, idempotent, open_world] = self.hints;
        // MCP gives the two hints a meaning for a tool that does not only read.
        let read_only = read_only.or(destructive.or(idempotent).map(|_| false));
        let hints = [read_only, destructive, idempotent, open_world].map(|hint| match hint {
            Some(hint) => quote!(::core::option::Option::Some(#hint)),
            None => quote!(::core::option::Option::None),
        });
        Some(quote!(::mcp_lambda::tool_parts::annotations(#(#hints),*)))
    }
}

impl Parse for Attribute {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attribute = Self::default();
        while !input.is_empty() {
            attribute.item(input)?;
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        Ok(attribute)
    }
}

impl Attribute {
    fn item(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let key: Ident = input.parse()?;
        let text = key.to_string();
        if let Some(index) = HINTS.iter().position(|hint| *hint == text) {
            let hint = if input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                input.parse::<LitBool>()?.value
            } else {
                true
            };
            return once(&mut self.hints[index], hint, &key);
        }
        match text.as_str() {
            "name" => once(&mut self.name, value(input)?, &key),
            "title" => once(&mut self.title, value(input)?, &key),
            "description" => once(&mut self.description, value(input)?, &key),
            "icon" => once(&mut self.icon, value(input)?, &key),
            "mcp_app" => {
                let name: Expr = value(input)?;
                self.policy.push(quote!(.mcp_app(#name)));
                Ok(())
            }
            "scope" => once(&mut self.scopes, vec![value(input)?], &key),
            "scopes" => {
                let listed: Expr = value(input)?;
                let Expr::Array(listed) = listed else {
                    return Err(syn::Error::new_spanned(
                        listed,
                        "scopes must be a list, such as scopes = [\"orders.read\", \"orders.write\"]",
                    ));
                };
                once(&mut self.scopes, listed.elems.into_iter().collect(), &key)
            }
            "output" => {
                input.parse::<Token![=]>()?;
                once(&mut self.output, input.parse()?, &key)
            }
            _ => {
                self.policy.push(policy_call(&key, input)?);
                Ok(())
            }
        }
    }
}

/// A method of `ToolPolicy`: `as_task`, or `cached(Duration::from_secs(60))`.
fn policy_call(method: &Ident, input: ParseStream<'_>) -> syn::Result<TokenStream> {
    if input.peek(Token![=]) {
        return Err(syn::Error::new(
            method.span(),
            format!(
                "#[tool] does not know {method}: it knows name, title, description, icon, mcp_app, scope, scopes, output, \
                 read_only, destructive, idempotent, open_world, and the methods of ToolPolicy"
            ),
        ));
    }
    let arguments = if input.peek(syn::token::Paren) {
        let content;
        parenthesized!(content in input);
        Punctuated::<Expr, Token![,]>::parse_terminated(&content)?
    } else {
        Punctuated::new()
    };
    Ok(quote!(.#method(#arguments)))
}

fn value(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn once<T>(slot: &mut Option<T>, value: T, key: &Ident) -> syn::Result<()> {
    if slot.replace(value).is_some() {
        return Err(syn::Error::new(
            key.span(),
            format!("{key} is given twice: remove one of them"),
        ));
    }
    Ok(())
}

/// The error of a tool without an OAuth scope.
pub(crate) fn without_scope(tool: &Ident) -> syn::Error {
    syn::Error::new(
        Span::call_site(),
        format!(
            "tool {tool} has no OAuth scope: add scope = \"…\" to #[tool(…)] and declare that scope with Server::scope"
        ),
    )
}
