//! Signing in to an MCP server from its URL.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use mcp_lambda_cli::oauth::{
    self, Assertion, Identity, OAuthError, Options, ProgramCredentials, Secret, SignedOut,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rmcp::model::ClientConfig;
use serde_json::{Value, json};
use url::Url;

use crate::folder::Folder;
use crate::mcp_server::{Behaviour, McpServer};

/// The pages that the browser ended at.
type Pages = Arc<Mutex<Vec<String>>>;

/// A person who consents to everything at once.
fn person(server: &McpServer, directory: &Path) -> (Options, Pages) {
    let pages = Pages::default();
    let (server, shown) = (server.clone(), pages.clone());
    let visit = move |page: &Url| {
        let (server, page, shown) = (server.clone(), page.clone(), shown.clone());
        tokio::spawn(async move {
            let end = server.consent(&page).await;
            shown.lock().unwrap().push(end);
        });
    };
    (options(Box::new(visit), directory), pages)
}

/// Waits until the browser has shown this many pages, the last of which is on its way when a sign-in ends.
async fn ended_at(pages: &Pages, count: usize) -> Vec<String> {
    loop {
        let shown = pages.lock().unwrap().clone();
        if shown.len() == count {
            return shown;
        }
        tokio::task::yield_now().await;
    }
}

fn options(visit: Box<dyn Fn(&Url) + Send + Sync>, directory: &Path) -> Options {
    Options {
        identity: Identity::Person {
            client_id: None,
            metadata_document: None,
        },
        scopes: Vec::new(),
        visit,
        callback_port: 0,
        patience: Duration::from_mins(5),
        directory: directory.to_owned(),
    }
}

#[tokio::test]
async fn a_person_signs_in_once_and_the_tokens_are_for_their_eyes_only() {
    let server = McpServer::start(Behaviour::default()).await;
    let folder = Folder::new();
    let (options, pages) = person(&server, &folder.path().join("sign-ins"));

    let authorized = oauth::sign_in(&server.url, &options).await.unwrap();
    let access_token = authorized.access_token().await.unwrap();
    assert_eq!(access_token.as_deref(), Some("access-1.read"));
    let client = authorized
        .mcp_client(ClientConfig::default())
        .await
        .unwrap();
    assert_eq!(client.list_all_tools().await.unwrap().len(), 4);
    client.cancel().await.unwrap();

    let again = oauth::sign_in(&server.url, &options).await.unwrap();
    assert_eq!(again.access_token().await.unwrap(), access_token);
    let pages = ended_at(&pages, 1).await;
    assert!(pages[0].contains("You can close this page"), "{}", pages[0]);
    server.seen(|seen| {
        assert_eq!(
            seen.registrations.len(),
            1,
            "the second sign-in needs no browser"
        );
        let redirect = seen.registrations[0]["redirect_uris"][0].as_str().unwrap();
        assert!(redirect.starts_with("http://127.0.0.1:"), "{redirect}");
    });

    for entry in std::fs::read_dir(folder.path().join("sign-ins")).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn an_expired_access_token_is_refreshed_and_a_revoked_sign_in_begins_again() {
    let server = McpServer::start(Behaviour {
        expires_in: 0,
        client_secret: true,
        ..Behaviour::default()
    })
    .await;
    let folder = Folder::new();
    let (options, _) = person(&server, folder.path());
    oauth::sign_in(&server.url, &options).await.unwrap();
    let again = oauth::sign_in(&server.url, &options).await.unwrap();
    let access_token = again.access_token().await.unwrap().unwrap();
    assert!(access_token.starts_with("access-"), "{access_token}");
    assert_eq!(server.seen(|seen| seen.registrations.len()), 1);
    server.seen(|seen| {
        let last = seen.token_requests.last().unwrap();
        assert_eq!(last["grant_type"], "refresh_token");
        assert_eq!(last["resource"], server.url.as_str());
    });

    let out = oauth::sign_out(&server.url, folder.path()).await.unwrap();
    assert_eq!(out, SignedOut::Revoked);
    assert!(server.seen(|seen| seen.revoked[0].starts_with("refresh-")));
    let out = oauth::sign_out(&server.url, folder.path()).await.unwrap();
    assert_eq!(out, SignedOut::NotSignedIn);
    oauth::sign_in(&server.url, &options).await.unwrap();
    assert_eq!(
        server.seen(|seen| seen.registrations.len()),
        2,
        "signed out means signed out"
    );
}

#[tokio::test]
async fn more_oauth_scopes_are_asked_for_beside_those_that_were_granted() {
    let server = McpServer::start(Behaviour::default()).await;
    let folder = Folder::new();
    let (mut options, _) = person(&server, folder.path());
    oauth::sign_in(&server.url, &options).await.unwrap();
    options.scopes = vec!["write".to_owned()];
    let authorized = oauth::sign_in(&server.url, &options).await.unwrap();
    let access_token = authorized.access_token().await.unwrap();
    assert_eq!(access_token.as_deref(), Some("access-2.read.write"));
}

#[tokio::test]
async fn a_program_signs_in_with_its_secret_and_leaves_no_file() {
    let server = McpServer::start(Behaviour::default()).await;
    let folder = Folder::new();
    let mut options = options(
        Box::new(|_| panic!("a program has no browser")),
        folder.path(),
    );
    options.identity = Identity::Program {
        client_id: "ci".to_owned(),
        credentials: ProgramCredentials::Secret(Secret("s3cret".to_owned())),
    };
    let authorized = oauth::sign_in(&server.url, &options).await.unwrap();
    assert!(authorized.access_token().await.unwrap().is_some());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    options.identity = Identity::Program {
        client_id: "ci".to_owned(),
        credentials: ProgramCredentials::Secret(Secret("wrong".to_owned())),
    };
    let error = oauth::sign_in(&server.url, &options).await.unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("invalid_grant") && !message.contains("wrong"),
        "{message}"
    );
}

