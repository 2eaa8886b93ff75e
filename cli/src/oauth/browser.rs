//! Takes the person to the sign-in page.

use std::io::Write;

use url::Url;

/// What the environment says about a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desktop {
    /// A browser can be opened.
    Present,
    /// The process has no display, or a browser is not wanted.
    Absent,
}

impl Desktop {
    /// From the names of the environment variables that are set: without a display, a Unix that is not macOS has no browser.
    #[must_use]
    pub fn from_variables(is_set: impl Fn(&str) -> bool) -> Self {
        let needs_display = cfg!(all(unix, not(target_os = "macos")));
        let has_display = ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"]
            .into_iter()
            .any(is_set);
        if has_display || !needs_display {
            Self::Present
        } else {
            Self::Absent
        }
    }
}

/// Opens the browser and says so on standard error, or shows the URL there.
pub fn visit_or_print(desktop: Desktop) -> Box<dyn Fn(&Url) + Send + Sync> {
    Box::new(move |url| {
        let opened = desktop == Desktop::Present && webbrowser::open(url.as_str()).is_ok();
        let lead = if opened {
            "Sign in in the browser. If no page appears, open this URL:"
        } else {
            "Open this URL in a browser on this machine to sign in:"
        };
        // A closed standard error cannot be reported.
        let _ = writeln!(std::io::stderr(), "{lead}\n{url}\n");
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn a_process_without_a_display_opens_no_browser() {
        assert_eq!(Desktop::from_variables(|_| false), Desktop::Absent);
        assert_eq!(
            Desktop::from_variables(|name| name == "WAYLAND_DISPLAY"),
            Desktop::Present
        );
    }
}
