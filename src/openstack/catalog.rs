//! Keystone's catalogue: which address a service has in a region.
//! <https://docs.openstack.org/keystone/latest/contributor/service-catalog.html>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use super::field;
use crate::cloud::{CloudError, CloudErrorKind};
use crate::config::clouds::Interface;

/// A service by its official type, with the other names clouds give it.
/// <https://service-types.openstack.org/>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Official type.
    pub kind: &'static str,
    /// The project's name, used in messages.
    pub name: &'static str,
    aliases: &'static [&'static str],
    /// Version segment that the catalogue's address may lack.
    version: Option<&'static str>,
}

pub const KEYSTONE: Service = Service { kind: "identity", name: "keystone", aliases: &[], version: None };
pub const HEAT: Service = Service { kind: "orchestration", name: "heat", aliases: &[], version: None };
pub const GLANCE: Service = Service { kind: "image", name: "glance", aliases: &[], version: Some("v2") };
pub const NOVA: Service = Service { kind: "compute", name: "nova", aliases: &[], version: None };
pub const NEUTRON: Service = Service { kind: "network", name: "neutron", aliases: &[], version: Some("v2.0") };
pub const OCTAVIA: Service = Service { kind: "load-balancer", name: "octavia", aliases: &[], version: Some("v2") };
pub const CINDER: Service = Service {
    kind: "block-storage",
    name: "cinder",
    aliases: &["block-store", "volumev3", "volumev2", "volume"],
    version: None,
};
const MAGNUM: Service = Service {
    kind: "container-infra",
    name: "magnum",
    aliases: &["container-infrastructure-management", "container-infrastructure"],
    version: None,
};
pub const BARBICAN: Service = Service { kind: "key-manager", name: "barbican", aliases: &[], version: Some("v1") };
const KNOWN: [Service; 9] = [KEYSTONE, HEAT, GLANCE, NOVA, NEUTRON, OCTAVIA, CINDER, MAGNUM, BARBICAN];

impl Service {
    /// Official type first.
    fn kinds(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.kind).chain(self.aliases.iter().copied())
    }
}

#[derive(Debug, Clone)]
struct Endpoint {
    kind: String,
    region: String,
    interface: String,
    url: String,
}

/// All endpoints of a token.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    endpoints: Vec<Endpoint>,
}

impl Catalog {
    /// From a token's `catalog`; entries that make no sense are left out.
    pub fn parse(catalog: &Value) -> Self {
        let mut endpoints = Vec::new();
        for service in field::array(catalog) {
            let kind = field::text(service, "type");
            for endpoint in field::array(&service["endpoints"]) {
                let region = Some(field::text(endpoint, "region_id")).filter(|id| !id.is_empty());
                let interface = field::text(endpoint, "interface");
                endpoints.push(Endpoint {
                    kind: kind.clone(),
                    region: region.unwrap_or_else(|| field::text(endpoint, "region")),
                    interface: interface.strip_suffix("URL").unwrap_or(&interface).to_owned(),
                    url: field::text(endpoint, "url"),
                });
            }
        }
        Self { endpoints }
    }

    pub fn regions(&self) -> BTreeSet<&str> {
        self.endpoints.iter().map(|e| e.region.as_str()).filter(|region| !region.is_empty()).collect()
    }