#[tokio::test]
async fn a_program_signs_in_with_an_assertion_of_its_key_or_with_one_from_elsewhere() {
    let random = SystemRandom::new();
    let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(signing, key.as_ref(), &random).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        BASE64_STANDARD.encode(key.as_ref())
    );
    let server = McpServer::start(Behaviour::default()).await;
    let folder = Folder::new();
    let mut options = options(
        Box::new(|_| panic!("a program has no browser")),
        folder.path(),
    );
    options.scopes = vec!["read".to_owned()];
    for assertion in [
        Assertion::Signed {
            key: Secret(pem),
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        },
        Assertion::Given(Secret("of.a.job".to_owned())),
    ] {
        options.identity = Identity::Program {
            client_id: "ci".to_owned(),
            credentials: ProgramCredentials::Assertion(assertion),
        };
        let authorized = oauth::sign_in(&server.url, &options).await.unwrap();
        assert!(authorized.access_token().await.unwrap().is_some());
    }
    let forms = server.seen(|seen| seen.token_requests.clone());
    let [signed, given] = forms.as_slice() else {
        panic!("{forms:?}")
    };
    for form in [signed, given] {
        assert_eq!(form["client_id"], "ci");
        assert_eq!(form["scope"], "read");
        assert_eq!(form["resource"], server.url.as_str());
        assert!(!form.contains_key("client_secret"));
    }
    assert_eq!(given["client_assertion"], "of.a.job");
    let assertion = &signed["client_assertion"];
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    let part = |index: usize| -> Value {
        let part = message.split('.').nth(index).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(
        part(0),
        json!({ "alg": "ES256", "typ": "client-authentication+jwt" })
    );
    let mut claims = part(1);
    let id = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 22);
    let issuer = server.url.origin().ascii_serialization();
    assert_eq!(
        claims,
        json!({ "iss": "ci", "sub": "ci", "aud": issuer, "iat": 1_800_000_000, "exp": 1_800_000_060 })
    );
    let public = ring::signature::UnparsedPublicKey::new(
        &ring::signature::ECDSA_P256_SHA256_FIXED,
        pair.public_key().as_ref(),
    );
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    public.verify(message.as_bytes(), &signature).unwrap();

    options.identity = Identity::Program {
        client_id: "ci".to_owned(),
        credentials: ProgramCredentials::Assertion(Assertion::Signed {
            key: Secret("no key".to_owned()),
            at: SystemTime::UNIX_EPOCH,
        }),
    };
    let error = oauth::sign_in(&server.url, &options).await.unwrap_err();
    assert!(matches!(error, OAuthError::AssertionKey), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_open_server_needs_no_sign_in() {
    let server = McpServer::start(Behaviour {
        protected: false,
        ..Behaviour::default()
    })
    .await;
    let folder = Folder::new();
    let options = options(Box::new(|_| panic!("nothing to sign in to")), folder.path());
    let authorized = oauth::sign_in(&server.url, &options).await.unwrap();
    assert_eq!(authorized.access_token().await.unwrap(), None);
    let client = authorized
        .mcp_client(ClientConfig::default())
        .await
        .unwrap();
    assert_eq!(client.list_all_tools().await.unwrap().len(), 4);
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn a_refusal_reaches_the_terminal_and_the_browser_in_words() {
    let server = McpServer::start(Behaviour::default()).await;
    let folder = Folder::new();
    let pages = Pages::default();
    let (denying, shown) = (server.clone(), pages.clone());
    let visit = move |page: &Url| {
        let (server, page, shown) = (denying.clone(), page.clone(), shown.clone());
        tokio::spawn(async move {
            // A redirect that belongs to another sign-in changes nothing.
            let foreign = page.as_str().replace("state=", "state=x");
            let foreign = server
                .redirect(&foreign.parse().unwrap(), &[("code", "c")])
                .await;
            let parameters = [
                ("error", "access_denied"),
                ("error_description", "<b>no</b>"),
            ];
            let denied = server.redirect(&page, &parameters).await;
            shown.lock().unwrap().extend([foreign, denied]);
        });
    };
    let options = options(Box::new(visit), folder.path());
    let error = oauth::sign_in(&server.url, &options).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the sign-in at {} was refused: access_denied (<b>no</b>)",
            server.url
        )
    );
    let pages = ended_at(&pages, 2).await;
    assert!(pages[0].contains("belongs to no sign-in"), "{}", pages[0]);
    assert!(
        pages[1].contains("access_denied") && !pages[1].contains("<b>"),
        "{}",
        pages[1]
    );
}

#[tokio::test]
async fn without_registration_the_message_names_the_option() {
    let server = McpServer::start(Behaviour {
        registers: false,
        ..Behaviour::default()
    })
    .await;
    let folder = Folder::new();
    let (mut options, _) = person(&server, folder.path());
    let error = oauth::sign_in(&server.url, &options).await.unwrap_err();
    assert!(
        matches!(error, OAuthError::Registration { .. })
            && error.to_string().contains("--client-id")
    );

    for (client_id, document) in [
        (Some("known"), None),
        (None, Some("https://client.example/client.json")),
    ] {
        options.identity = Identity::Person {
            client_id: client_id.map(str::to_owned),
            metadata_document: document.map(|url| url.parse().unwrap()),
        };
        oauth::sign_in(&server.url, &options).await.unwrap();
        let used = server.seen(|seen| seen.token_requests.last().unwrap()["client_id"].clone());
        assert_eq!(Some(used.as_str()), client_id.or(document));
        oauth::sign_out(&server.url, folder.path()).await.unwrap();
    }
}
