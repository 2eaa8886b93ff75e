//! Lists why a client assertion is refused.

/// Declares the problems: each with its message for the caller.
macro_rules! problems {
    ($($name:ident => $message:literal;)*) => {
        /// Why a client assertion was not accepted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the variants' meaning is their message")]
        pub enum AssertionProblem {
            $($name,)*
        }

        impl AssertionProblem {
            /// Stable identifier for the log.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// What is wrong, for the people who run the program. Holds nothing that this server expects.
            pub fn fix(self) -> &'static str {
                match self {
                    $(Self::$name => $message,)*
                }
            }
        }
    };
}

problems! {
    TooLong => "it is longer than 8 KB";
    Malformed => "it is not a signed JWT";
    KeyInHeader => "its header must not name a key by jwk, jku, x5u or x5c; the registered key counts";
    CriticalHeader => "its header must not have crit";
    OtherType => "its typ must be JWT or client-authentication+jwt";
    UnknownKey => "its kid is not that of a key of this client";
    OtherAlgorithm => "its alg is not that of the client's key";
    WrongSignature => "its signature is not that of the client's key";
    OtherIssuer => "its iss is not the one of this client; a program with a key of its own sends its client_id";
    OtherSubject => "its sub is not the one of this client; a program with a key of its own sends its client_id";
    OtherAudience => "its aud must be the issuer of this authorization server, and nothing else";
    NoEnd => "it has no exp";
    Expired => "it has expired";
    TooLongLived => "its exp is too far ahead; 5 minutes are enough";
    NotYetValid => "its nbf or iat is in the future; check the clock";
    NoId => "it has no jti";
    Replayed => "its jti was used before; make a new assertion for each request";
    PullRequest => "it is from a pull request; workflows of pull requests get no access token";
    OtherRepository => "its repository is not the one of this client";
    OtherRepositoryId => "its repository_id is not the one of this client";
    OtherOwnerId => "its repository_owner_id is not the one of this client";
    OtherRef => "its ref is not the one of this client";
    OtherEnvironment => "its environment is not the one of this client";
    OtherWorkflow => "its job_workflow_ref is not the one of this client";
}
