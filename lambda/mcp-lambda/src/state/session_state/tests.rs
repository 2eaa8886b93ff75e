//! Tests session values while processes die, responses get lost and other processes write.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};

use crate::runtime::deadline::Deadline;
use crate::state::requirements::ValueUse;
use crate::state::session_state::{McpSessionId, SessionError, ValueSlot};
use crate::state::store::{
    MemoryStore, Seal, State, StateKeys, Store, StoreError, Version, Versioned,
};
use crate::token::caller::{Caller, CallerKind, verified_caller};

/// The names of all writers.
type Names = Vec<String>;

/// What happens to one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It does not arrive.
    Request,
    /// It takes effect, and its response does not arrive.
    Response,
    /// It takes effect, another process writes, and its response does not arrive.
    ResponseOvertaken,
    Throttled,
}

/// A store that waits before and after everything it does, so that there is a point to die at, and that fails as it is
/// told to.
struct Fragile {
    memory: MemoryStore,
    faults: Mutex<VecDeque<Fault>>,
}

impl Fragile {
    async fn on_the_way<T>(&self, operation: BoxFuture<'_, T>) -> T {
        tokio::task::yield_now().await;
        let done = operation.await;
        tokio::task::yield_now().await;
        done
    }

    async fn faulty_write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> Result<(), StoreError> {
        let write = || {
            let (key, value, version) = (key.clone(), value.clone(), version.clone());
            self.memory.write(key, value, time_to_live, version)
        };
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => write().await,
            Some(Fault::Request) => Err(StoreError::Unreachable),
            Some(Fault::Throttled) => Err(StoreError::Throttled),
            Some(Fault::Response) => {
                write().await.ok();
                Err(StoreError::TooSlow)
            }
            Some(Fault::ResponseOvertaken) => {
                write().await.ok();
                let held = self.memory.read(key.clone()).await.unwrap().unwrap();
                let mut names: Names = serde_json::from_str(&held.value).unwrap();
                names.push("overtaker".to_owned());
                let names = serde_json::to_string(&names).unwrap();
                let next = held.version.next().unwrap();
                let overtaken = self.memory.write(key.clone(), names, time_to_live, next);
                overtaken.await.unwrap();
                Err(StoreError::TooSlow)
            }
        }
    }
}

impl Store for Fragile {
    fn put(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.on_the_way(self.memory.put(key, value, time_to_live))
            .boxed()
    }

    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        self.on_the_way(self.memory.get(key)).boxed()
    }

    fn read(&self, key: String) -> BoxFuture<'_, Result<Option<Versioned>, StoreError>> {
        self.on_the_way(self.memory.read(key)).boxed()
    }

    fn write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let written = self.faulty_write(key, value, time_to_live, version).boxed();
        self.on_the_way(written).boxed()
    }

    fn count(
        &self,
        key: String,
        limit: u32,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.on_the_way(self.memory.count(key, limit, expires))
            .boxed()
    }

    fn delete(&self, key: String, version: Version) -> BoxFuture<'_, Result<(), StoreError>> {
        self.on_the_way(self.memory.delete(key, version)).boxed()
    }
}

fn state() -> State {
    state_with_faults(&[])
}

fn state_with_faults(faults: &[Fault]) -> State {
    let seal = Seal::new(
        StateKeys::random().unwrap(),
        "https://a.example/mcp",
        || UNIX_EPOCH,
    );
    State {
        store: Arc::new(Fragile {
            memory: MemoryStore::new(|| UNIX_EPOCH),
            faults: Mutex::new(faults.iter().copied().collect()),
        }),
        seal: Arc::new(seal),
    }
}

fn caller(subject: &str) -> Caller {
    let (subject, app) = (subject.to_owned(), "app".to_owned());
    verified_caller(subject, app, [].into(), [].into(), CallerKind::Person)
}

fn place_of(
    state: &State,
    subject: &str,
    session: Option<&str>,
    handle: Option<&str>,
) -> ValueSlot {
    ValueSlot::new(
        state.clone(),
        caller(subject),
        Deadline::after(Duration::from_secs(5)),
        Duration::from_secs(60),
        ValueUse {
            reads: true,
            writes: true,
            ends: true,
        },
        session.map(|id| McpSessionId(id.to_owned())),
        handle.map(str::to_owned),
    )
}

