//! The sign-in pages before a stub of the emulator.

mod person;

use self::person::{Person, QUERY, location};
use crate::stub::text;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header;
use serde_json::json;
use tower::ServiceExt;

#[tokio::test]
async fn leads_from_the_authorization_request_to_the_sign_in_page_and_back_to_the_client_with_the_code()
 {
    let mut person = Person::new().await;
    let first = person.open(&format!("/oauth2/authorize?{QUERY}")).await;
    assert_eq!(
        (first.status(), location(&first).split('?').next()),
        (StatusCode::FOUND, Some("/login"))
    );
    let back = person.fill("/login", "email=a%40b&password=right").await;
    assert_eq!(
        (back.status(), location(&back)),
        (
            StatusCode::FOUND,
            "http://localhost:8765/callback?code=c&state=s"
        )
    );
    let submitted = person.stub.asked().pop().unwrap().body;
    let submitted = String::from_utf8_lossy(&submitted);
    for part in [
        "client_id=people",
        "state=s%22%3E",
        "username=a%40b",
        "password=right",
    ] {
        assert!(submitted.contains(part), "{submitted}");
    }
}

#[tokio::test]
async fn returns_to_the_running_authorization_request_after_sign_up_and_confirmation() {
    let mut person = Person::new().await;
    let confirm = person
        .fill("/signup", "email=a%40b&password=Strong-1")
        .await;
    assert_eq!(location(&confirm).split('?').next(), Some("/confirm"));
    assert!(location(&confirm).contains("state=s%22%3E") && !location(&confirm).contains("a%40b"));
    let wrong = person.fill("/confirm", "email=a%40b&code=000000").await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert!(
        text(wrong)
            .await
            .contains("This is not the code from the newest mail.")
    );
    let sign_in = person.fill("/confirm", "email=a%40b&code=123123").await;
    assert!(location(&sign_in).starts_with("/login?client_id=people&redirect_uri="));
    let page = text(person.open(location(&sign_in)).await).await;
    assert!(
        page.contains("Your account is confirmed.") && page.contains("value=\"a@b\""),
        "{page}"
    );
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_with_the_mailed_code() {
    let mut person = Person::new().await;
    let reset = person.fill("/forgotPassword", "email=a%40b").await;
    assert_eq!(
        location(&reset).split('?').next(),
        Some("/confirmForgotPassword")
    );
    let done = person
        .fill(
            "/confirmForgotPassword",
            "email=a%40b&code=123123&password=New-1",
        )
        .await;
    assert_eq!(location(&done).split('?').next(), Some("/login"));
    let asked: serde_json::Value =
        serde_json::from_slice(&person.stub.asked().pop().unwrap().body).unwrap();
    assert_eq!(
        asked,
        json!({
            "ClientId": "people", "Username": "a@b", "ConfirmationCode": "123123", "Password": "New-1", "ManagedLogin": true
        })
    );
}

#[tokio::test]
async fn leads_unconfirmed_accounts_to_confirmation_and_temporary_passwords_to_an_own_one() {
    let mut person = Person::new().await;
    let early = person.fill("/login", "email=a%40b&password=early").await;
    assert_eq!(location(&early).split('?').next(), Some("/confirm"));
    let temporary = person
        .fill("/login", "email=a%40b&password=temporary")
        .await;
    assert_eq!(location(&temporary).split('?').next(), Some("/newPassword"));
    let back = person.fill("/newPassword", "password=own").await;
    assert_eq!(location(&back), "http://localhost:8765/callback?code=n");
}

#[tokio::test]
async fn says_what_is_wrong_next_to_the_field_and_never_repeats_a_password() {
    let mut person = Person::new().await;
    let page = text(person.fill("/signup", "email=a%40b&password=weak").await).await;
    assert!(
        page.contains("role=\"alert\"") && page.contains("<title>Error: Sign up</title>"),
        "{page}"
    );
    assert!(page.contains("At least 8 characters, with an uppercase letter"));
    let page = text(
        person
            .fill("/login", "email=%3Cscript%3E&password=guess-me")
            .await,
    )
    .await;
    assert!(page.contains("Incorrect username or password.") && page.contains("aria-invalid"));
    assert!(
        !page.contains("guess-me") && !page.contains("<script"),
        "{page}"
    );
}

#[tokio::test]
async fn a_password_that_the_api_refuses_before_the_policy_is_refused_at_its_field_by_the_same_rules()
 {
    let mut person = Person::new().await;
    let page = text(
        person
            .fill("/signup", "email=a%40b&password=spaced%20")
            .await,
    )
    .await;
    assert!(page.contains("This password does not meet the requirements below."));
    assert!(
        page.contains("At most 256 characters, without a space at the beginning or the end.")
            && !page.contains("validation error"),
        "{page}"
    );
}

#[tokio::test]
async fn refuses_a_form_that_another_site_sent() {
    let mut person = Person::new().await;
    let mut other = Person::new().await;
    person.open(&format!("/login?{QUERY}")).await;
    let theirs = text(other.open(&format!("/login?{QUERY}")).await).await;
    let theirs = theirs
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for csrf in [String::new(), format!("csrf={theirs}&")] {
        for path in [
            "/login",
            "/signup",
            "/confirm",
            "/resend",
            "/forgotPassword",
            "/confirmForgotPassword",
            "/newPassword",
        ] {
            let response = person
                .post(
                    &format!("{path}?{QUERY}"),
                    &format!("{csrf}email=a&password=right&code=123123"),
                )
                .await;
            assert_eq!((path, response.status()), (path, StatusCode::FORBIDDEN));
        }
    }
    assert!(
        person
            .stub
            .asked()
            .iter()
            .all(|asked| asked.target.starts_with("/oauth2/authorize")
                || asked.target.starts_with("/_mcp-lambda/password-policy"))
    );
}

#[tokio::test]
async fn pages_run_no_script_load_nothing_foreign_and_are_not_kept() {
    let mut person = Person::new().await;
    let page = person.open(&format!("/login?{QUERY}")).await;
    assert_eq!(
        page.headers()[header::CONTENT_SECURITY_POLICY],
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' http: https:"
    );
    assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("sign-in-3031=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax")
    );
}

