//! Lists in pages. Services tell the next page in different places; only the query
//! of that address is used, on our own address, so that a token never follows it elsewhere.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::catalog::Service;
use super::{field, transport};
use crate::cloud::{CloudError, CloudErrorKind};

/// More pages than any project has objects for.
const PAGES_MAX: usize = 1000;

pub type Query = Vec<(String, String)>;

/// The items so far, and which pages were asked for.
#[derive(Default)]
pub struct Pages {
    pub items: Vec<Value>,
    seen: BTreeSet<Query>,
}

impl Pages {
    /// Takes one page; gives the next one's query, or `None` at the end. A page
    /// named twice is the end too: the service goes in circles.
    pub fn take(&mut self, service: Service, key: &str, mut page: Value) -> Result<Option<Query>, CloudError> {
        let next = next_query(key, &page);
        let Some(Value::Array(items)) = page.get_mut(key).map(Value::take) else {
            let told = format!("the answer has no list \"{key}\"");
            return Err(transport::failure(service, CloudErrorKind::Protocol, told));
        };
        if items.is_empty() {
            return Ok(None);
        }
        self.items.extend(items);
        let Some(next) = next else { return Ok(None) };
        if self.seen.len() >= PAGES_MAX || !self.seen.insert(next.clone()) {
            tracing::warn!(service = service.name, key, "paging goes in circles; stopped");
            return Ok(None);
        }
        Ok(Some(next))
    }
}

/// `links: [{rel: next}]` (Heat), `images_links` and the like (Nova, Neutron),
/// `next` (Glance), `links: {next}` (Keystone).
fn next_query(key: &str, page: &Value) -> Option<Query> {
    let linked = [page.get("links"), page.get(format!("{key}_links"))].into_iter().flatten().find_map(|links| {
        let listed =
            field::array(links).iter().find(|link| link["rel"] == "next").and_then(|link| link["href"].as_str());
        listed.or_else(|| links.get("next")?.as_str())
    });
    let href = linked.or_else(|| page.get("next")?.as_str())?;
    let base = Url::parse("http://localhost/").ok()?;
    let query: Query = base.join(href).ok()?.query_pairs().into_owned().collect();
    Some(query).filter(|query| !query.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::catalog::HEAT;
    use super::Pages;

    #[test]
    fn every_way_of_telling_the_next_page_is_read() {
        for page in [
            json!({"x": [1], "links": [{"rel": "self", "href": "a"}, {"rel": "next", "href": "http://other/v1/x?limit=1&marker=m"}]}),
            json!({"x": [1], "x_links": [{"rel": "next", "href": "http://other/x?limit=1&marker=m"}]}),
            json!({"x": [1], "next": "/v2/x?limit=1&marker=m"}),
            json!({"x": [1], "links": {"next": "http://o/?limit=1&marker=m", "self": ""}}),
        ] {
            let query = Pages::default().take(HEAT, "x", page).unwrap().unwrap();
            assert_eq!(query, [("limit".into(), "1".into()), ("marker".into(), "m".into())]);
        }
        for end in [json!({"x": [1]}), json!({"x": [], "next": "?a=b"}), json!({"x": [1], "next": null, "links": 7})] {
            assert_eq!(Pages::default().take(HEAT, "x", end).unwrap(), None);
        }
        assert!(Pages::default().take(HEAT, "x", json!({"y": []})).is_err());
    }

    #[test]
    fn a_circle_ends() {
        let mut pages = Pages::default();
        let page = || json!({"x": [1], "next": "?marker=m"});
        assert!(pages.take(HEAT, "x", page()).unwrap().is_some());
        assert!(pages.take(HEAT, "x", page()).unwrap().is_none());
        assert_eq!(pages.items.len(), 2);
    }
}
