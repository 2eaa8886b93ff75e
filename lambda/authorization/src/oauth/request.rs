//! Requests and their parameters, free of any transport.

use http::{HeaderMap, HeaderName, Method, header};

use crate::failure::Failure;

/// Largest body of any endpoint.
pub(crate) const MAX_BODY: usize = 16 * 1024;
/// Longest single parameter. A sealed refresh token is the longest that is legitimate.
const MAX_PARAMETER: usize = 12 * 1024;

/// A request with its path relative to our issuer.
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Decoded path below the issuer, beginning with `/`.
    pub path: String,
    /// Decoded query parameters, in any order, repeated ones kept.
    pub query: Vec<(String, String)>,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as bytes.
    pub body: Vec<u8>,
    /// The gateway's identifier of this request, for the log.
    pub request_id: Option<String>,
}

/// A buffered response.
pub type Response = http::Response<String>;

impl Request {
    /// A header's value, if there is exactly one and it is printable.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// Whether the body is of this media type, whatever its parameters.
    pub fn has_content_type(&self, media_type: &str) -> bool {
        self.header(header::CONTENT_TYPE)
            .is_some_and(|value| is_media_type(value, media_type))
    }

    /// Parameters of the query.
    pub fn query_parameters(&self) -> Result<Parameters, Failure> {
        Parameters::new(self.query.clone())
    }

    /// Parameters of a form body.
    pub fn form_parameters(&self) -> Result<Parameters, Failure> {
        if !self.has_content_type("application/x-www-form-urlencoded") {
            return Err(Failure::ContentType {
                expected: "application/x-www-form-urlencoded",
            });
        }
        if self.body.len() > MAX_BODY {
            return Err(Failure::BodyTooLarge { limit: MAX_BODY });
        }
        if std::str::from_utf8(&self.body).is_err() {
            return Err(Failure::MalformedBody);
        }
        Parameters::new(form_urlencoded::parse(&self.body).into_owned().collect())
    }

    /// Every cookie of this name. More than one means that another site has set one, which callers refuse.
    pub fn cookies<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(move |pair| {
                pair.trim()
                    .split_once('=')
                    .filter(|(found, _)| *found == name)
                    .map(|(_, value)| value)
            })
    }
}

/// Whether a `Content-Type` value is this media type.
pub(crate) fn is_media_type(value: &str, media_type: &str) -> bool {
    value
        .split(';')
        .next()
        .is_some_and(|found| found.trim().eq_ignore_ascii_case(media_type))
}

/// Parameters of a request: none repeated (RFC 6749 section 3.1), except `resource` (RFC 8707 section 2).
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn new(pairs: Vec<(String, String)>) -> Result<Self, Failure> {
        for (index, (name, value)) in pairs.iter().enumerate() {
            if value.len() > MAX_PARAMETER {
                return Err(Failure::ParameterTooLong {
                    name: shown_name(name),
                });
            }
            if name != "resource" && pairs.iter().skip(index + 1).any(|(other, _)| other == name) {
                return Err(Failure::DuplicateParameter {
                    name: shown_name(name),
                });
            }
        }
        Ok(Self(pairs))
    }

    /// A parameter; one without a value counts as left out (RFC 6749 section 3.1).
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, value)| found == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there.
    pub fn required(&self, name: &'static str) -> Result<&str, Failure> {
        self.optional(name)
            .ok_or(Failure::MissingParameter { name })
    }

    /// Every value of a parameter that may be repeated.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(found, value)| found == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// The name of a parameter as our pages may show it: letters and underscores, as every parameter of OAuth has, so that a
/// link cannot put a sentence of its own, a telephone number or an address there.
fn shown_name(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_ascii_lowercase() || *character == '_')
        .take(32)
        .collect()
}
