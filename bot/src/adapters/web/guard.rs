//! Refuses what other web sites make a browser send.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, Uri};

/// Whether a request may come from where its headers say it comes from.
///
/// `is_open` tells that no token protects the chat. Then only names of this machine are answered: a foreign name that
/// suddenly points here (DNS rebinding) would make another site's scripts look like our own page.
pub(super) fn is_trusted(method: &Method, headers: &HeaderMap, is_open: bool) -> bool {
    let Some(host) = text(headers, HOST.as_str()) else {
        return false;
    };
    if is_open && !is_this_machine(host) {
        return false;
    }
    if let Some(origin) = text(headers, ORIGIN.as_str()) {
        return is_same_site(origin, host);
    }
    // A browser that sends no Origin says at least whether another site is behind the request. Following a link
    // to the page is harmless.
    let is_foreign = matches!(text(headers, "sec-fetch-site"), Some("cross-site" | "same-site"));
    let is_navigation = *method == Method::GET && text(headers, "sec-fetch-mode") == Some("navigate");
    !is_foreign || is_navigation
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_same_site(origin: &str, host: &str) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else {
        return false;
    };
    origin
        .authority()
        .is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
}

fn is_this_machine(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let Some(name) = uri.host() else { return false };
    let address = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], is_open: bool, expected: bool) {
        let map = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        assert_eq!(
            is_trusted(&Method::GET, &map, is_open),
            expected,
            "{headers:?}, open: {is_open}"
        );
    }

    #[test]
    fn names_of_this_machine() {
        check(&[], true, false);
        check(&[("host", "127.0.0.1:7860")], true, true);
        check(&[("host", "localhost")], true, true);
        check(&[("host", "[::1]:7860")], true, true);
        check(&[("host", "127.0.0.1.evil.example:7860")], true, false);
        check(&[("host", "evil.example")], true, false);
        check(&[("host", "draw.example")], false, true);
    }

    #[test]
    fn other_sites() {
        let host = ("host", "127.0.0.1:7860");
        check(&[host, ("origin", "http://127.0.0.1:7860")], true, true);
        check(&[host, ("origin", "http://127.0.0.1:9999")], true, false);
        check(&[host, ("origin", "https://evil.example")], true, false);
        check(&[host, ("origin", "null")], true, false);
        check(
            &[("host", "draw.example"), ("origin", "https://draw.example")],
            false,
            true,
        );
        check(
            &[("host", "draw.example"), ("origin", "https://evil.example")],
            false,
            false,
        );
        check(&[host, ("sec-fetch-site", "same-origin")], true, true);
        check(&[host, ("sec-fetch-site", "cross-site")], true, false);
        check(
            &[
                host,
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
            ],
            true,
            true,
        );
    }
}
