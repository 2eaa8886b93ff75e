//! Places, reads and cancels orders. What changes stock and orders is one DynamoDB transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use products::product::attribute as product;
use products::table_problem::TableProblem;
use serde::{Deserialize, Serialize};

use crate::order::{BY_OWNER, Line, Order, Owner, Status, attribute};
use crate::transaction::{NotWritten, Written, write_all};

/// Items that one request reads.
const READ: i32 = 100;
/// Requests that one list makes; it then goes on with a cursor.
const MAX_READS: usize = 10;
/// The tables of orders and products.
#[derive(Clone, Debug)]
pub struct OrderStore {
    client: Client,
    orders: String,
    catalogue: String,
}

/// Why an order was not placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPlaced {
    /// The owner has an order of this id.
    Exists,
    /// Some product has too few pieces left, or another price, or is gone.
    Changed,
    /// Other orders of the same products came first, every time.
    Busy,
    /// The tables.
    Table(TableProblem),
}

/// Where a list of orders goes on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Position {
    id: String,
    created: String,
}

/// A part of an owner's orders, the newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The orders.
    pub orders: Vec<Order>,
    /// Where the next part begins, if there may be one.
    pub next: Option<Position>,
}

impl OrderStore {
    /// The tables of these names.
    #[must_use]
    pub fn new(client: Client, orders: String, catalogue: String) -> Self {
        Self {
            client,
            orders,
            catalogue,
        }
    }

    /// The owner's order of this id.
    ///
    /// # Errors
    ///
    /// [`TableProblem`]
    pub async fn get(&self, owner: &Owner, id: &str) -> Result<Option<Order>, TableProblem> {
        let found = self
            .client
            .get_item()
            .table_name(&self.orders)
            .key(attribute::KEY, owner.key(id))
            .consistent_read(true)
            .send()
            .await?;
        found.item().map(Order::from_item).transpose()
    }

    /// At most `limit` of the owner's orders, with this status if one is named, the newest first. An order that was placed a moment
    /// ago may be missing: the index follows the table.
    ///
    /// # Errors
    ///
    /// [`TableProblem`]
    pub async fn list(
        &self,
        owner: &Owner,
        status: Option<Status>,
        limit: usize,
        position: Option<Position>,
    ) -> Result<Page, TableProblem> {
        let mut orders = Vec::new();
        let mut start = position.map(|position| position.key(owner));
        for _ in 0..MAX_READS {
            let read = self
                .client
                .query()
                .table_name(&self.orders)
                .index_name(BY_OWNER)
                .key_condition_expression("#owner = :owner")
                .expression_attribute_names("#owner", attribute::OWNER)
                .expression_attribute_values(":owner", AttributeValue::S(owner.as_str().to_owned()))
                .scan_index_forward(false)
                .limit(READ)
                .set_exclusive_start_key(start)
                .send()
                .await?;
            for item in read.items() {
                let order = Order::from_item(item)?;
                if status.is_none_or(|status| status == order.status) {
                    orders.push(order);
                }
            }
            start = read.last_evaluated_key;
            if orders.len() > limit || start.is_none() {
                break;
            }
        }
        let next = if orders.len() > limit {
            orders.truncate(limit);
            orders.last().map(Position::of)
        } else {
            start.as_ref().map(Position::of_key).transpose()?
        };
        Ok(Page { orders, next })
    }

    /// Places an order: takes its pieces from the stock at its prices, or does nothing at all.
    ///
    /// # Errors
    ///
    /// [`NotPlaced`]; after [`TableProblem::TimedOut`] and [`TableProblem::Unreachable`] it may have been placed.
    pub async fn place(&self, owner: &Owner, order: &Order) -> Result<(), NotPlaced> {
        let build = || {
            let put = Put::builder()
                .table_name(&self.orders)
                .set_item(Some(order.to_item(owner)))
                .condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", attribute::KEY)
                .build();
            let mut writes = vec![TransactWriteItem::builder().put(put.ok()?).build()];
            for line in &order.lines {
                writes.push(self.take(line)?);
            }
            Some(writes)
        };
        let writes = build().ok_or(NotPlaced::Table(TableProblem::Malformed))?;
        match write_all(&self.client, &writes).await? {
            Written::All => Ok(()),
            Written::Nothing { failed } if failed.first() == Some(&true) => Err(NotPlaced::Exists),
            Written::Nothing { .. } => Err(NotPlaced::Changed),
        }
    }

