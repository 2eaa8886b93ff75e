//! Turns what is wanted into an order at today's prices, and places it.

use products::catalogue::Catalogue;
use products::product::Product;
use products::table_problem::TableProblem;

use crate::order::{Line, Order, Owner, Status};
use crate::store::{NotPlaced, OrderStore};

/// How often an order is placed again after the catalogue has changed and has enough all the same.
const ROUNDS: usize = 3;

/// An order of these products and quantities, if all of them are there.
pub(crate) async fn prepare(
    catalogue: &Catalogue,
    id: String,
    created: String,
    wanted: &[(String, u64)],
) -> Result<Order, String> {
    let mut lines = Vec::with_capacity(wanted.len());
    for (id, quantity) in wanted {
        let found = catalogue.get(id).await.map_err(unread)?;
        let Some(product) = found else {
            let missing = catalogue.missing(id).await.map_err(unread)?;
            return Err(format!("nothing was ordered: {missing}"));
        };
        if product.stock < *quantity {
            return Err(short(&product, *quantity));
        }
        lines.push(Line {
            product: product.id,
            name: product.name,
            quantity: *quantity,
            price: product.price,
        });
    }
    Ok(Order {
        id,
        created,
        status: Status::Placed,
        lines,
    })
}

/// What became of an order.
pub(crate) enum Placed {
    /// It is placed now.
    Now,
    /// The owner had placed one of this id.
    Before(Order),
}

/// Places an order.
pub(crate) async fn place(
    catalogue: &Catalogue,
    store: &OrderStore,
    owner: &Owner,
    order: &Order,
) -> Result<Placed, String> {
    for _ in 0..ROUNDS {
        match store.place(owner, order).await {
            Ok(()) => return Ok(Placed::Now),
            Err(NotPlaced::Exists) => {
                let found = store.get(owner, &order.id).await.map_err(unread_orders)?;
                return found
                    .map(Placed::Before)
                    .ok_or_else(|| "nothing was ordered: order it again".to_owned());
            }
            Err(NotPlaced::Changed) => still_fits(catalogue, order).await?,
            Err(NotPlaced::Busy) => break,
            Err(NotPlaced::Table(problem)) => return Err(unplaced(&problem)),
        }
    }
    Err(
        "nothing was ordered: too many others order the same products now; try again in a moment"
            .to_owned(),
    )
}

/// The sentence about what has changed since the order was prepared; nothing when it fits again.
async fn still_fits(catalogue: &Catalogue, order: &Order) -> Result<(), String> {
    for line in &order.lines {
        let Some(product) = catalogue.get(&line.product).await.map_err(unread)? else {
            let missing = catalogue.missing(&line.product).await.map_err(unread)?;
            return Err(format!("nothing was ordered: {missing}"));
        };
        if product.stock < line.quantity {
            return Err(short(&product, line.quantity));
        }
        if product.price != line.price {
            return Err(format!(
                "nothing was ordered: the price of {} ({}) has just changed from {} to {}; order again to pay that",
                product.name, product.id, line.price, product.price
            ));
        }
    }
    Ok(())
}

fn short(product: &Product, quantity: u64) -> String {
    let Product {
        id, name, stock, ..
    } = product;
    match stock {
        0 => format!("nothing was ordered: {name} ({id}) is out of stock"),
        _ => format!(
            "nothing was ordered: only {stock} of {name} ({id}) are left, and {quantity} were asked for"
        ),
    }
}

fn unplaced(problem: &TableProblem) -> String {
    match problem {
        TableProblem::TimedOut | TableProblem::Unreachable => format!(
            "it is not known whether the order was placed: {problem}. Look at list-orders before ordering again, or repeat the call with the same idempotencyKey"
        ),
        TableProblem::Refused(_) | TableProblem::Malformed => {
            format!("nothing was ordered: {problem}")
        }
    }
}

fn unread(problem: TableProblem) -> String {
    format!("nothing was ordered: the catalogue cannot be read now: {problem}")
}

/// The sentence for orders that cannot be read.
pub(crate) fn unread_orders(problem: TableProblem) -> String {
    format!("the orders cannot be read now: {problem}")
}
