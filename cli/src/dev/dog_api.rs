//! Emulates dogapi.dog, so that the example server's own HTTP client works on a machine without internet access. It
//! implements the one operation that the server uses, `GET /api/v2/facts?limit=N`, in that API's JSON (JSON:API).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use url::form_urlencoded;

use super::edge::LoopbackHost;

const FACTS: [&str; 24] = [
    "A dog's nose print is as particular to it as a fingerprint is to a person.",
    "Puppies are born without hearing; their ears open after about two weeks.",
    "The Basenji yodels rather than barks.",
    "Greyhounds can outrun almost every other land animal of their size over a short distance.",
    "A dog's sense of smell is thousands of times keener than that of a human.",
    "Dogs sweat through the pads of their paws and cool themselves mostly by panting.",
    "Newfoundlands have webbed feet and have long been used for rescue in water.",
    "Dalmatian puppies are born white; their spots appear in the weeks that follow.",
    "The Saluki is among the oldest breeds that are still kept today.",
    "Dogs have three eyelids; the third one keeps the eye moist and clean.",
    "A Border Collie named Chaser learned the names of more than a thousand toys.",
    "Dogs see blue and yellow well and confuse red with green.",
    "The whiskers of a dog feel movements of the air in the dark.",
    "An adult dog has 42 teeth, ten more than a person.",
    "Dogs curl up when they sleep, as their wild relatives do to stay warm.",
    "The Norwegian Lundehund has six toes on each foot and climbs cliffs with them.",
    "Seeing a person yawn can make a dog yawn as well.",
    "Bloodhounds can follow a trail that is more than a week old.",
    "Laika, a stray from Moscow, was the first animal to orbit the Earth.",
    "Chow Chows have a tongue of blue-black colour.",
    "A dog's heart beats faster than its owner's, most of all in small breeds.",
    "Dogs dream; puppies and old dogs seem to dream the most.",
    "The shape of a dog's ear is moved by at least eighteen muscles.",
    "Wagging more to the right often goes with something the dog likes.",
];

/// The service for the names of `host`. Each response continues in the list where the last one ended.
pub fn app(host: LoopbackHost) -> Router {
    Router::new()
        .route("/api/v2/facts", get(facts))
        .with_state(Arc::new(AtomicUsize::new(0)))
        .layer(from_fn_with_state(host, LoopbackHost::check))
}

async fn facts(
    State(next): State<Arc<AtomicUsize>>,
    RawQuery(query): RawQuery,
) -> impl IntoResponse {
    let limit = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "limit")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(1)
        .min(FACTS.len());
    let first = next.fetch_add(limit, Ordering::Relaxed);
    let data: Vec<serde_json::Value> = (first..first + limit)
        .map(|index| index % FACTS.len())
        .map(|index| {
            serde_json::json!({
                "id": format!("00000000-0000-4000-8000-{index:012}"),
                "type": "fact",
                "attributes": { "body": FACTS[index] },
            })
        })
        .collect();
    (
        [(CONTENT_TYPE, "application/vnd.api+json")],
        serde_json::json!({ "data": data }).to_string(),
    )
}