    /// Cancels an order and puts its pieces back into the stock, once: `false` when it is cancelled already. Pieces of products that
    /// the catalogue no longer has go nowhere.
    ///
    /// # Errors
    ///
    /// [`NotPlaced::Busy`] and [`NotPlaced::Table`].
    pub async fn cancel(&self, owner: &Owner, order: &Order) -> Result<bool, NotPlaced> {
        let mut lines: Vec<&Line> = order.lines.iter().collect();
        loop {
            let build = || {
                let mut writes = vec![self.mark_cancelled(owner, &order.id)?];
                for line in &lines {
                    writes.push(self.put_back(line)?);
                }
                Some(writes)
            };
            let writes = build().ok_or(NotPlaced::Table(TableProblem::Malformed))?;
            let Written::Nothing { failed } = write_all(&self.client, &writes).await? else {
                return Ok(true);
            };
            let before = lines.len();
            let mut gone = failed.iter().skip(1);
            lines.retain(|_| gone.next() != Some(&true));
            if failed.first() == Some(&true) || lines.len() == before {
                return Ok(false);
            }
        }
    }

    /// Takes a line's pieces from the stock, if there are enough at its price.
    fn take(&self, line: &Line) -> Option<TransactWriteItem> {
        let number = |value: u64| AttributeValue::N(value.to_string());
        let update = Update::builder()
            .table_name(&self.catalogue)
            .key(product::ID, AttributeValue::S(line.product.clone()))
            .update_expression("SET #stock = #stock - :quantity")
            .condition_expression("#stock >= :quantity AND #price = :price")
            .expression_attribute_names("#stock", product::STOCK)
            .expression_attribute_names("#price", product::PRICE)
            .expression_attribute_values(":quantity", number(line.quantity))
            .expression_attribute_values(":price", number(line.price.0))
            .build();
        Some(TransactWriteItem::builder().update(update.ok()?).build())
    }

    fn put_back(&self, line: &Line) -> Option<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.catalogue)
            .key(product::ID, AttributeValue::S(line.product.clone()))
            .update_expression("SET #stock = #stock + :quantity")
            .condition_expression("attribute_exists(#stock)")
            .expression_attribute_names("#stock", product::STOCK)
            .expression_attribute_values(":quantity", AttributeValue::N(line.quantity.to_string()))
            .build();
        Some(TransactWriteItem::builder().update(update.ok()?).build())
    }

    fn mark_cancelled(&self, owner: &Owner, id: &str) -> Option<TransactWriteItem> {
        let word = |status: Status| AttributeValue::S(status.word().to_owned());
        let update = Update::builder()
            .table_name(&self.orders)
            .key(attribute::KEY, owner.key(id))
            .update_expression("SET #status = :cancelled")
            .condition_expression("#status = :placed")
            .expression_attribute_names("#status", attribute::STATUS)
            .expression_attribute_values(":cancelled", word(Status::Cancelled))
            .expression_attribute_values(":placed", word(Status::Placed))
            .build();
        Some(TransactWriteItem::builder().update(update.ok()?).build())
    }
}

impl From<TableProblem> for NotPlaced {
    fn from(problem: TableProblem) -> Self {
        NotPlaced::Table(problem)
    }
}

impl From<NotWritten> for NotPlaced {
    fn from(problem: NotWritten) -> Self {
        match problem {
            NotWritten::Busy => NotPlaced::Busy,
            NotWritten::Table(problem) => NotPlaced::Table(problem),
        }
    }
}

impl Position {
    fn of(order: &Order) -> Self {
        Self {
            id: order.id.clone(),
            created: order.created.clone(),
        }
    }

    /// The position of a key, which begins with the owner.
    fn of_key(key: &HashMap<String, AttributeValue>) -> Result<Self, TableProblem> {
        let string = |name: &str| key.get(name)?.as_s().ok();
        let read = || {
            let owner = string(attribute::OWNER)?;
            let id = string(attribute::KEY)?
                .strip_prefix(owner)?
                .strip_prefix('#')?;
            Some(Self {
                id: id.to_owned(),
                created: string(attribute::CREATED)?.clone(),
            })
        };
        read().ok_or(TableProblem::Malformed)
    }

    fn key(self, owner: &Owner) -> HashMap<String, AttributeValue> {
        [
            (attribute::KEY, owner.key(&self.id)),
            (
                attribute::OWNER,
                AttributeValue::S(owner.as_str().to_owned()),
            ),
            (attribute::CREATED, AttributeValue::S(self.created)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