    /// Official types of the services a region has.
    pub fn services(&self, region: &str, overrides: &BTreeMap<String, String>) -> Vec<String> {
        let official = |kind: &str| {
            let known = KNOWN.iter().find(|service| service.kinds().any(|k| k == kind) || service.name == kind);
            known.map_or_else(|| kind.to_owned(), |service| service.kind.to_owned())
        };
        let listed = self.endpoints.iter().filter(|e| e.region == region).map(|e| official(&e.kind));
        listed.chain(overrides.keys().map(|kind| official(kind))).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The service's address: an override, else the catalogue's.
    pub fn address(
        &self,
        service: Service,
        region: &str,
        interface: Interface,
        overrides: &BTreeMap<String, String>,
        project_id: &str,
    ) -> Result<Url, CloudError> {
        let kinds = || service.kinds();
        let overridden = kinds().chain([service.name]).find_map(|kind| overrides.get(kind)).map(|text| {
            ["%(project_id)s", "%(tenant_id)s", "$(project_id)s", "$(tenant_id)s"]
                .iter()
                .fold(text.clone(), |text, hole| text.replace(hole, project_id))
        });
        let listed = || {
            let of_kind =
                |kind: &'static str| self.endpoints.iter().filter(move |e| e.kind == kind && e.region == region);
            kinds().find_map(|kind| of_kind(kind).find(|e| e.interface == interface.as_str())).map(|e| e.url.clone())
        };
        let fail = |kind, message: String| CloudError {
            kind,
            service: service.name.to_owned(),
            status: None,
            request_id: None,
            message,
            retry_after: None,
        };
        let text = overridden.or_else(listed).ok_or_else(|| {
            let message = format!(
                "the catalogue has no {} endpoint of type {} in region {region}",
                interface.as_str(),
                service.kind
            );
            fail(CloudErrorKind::NoService, message)
        })?;
        let mut url = Url::parse(&text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
            fail(CloudErrorKind::Protocol, format!("its endpoint \"{text}\" is not an http address"))
        })?;
        add_version(&mut url, service.version);
        Ok(url)
    }
}

/// Adds the version unless the path has one already; takes the closing `/` away.
fn add_version(url: &mut Url, version: Option<&str>) {
    let is_version = |segment: &str| {
        segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    let has = url.path_segments().is_some_and(|mut segments| segments.any(is_version));
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
        if let Some(version) = version.filter(|_| !has) {
            segments.push(version);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{Catalog, GLANCE, HEAT, Interface, NEUTRON};
    use crate::cloud::CloudErrorKind;

    fn catalog() -> Catalog {
        let endpoint =
            |region: &str, interface: &str, url: &str| json!({"region_id": region, "interface": interface, "url": url});
        Catalog::parse(&json!([
            {"type": "orchestration", "endpoints": [endpoint("A", "public", "http://h:8004/v1/p/"), endpoint("B", "publicURL", "http://b/heat/v1/p")]},
            {"type": "image", "endpoints": [endpoint("A", "public", "http://h/image/"), endpoint("A", "internal", "http://i:9292/v2")]},
            {"type": "network", "endpoints": [endpoint("A", "public", "ftp://h")]},
            {"type": "volumev3", "endpoints": [endpoint("A", "public", "http://h:8776/v3/p")]},
            {"type": 7, "endpoints": "nonsense"}, null, "x"
        ]))
    }

    #[test]
    fn an_address_is_found_by_region_and_interface() {
        let none = BTreeMap::new();
        let find = |service, region, interface| catalog().address(service, region, interface, &none, "p");
        assert_eq!(find(HEAT, "A", Interface::Public).unwrap().as_str(), "http://h:8004/v1/p");
        assert_eq!(find(HEAT, "B", Interface::Public).unwrap().as_str(), "http://b/heat/v1/p");
        assert_eq!(find(GLANCE, "A", Interface::Public).unwrap().as_str(), "http://h/image/v2");
        assert_eq!(find(GLANCE, "A", Interface::Internal).unwrap().as_str(), "http://i:9292/v2");
        assert_eq!(find(HEAT, "A", Interface::Internal).unwrap_err().kind, CloudErrorKind::NoService);
        assert_eq!(find(HEAT, "C", Interface::Public).unwrap_err().kind, CloudErrorKind::NoService);
        assert_eq!(find(NEUTRON, "A", Interface::Public).unwrap_err().kind, CloudErrorKind::Protocol);
    }

    #[test]
    fn an_override_wins_and_knows_the_project() {
        let overrides: BTreeMap<_, _> = [("heat".to_owned(), "https://o/v1/%(tenant_id)s".to_owned())].into();
        let url = catalog().address(HEAT, "A", Interface::Public, &overrides, "pid").unwrap();
        assert_eq!(url.as_str(), "https://o/v1/pid");
        assert_eq!(catalog().services("A", &overrides), ["block-storage", "image", "network", "orchestration"]);
    }
}
