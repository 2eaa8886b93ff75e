//! What breaks, and how the conversation goes on: with one click, and nothing is called twice without a word.

use std::sync::atomic::Ordering;

use crate::support::{Browser, Fault, Program, Stage, button_of};

#[tokio::test]
async fn a_throttled_model_is_asked_again_and_then_by_the_person() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    stage
        .bedrock
        .fail([Fault::Exception(429, "ThrottlingException")]);
    let streamed = browser.ask(&path, "Show me my orders").await;
    assert!(
        streamed
            .text
            .contains("The model is throttled. Asking again in 1 s."),
        "{}",
        streamed.text
    );
    assert!(
        streamed.text.contains("The reply is complete"),
        "{}",
        streamed.text
    );
}

#[tokio::test]
async fn a_model_without_access_says_what_to_do_and_another_one_goes_on() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    stage
        .bedrock
        .fail([Fault::Exception(403, "AccessDeniedException")]);
    let stands = browser.ask(&path, "Show me my orders").await;
    assert!(
        stands
            .text
            .contains("request access to the model in the Bedrock console"),
        "{}",
        stands.text
    );
    let page = browser.get(&path).await;
    assert!(
        page.text.contains("request access to the model"),
        "a new page says it too"
    );
    let form = [("act", "continue"), ("model", "another.model")];
    let done = browser.act(&format!("{path}/act"), &form).await;
    assert!(done.text.contains("The reply is complete"), "{}", done.text);
    assert!(
        browser
            .get(&path)
            .await
            .text
            .contains("value=\"another.model\" selected")
    );
}

#[tokio::test]
async fn a_reply_that_is_cut_in_the_middle_is_void() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    stage.bedrock.fail([Fault::CutAfter(8)]);
    let done = browser.ask(&path, "Order 2 of p002").await;
    assert!(
        done.text.contains("Asking again in 1 s.") && done.text.contains("waits for your approval"),
        "{}",
        done.text
    );
    assert_eq!(
        done.text.matches("value=\"approve:").count(),
        1,
        "{}",
        done.text
    );
}

#[tokio::test]
async fn a_tool_that_fails_is_shown_and_read_by_the_model() {
    let stage = Stage::start().await;
    stage.shop.state.fails.store(true, Ordering::Relaxed);
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let done = browser.ask(&path, "Show me products in electronics").await;
    assert!(
        done.text.contains("call failed") && done.text.contains("the catalogue is closed"),
        "{}",
        done.text
    );
    assert!(done.text.contains("The reply is complete"), "{}", done.text);
}

#[tokio::test]
async fn a_tool_that_hangs_is_stopped_and_its_result_is_called_unknown() {
    let stage = Stage::start().await;
    stage.shop.state.hangs.store(true, Ordering::Relaxed);
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    let mut other = browser.clone();
    let (done, ()) = tokio::join!(browser.press(&path, &waits.text, "approve:"), async {
        stage.shop.state.hanging.notified().await;
        other.act(&format!("{path}/stop"), &[]).await;
    });
    assert!(
        done.text.contains("call unknown") && done.text.contains("may have run"),
        "{}",
        done.text
    );
    assert!(
        done.text.contains("You stopped this reply"),
        "{}",
        done.text
    );
}

/// Presses what the page offers until the reply is complete, as a person does; the number of clicks.
async fn finish(browser: &mut Browser, path: &str) -> usize {
    let mut clicks = 0;
    loop {
        let page = browser.get(path).await.text;
        let offered = ["value=\"leave:", "value=\"approve:", "value=\"continue\""];
        let Some(button) = offered.into_iter().find(|button| page.contains(button)) else {
            return clicks;
        };
        let button = button.trim_start_matches("value=\"").trim_end_matches('"');
        browser.press(path, &page, button).await;
        clicks += 1;
        assert!(clicks < 10, "{page}");
    }
}

