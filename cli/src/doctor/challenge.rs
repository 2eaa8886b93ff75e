//! Reads `WWW-Authenticate` headers (RFC 9110 section 11.6.1, RFC 6750 section 3).

use super::evidence::Received;

/// One challenge of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// The scheme as written, such as `Bearer`.
    pub scheme: String,
    /// Parameters in their order, names in lower case.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// All challenges of a response, in their order.
    #[must_use]
    pub(super) fn all(response: &Received) -> Vec<Self> {
        response
            .headers
            .iter()
            .filter(|(name, _)| name == "www-authenticate")
            .flat_map(|(_, value)| parse(value))
            .collect()
    }

    /// The first `Bearer` or `DPoP` challenge.
    #[must_use]
    pub(super) fn bearer(response: &Received) -> Option<Self> {
        Self::all(response).into_iter().find(|challenge| {
            ["bearer", "dpop"].contains(&challenge.scheme.to_ascii_lowercase().as_str())
        })
    }

    /// A parameter's value.
    #[must_use]
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The challenges in one header value: an item without `=` begins one, and so does `Scheme name=value`.
fn parse(value: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    for item in items(value) {
        let (head, parameter) = match item.split_once(' ') {
            Some((scheme, rest)) if !scheme.contains('=') => (Some(scheme), rest.trim()),
            Some(_) => (None, item.as_str()),
            None if item.contains('=') => (None, item.as_str()),
            None => (Some(item.as_str()), ""),
        };
        if let Some(scheme) = head {
            challenges.push(Challenge {
                scheme: scheme.to_owned(),
                parameters: Vec::new(),
            });
        }
        if let (Some(challenge), Some((name, value))) =
            (challenges.last_mut(), parameter.split_once('='))
        {
            let value = value.trim().trim_matches('"').replace("\\\"", "\"");
            let name = name.trim().to_ascii_lowercase();
            challenge.parameters.push((name, value));
        }
    }
    challenges
}

/// The parts between commas that are outside quotes.
fn items(value: &str) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for character in value.chars() {
        match character {
            ',' if !quoted => parts.push(String::new()),
            other => {
                quoted ^= other == '"';
                if let Some(part) = parts.last_mut() {
                    part.push(other);
                }
            }
        }
    }
    parts
        .into_iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_several_challenges_and_quoted_commas() {
        let read = parse(
            "Basic realm=\"a, b\", Bearer resource_metadata=\"https://a.example/x\",scope=\"a b\", Negotiate",
        );
        let schemes: Vec<&str> = read
            .iter()
            .map(|challenge| challenge.scheme.as_str())
            .collect();
        assert_eq!(schemes, ["Basic", "Bearer", "Negotiate"]);
        assert_eq!(read[0].parameter("realm"), Some("a, b"));
        assert_eq!(
            read[1].parameter("resource_metadata"),
            Some("https://a.example/x")
        );
        assert_eq!(read[1].parameter("scope"), Some("a b"));
    }
}
