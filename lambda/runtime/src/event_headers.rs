//! Deserialises the headers of an event directly into a `HeaderMap`.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The headers of an event, in either form: names with a value, or with a list of values. A value may be null.
///
/// A header that HTTP does not allow is left out: it cannot have come over HTTP. They go directly into the map, because
/// every request has a dozen of them.
pub(crate) struct Headers(pub(crate) HeaderMap);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadersVisitor)
    }
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Headers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("headers by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Headers, A::Error> {
        let mut headers = HeaderMap::with_capacity(16);
        while let Some(Name(name)) = entries.next_key()? {
            let name = HeaderName::try_from(name.as_ref()).ok();
            entries.next_value_seed(Values(&mut headers, name))?;
        }
        Ok(Headers(headers))
    }
}

/// A name that is borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Collects the values of one name; without a name they are dropped.
struct Values<'a>(&'a mut HeaderMap, Option<HeaderName>);

impl Values<'_> {
    fn add(&mut self, value: &str) {
        let Self(headers, name) = self;
        if let (Some(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            headers.append(name.clone(), value);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a header's value, or a list of them")
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.add(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<(), A::Error> {
        while let Some(value) = values.next_element::<Option<Name<'de>>>()? {
            if let Some(Name(value)) = value {
                self.add(&value);
            }
        }
        Ok(())
    }
}
