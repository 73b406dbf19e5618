//! From which address a request comes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// What a proxy writes down about whom it works for; the last entry is its own.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// With which protocol it was asked itself.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// The address for which requests are counted. A proxy on this machine is believed when it names another one.
    pub(super) address: IpAddr,
    /// A program on this machine asks, for itself.
    pub(super) is_this_machine: bool,
    /// The browser speaks to a proxy on this machine, which says that nobody can listen.
    pub(super) is_https: bool,
}

impl Peer {
    /// Reads what the server and the headers of a request say.
    pub(super) fn of(extensions: &Extensions, headers: &HeaderMap) -> Self {
        let connected = extensions.get::<ConnectInfo<SocketAddr>>();
        let address = connected.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        if !address.to_canonical().is_loopback() {
            return Self {
                address,
                is_this_machine: false,
                is_https: false,
            };
        }
        let scheme = headers.get(FORWARDED_PROTO);
        let is_https = scheme.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
        let Some(forwarded) = headers.get_all(FORWARDED_FOR).iter().next_back() else {
            return Self {
                address,
                is_this_machine: true,
                is_https,
            };
        };
        let named = forwarded
            .to_str()
            .ok()
            .and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        Self {
            address: named.unwrap_or(address),
            is_this_machine: false,
            is_https,
        }
    }

    /// What is added to the attributes of a cookie.
    pub(super) fn secure(self) -> &'static str {
        if self.is_https { "; Secure" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(connected: Option<&str>, forwarded: Option<&str>, address: &str, is_this_machine: bool) {
        let mut extensions = Extensions::new();
        if let Some(connected) = connected {
            extensions.insert(ConnectInfo::<SocketAddr>(connected.parse().unwrap()));
        }
        let mut headers = HeaderMap::new();
        if let Some(forwarded) = forwarded {
            headers.insert(FORWARDED_FOR, forwarded.parse().unwrap());
        }
        let expected = Peer {
            address: address.parse().unwrap(),
            is_this_machine,
            is_https: false,
        };
        assert_eq!(Peer::of(&extensions, &headers), expected);
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        check(Some("127.0.0.1:5000"), None, "127.0.0.1", true);
        check(Some("[::1]:5000"), None, "::1", true);
        check(Some("[::ffff:127.0.0.1]:5000"), None, "::ffff:127.0.0.1", true);
        check(
            Some("127.0.0.1:5000"),
            Some("1.2.3.4, 10.0.0.7"),
            "10.0.0.7",
            false,
        );
        check(Some("127.0.0.1:5000"), Some("nonsense"), "127.0.0.1", false);
        check(Some("10.0.0.9:5000"), None, "10.0.0.9", false);
        check(Some("10.0.0.9:5000"), Some("127.0.0.1"), "10.0.0.9", false);
        check(None, None, "0.0.0.0", false);
    }

    #[test]
    fn a_proxy_says_whether_somebody_can_listen() {
        let check = |connected: &str, scheme: &'static str, expected: &str| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo::<SocketAddr>(connected.parse().unwrap()));
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_PROTO, scheme.parse().unwrap());
            let peer = Peer::of(&extensions, &headers);
            assert_eq!(peer.secure(), expected, "{connected} {scheme}");
        };
        check("127.0.0.1:5000", "https", "; Secure");
        check("127.0.0.1:5000", "http", "");
        check("10.0.0.9:5000", "https", "");
    }
}
