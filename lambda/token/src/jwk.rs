//! Public keys as JSON Web Keys (RFC 7517), and the signatures that they verify (RFC 7515).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Map, Value};

use crate::jwks::RsaKey;
use crate::jwt::{Jwt, JwtProblem};

/// Keys beyond this number are ignored in a set that is fetched.
const MAX_KEYS: usize = 32;
/// Shortest RSA modulus, in bytes (RFC 7518 section 3.3).
const MIN_MODULUS: usize = 256;
/// Members that only a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a JSON Web Key is no key for signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Not a JSON object.
    #[error("it is not a JSON object")]
    NotObject,
    /// It has private members.
    #[error("it has members of a private key; give the public key alone")]
    Private,
    /// It is for another purpose.
    #[error("its use or key_ops is not that of a key for signatures")]
    OtherPurpose,
    /// Its type or curve is not supported.
    #[error("its kty and crv must be RSA, EC with P-256 or P-384, or OKP with Ed25519")]
    Type,
    /// Its algorithm does not belong to its type.
    #[error("its alg does not belong to its kty and crv")]
    Algorithm,
    /// Its numbers cannot be read, or the RSA key is too short.
    #[error("its numbers are not those of a key; an RSA key needs 2048 bits")]
    Numbers,
}

/// A JWT in compact form whose parts could be read. Nothing that it says is verified.
pub struct UnverifiedJwt<'a>(Jwt<'a, Map<String, Value>, Map<String, Value>>);

impl<'a> UnverifiedJwt<'a> {
    /// Reads the three parts.
    ///
    /// # Errors
    /// [`JwtProblem::Malformed`].
    pub fn read(token: &'a str) -> Result<Self, JwtProblem> {
        Jwt::read(token).map(Self)
    }

    /// A member of the header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.0.header.get(name)
    }

    /// The claims.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.0.claims
    }
}

#[derive(Debug)]
enum Numbers {
    Rsa(RsaKey),
    /// A point or an Ed25519 key, as `ring` takes it.
    Other(Vec<u8>),
}

/// A public key for the signatures of one algorithm: that of its `alg`, or else the one of its type.
#[derive(Debug)]
pub struct PublicKey {
    kid: Option<String>,
    algorithm: &'static str,
    numbers: Numbers,
}

impl PublicKey {
    /// Reads a JSON Web Key. An RSA key without `alg` is one for RS256.
    ///
    /// # Errors
    /// [`KeyProblem`].
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyProblem> {
        let jwk = jwk.as_object().ok_or(KeyProblem::NotObject)?;
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
            return Err(KeyProblem::Private);
        }
        let has_other_use = jwk.get("use").is_some_and(|value| value != "sig");
        let verifies = |operations: &Value| {
            let mut operations = operations.as_array().into_iter().flatten();
            operations.any(|operation| operation == "verify")
        };
        if has_other_use || !jwk.get("key_ops").is_none_or(verifies) {
            return Err(KeyProblem::OtherPurpose);
        }
        let number = |name: &str| {
            let decoded = text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
            decoded.ok_or(KeyProblem::Numbers)
        };
        let coordinates = |length: usize| {
            let (x, y) = (number("x")?, number("y")?);
            if x.len() != length || y.len() != length {
                return Err(KeyProblem::Numbers);
            }
            // SEC 1 section 2.3.3: an uncompressed point.
            Ok(Numbers::Other([vec![4], x, y].concat()))
        };
        let (algorithms, numbers): (&[&'static str], _) = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => {
                let (modulus, exponent) = (number("n")?, number("e")?);
                if modulus.len() < MIN_MODULUS {
                    return Err(KeyProblem::Numbers);
                }
                let key = RsaKey { modulus, exponent };
                let all = &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
                (all, Numbers::Rsa(key))
            }
            (Some("EC"), Some("P-256")) => (&["ES256"], coordinates(32)?),
            (Some("EC"), Some("P-384")) => (&["ES384"], coordinates(48)?),
            (Some("OKP"), Some("Ed25519")) => {
                let x = number("x")?;
                if x.len() != 32 {
                    return Err(KeyProblem::Numbers);
                }
                (&["EdDSA"], Numbers::Other(x))
            }
            _ => return Err(KeyProblem::Type),
        };
        let algorithm = match jwk.get("alg") {
            None => algorithms.first(),
            Some(given) => algorithms.iter().find(|algorithm| given == **algorithm),
        };
        Ok(Self {
            kid: text("kid").map(str::to_owned),
            algorithm: algorithm.ok_or(KeyProblem::Algorithm)?,
            numbers,
        })
    }

    /// The id of the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its one algorithm (RFC 7518 section 3.1).
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// Whether the signature of this JWT is the key's, by the key's own algorithm, whatever the header says.
    #[must_use]
    pub fn verifies(&self, jwt: &UnverifiedJwt<'_>) -> bool {
        let (signed, signature) = (jwt.0.signed.as_bytes(), &jwt.0.signature);
        match &self.numbers {
            Numbers::Rsa(RsaKey { modulus, exponent }) => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                let parameters = rsa_parameters(self.algorithm);
                key.verify(parameters, signed, signature).is_ok()
            }
            Numbers::Other(bytes) => {
                let algorithm: &dyn VerificationAlgorithm = match self.algorithm {
                    "ES256" => &ECDSA_P256_SHA256_FIXED,
                    "ES384" => &ECDSA_P384_SHA384_FIXED,
                    _ => &ED25519,
                };
                let key = UnparsedPublicKey::new(algorithm, bytes);
                key.verify(signed, signature).is_ok()
            }
        }
    }
}

