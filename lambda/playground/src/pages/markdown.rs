//! A model's Markdown as HTML that does nothing but show words.
//!
//! Raw HTML is shown as text, images are words, a link shows its host. The result then passes a list of allowed elements.

use std::ops::Range;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use url::Url;

/// What is left of any HTML.
static ALLOWED: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    let mut builder = Builder::empty();
    builder
        .tags(tags.into())
        .tag_attributes([("a", ["href"].into()), ("ol", ["start"].into())].into())
        .url_schemes(["http", "https", "mailto"].into())
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank");
    builder
});

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// `markdown` as HTML.
pub(crate) fn to_html(markdown: &str) -> String {
    let mut links = Vec::new();
    let events = Parser::new_ext(markdown, options()).flat_map(|event| harmless(event, &mut links));
    let mut unchecked = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut unchecked, events);
    ALLOWED.clean(&unchecked).to_string()
}

/// Where the blocks of `markdown` are that nothing is around.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other event is inside a block, or a block of its own"
)]
pub(crate) fn blocks(markdown: &str) -> Vec<Range<usize>> {
    let mut depth = 0_usize;
    let mut blocks = Vec::new();
    for (event, range) in Parser::new_ext(markdown, options()).into_offset_iter() {
        match event {
            Event::Start(_) => {
                if depth == 0 {
                    blocks.push(range);
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 => blocks.push(range),
            _ => {}
        }
    }
    blocks
}

/// The event, or what takes its position. `links` has the host of each open link, and nothing for one that is words alone.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other event is words or structure"
)]
fn harmless<'a>(event: Event<'a>, links: &mut Vec<Option<String>>) -> Vec<Event<'a>> {
    match event {
        Event::Html(raw) | Event::InlineHtml(raw) => vec![Event::Text(raw)],
        Event::Start(Tag::HtmlBlock) => vec![Event::Start(Tag::Paragraph)],
        Event::End(TagEnd::HtmlBlock) => vec![Event::End(TagEnd::Paragraph)],
        Event::Start(Tag::Image { .. }) => vec![Event::Text("[image: ".into())],
        Event::End(TagEnd::Image) => vec![Event::Text("]".into())],
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let target = target(&dest_url);
            let is_link = target.is_some();
            links.push(target);
            let link = Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            };
            is_link.then_some(Event::Start(link)).into_iter().collect()
        }
        Event::End(TagEnd::Link) => match links.pop().flatten() {
            Some(host) => vec![
                Event::Text(format!(" ({host})").into()),
                Event::End(TagEnd::Link),
            ],
            None => Vec::new(),
        },
        event => vec![event],
    }
}

/// Where a link leads, for people; nothing for what is no address of a page or a mailbox.
fn target(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    match url.scheme() {
        "http" | "https" => url.host_str().map(str::to_owned),
        "mailto" => Some(url.path().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{blocks, to_html};

    #[test]
    fn a_script_of_a_tool_is_words() {
        for injected in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "a <b onclick=\"x()\">b</b>",
            "<svg/onload=alert(1)>",
            "<hx-partial hx-target=\"body\">x</hx-partial>",
            "<button form=\"talk\" name=\"act\" value=\"approve-all\">OK</button>",
        ] {
            let html = to_html(injected);
            let elements = html.replace("<p>", "").replace("</p>", "");
            assert!(!elements.contains('<'), "{injected} became {html}");
        }
    }

    #[test]
    fn an_image_from_elsewhere_is_words() {
        let html = to_html("![all orders](https://evil.example/?q=secret)");
        assert_eq!(html.trim(), "<p>[image: all orders]</p>");
    }

    #[test]
    fn a_link_shows_where_it_leads() {
        let html = to_html("[your bank](https://evil.example/login)");
        assert!(html.contains(">your bank (evil.example)</a>"), "{html}");
        assert!(
            html.contains("rel=\"noopener noreferrer nofollow\""),
            "{html}"
        );
        assert!(html.contains("target=\"_blank\""), "{html}");
    }

    #[test]
    fn an_address_that_runs_something_is_no_link() {
        for address in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "/c/x/act",
            "JaVaScRiPt:x",
        ] {
            let html = to_html(&format!("[a]({address})"));
            assert!(!html.contains("<a"), "{address} became {html}");
        }
    }

    #[test]
    fn the_blocks_of_a_reply_are_all_of_it() {
        let markdown = "# A\n\nb\nc\n\n- d\n- e\n\n```\nf\n\ng\n```\n";
        let found: Vec<&str> = blocks(markdown)
            .into_iter()
            .map(|range| markdown[range].trim())
            .collect();
        assert_eq!(found, ["# A", "b\nc", "- d\n- e", "```\nf\n\ng\n```"]);
    }
}