/// The conversation that all tests share, in one more process.
fn place(state: &State) -> ValueSlot {
    place_of(state, "ada", Some("conversation"), None)
}

async fn add(place: &ValueSlot, name: &str) -> Result<(), SessionError> {
    place
        .update(|names: &mut Names| names.push(name.to_owned()))
        .await
}

async fn names(state: &State) -> Names {
    place(state).read().await.unwrap()
}

/// How one writer ended.
struct End {
    result: Option<Result<(), SessionError>>,
    rival_wrote: bool,
}

/// Runs a writer until it has waited `dies_at` times and drops it then, as the end of its process does. When it has
/// waited `rival_at` times, another process writes from beginning to end.
async fn add_and_die(state: &State, rival_at: usize, dies_at: usize) -> End {
    let victim = place(state);
    let mut writing = pin!(add(&victim, "victim"));
    let mut rival_wrote = false;
    for waits in 1.. {
        let polled = poll_fn(|context| Poll::Ready(writing.as_mut().poll(context))).await;
        if let Poll::Ready(result) = polled {
            return End {
                result: Some(result),
                rival_wrote,
            };
        }
        if waits == rival_at {
            add(&place(state), "rival").await.unwrap();
            rival_wrote = true;
        }
        if waits == dies_at {
            break;
        }
        // The pause after a conflict is the only waiting for time.
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    End {
        result: None,
        rival_wrote,
    }
}

#[tokio::test]
async fn a_death_at_any_await_of_a_write_loses_nothing_and_doubles_nothing() {
    let (mut kept_by_the_dead, mut lost_with_the_dead, mut finished) = (0, 0, 0);
    for rival_at in 1.. {
        let mut rival_wrote = false;
        for dies_at in 1.. {
            let state = state();
            add(&place(&state), "first").await.unwrap();
            let end = add_and_die(&state, rival_at, dies_at).await;
            rival_wrote |= end.rival_wrote;
            // The next process finds a value that it can go on with.
            add(&place(&state), "last").await.unwrap();

            let mut names = names(&state).await;
            assert_eq!(names.first().map(String::as_str), Some("first"));
            assert_eq!(names.last().map(String::as_str), Some("last"));
            let count = |name: &str| names.iter().filter(|held| *held == name).count();
            assert_eq!(count("rival"), usize::from(end.rival_wrote), "{names:?}");
            match (&end.result, count("victim")) {
                (Some(Ok(())), 1) => finished += 1,
                (None, 0) => lost_with_the_dead += 1,
                (None, 1) => kept_by_the_dead += 1,
                (result, count) => panic!("{result:?}, and there {count} times: {names:?}"),
            }
            names.sort();
            names.dedup();
            if end.result.is_some() {
                break;
            }
        }
        if !rival_wrote {
            break;
        }
    }
    assert!(
        kept_by_the_dead > 0 && lost_with_the_dead > 0 && finished > 3,
        "before, after and without the write: {kept_by_the_dead} {lost_with_the_dead} {finished}"
    );
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_happens_once() {
    use Fault::{Request, Response, ResponseOvertaken, Throttled};
    for faults in [
        vec![Request],
        vec![Response],
        vec![ResponseOvertaken],
        vec![Throttled],
        vec![Response, Response],
        vec![Request, ResponseOvertaken, Request],
        vec![Response, Throttled, ResponseOvertaken],
    ] {
        let state = state_with_faults(&faults);
        assert_eq!(add(&place(&state), "one").await, Ok(()), "{faults:?}");
        assert_eq!(add(&place(&state), "two").await, Ok(()), "{faults:?}");
        let overtakers = faults.iter().filter(|fault| **fault == ResponseOvertaken);
        let mut expected: Vec<&str> = overtakers.map(|_| "overtaker").collect();
        expected.extend(["one", "two"]);
        let mut names = names(&state).await;
        names.sort();
        expected.sort_unstable();
        assert_eq!(names, expected, "{faults:?}");
    }
}

#[tokio::test]
async fn writers_at_one_moment_lose_nothing() {
    let state = state();
    let places: Vec<ValueSlot> = (0..12).map(|_| place(&state)).collect();
    let writers = places.iter().enumerate().map(|(index, place)| async move {
        add(place, &format!("{index:02}")).await.unwrap();
    });
    join_all(writers).await;
    let mut names = names(&state).await;
    names.sort();
    let all: Names = (0..12).map(|index| format!("{index:02}")).collect();
    assert_eq!(names, all);
}

#[tokio::test]
async fn says_when_a_change_may_have_been_made_and_when_it_was_not() {
    for (fault, expected) in [
        (
            Fault::Response,
            "the server's state table did not answer in time; the change may have been made, look before trying again",
        ),
        (
            Fault::Throttled,
            "the server's state table is busy, try again in a moment (throttled)",
        ),
    ] {
        let state = state_with_faults(&[fault; 1000]);
        let mut late = place(&state);
        late.deadline = Deadline::after(Duration::from_millis(700));
        let problem = add(&late, "one").await.unwrap_err();
        assert_eq!(problem.to_string(), expected);
    }
}

#[tokio::test]
async fn gives_a_handle_for_what_is_written_and_for_nothing_else() {
    let state = state();
    let call = place_of(&state, "ada", None, None);
    assert_eq!(call.read::<Names>().await, Ok(Names::new()));
    assert_eq!(call.end().await, Ok(()));
    assert_eq!(call.handle(), None);
    add(&call, "one").await.unwrap();
    add(&call, "two").await.unwrap();
    let (handle, is_new) = call.handle().unwrap();
    assert!(is_new);

    let next = place_of(&state, "ada", None, Some(&handle));
    assert_eq!(next.read::<Names>().await.unwrap(), ["one", "two"]);
    assert_eq!(next.handle(), Some((handle.clone(), false)));
    // The model's choice counts more than the session id.
    let both = place_of(&state, "ada", Some("conversation"), Some(&handle));
    assert_eq!(both.read::<Names>().await.unwrap(), ["one", "two"]);

    next.end().await.unwrap();
    for gone in [&next, &both] {
        let read = gone.read::<Names>().await;
        assert_eq!(read, Err(SessionError::UnknownConversation));
        let written = add(gone, "three").await;
        assert_eq!(written, Err(SessionError::UnknownConversation));
    }
}

#[tokio::test]
async fn a_handle_is_unknown_to_everybody_else() {
    let state = state();
    let ada = place_of(&state, "ada", None, None);
    add(&ada, "ada").await.unwrap();
    let (handle, _) = ada.handle().unwrap();
    let made_up = ["", "x", "../../../../../../../", "AAAAAAAAAAAAAAAAAAAAAA"];
    let others = made_up.map(|handle| ("ada", handle.to_owned()));
    for (subject, handle) in others.into_iter().chain([("mallory", handle)]) {
        let place = place_of(&state, subject, None, Some(&handle));
        let unknown = Err(SessionError::UnknownConversation);
        assert_eq!(place.read::<Names>().await, unknown, "{handle}");
        assert_eq!(
            add(&place, "mallory").await,
            Err(SessionError::UnknownConversation)
        );
    }
    let own = place_of(&state, "mallory", Some("conversation"), None);
    add(&own, "mallory").await.unwrap();
    assert_eq!(names(&state).await, Names::new());
}

#[tokio::test]
async fn refuses_what_does_not_fit_and_leaves_the_value_as_it_was() {
    let state = state();
    add(&place(&state), "one").await.unwrap();
    let long = "x".repeat(64 * 1024);
    assert_eq!(
        add(&place(&state), &long).await,
        Err(SessionError::TooLarge)
    );
    let number = place(&state).update(|number: &mut u64| *number += 1).await;
    assert_eq!(number, Err(SessionError::NotThisType));
    let mut reader = place(&state);
    reader.may.writes = false;
    reader.may.ends = false;
    assert_eq!(
        add(&reader, "two").await.unwrap_err().to_string(),
        "the tool does not declare what it does to the value that the server keeps: add writes_session() to its ToolPolicy in the server"
    );
    assert_eq!(
        reader.end().await,
        Err(SessionError::NotDeclared("ends_session()"))
    );
    assert_eq!(names(&state).await, ["one"]);
}