#[tokio::test]
async fn a_process_that_is_killed_between_any_two_steps_leaves_a_conversation_that_goes_on() {
    let mut killed = 0;
    for writes in 0.. {
        let mut stage = Stage::start().await;
        let mut browser = stage.signed_in("alice").await;
        let path = browser.new_conversation().await;
        stage.table.fail_after(Some(writes));
        let waits = browser.ask(&path, "Order 2 of p002").await;
        if waits.text.contains("value=\"approve:") && !stage.table.has_failed() {
            browser.press(&path, &waits.text, "approve:").await;
        }
        let was_killed = stage.table.has_failed();
        stage.table.fail_after(None);
        stage.later().await;
        browser.origin.clone_from(&stage.origin);
        let page = browser.get(&path).await;
        if page.status.is_success() {
            finish(&mut browser, &path).await;
        } else {
            // Nothing was saved: the person asks again.
            browser.ask(&path, "Order 2 of p002").await;
            finish(&mut browser, &path).await;
        }
        let page = browser.get(&path).await.text;
        assert!(
            !page.contains("stands still") && !page.contains("may have run</span>")
                || page.contains("create-order"),
            "{page}"
        );
        let calls = stage.shop.state.order_calls.load(Ordering::Relaxed);
        assert_eq!(calls, 1, "killed after {writes} writes: {page}");
        if !was_killed {
            break;
        }
        killed += 1;
    }
    assert!(
        killed >= 8,
        "the process was killed at {killed} points only"
    );
}

/// An order is asked for and approved in a process that is killed at the moment that `arm` sets; then the person goes on in another
/// one, and does not repeat a call that may have run. Whether the process was killed, how often the tool was called, and the last page.
async fn order_in_a_killed_process(arm: impl FnOnce(&Stage, Program)) -> (bool, usize, String) {
    let mut stage = Stage::start().await;
    let program = stage.program().await;
    let mut browser = Browser::new(&program.origin);
    browser.sign_in("alice").await;
    let path = browser.new_conversation().await;
    let act = format!("{path}/act");
    arm(&stage, program.clone());
    let form = [("act", "ask"), ("text", "Order 2 of p002")];
    if let Some(waits) = browser.try_act(&act, &form).await
        && waits.text.contains("value=\"approve:")
        && !program.has_ended()
    {
        let approve = button_of(&waits.text, "approve:");
        browser.try_act(&act, &[("act", &approve)]).await;
    }
    let was_killed = program.has_ended();
    stage.later().await;
    browser.origin.clone_from(&stage.origin);
    if !browser.get(&path).await.status.is_success() {
        // Nothing was saved: the person asks again.
        browser.ask(&path, "Order 2 of p002").await;
    }
    finish(&mut browser, &path).await;
    let calls = stage.shop.state.order_calls.load(Ordering::Relaxed);
    (was_killed, calls, browser.get(&path).await.text)
}

#[tokio::test]
async fn a_killed_process_leaves_a_conversation_that_goes_on_after_each_of_its_writes() {
    let mut unknown = 0;
    for writes in 1.. {
        let arm = |stage: &Stage, program| stage.table.kill_after(writes, program);
        let (was_killed, calls, page) = order_in_a_killed_process(arm).await;
        let may_have_run = page.contains("may have run</span>");
        match calls {
            1 => {}
            0 if may_have_run => unknown += 1,
            _ => panic!("{calls} calls, killed after {writes} writes: {page}"),
        }
        if !was_killed {
            assert!(writes > 8, "there were {writes} writes only");
            break;
        }
    }
    // Killed between the write that says so and the call itself.
    assert_eq!(unknown, 1);
}

#[tokio::test]
async fn a_process_that_is_killed_during_a_call_calls_nothing_twice() {
    let arm = |stage: &Stage, program| *stage.shop.state.killed.lock().unwrap() = Some(program);
    let (was_killed, calls, page) = order_in_a_killed_process(arm).await;
    assert!(was_killed && page.contains("may have run</span>"), "{page}");
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn an_interrupted_call_is_made_again_only_when_the_person_wants_it() {
    let mut stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    // The runner's right, the tokens of the day, the approval, its place in the list, the start of the call; then the result is
    // lost.
    stage.table.fail_after(Some(5));
    browser.press(&path, &waits.text, "approve:").await;
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);
    stage.table.fail_after(None);
    stage.later().await;
    browser.origin.clone_from(&stage.origin);
    let page = browser.get(&path).await.text;
    assert!(page.contains("It may have done its work"), "{page}");
    let done = browser.press(&path, &page, "rerun:").await;
    assert!(done.text.contains("The reply is complete"), "{}", done.text);
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 2);
}
