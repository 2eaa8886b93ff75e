//! The kernel loads packages from tar files only, so an installed package is packed once into a cache.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::Hasher;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::environment;
use crate::error::Reason;
use crate::package::Package;

/// Makes names of half-written files differ between the threads of a process.
static UNFINISHED: AtomicU32 = AtomicU32::new(0);

/// The package as an uncompressed tar file, from the cache if its content is known there.
pub(crate) fn of_package(package: &Package) -> Result<PathBuf, Reason> {
    let cache = environment::cache_directory();
    let failed = |path: &Path, error: &io::Error| Reason::Cache {
        path: path.to_owned(),
        cause: error.to_string(),
    };
    let key = content_key(package).map_err(|error| failed(&package.directory, &error))?;
    let name = package.name.replace('/', "+");
    let target = cache.join(format!("{name}-{}-{key}.tar", package.version));
    if target.is_file() {
        return Ok(target);
    }
    fs::create_dir_all(&cache).map_err(|error| failed(&cache, &error))?;
    let number = UNFINISHED.fetch_add(1, Ordering::Relaxed);
    let unfinished = cache.join(format!("{name}-{}-{number}.part", process::id()));
    let written = write_tar(package, &unfinished).and_then(|()| fs::rename(&unfinished, &target));
    match written {
        Ok(()) => Ok(target),
        Err(error) => {
            let reason = failed(&target, &error);
            // Half a file would only take the room that is missing.
            fs::remove_file(&unfinished).ok();
            Err(reason)
        }
    }
}

/// What tells two contents of a package apart: npm's own checksum where there is one, else a hash of all files,
/// which is what packages under development need.
fn content_key(package: &Package) -> io::Result<String> {
    if let Some(integrity) = registry_integrity(package) {
        return Ok(hex(&[integrity.as_bytes()]));
    }
    let mut names = Vec::new();
    list(package, &mut names)?;
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for name in &names {
        parts.push(name.as_bytes().to_vec());
        parts.push(fs::read(package.directory.join(name))?);
    }
    Ok(hex(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn registry_integrity(package: &Package) -> Option<String> {
    let modules = package
        .directory
        .ancestors()
        .nth(package.name.split('/').count())?;
    let lock = fs::read(modules.join(".package-lock.json")).ok()?;
    let lock: Value = serde_json::from_slice(&lock).ok()?;
    let entry = lock
        .get("packages")?
        .get(format!("node_modules/{}", package.name))?;
    let same_version = entry.get("version")?.as_str()? == package.version;
    same_version.then(|| entry.get("integrity")?.as_str().map(str::to_owned))?
}

fn hex(parts: &[&[u8]]) -> String {
    let mut hashers = [DefaultHasher::new(), DefaultHasher::new()];
    for (salt, hasher) in hashers.iter_mut().enumerate() {
        hasher.write_usize(salt);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
    }
    hashers
        .iter()
        .map(|hasher| format!("{:016x}", hasher.finish()))
        .collect()
}

/// Whether a file at the top of the package belongs to it: what it publishes, and what npm publishes always. A linked
/// package has its sources and tests beside that.
fn is_published(package: &Package, name: &str) -> bool {
    let always = name == "package.json" || name.starts_with(".jsii") || name == "node_modules";
    let Some(published) = &package.published else {
        return true;
    };
    always
        || published
            .iter()
            .any(|entry| entry == name || entry.contains('*'))
}

/// Names of all files of the package, sorted, relative to its directory. Its `node_modules` belong to it only when it
/// bundles dependencies.
fn list(package: &Package, names: &mut Vec<String>) -> io::Result<()> {
    let mut pending = vec![String::new()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(package.directory.join(&directory))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let at_top = directory.is_empty();
            let skipped =
                matches!(
                    name.as_str(),
                    ".git" | ".bin" | ".package-lock.json" | ".jsii.tabl.json.gz"
                ) || (at_top && name == "node_modules" && !package.has_bundled_dependencies)
                    || (at_top && !is_published(package, &name));
            if skipped {
                continue;
            }
            let path = if at_top {
                name
            } else {
                format!("{directory}/{name}")
            };
            if fs::metadata(package.directory.join(&path))?.is_dir() {
                pending.push(path);
            } else {
                names.push(path);
            }
        }
    }
    names.sort_unstable();
    Ok(())
}

fn write_tar(package: &Package, target: &Path) -> io::Result<()> {
    let mut names = Vec::new();
    list(package, &mut names)?;
    let mut tar = BufWriter::with_capacity(1 << 20, File::create(target)?);
    for name in names {
        let path = package.directory.join(&name);
        let mut content = Vec::new();
        let mut file = File::open(&path)?;
        let mode = file.metadata()?.permissions().mode();
        file.read_to_end(&mut content)?;
        let name = format!("package/{name}");
        if name.len() > 100 {
            // GNU extension: an entry of type L holds the long name of the next one.
            append(
                &mut tar,
                "././@LongLink",
                b'L',
                0o644,
                format!("{name}\0").as_bytes(),
            )?;
        }
        append(&mut tar, &name, b'0', mode, &content)?;
    }
    tar.write_all(&[0; 1024])?;
    tar.flush()
}

fn append(tar: &mut impl Write, name: &str, kind: u8, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| {
        for (slot, byte) in header.iter_mut().skip(at).zip(text) {
            *slot = *byte;
        }
    };
    put(
        0,
        name.as_bytes()
            .get(..name.len().min(100))
            .unwrap_or_default(),
    );
    put(100, format!("{:07o}", mode & 0o777).as_bytes());
    put(108, b"0000000\x000000000");
    put(124, format!("{:011o}", content.len()).as_bytes());
    // A fixed time keeps equal packages equal.
    put(136, b"00000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let checksum = format!("{sum:06o}\0 ");
    for (slot, byte) in header.iter_mut().skip(148).zip(checksum.as_bytes()) {
        *slot = *byte;
    }
    tar.write_all(&header)?;
    tar.write_all(content)?;
    let padding = content.len().next_multiple_of(512) - content.len();
    tar.write_all(&vec![0; padding])
}
