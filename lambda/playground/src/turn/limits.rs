//! What one person may use: questions a minute, tokens a day.

use serde_json::json;

use crate::person::Person;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::store::Key;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
/// What was used is noted whatever the limit is.
const NO_LIMIT: u64 = u64::MAX >> 1;

impl Playground {
    /// Counts a question, unless the person has no more of this minute or no tokens of this day.
    pub(super) async fn count_question(&self, person: &Person) -> Result<(), Problem> {
        self.check_tokens(person).await?;
        let now = self.seconds();
        let minute = now / MINUTE;
        let key = Key::new(person.partition(), format!("questions#{minute}"));
        let limit = self.settings.turns_per_minute;
        let expires = (minute + 2) * MINUTE;
        if self.table()?.count(key, 1, limit, expires).await? {
            return Ok(());
        }
        Err(Problem::Throttled {
            words: format!("you asked {limit} questions in one minute, which is the limit"),
            retry_after: (minute + 1) * MINUTE - now,
        })
    }

    /// Refuses when the tokens of the day are used up.
    pub(super) async fn check_tokens(&self, person: &Person) -> Result<(), Problem> {
        let limit = self.settings.tokens_per_day;
        let (key, expires) = self.day(person);
        if self.table()?.count(key, 0, limit, expires).await? {
            return Ok(());
        }
        Err(Problem::Throttled {
            words: format!("you used the {limit} tokens of today"),
            retry_after: DAY - self.seconds() % DAY,
        })
    }

    /// Notes what a turn used, also when it went over the limit.
    pub(super) async fn note_tokens(&self, person: &Person, tokens: u64) {
        if tokens == 0 {
            return;
        }
        let (key, expires) = self.day(person);
        let counted = match self.table() {
            Ok(table) => table.count(key, tokens, NO_LIMIT, expires).await,
            Err(error) => Err(error),
        };
        if let Err(error) = counted {
            let cause = json!({ "cause": error.to_string(), "tokens": tokens });
            self.process.log.error("tokens were not counted", &cause);
        }
    }

    fn day(&self, person: &Person) -> (Key, u64) {
        let day = self.seconds() / DAY;
        let key = Key::new(person.partition(), format!("day#{day}"));
        (key, (day + 2) * DAY)
    }
}
