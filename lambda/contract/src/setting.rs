//! Defines, reads and validates settings: environment variables with a type, a default and a description.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{HttpUrl, InvalidUrl};

/// One environment variable of a server function.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Name of the environment variable.
    #[schemars(length(min = 1))]
    pub name: &'static str,
    /// Who defines it: this library or the server.
    pub owner: SettingOwner,
    /// The type of its value.
    #[serde(rename = "type")]
    pub setting_type: SettingType,
    /// Value when the variable is absent, in the type's own JSON form; `null` when there is none.
    pub default: Option<Value>,
    /// Whether the server refuses to start without it.
    pub required: bool,
    /// Unit of a duration.
    pub unit: Option<SettingUnit>,
    /// Its effect, for people.
    pub description: String,
}

/// Who defines a [`Setting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingOwner {
    /// The library; set by the constructs.
    McpLambda,
    /// The server; set by the person who deploys it.
    Server,
}

/// The type of a [`Setting`]'s value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingType {
    /// Any string that is not empty.
    String,
    /// See [`HttpUrl`].
    Url,
    /// A whole number, not negative.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A whole number of [`SettingUnit`]s.
    Duration,
    /// Comma-separated strings.
    List,
}

/// Unit of a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub enum SettingUnit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
}

/// A Rust type that a [`Setting`] can have.
pub trait SettingValue: Sized {
    /// The setting's type in the contract.
    const TYPE: SettingType;
    /// The setting's unit in the contract.
    const UNIT: Option<SettingUnit> = None;
    /// Whether an absent variable without a default is a value of this type.
    const OPTIONAL: bool = false;
    /// Whether an error must not show the value.
    const SECRET: bool = false;

    /// Parses a string that is not empty.
    ///
    /// # Errors
    ///
    /// What the value must be, as the end of the sentence "`NAME` must …"; it does not repeat the value.
    fn parse(text: &str) -> Result<Self, String>;

    /// The value of an absent variable without a default; `None` unless [`SettingValue::OPTIONAL`].
    fn absent() -> Option<Self> {
        None
    }
}

impl SettingValue for String {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl SettingValue for HttpUrl {
    const TYPE: SettingType = SettingType::Url;

    fn parse(text: &str) -> Result<Self, String> {
        HttpUrl::parse(text).map_err(|problem: InvalidUrl| {
            problem.to_string().trim_start_matches("must ").to_owned()
        })
    }
}

impl SettingValue for u64 {
    const TYPE: SettingType = SettingType::Integer;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "be a whole number that is not negative".to_owned())
    }
}

impl SettingValue for NonZeroUsize {
    const TYPE: SettingType = SettingType::Integer;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "be a whole number, 1 or more".to_owned())
    }
}

impl SettingValue for NonZeroU32 {
    const TYPE: SettingType = SettingType::Integer;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "be a whole number, 1 or more".to_owned())
    }
}

impl SettingValue for bool {
    const TYPE: SettingType = SettingType::Boolean;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "be true or false".to_owned())
    }
}

/// A duration whose variable holds milliseconds, 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub Duration);

impl SettingValue for Milliseconds {
    const TYPE: SettingType = SettingType::Duration;
    const UNIT: Option<SettingUnit> = Some(SettingUnit::Milliseconds);

    fn parse(text: &str) -> Result<Self, String> {
        match text.parse::<u64>() {
            Ok(milliseconds) if milliseconds > 0 => Ok(Self(Duration::from_millis(milliseconds))),
            Ok(_) | Err(_) => Err("be a whole number of milliseconds, 1 or more".to_owned()),
        }
    }
}

/// Comma-separated strings, trimmed; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List(pub Vec<String>);

impl SettingValue for List {
    const TYPE: SettingType = SettingType::List;

    fn parse(text: &str) -> Result<Self, String> {
        let items: Vec<String> = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect();
        if items.is_empty() {
            return Err("be a comma-separated list with at least one entry".to_owned());
        }
        Ok(Self(items))
    }
}

impl<T: SettingValue> SettingValue for Option<T> {
    const TYPE: SettingType = T::TYPE;
    const UNIT: Option<SettingUnit> = T::UNIT;
    const OPTIONAL: bool = true;
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// A struct of settings, written with [`settings!`](crate::settings!).
pub trait Settings: Sized {
    /// The definitions, in the order of the fields.
    fn definitions() -> Vec<Setting>;

    /// Reads every field; `None` when at least one is invalid, which the reader records.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// A server without settings of its own.
impl Settings for () {
    fn definitions() -> Vec<Setting> {
        Vec::new()
    }

    fn read(_reader: &mut Reader<'_>) -> Option<Self> {
        Some(())
    }
}

/// Reads settings from environment variables and collects every problem.
#[derive(Debug)]
pub struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    problems: Vec<SettingProblem>,
}

impl<'a> Reader<'a> {
    /// Starts with the process's variables.
    #[must_use]
    pub fn new(variables: &'a BTreeMap<String, String>) -> Self {
        Self {
            variables,
            problems: Vec::new(),
        }
    }

    /// Reads one variable. An empty variable counts as absent.
    pub fn value<T: SettingValue>(
        &mut self,
        name: &'static str,
        default: Option<&str>,
    ) -> Option<T> {
        let given = self
            .variables
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty());
        let Some(text) = given.or(default) else {
            let absent = T::absent();
            if absent.is_none() {
                self.problem(name, "is not set");
            }
            return absent;
        };
        match T::parse(text) {
            Ok(value) => Some(value),
            Err(rule) => {
                let got = if T::SECRET {
                    String::new()
                } else {
                    format!(", got {text:?}")
                };
                self.problem(name, format!("must {rule}{got}"));
                None
            }
        }
    }

