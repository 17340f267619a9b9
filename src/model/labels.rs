//! Labels: free `key=value` settings of a template or cluster. What there are and mean is
//! [`catalogue`]; whose value holds is [`origin`].

pub mod catalogue;
pub mod origin;

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{Problem, text};

/// Sorted by key. Values are strings, as Magnum stores them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(pub BTreeMap<String, String>);

impl Labels {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One `key=value` pair.
    pub fn parse_pair(pair: &str) -> Result<(String, String), Problem> {
        let bad = |why: &str| Problem::invalid(format!("label \"{}\": {why}", text::shown(pair))).on_field("labels");
        let (key, value) = pair.split_once('=').ok_or_else(|| bad("there is no \"=\" in it; write key=value"))?;
        let (key, value) = (key.trim(), value.trim());
        match Self::refuses(key, value) {
            Some(why) => Err(bad(why)),
            None => Ok((key.to_owned(), value.to_owned())),
        }
    }

    /// Why there can be no such label, whatever it should mean.
    pub fn refuses(key: &str, value: &str) -> Option<&'static str> {
        if key.is_empty() {
            Some("the key before \"=\" is empty")
        } else if key.chars().any(char::is_whitespace) {
            Some("a key cannot have a space in it")
        } else if key.len() > 255 || value.len() > 1024 {
            Some("too long: a key has at most 255 characters, a value 1024")
        } else if key.chars().chain(value.chars()).any(text::is_unsafe) {
            Some("it has a control character in it")
        } else {
            None
        }
    }

    /// The command line's form: pairs separated by `,`. A pair without `=` after
    /// a comma belongs to the value before it (`a=1,2` is one label), as in python-magnumclient.
    pub fn parse_flag(text: &str) -> Result<Self, Problem> {
        let mut pairs: Vec<String> = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            match pairs.last_mut() {
                Some(last) if !part.contains('=') => *last = format!("{last},{part}"),
                _ => pairs.push(part.to_owned()),
            }
        }
        pairs.iter().map(|pair| Self::parse_pair(pair)).collect::<Result<_, _>>().map(Self)
    }

    /// The editor's form: one pair a line, blank lines and lines from `#` on ignored.
    /// Gives every bad line with its index, counted from 0.
    pub fn parse_lines<S: AsRef<str>>(lines: &[S]) -> Result<Self, Vec<(usize, Problem)>> {
        let mut labels = BTreeMap::new();
        let mut problems = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let line = line.as_ref().trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Self::parse_pair(line) {
                Ok((key, value)) => {
                    if labels.insert(key.clone(), value).is_some() {
                        let again = Problem::invalid(format!("label \"{key}\" is given twice")).on_field("labels");
                        problems.push((index, again));
                    }
                }
                Err(problem) => problems.push((index, problem)),
            }
        }
        if problems.is_empty() { Ok(Self(labels)) } else { Err(problems) }
    }
}

/// An IPv4 network, its address and prefix length; bits of a host are not allowed.
pub fn cidr(text: &str) -> Option<(u32, u8)> {
    let (address, bits) = text.split_once('/')?;
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let bits: u8 = bits.parse().ok().filter(|bits| *bits <= 32 && !text.contains('+'))?;
    let host = u32::MAX.checked_shr(bits.into()).unwrap_or(0);
    (address & host == 0).then_some((address, bits))
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        f.pad(&pairs.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;

    #[test]
    fn flag_form_keeps_commas_in_values() {
        let labels = Labels::parse_flag("a=1,b=x,y,c=").unwrap();
        assert_eq!(labels.to_string(), "a=1,b=x,y,c=");
        assert!(Labels::parse_flag("nope").unwrap_err().summary.contains("no \"=\""));
    }

    #[test]
    fn line_form_names_every_bad_line() {
        let lines = ["# comment", "a=1", "broken", "", "a=2", "b=\x1b[2J"];
        let bad: Vec<usize> = Labels::parse_lines(&lines).unwrap_err().into_iter().map(|(line, _)| line).collect();
        assert_eq!(bad, [2, 4, 5]);
        assert_eq!(Labels::parse_lines(&["a = 1 ", "b=c=d"]).unwrap().to_string(), "a=1,b=c=d");
    }
}
