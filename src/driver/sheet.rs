//! What a driver says of labels: which it reads, and what holds without them.

use super::Driver;
use crate::model::labels::catalogue::Sheet;

pub fn sheet(driver: &Driver) -> Sheet {
    let manifest = &driver.manifest;
    let default = |name: &str| manifest.label_defaults.get(name).cloned().unwrap_or_default();
    Sheet {
        driver: manifest.name.clone(),
        os_distro: manifest.os_distro.clone(),
        end_of_life: manifest.end_of_life.clone(),
        reads: manifest.labels().into_iter().map(|name| (name.to_owned(), default(name))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::sheet;
    use crate::driver::Drivers;
    use crate::model::labels::catalogue;

    /// Manifests and catalogue do not drift apart: every label that a built-in driver reads is
    /// in the catalogue, and a driver's own default is a value that the catalogue takes.
    #[test]
    fn manifests_and_catalogue_agree() {
        for driver in Drivers::builtin().unwrap().iter() {
            let sheet = sheet(driver);
            assert!(!sheet.reads.is_empty());
            for (name, default) in &sheet.reads {
                let label = catalogue::find(name);
                let label = label.unwrap_or_else(|| panic!("{}: label {name} is not in labels.toml", sheet.driver));
                assert!(default.is_empty() || label.refuses(default).is_none(), "{}: {name}={default}", sheet.driver);
            }
            for name in driver.manifest.label_defaults.keys() {
                assert!(sheet.reads.contains_key(name), "{}: {name} has a default and is not read", sheet.driver);
            }
        }
    }
}