fn rsa_parameters(algorithm: &str) -> &'static RsaParameters {
    match algorithm {
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

/// The usable keys of a JWK Set (RFC 7517 section 5). `None` if it is not one.
#[must_use]
pub fn published_keys(document: &[u8]) -> Option<Vec<PublicKey>> {
    let document: Value = serde_json::from_slice(document).ok()?;
    let keys = document.get("keys")?.as_array()?.iter();
    let keys = keys.take(MAX_KEYS).map(PublicKey::from_jwk);
    Some(keys.filter_map(Result::ok).collect())
}

#[cfg(test)]
mod tests {
    use mcp_lambda_contract::ASSERTION_ALGORITHMS;
    use serde_json::{Value, json};

    use super::{KeyProblem, PublicKey, published_keys};

    fn rsa(more: &Value) -> Value {
        let mut key = json!({ "kty": "RSA", "n": "A".repeat(342), "e": "AQAB" });
        let members = key.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        key
    }

    fn ec(curve: &str, coordinate: &str) -> Value {
        json!({ "kty": "EC", "crv": curve, "x": coordinate, "y": coordinate })
    }

    #[test]
    fn a_key_has_one_algorithm_and_every_advertised_one_has_a_key() {
        let curve_keys = [
            ec("P-256", &"A".repeat(43)),
            ec("P-384", &"A".repeat(64)),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43) }),
        ];
        let rsa_algorithms = ASSERTION_ALGORITHMS.into_iter().take(6);
        let keys = rsa_algorithms
            .map(|algorithm| rsa(&json!({ "alg": algorithm })))
            .chain(curve_keys);
        let algorithms: Vec<_> = keys
            .map(|key| PublicKey::from_jwk(&key).unwrap().algorithm())
            .collect();
        assert_eq!(algorithms, ASSERTION_ALGORITHMS);
        let unnamed = PublicKey::from_jwk(&rsa(&json!({}))).unwrap();
        assert_eq!(unnamed.algorithm(), "RS256");
    }

    #[test]
    fn refuses_what_is_no_public_key_for_signatures() {
        for (key, problem) in [
            (json!("text"), KeyProblem::NotObject),
            (rsa(&json!({ "d": "AQ" })), KeyProblem::Private),
            (json!({ "kty": "oct", "k": "AQ" }), KeyProblem::Private),
            (json!({ "kty": "oct" }), KeyProblem::Type),
            (rsa(&json!({ "use": "enc" })), KeyProblem::OtherPurpose),
            (
                rsa(&json!({ "key_ops": ["sign"] })),
                KeyProblem::OtherPurpose,
            ),
            (rsa(&json!({ "alg": "HS256" })), KeyProblem::Algorithm),
            (rsa(&json!({ "alg": "none" })), KeyProblem::Algorithm),
            (rsa(&json!({ "alg": "ES256" })), KeyProblem::Algorithm),
            (rsa(&json!({ "n": "AQAB" })), KeyProblem::Numbers),
            (ec("P-521", "AQAB"), KeyProblem::Type),
            (ec("P-256", "AQAB"), KeyProblem::Numbers),
        ] {
            assert_eq!(PublicKey::from_jwk(&key).unwrap_err(), problem, "{key}");
        }
    }

    #[test]
    fn a_published_set_may_have_keys_for_other_purposes() {
        let set = json!({ "keys": [rsa(&json!({ "use": "enc" })), rsa(&json!({ "kid": "a" }))] });
        let keys = published_keys(set.to_string().as_bytes()).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys.first().and_then(PublicKey::kid), Some("a"));
        assert!(published_keys(b"{}").is_none());
    }
}
