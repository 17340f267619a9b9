//! Files for nodes as one text: a tar archive, gzipped, in base64. User data may have 64 KiB
//! and no line breaks where Ignition takes it; this way neither scripts nor keys need care.
//! The same files give the same text.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};

const BLOCK: usize = 512;

/// `files` as (path, content), as one text.
pub fn pack<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> io::Result<String> {
    Ok(STANDARD.encode(tar_gz(files)?))
}

/// `files` as (path, content), as a `.tar.gz`; every file is its owner's alone.
pub fn tar_gz<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> io::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    for (path, content) in files {
        gzip.write_all(&header(path, content.len())?)?;
        gzip.write_all(content)?;
        gzip.write_all(&vec![0; content.len().next_multiple_of(BLOCK) - content.len()])?;
    }
    // Two empty blocks end an archive.
    gzip.write_all(&[0; 2 * BLOCK])?;
    gzip.finish()
}

/// <https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06>
fn header(path: &str, size: usize) -> io::Result<[u8; BLOCK]> {
    if path.is_empty() || path.len() >= 100 {
        return Err(io::Error::other(format!("the path \"{path}\" must have 1 to 99 characters")));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| {
        if let Some(place) = block.get_mut(at..at + text.len()) {
            place.copy_from_slice(text.as_bytes());
        }
    };
    put(0, path);
    put(100, "0000600\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn tar_unpacks_what_was_packed() {
        let long = "x".repeat(1500);
        let files = [("pki/ca.crt", "one\n".as_bytes()), ("a.sh", long.as_bytes()), ("empty", b"")];
        let text = pack(files.into_iter()).unwrap();
        assert_eq!(text, pack(files.into_iter()).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let mut tar =
            Command::new("tar").args(["-xzf", "-", "-C"]).arg(folder.path()).stdin(Stdio::piped()).spawn().unwrap();
        tar.stdin.take().unwrap().write_all(&STANDARD.decode(text).unwrap()).unwrap();
        assert!(tar.wait().unwrap().success());
        for (path, content) in files {
            assert_eq!(std::fs::read(folder.path().join(path)).unwrap(), content, "{path}");
        }
        assert!(pack([("", &b""[..])].into_iter()).is_err());
    }
}