#[tokio::test]
async fn leaves_the_refusal_of_an_authorization_request_to_the_user_pool() {
    let mut person = Person::new().await;
    for path in ["/oauth2/authorize", "/login", "/signup", "/forgotPassword"] {
        let refused = person
            .open(&format!(
                "{path}?client_id=people&redirect_uri=http%3A%2F%2Fevil"
            ))
            .await;
        assert_eq!((path, refused.status()), (path, StatusCode::BAD_REQUEST));
        let page = text(refused).await;
        assert!(
            page.contains("invalid_request") && !page.contains("<b>no</b>"),
            "{page}"
        );
        let redirected = person.open(&format!("{path}?{QUERY}&scope=unknown")).await;
        assert_eq!(
            location(&redirected),
            "http://localhost:8765/callback?error=invalid_scope"
        );
    }
    let program = Request::get("/oauth2/authorize?redirect_uri=http%3A%2F%2Fevil")
        .header(header::HOST, "localhost:3031")
        .body(Body::empty())
        .unwrap();
    let answer = text(person.app.clone().oneshot(program).await.unwrap()).await;
    assert_eq!(
        answer,
        r#"{"error":"invalid_request","error_description":"redirect_uri <b>no</b>"}"#
    );
}

#[tokio::test]
async fn revokes_a_refresh_token_of_the_asking_client_and_names_other_refusals_as_rfc_7009_does() {
    let mut person = Person::new().await;
    for (form, status, error) in [
        ("token=refresh&client_id=people", StatusCode::OK, ""),
        (
            "client_id=people",
            StatusCode::BAD_REQUEST,
            r#"{"error":"invalid_request"}"#,
        ),
        (
            "token=refresh",
            StatusCode::BAD_REQUEST,
            r#"{"error":"invalid_request"}"#,
        ),
        (
            "token=access&client_id=people",
            StatusCode::BAD_REQUEST,
            r#"{"error":"unsupported_token_type"}"#,
        ),
        (
            "token=refresh&client_id=stranger",
            StatusCode::UNAUTHORIZED,
            r#"{"error":"invalid_client"}"#,
        ),
    ] {
        let response = person.post("/oauth2/revoke", form).await;
        assert_eq!((form, response.status()), (form, status));
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(text(response).await, error);
    }
    let confidential = Request::post("/oauth2/revoke")
        .header(header::AUTHORIZATION, "Basic bWFjaGluZTphJTJCYg==") // machine:a%2Bb
        .body(Body::from("token=refresh"))
        .unwrap();
    assert_eq!(person.send(confidential).await.status(), StatusCode::OK);
    let asked: serde_json::Value =
        serde_json::from_slice(&person.stub.asked().pop().unwrap().body).unwrap();
    assert_eq!(
        asked,
        json!({ "Token": "refresh", "ClientId": "machine", "ClientSecret": "a+b", "ManagedLogin": true })
    );
}

#[tokio::test]
async fn shows_the_newest_mail_first_to_people_and_programs() {
    let mut person = Person::new().await;
    let page = text(person.open("/mailbox").await).await;
    assert!(
        page.find("code 1").unwrap() < page.find("code 0").unwrap()
            && page.contains("01:01:02 UTC")
    );
    assert!(!page.contains("<new>"));
    let program = Request::get("/mailbox")
        .header(header::HOST, "127.0.0.1:3031")
        .body(Body::empty())
        .unwrap();
    let answer = text(person.app.clone().oneshot(program).await.unwrap()).await;
    let newest = &serde_json::from_str::<serde_json::Value>(&answer).unwrap()["messages"][0];
    assert_eq!(
        newest,
        &json!({ "from": "no-reply@x", "to": ["a@b"], "subject": "<new>", "text": "code 1", "timestamp": 3662.5 })
    );
}

#[tokio::test]
async fn hands_token_and_key_requests_to_the_user_pool_under_its_own_name() {
    let mut person = Person::new().await;
    for (method, target) in [
        ("POST", "/oauth2/token"),
        ("GET", "/us-east-1_x/.well-known/jwks.json"),
        ("GET", "/logout?client_id=a"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .body(Body::empty())
            .unwrap();
        assert_eq!(person.send(request).await.status(), StatusCode::OK);
        let asked = person.stub.asked().pop().unwrap();
        assert_eq!(
            (
                asked.target.as_str(),
                asked.headers[header::HOST].to_str().unwrap()
            ),
            (target, "127.0.0.1:3031")
        );
    }
}

#[tokio::test]
async fn refuses_a_foreign_host() {
    let person = Person::new().await;
    let request = Request::get("/mailbox")
        .header(header::HOST, "evil.example:3031")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        person.app.oneshot(request).await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
}
