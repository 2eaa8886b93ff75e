//! Starts and stops the stack in order: ports, tools, emulator, template, deployment, servers.

use std::ffi::OsString;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::emulator::{self, Outputs};
use crate::options::forget_killed_runs;
use crate::prepare;
use crate::process::{Environment, Service, command, step};
use crate::progress::Progress;
use crate::sign_in::PasswordPolicy;
use crate::{
    Command, Failure, LoopbackHost, Options, Places, Ports, Routes, Upstream, announcement,
    dog_api, edge, sign_in,
};

/// Runs what the command line asks for, with the `variables` of the process. The stack runs until a signal ends it (which is no failure) or a part of it
/// ends by itself (which is one); no child is left either way.
///
/// # Errors
///
/// See [`Failure`]: each names the cause and the fix.
pub async fn run(
    options: Options,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let mut ended = std::pin::pin!(termination(std::os::unix::process::parent_id()));
    let root = std::fs::canonicalize(&options.root).map_err(Failure::file(&options.root))?;
    let environment = Environment::from_variables(variables);
    match options.command {
        Some(Command::Token) => {
            let places = [Places::below, Places::of_one_run]
                .map(|places| places(&root, options.port, environment.clone()));
            let started = places.iter().find(|places| places.outputs().exists());
            let failure = Failure::NotStarted { port: options.port };
            token(started.ok_or(failure)?).await
        }
        None => up(&options, &root, environment, ended.as_mut()).await,
    }
}

/// Prints an access token of the machine client of the running stack.
async fn token(places: &Places) -> Result<(), Failure> {
    let outputs = places.outputs();
    let mend = "start the stack with `npm start` in another terminal and try again";
    let mut ask = command(places.python(), places);
    ask.arg(places.emulator("machine_token.py"))
        .arg("--outputs")
        .arg(&outputs);
    let token = step("asking for a machine token", mend, &mut ask).await?;
    std::io::stdout()
        .write_all(&token)
        .map_err(Failure::file("standard output"))
}

/// The listeners, bound first, so that a port in use is reported before the build.
struct Listeners {
    edge: TcpListener,
    sign_in: TcpListener,
    dog_api: TcpListener,
}

async fn up(
    options: &Options,
    root: &Path,
    environment: Environment,
    mut ended: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), Failure> {
    let (listeners, ports) = bind(options.port).await?;
    let places = if ports.free {
        Places::of_one_run(root, ports.edge, environment)
    } else {
        Places::below(root, ports.edge, environment)
    };
    if ports.free {
        forget_killed_runs(root);
        places.forget_run();
    }
    let end = tokio::select! {
        ready = make_ready(options, &places, ports) => match ready {
            Ok(ready) => serve_until(ended, options, &places, listeners, ready).await,
            Err(failure) => Err(failure),
        },
        () = &mut ended => Ok(()),
    };
    // After a failure the log is kept until the next run with free ports.
    if ports.free && end.is_ok() {
        places.forget_run();
    }
    end
}

/// Serves until `ended` or until the emulator is gone.
async fn serve_until(
    ended: Pin<&mut impl Future<Output = ()>>,
    options: &Options,
    places: &Places,
    listeners: Listeners,
    ready: Ready,
) -> Result<(), Failure> {
    let Ready {
        started,
        ports,
        mut emulator,
        outputs,
        routes,
        policy,
    } = ready;
    let upstream = Upstream::at(ports.emulator);
    let origin =
        edge::Origin::new(upstream.clone(), &routes).ok_or_else(|| Failure::Incomplete {
            missing: "REST API with a readable id".into(),
        })?;
    let pages = sign_in::SignIn::new(upstream, ports.sign_in, policy);
    serve(
        listeners.edge,
        edge::app(origin, LoopbackHost::new(ports.edge)),
    );
    serve(
        listeners.sign_in,
        sign_in::app(pages, LoopbackHost::new(ports.sign_in)),
    );
    serve(
        listeners.dog_api,
        dog_api::app(LoopbackHost::new(ports.dog_api)),
    );

    let outputs = announcement::outputs(&outputs, ports);
    announcement::write(&outputs, &places.outputs())?;
    if let Some(file) = &options.outputs_file {
        announcement::write(&outputs, file)?;
    }
    let block = announcement::block(&outputs, ports, started.elapsed().as_secs_f32());
    // A closed standard output does not stop the stack.
    let _ = std::io::stdout().write_all(block.as_bytes());

    let end = tokio::select! {
        status = emulator.ended() => {
            Err(Failure::EmulatorEnded { status, log: places.log.join("emulator.log") })
        }
        () = ended => {
            Progress::new(options.quiet).say("Stopping …");
            emulator.stop(emulator::GRACE).await;
            Ok(())
        }
    };
    // `npm run token` must not take a stack that is gone for a running one.
    let _ = std::fs::remove_file(places.outputs());
    end
}

