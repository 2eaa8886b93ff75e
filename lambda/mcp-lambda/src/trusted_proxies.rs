//! Removes the headers by which a proxy describes its client, unless the proxy is trusted.

use std::net::IpAddr;

use http::header::{FORWARDED, HOST, HeaderMap, HeaderName};
use ipnet::IpNet;
use mcp_lambda_contract::{List, SettingType, SettingValue};

const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// The beginning of all other headers of this kind.
const PREFIX: &str = "x-forwarded-";

/// The proxies whose description of a client is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl SettingValue for TrustedProxies {
    const TYPE: SettingType = SettingType::List;

    fn parse(text: &str) -> Result<Self, String> {
        let List(entries) = List::parse(text)?;
        let network = |entry: &String| match entry.parse::<IpNet>() {
            Ok(network) => Some(network),
            Err(_) => entry.parse::<IpAddr>().ok().map(IpNet::from),
        };
        let networks: Option<Vec<IpNet>> = entries.iter().map(network).collect();
        networks.map(Self).ok_or_else(|| {
            "be IP addresses and CIDR blocks such as 10.0.0.0/16, separated by commas".to_owned()
        })
    }
}

impl TrustedProxies {
    /// Leaves only headers that a trusted proxy has sent. Its `X-Forwarded-Host`, if it names one host, replaces `Host`.
    ///
    /// Does not interpret `X-Forwarded-For`, to which every proxy on the way adds an address.
    pub(crate) fn apply(&self, peer: IpAddr, headers: &mut HeaderMap) {
        let peer = peer.to_canonical();
        if !self.0.iter().any(|network| network.contains(&peer)) {
            let names = headers.keys().filter(|name| describes_client(name));
            for name in names.cloned().collect::<Vec<_>>() {
                headers.remove(name);
            }
            return;
        }
        let mut hosts = headers.get_all(FORWARDED_HOST).iter();
        if let (Some(host), None) = (hosts.next(), hosts.next())
            && !host.as_bytes().contains(&b',')
        {
            let host = host.clone();
            headers.insert(HOST, host);
        }
    }
}

fn describes_client(name: &HeaderName) -> bool {
    *name == FORWARDED || *name == REAL_IP || name.as_str().starts_with(PREFIX)
}
