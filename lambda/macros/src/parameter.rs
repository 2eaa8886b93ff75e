//! Sorts the parameters of a tool's function: arguments of the caller, what the request brings, the server's app.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Expr, ExprLit, FnArg, GenericArgument, Ident, Lit, Meta, Pat, PatType,
    PathArguments, Token, Type,
};

/// The types that a tool takes from its request, by their last name. Any other is marked `#[context]`.
const CONTEXT: [&str; 9] = [
    "Caller",
    "Deadline",
    "PersonState",
    "Peer",
    "Progress",
    "RequestContext",
    "ResponseStream",
    "SessionState",
    "TaskStart",
];

/// One parameter of a tool's function.
pub(crate) enum Parameter {
    /// One argument of the caller.
    Argument(Box<Argument>),
    /// All arguments of the caller as one type: `Parameters<T>`.
    Arguments(Type),
    /// From the request, such as the caller.
    Context(Type),
    /// A reference to what the server was built with.
    App(Type),
}

/// One argument of the caller.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) argument_type: Type,
    /// Documentation, and attributes of serde and schemars, for the field that it becomes.
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) default: Option<Expr>,
}

impl Parameter {
    /// Sorts one parameter, and removes the attributes that are this macro's from the function.
    pub(crate) fn take(parameter: &mut FnArg) -> syn::Result<Self> {
        let parameter = match parameter {
            FnArg::Typed(parameter) => parameter,
            FnArg::Receiver(receiver) => {
                return Err(syn::Error::new_spanned(
                    receiver,
                    "#[mcp_lambda::tool] is for functions: take what the server was built with as a parameter \
                     (app: &App), or use rmcp's #[tool_router] and Server::router for methods",
                ));
            }
        };
        let attributes = std::mem::take(&mut parameter.attrs);
        let (own, others): (Vec<_>, Vec<_>) = attributes.into_iter().partition(is_own);
        parameter.attrs = others;
        let is_marked = own
            .iter()
            .any(|attribute| attribute.path().is_ident("context"));
        if let Type::Reference(reference) = &*parameter.ty
            && !is_marked
        {
            if let Type::Path(app) = &*reference.elem {
                return Ok(Parameter::App(Type::Path(app.clone())));
            }
            return Err(syn::Error::new_spanned(
                reference,
                "a tool's argument must be an owned type, such as String or Vec<String>; a reference is for what \
                 the server was built with (app: &App)",
            ));
        }
        if is_marked || is_context(&parameter.ty) {
            return Ok(Parameter::Context((*parameter.ty).clone()));
        }
        if let Some(arguments) = inner_type(&parameter.ty, "Parameters") {
            return Ok(Parameter::Arguments(arguments.clone()));
        }
        let argument = Argument::read(parameter, own)?;
        Ok(Parameter::Argument(Box::new(argument)))
    }
}

impl Parameter {
    pub(crate) fn as_argument(&self) -> Option<&Argument> {
        if let Self::Argument(argument) = self {
            Some(argument)
        } else {
            None
        }
    }

    pub(crate) fn as_arguments(&self) -> Option<&Type> {
        if let Self::Arguments(arguments) = self {
            Some(arguments)
        } else {
            None
        }
    }

    pub(crate) fn as_app(&self) -> Option<&Type> {
        if let Self::App(app) = self {
            Some(app)
        } else {
            None
        }
    }
}

impl Argument {
    fn read(parameter: &PatType, own: Vec<Attribute>) -> syn::Result<Self> {
        let Pat::Ident(name) = &*parameter.pat else {
            return Err(syn::Error::new_spanned(
                &parameter.pat,
                "an argument of a tool needs a name, because the caller sends it by its name",
            ));
        };
        let mut argument = Self {
            name: name.ident.clone(),
            argument_type: (*parameter.ty).clone(),
            attributes: Vec::new(),
            default: None,
        };
        for attribute in own {
            if attribute.path().is_ident("arg") {
                let Meta::List(list) = &attribute.meta else {
                    return Err(syn::Error::new_spanned(
                        attribute,
                        "write #[arg(default = 5, range(min = 1, max = 10))]",
                    ));
                };
                let ArgAttribute { default, schema } = list.parse_args()?;
                argument.default = default.or(argument.default);
                if !schema.is_empty() {
                    argument.attributes.push(quote!(#[schemars(#(#schema),*)]));
                }
            } else {
                argument.attributes.push(quote!(#attribute));
            }
        }
        Ok(argument)
    }

    /// The default as an expression of the argument's type.
    pub(crate) fn default_value(&self) -> Option<TokenStream> {
        self.default.as_ref().map(|default| {
            let is_string = matches!(
                default,
                Expr::Lit(ExprLit {
                    lit: Lit::Str(_),
                    ..
                })
            );
            if is_string {
                quote!(::core::convert::Into::into(#default))
            } else {
                quote!(#default)
            }
        })
    }
}

/// What stands in `#[arg(…)]`: the default, and what schemars knows.
struct ArgAttribute {
    default: Option<Expr>,
    schema: Vec<Meta>,
}

impl Parse for ArgAttribute {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attribute = Self {
            default: None,
            schema: Vec::new(),
        };
        while !input.is_empty() {
            if input.peek(Ident) && input.fork().parse::<Ident>()? == "default" {
                input.parse::<Ident>()?;
                input.parse::<Token![=]>()?;
                attribute.default = Some(input.parse()?);
            } else {
                attribute.schema.push(input.parse()?);
            }
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        Ok(attribute)
    }
}

/// Whether the attribute is for the macro, and not for the compiler (`#[cfg]`, `#[allow]`).
fn is_own(attribute: &Attribute) -> bool {
    ["arg", "context", "doc", "schemars", "serde"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

fn is_context(candidate: &Type) -> bool {
    let Type::Path(path) = candidate else {
        return false;
    };
    path.path
        .segments
        .last()
        .is_some_and(|last| CONTEXT.iter().any(|known| last.ident == known))
}

/// `T` of `Outer<T>`.
fn inner_type<'a>(candidate: &'a Type, outer: &str) -> Option<&'a Type> {
    let Type::Path(path) = candidate else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let GenericArgument::Type(inner) = arguments.args.first()? else {
        return None;
    };
    (last.ident == outer).then_some(inner)
}
