//! The limits of a conversation, and results that are cut to them.

use std::time::Duration;

use crate::conversation::{NonBlank, NonEmpty, ResultPart, ToolResult};

/// How much one request of the person may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The most messages of the model in one turn.
    pub model_calls: usize,
    /// The most tool calls in one turn.
    pub tool_calls: usize,
    /// The most time of one tool call.
    pub tool_timeout: Duration,
    /// The most bytes of one result that the model reads.
    pub result_bytes: usize,
    /// How often a request is sent again when the model is throttled or fails for now.
    pub retries: u32,
    /// The wait before the first retry; each further one waits twice as long.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            model_calls: 20,
            tool_calls: 50,
            tool_timeout: Duration::from_secs(120),
            result_bytes: 64 * 1024,
            retries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// The wait before the retry `number`, counted from 0; `random` is between 0 and 1 and spreads clients apart.
    #[must_use]
    pub fn wait(&self, number: u32, random: f64) -> Duration {
        let doubled = self.first_wait.saturating_mul(2_u32.saturating_pow(number));
        doubled
            .min(self.longest_wait)
            .mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }
}

/// Converse accepts pictures up to 3.75 MB; in Base64 they are a third larger.
const LARGEST_IMAGE: usize = 5_000_000;

/// `result` with at most `limit` bytes of words and JSON; a note says what was cut.
#[must_use]
pub fn limited(result: ToolResult, limit: usize) -> ToolResult {
    let mut left = limit;
    let parts = result
        .content
        .into_vec()
        .into_iter()
        .map(|part| match part {
            ResultPart::Text(text) => ResultPart::Text(cut(text.into(), &mut left)),
            ResultPart::Json(object) => {
                let json = serde_json::Value::Object(object.clone()).to_string();
                if json.len() <= left {
                    left -= json.len();
                    ResultPart::Json(object)
                } else {
                    ResultPart::Text(cut(json, &mut left))
                }
            }
            ResultPart::Image(image) if image.base64.as_str().len() > LARGEST_IMAGE => {
                ResultPart::Text(NonBlank::or(
                    format!(
                        "[An image of {} bytes was left out: the model reads at most 3.75 MB.]",
                        image.base64.as_str().len() / 4 * 3
                    ),
                    "[An image was left out.]",
                ))
            }
            ResultPart::Image(image) => ResultPart::Image(image),
        });
    ToolResult {
        content: NonEmpty::new(parts.collect())
            .unwrap_or_else(|| ToolResult::text(String::new()).content),
        outcome: result.outcome,
    }
}

fn cut(text: String, left: &mut usize) -> NonBlank {
    if text.len() <= *left {
        *left -= text.len();
        return NonBlank::or(text, "-");
    }
    let mut end = *left;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    *left = 0;
    let note = format!(
        "[The result was cut: {end} of {} bytes are shown. Ask for less, or for the next page.]",
        text.len()
    );
    NonBlank::or(format!("{}\n{note}", &text[..end]), &note)
}