    /// Records a problem that no variable has by itself, such as two that exclude each other. The message continues a
    /// sentence that begins with the name.
    pub fn problem(&mut self, name: &'static str, message: impl Into<String>) {
        self.problems.push(SettingProblem {
            name,
            message: message.into(),
        });
    }

    /// Finishes reading.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] with every problem.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, SettingsError> {
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            Some(_) | None => Err(SettingsError(self.problems)),
        }
    }
}

/// One problem of the environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The variable.
    pub name: &'static str,
    /// What is wrong and the fix; never the value of a secret.
    pub message: String,
}

/// Every problem of the environment variables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("environment variables cannot be used: {}", sentences(.0))]
pub struct SettingsError(pub Vec<SettingProblem>);

fn sentences(problems: &[SettingProblem]) -> String {
    let problems = problems.iter();
    let sentences: Vec<String> = problems
        .map(|SettingProblem { name, message }| format!("{name} {message}"))
        .collect();
    sentences.join("; ")
}

/// The default in the JSON form of the setting's type; a default that its own type refuses stays a string, which the
/// test of the server's contract then reports.
fn default_value(setting_type: SettingType, default: &str) -> Value {
    match setting_type {
        SettingType::Integer | SettingType::Duration => default
            .parse::<u64>()
            .map_or_else(|_| Value::from(default), Value::from),
        SettingType::Boolean => default
            .parse::<bool>()
            .map_or_else(|_| Value::from(default), Value::from),
        SettingType::List => default.split(',').map(str::trim).collect(),
        SettingType::String | SettingType::Url => Value::from(default),
    }
}

/// Declares a struct of settings: one field per environment variable.
///
/// The field's documentation is the description in the contract, the field's type is the variable's type, and
/// `Option<…>` makes a variable optional. The variable is a literal or the name of a constant.
///
/// ```
/// use mcp_lambda_contract::{HttpUrl, Milliseconds, Reader, Settings};
///
/// mcp_lambda_contract::settings! {
///     /// Where the facts come from.
///     pub struct DogApiSettings owned by Server {
///         /// Base URL of the Dog API.
///         pub base_url: HttpUrl = "DOG_API_BASE_URL" or "https://dogapi.dog/api/v2",
///         /// Time for one answer.
///         pub timeout: Milliseconds = "DOG_API_TIMEOUT_MS" or "5000",
///         /// Sent as `User-Agent`.
///         pub user_agent: String = "DOG_API_USER_AGENT",
///     }
/// }
///
/// let variables = [("DOG_API_TIMEOUT_MS".to_owned(), "soon".to_owned())].into();
/// let mut reader = Reader::new(&variables);
/// let settings = DogApiSettings::read(&mut reader);
/// assert_eq!(
///     reader.finish(settings).map(|_| ()).unwrap_err().to_string(),
///     "environment variables cannot be used: DOG_API_TIMEOUT_MS must be a whole number of milliseconds, 1 or more, \
///      got \"soon\"; DOG_API_USER_AGENT is not set"
/// );
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$struct_attribute:meta])*
        $visibility:vis struct $name:ident owned by $owner:ident {
            $(
                $(#[doc = $description:literal])+
                $field_visibility:vis $field:ident: $type:ty = $variable:tt $(or $default:literal)?
            ),* $(,)?
        }
    ) => {
        $(#[$struct_attribute])*
        #[allow(rustdoc::bare_urls, reason = "the text is also the description in the contract, which is no Markdown")]
        #[derive(Clone, Debug)]
        $visibility struct $name {
            $(
                $(#[doc = $description])+
                $field_visibility $field: $type,
            )*
        }

        impl $crate::Settings for $name {
            fn definitions() -> ::std::vec::Vec<$crate::Setting> {
                vec![$({
                    #[allow(unused_mut, unused_assignments, reason = "a variable may have no default")]
                    let mut default: ::std::option::Option<&str> = ::std::option::Option::None;
                    $(default = ::std::option::Option::Some($default);)?
                    $crate::__setting::<$type>(
                        $variable,
                        $crate::SettingOwner::$owner,
                        default,
                        &[$($description),+],
                    )
                }),*]
            }

            fn read(reader: &mut $crate::Reader<'_>) -> ::std::option::Option<Self> {
                $(
                    #[allow(unused_mut, unused_assignments, reason = "a variable may have no default")]
                    let $field: ::std::option::Option<$type> = {
                        let mut default: ::std::option::Option<&str> = ::std::option::Option::None;
                        $(default = ::std::option::Option::Some($default);)?
                        reader.value($variable, default)
                    };
                )*
                ::std::option::Option::Some(Self { $($field: $field?),* })
            }
        }
    };
}

/// Builds one definition for [`settings!`](crate::settings!).
#[doc(hidden)]
#[must_use]
pub fn setting<T: SettingValue>(
    name: &'static str,
    owner: SettingOwner,
    default: Option<&str>,
    description: &[&str],
) -> Setting {
    Setting {
        name,
        owner,
        setting_type: T::TYPE,
        default: default.map(|default| default_value(T::TYPE, default)),
        required: default.is_none() && !T::OPTIONAL,
        unit: T::UNIT,
        description: description
            .iter()
            .map(|line| line.trim())
            .collect::<Vec<_>>()
            .join(" "),
    }
}