/// Everything that the servers need.
struct Ready {
    started: Instant,
    ports: Ports,
    emulator: Service,
    outputs: Outputs,
    routes: Routes,
    policy: PasswordPolicy,
}

async fn make_ready(
    options: &Options,
    places: &Places,
    mut ports: Ports,
) -> Result<Ready, Failure> {
    let started = Instant::now();
    let progress = Progress::new(options.quiet);
    if options.reset && places.state.exists() {
        std::fs::remove_dir_all(&places.state).map_err(Failure::file(&places.state))?;
    }
    for directory in [&places.state, &places.cdk_out, &places.log] {
        std::fs::create_dir_all(directory).map_err(Failure::file(directory))?;
    }
    // The outputs of an earlier run would look as if this one were ready.
    let _ = std::fs::remove_file(places.outputs());

    prepare::tools(places).await?;
    let emulator = async {
        prepare::venv(places, progress).await?;
        progress
            .step("Starting the emulator", emulator::start(places, ports))
            .await
    };
    let template = async {
        prepare::servers(places, options, progress).await?;
        prepare::template(places, ports, options, progress).await
    };
    let ((emulator, port), ()) = tokio::try_join!(emulator, template)?;
    ports.emulator = port;
    let stack = options.app.stack();
    let template = read_template(&places.cdk_out.join(format!("{stack}.template.json")))?;
    let missing = |missing: &str| Failure::Incomplete {
        missing: missing.into(),
    };
    let policy = PasswordPolicy::from_template(&template).ok_or_else(|| missing("user pool"))?;
    let deployed = progress
        .step(
            "Deploying the stack",
            emulator::deploy(places, ports, stack),
        )
        .await?;
    let routes = Routes::from_template(&template, &deployed.rest_api_ids)
        .ok_or_else(|| missing("REST API"))?;
    Ok(Ready {
        started,
        ports,
        emulator,
        outputs: deployed.outputs,
        routes,
        policy,
    })
}

/// Binds the port and the ones that follow it, or free ones for port 0. The emulator binds its own; where it is to be a
/// certain one this only finds out whether it can.
async fn bind(port: u16) -> Result<(Listeners, Ports), Failure> {
    let other = if port < 60_000 { port + 1000 } else { 3030 };
    let bind = async |port: u16, role: &'static str| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|_| Failure::PortTaken { port, role, other })
    };
    let wanted = if port == 0 {
        Ports::free()?
    } else {
        Ports::starting_at(port)
    };
    let listeners = Listeners {
        edge: bind(wanted.edge, "MCP endpoint").await?,
        sign_in: bind(wanted.sign_in, "sign-in pages").await?,
        dog_api: bind(wanted.dog_api, "Dog API stand-in").await?,
    };
    drop(bind(wanted.emulator, "AWS endpoint").await?);
    let bound = |listener: &TcpListener| {
        let address = listener.local_addr();
        address
            .map(|address| address.port())
            .map_err(Failure::file("a listening port"))
    };
    let ports = Ports {
        edge: bound(&listeners.edge)?,
        sign_in: bound(&listeners.sign_in)?,
        dog_api: bound(&listeners.dog_api)?,
        ..wanted
    };
    Ok((listeners, ports))
}

fn read_template(template: &Path) -> Result<serde_json::Value, Failure> {
    let text = std::fs::read(template).map_err(Failure::file(template))?;
    serde_json::from_slice(&text)
        .map_err(|cause| Failure::file(template)(std::io::Error::other(cause)))
}

/// Serves until the program ends.
fn serve(listener: TcpListener, app: Router) {
    // Small chunks of a stream must not wait for company. Without the option they are late, no more.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, app).await });
}

/// Waits for Ctrl-C, SIGTERM, the end of the terminal or the end of `parent`, which started us: one that was killed could
/// not tell, and its children then have another parent. That holds on every Unix, so that nothing but a look at it is needed.
async fn termination(parent: u32) {
    let next = async |kind: SignalKind| match signal(kind) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    };
    let orphaned = async {
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = orphaned => {}
        () = next(SignalKind::interrupt()) => {}
        () = next(SignalKind::terminate()) => {}
        () = next(SignalKind::hangup()) => {}
    }
}
