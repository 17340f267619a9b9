//! Kubernetes versions, and which steps between them Kubernetes allows.
//! <https://kubernetes.io/releases/version-skew-policy/>

/// `v1.31.4`; what follows the numbers does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubeVersion {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

/// Minor versions that a kubelet may be older than the API.
const SKEW: u32 = 3;

impl KubeVersion {
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().trim_start_matches('v').splitn(3, '.');
        let mut number = || {
            let part = parts.next()?;
            let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
            digits.parse().ok()
        };
        Some(Self { major: number()?, minor: number()?, patch: number().unwrap_or(0) })
    }

    /// Why masters cannot go from this version to that one.
    pub fn masters_to(self, to: Self) -> Result<(), String> {
        if to < self {
            return Err("Kubernetes cannot go back to an older version".into());
        }
        if to.major != self.major || to.minor > self.minor + 1 {
            return Err("Kubernetes allows one minor version at a time".into());
        }
        Ok(())
    }

    /// Why a kubelet of this version cannot work with masters of that one.
    pub fn works_with(self, masters: Self) -> Result<(), String> {
        if (self.major, self.minor) > (masters.major, masters.minor) {
            return Err("workers cannot be newer than masters".into());
        }
        if self.major != masters.major || self.minor + SKEW < masters.minor {
            return Err(format!("workers can be at most {SKEW} minor versions older than masters"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::KubeVersion;

    fn v(text: &str) -> KubeVersion {
        KubeVersion::parse(text).unwrap()
    }

    #[test]
    fn read() {
        assert_eq!(v("v1.31.4"), KubeVersion { major: 1, minor: 31, patch: 4 });
        assert_eq!(v("1.31"), v("v1.31.0"));
        assert_eq!(v("v1.23.3-rancher1"), v("1.23.3"));
        for odd in ["", "v", "latest", "v1", "v1.x", "1.99999999999"] {
            assert_eq!(KubeVersion::parse(odd), None, "{odd}");
        }
        assert!(v("v1.9.0") < v("v1.10.0"));
    }

    #[test]
    fn steps() {
        for (from, to, fine) in [
            ("1.31.4", "1.31.4", true),
            ("1.31.4", "1.31.9", true),
            ("1.31.4", "1.32.0", true),
            ("1.31.4", "1.33.0", false),
            ("1.31.4", "1.31.3", false),
            ("1.31.4", "1.30.9", false),
            ("1.31.4", "2.0.0", false),
        ] {
            assert_eq!(v(from).masters_to(v(to)).is_ok(), fine, "{from} -> {to}");
        }
        for (worker, masters, fine) in [
            ("1.31.4", "1.31.0", true),
            ("1.28.0", "1.31.4", true),
            ("1.27.9", "1.31.0", false),
            ("1.32.0", "1.31.9", false),
        ] {
            assert_eq!(v(worker).works_with(v(masters)).is_ok(), fine, "{worker} with {masters}");
        }
    }
}
