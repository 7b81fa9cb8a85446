//! What crosses: random files of telling sizes and the DICOM images that come with pydicom.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use xft_core::internals::harmless;

/// Files to send, and how many bytes they are.
pub struct FileSet {
    /// Its name in the table.
    pub name: String,
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Their bytes in all.
    pub bytes: u64,
}

impl FileSet {
    /// Those files.
    pub fn new(name: &str, paths: Vec<PathBuf>) -> Result<Self, String> {
        let mut bytes = 0;
        for path in &paths {
            bytes += std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.len();
        }
        Ok(Self { name: name.into(), paths, bytes })
    }

    /// New random files of those sizes, named by them.
    pub fn random(name: &str, dir: &Path, sizes: &[u64]) -> Result<Self, String> {
        let mut paths = Vec::new();
        for &size in sizes {
            let path = dir.join(format!("random-{size}.bin"));
            write_random(&path, size).map_err(|error| format!("{}: {error}", path.display()))?;
            paths.push(path);
        }
        Self::new(name, paths)
    }

    /// Checks that exactly these files are in the folder, byte for byte, and nothing else. `named` tells what each
    /// name is there.
    pub fn arrived_in(&self, dir: &Path, named: fn(&Path) -> String) -> Result<(), String> {
        let mut expected: Vec<String> = self.paths.iter().map(|path| named(path)).collect();
        expected.sort();
        let found = names_in(dir)?;
        if found != expected {
            return Err(format!("the receiver has {found:?}, not {expected:?}"));
        }
        for path in &self.paths {
            if sha256(path)? != sha256(&dir.join(named(path)))? {
                return Err(format!("{} arrived with other bytes", file_name(path)));
            }
        }
        Ok(())
    }
}

/// The last part of a path as text.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The same as libxft hands it on (ATK-40).
pub fn safe_name(path: &Path) -> String {
    harmless(&file_name(path)).as_str().into()
}

/// The names in a folder, sorted.
pub fn names_in(dir: &Path) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    // A part file has a note of where it comes from beside it; a note alone is left over.
    let noted: Vec<String> = names.iter().map(|name| format!(".{name}.of")).collect();
    names.retain(|name| !noted.contains(name));
    Ok(names)
}

/// SHA-256 of a file.
pub fn sha256(path: &Path) -> Result<String, String> {
    let broken = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut from = BufReader::new(File::open(path).map_err(broken)?);
    let (mut hash, mut block) = (Sha256::new(), [0; 65536]);
    loop {
        match from.read(&mut block).map_err(broken)? {
            0 => break,
            count => hash.update(block.get(..count).unwrap_or_default()),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Random bytes that no compression and no repetition can stand in for; the seed is the size, so runs are alike.
fn write_random(path: &Path, size: u64) -> std::io::Result<()> {
    let mut random = SmallRng::seed_from_u64(size);
    let (mut to, mut block, mut left) = (BufWriter::new(File::create(path)?), [0; 65536], size);
    while left > 0 {
        random.fill_bytes(&mut block);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        to.write_all(block.get(..count).unwrap_or_default())?;
        left -= count as u64;
    }
    to.flush()
}
