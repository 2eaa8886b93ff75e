//! Writes the code of a tool: a function that defines it, and the author's function behind the type of its name.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Expr, ExprLit, Ident, ItemFn, Lit, Meta, ReturnType, Type};

use crate::attribute::{Attribute, without_scope};
use crate::parameter::{Argument, Parameter};

pub(crate) fn expand(attribute: TokenStream, function: TokenStream) -> syn::Result<TokenStream> {
    let attribute: Attribute = syn::parse2(attribute)?;
    let mut function: ItemFn = syn::parse2(function)?;
    let name = function.sig.ident.clone();
    if !function.sig.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(
            &function.sig.generics,
            "a tool has one input schema, so its function cannot be generic",
        ));
    }
    let scopes = attribute
        .scopes
        .as_ref()
        .filter(|scopes| !scopes.is_empty())
        .ok_or_else(|| without_scope(&name))?;
    let parameters = function
        .sig
        .inputs
        .iter_mut()
        .map(Parameter::take)
        .collect::<syn::Result<Vec<_>>>()?;
    let arguments = Arguments::of(&name, &parameters)?;
    let app = app(&parameters)?;

    let policy = &attribute.policy;
    let definition = {
        let wire_name = attribute
            .name
            .as_ref()
            .map_or_else(|| name.to_string().into_tokens(), |name| quote!(#name));
        let description = description(&attribute, &function);
        let input = &arguments.schema;
        let title = attribute
            .title
            .as_ref()
            .map_or_else(|| in_words(&name).into_tokens(), |title| quote!(#title));
        let icon = attribute
            .icon
            .iter()
            .map(|icon| quote!(tool = ::mcp_lambda::tool_parts::with_icon(tool, #icon);));
        let annotations = attribute
            .annotations()
            .into_iter()
            .map(|annotations| quote!(tool = tool.with_annotations(#annotations);));
        let output = output(&attribute, &function.sig.output);
        quote! {
            let mut tool = ::mcp_lambda::tool_parts::definition(#wire_name, #description, #input)
                .with_title(#title);
            #(#icon)*
            #(#annotations)*
            if let ::core::option::Option::Some(output) = #output {
                tool = tool.with_raw_output_schema(output);
            }
            let policy = ::mcp_lambda::ToolPolicy::scopes(&[#(#scopes),*]) #(#policy)*;
            tool.with_meta(policy.meta())
        }
    };
    let extracted = extracted(&parameters);
    let passed = (0..parameters.len()).map(|index| format_ident!("parameter_{index}"));
    let wait = function.sig.asyncness.map(|_| quote!(.await));
    let (generics, app) = match app {
        Some(app) => (quote!(), quote!(#app)),
        None => (
            quote!(<__App: ::core::marker::Send + ::core::marker::Sync + 'static>),
            quote!(__App),
        ),
    };

    let visibility = function.vis.clone();
    let documentation: Vec<_> = function
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .cloned()
        .collect();
    function.sig.ident = format_ident!("call", span = name.span());
    let arguments_type = &arguments.definition;
    let take = &arguments.take;
    // The type has braces, so that the name is free for variables: a unit struct would be a pattern.
    Ok(quote! {
        #(#documentation)*
        #[allow(non_camel_case_types, reason = "named as its function")]
        #visibility struct #name {}

        impl #name {
            #[allow(clippy::too_many_arguments, clippy::unused_async, reason = "a tool's parameters are its arguments")]
            #function
        }

        #(#documentation)*
        #visibility fn #name #generics() -> ::mcp_lambda::tool_parts::ToolRoute<#app> {
            #arguments_type

            let definition = { #definition };
            ::mcp_lambda::tool_parts::ToolRoute::new_dyn(definition, |mut context| {
                ::std::boxed::Box::pin(async move {
                    #take
                    #(#extracted)*
                    let result = #name::call(#(#passed),*) #wait;
                    ::mcp_lambda::tool_parts::IntoCallToolResult::into_call_tool_result(result)
                })
            })
        }
    })
}

/// How the arguments of the caller are read.
struct Arguments {
    /// The struct of the arguments, if the function lists them.
    definition: TokenStream,
    /// The expression of the input schema.
    schema: TokenStream,
    /// The statement that reads them.
    take: TokenStream,
}

impl Arguments {
    fn of(tool: &Ident, parameters: &[Parameter]) -> syn::Result<Self> {
        let listed: Vec<&Argument> = parameters
            .iter()
            .filter_map(Parameter::as_argument)
            .collect();
        let whole: Vec<&Type> = parameters
            .iter()
            .filter_map(Parameter::as_arguments)
            .collect();
        match (whole.as_slice(), listed.as_slice()) {
            ([], []) => Ok(Self {
                definition: TokenStream::new(),
                schema: quote!(::mcp_lambda::tool_parts::no_input()),
                take: TokenStream::new(),
            }),
            ([], listed) => Ok(Self::listed(tool, listed)),
            ([whole], []) => Ok(Self {
                definition: TokenStream::new(),
                schema: quote!(::mcp_lambda::tool_parts::input::<#whole>()),
                take: take(&quote!(#whole)),
            }),
            ([_, second, ..], _) => Err(syn::Error::new_spanned(
                second,
                "a tool has one Parameters<…>, which is all of its arguments",
            )),
            ([whole], _) => Err(syn::Error::new_spanned(
                whole,
                "Parameters<…> is all arguments of a tool: put the other arguments into its type",
            )),
        }
    }

    fn listed(tool: &Ident, listed: &[&Argument]) -> Self {
        let fields = listed.iter().map(|argument| {
            let Argument {
                name,
                argument_type,
                attributes,
                default,
            } = argument;
            let default = default.as_ref().map(|_| {
                let path = format!("__Arguments::default_{name}");
                quote!(#[serde(default = #path)])
            });
            quote!(#(#attributes)* #default #name: #argument_type)
        });
        let defaults = listed.iter().filter_map(|argument| {
            let value = argument.default_value()?;
            let name = format_ident!("default_{}", argument.name);
            let argument_type = &argument.argument_type;
            Some(quote!(fn #name() -> #argument_type { #value }))
        });
        let title = tool.to_string();
        Self {
            definition: quote! {
                #[derive(::mcp_lambda::tool_parts::Deserialize, ::mcp_lambda::tool_parts::JsonSchema)]
                #[serde(crate = "::mcp_lambda::tool_parts::serde")]
                #[schemars(crate = "::mcp_lambda::tool_parts::schemars", title = #title)]
                struct __Arguments { #(#fields),* }

                impl __Arguments { #(#defaults)* }
            },
            schema: quote!(::mcp_lambda::tool_parts::input::<__Arguments>()),
            take: take(&quote!(__Arguments)),
        }
    }
}

/// Reads the arguments, or ends the call with a tool error that names the argument.
fn take(arguments: &TokenStream) -> TokenStream {
    quote! {
        let arguments: #arguments = match ::mcp_lambda::tool_parts::arguments(&mut context) {
            ::core::result::Result::Ok(arguments) => arguments,
            ::core::result::Result::Err(refused) => return ::core::result::Result::Ok(*refused),
        };
    }
}

/// The statements that make the values of the parameters, in their order.
fn extracted(parameters: &[Parameter]) -> Vec<TokenStream> {
    parameters
        .iter()
        .enumerate()
        .map(|(index, parameter)| {
            let value = format_ident!("parameter_{index}");
            match parameter {
                Parameter::Argument(argument) => {
                    let name = &argument.name;
                    quote!(let #value = arguments.#name;)
                }
                Parameter::Arguments(_) => {
                    quote!(let #value = ::mcp_lambda::tool_parts::Parameters(arguments);)
                }
                Parameter::Context(context) => quote! {
                    let #value = <#context as ::mcp_lambda::tool_parts::FromContextPart<_>>::from_context_part(&mut context)?;
                },
                Parameter::App(_) => quote!(let #value = context.service;),
            }
        })
        .collect()
}

/// The type of the server's app, if the function takes it.
fn app(parameters: &[Parameter]) -> syn::Result<Option<&Type>> {
    let apps: Vec<&Type> = parameters.iter().filter_map(Parameter::as_app).collect();
    match apps.as_slice() {
        [] => Ok(None),
        [app] => Ok(Some(app)),
        [_, second, ..] => Err(syn::Error::new_spanned(
            second,
            "a server is built with one value: a tool has one reference to it",
        )),
    }
}

/// The expression of the description: the attribute's, or the function's documentation.
fn description(attribute: &Attribute, function: &ItemFn) -> TokenStream {
    if let Some(description) = &attribute.description {
        return quote!(#description);
    }
    let lines: Vec<String> = function
        .attrs
        .iter()
        .filter_map(|attribute| {
            let Meta::NameValue(pair) = &attribute.meta else {
                return None;
            };
            let Expr::Lit(ExprLit {
                lit: Lit::Str(line),
                ..
            }) = &pair.value
            else {
                return None;
            };
            let is_line = pair.path.is_ident("doc");
            is_line.then(|| line.value().trim().to_owned())
        })
        .collect();
    lines.join("\n").trim().to_owned().into_tokens()
}

/// The name of a function as words for people: `order_food` is "Order food".
fn in_words(function: &Ident) -> String {
    let name = function.to_string();
    let name = name.strip_prefix("r#").unwrap_or(&name);
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// The expression of the output schema: that of the named type, or of the function's result if it is `Json<…>`.
fn output(attribute: &Attribute, result: &ReturnType) -> TokenStream {
    match (&attribute.output, result) {
        (Some(output), _) => {
            quote!(::core::option::Option::Some(::mcp_lambda::tool_parts::output::<#output>()))
        }
        (None, ReturnType::Default) => quote!(::core::option::Option::None),
        (None, ReturnType::Type(_, result)) => quote!({
            // Chosen by the compiler: the result may be an alias.
            use ::mcp_lambda::tool_parts::{OutputOfJson as _, OutputOfOther as _};
            (&::mcp_lambda::tool_parts::Output::<#result>::new()).schema()
        }),
    }
}

/// A string as a literal.
trait IntoTokens {
    fn into_tokens(self) -> TokenStream;
}

impl IntoTokens for String {
    fn into_tokens(self) -> TokenStream {
        quote!(#self)
    }
}
