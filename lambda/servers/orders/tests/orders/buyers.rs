//! Many buyers: nobody sees another one's orders, and the last piece is sold once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::shop::{Shop, text};
use crate::{call, of, order_id, orders};

/// All ids of a person's orders.
async fn all(function: &mcp_lambda_testing::Function, person: &str) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), Value::Null);
    loop {
        let mut arguments = json!({ "limit": 50 });
        if cursor.is_string() {
            arguments["cursor"] = cursor;
        }
        let page = call(function, person, "list-orders", arguments).await;
        for order in page["structuredContent"]["orders"].as_array().unwrap() {
            assert!(
                ids.insert(order["orderId"].as_str().unwrap().to_owned()),
                "twice"
            );
        }
        cursor = page["structuredContent"]["nextCursor"].clone();
        if cursor.is_null() {
            return ids;
        }
    }
}

/// Both order at the same time with the same idempotency keys, and ask for each other's orders now and then.
#[tokio::test]
async fn two_people_interleaved_1000_times_have_their_own_orders_alone() {
    let shop = Shop::open().await;
    shop.stock("many", 100, 1_000_000).await;
    let function = orders(&shop);
    let (mut of_ada, mut of_bob) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..1000 {
        let mut arguments = of("many", 1);
        arguments["idempotencyKey"] = json!(round.to_string());
        let (ada, bob) = tokio::join!(
            call(&function, "ada", "create-order", arguments.clone()),
            call(&function, "bob", "create-order", arguments),
        );
        let (ada, bob) = (order_id(&ada), order_id(&bob));
        if round % 10 == 0 {
            let (foreign, own) = tokio::join!(
                call(
                    &function,
                    "ada",
                    "check-order-status",
                    json!({ "orderId": bob })
                ),
                call(
                    &function,
                    "bob",
                    "check-order-status",
                    json!({ "orderId": bob })
                ),
            );
            assert_eq!(
                text(&foreign),
                format!("you have no order {bob:?}; list-orders has the ids of yours")
            );
            assert_eq!(order_id(&own), bob);
            let cancelled = call(&function, "bob", "cancel-order", json!({ "orderId": ada })).await;
            assert_eq!(cancelled["isError"], true, "{cancelled}");
        }
        of_ada.insert(ada);
        of_bob.insert(bob);
    }
    assert_eq!((of_ada.len(), of_bob.len()), (1000, 1000));
    assert!(of_ada.is_disjoint(&of_bob));
    assert_eq!(all(&function, "ada").await, of_ada);
    assert_eq!(all(&function, "bob").await, of_bob);
    assert_eq!(all(&function, "eve").await, BTreeSet::new());
    assert_eq!(shop.left("many").await, 1_000_000 - 2000);
}

#[tokio::test]
async fn two_buyers_of_the_last_piece_get_one_order_in_200_rounds() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    let mut bought_by_ada = 0;
    for round in 0..200 {
        let product = format!("last{round}");
        shop.stock(&product, 500, 1).await;
        let (ada, bob) = tokio::join!(
            call(&function, "ada", "create-order", of(&product, 1)),
            call(&function, "bob", "create-order", of(&product, 1)),
        );
        let placed = [&ada, &bob].map(|result| result["isError"] != true);
        assert_eq!(
            placed.iter().filter(|placed| **placed).count(),
            1,
            "{ada} {bob}"
        );
        bought_by_ada += u32::from(placed[0]);
        let refused = if placed[0] { &bob } else { &ada };
        assert_eq!(
            text(refused),
            format!("nothing was ordered: Test {product} ({product}) is out of stock")
        );
        assert_eq!(shop.left(&product).await, 0);
    }
    assert_eq!(shop.order_count().await, 200);
    // Which of them is first is chance; that both processes raced is shown by each of them having run.
    assert!(function.processes_started() >= 2, "{bought_by_ada}");
}
