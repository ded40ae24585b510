//! What becomes of archives, good and bad. They belong to whoever runs the tests, who need not be root.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use tar::{Builder, Header};

use super::*;

struct Store {
    images: Images,
    state: PathBuf,
}

impl Store {
    fn new(name: &str) -> Store {
        let state = std::env::temp_dir().join(format!("peerless-images-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&state);
        fs::create_dir_all(&state).unwrap();
        Store { images: Images::of(&state), state }
    }

    fn left(&self) -> Vec<String> {
        fs::read_dir(self.state.join("images")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.state);
    }
}

fn header(kind: EntryType, path: &str, link: &str, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    // Not by the library's own check, which refuses what is to be refused here.
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_size(size);
    header.set_mode(0o755);
    header.set_uid(nix::unistd::getuid().as_raw().into());
    header.set_gid(nix::unistd::getgid().as_raw().into());
    header.set_cksum();
    header
}

fn archive(entries: &[(EntryType, &str, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, path, link) in [&[(EntryType::Regular, "bin/sh", "")], entries].concat() {
        let content: &[u8] = if kind == EntryType::Regular { b"content" } else { b"" };
        builder.append(&header(kind, path, link, content.len() as u64), content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn an_archive_becomes_an_image_in_one_step() {
    let store = Store::new("good");
    let entries = [(EntryType::Symlink, "bin/bash", "sh"), (EntryType::Link, "bin/dash", "bin/sh"), (EntryType::Char, "dev/null", "")];
    let imported = store.images.import(&archive(&entries)[..]).unwrap();
    assert_eq!((imported.files, imported.bytes, imported.left_out), (4, 7, 1));
    store.images.keep(&imported.name, "ami-1").unwrap();
    let path = store.images.path("ami-1");
    assert_eq!(fs::read(path.join("bin/bash")).unwrap(), b"content");
    assert_eq!(fs::metadata(path.join("bin/dash")).unwrap().ino(), fs::metadata(path.join("bin/sh")).unwrap().ino());
    assert_eq!(fs::metadata(path.join("bin/sh")).unwrap().permissions().mode() & 0o7777, 0o755);
    assert!(!path.join("dev/null").exists());

    fs::create_dir(store.state.join("images/.importing-7")).unwrap();
    fs::create_dir(store.state.join("images/ami-2")).unwrap();
    store.images.keep_only(&["ami-1".to_owned()]).unwrap();
    assert_eq!(store.left(), ["ami-1"]);
    store.images.remove("ami-1").unwrap();
    assert_eq!(store.left(), [""; 0]);
}

#[test]
fn nothing_leaves_the_image() {
    let outside = Store::new("outside");
    let target = outside.state.display().to_string();
    let store = Store::new("bad");
    for entries in [
        vec![(EntryType::Regular, "../evil", "")],
        vec![(EntryType::Regular, "a/../../evil", "")],
        vec![(EntryType::Symlink, "out", target.as_str()), (EntryType::Regular, "out/evil", "")],
        vec![(EntryType::Symlink, "out", ".."), (EntryType::Symlink, "far", "out/.."), (EntryType::Regular, "far/evil", "")],
        vec![(EntryType::Link, "passwd", "/etc/passwd")],
        vec![(EntryType::Link, "passwd", "../../../../../../etc/passwd")],
        vec![(EntryType::Symlink, "out", "/etc"), (EntryType::Link, "passwd", "out/passwd")],
        vec![(EntryType::new(b'Q'), "strange", "")],
    ] {
        let result = store.images.import(&archive(&entries)[..]);
        assert!(result.is_err(), "{entries:?}: {result:?}");
        assert_eq!(store.left(), [""; 0], "{entries:?}");
    }
    assert_eq!(fs::read_dir(&outside.state).unwrap().count(), 0);
    // From the root on means from the image's root on.
    let imported = store.images.import(&archive(&[(EntryType::Regular, "/evil", "")])[..]).unwrap();
    assert!(store.state.join("images").join(imported.name).join("evil").exists());
}

#[test]
fn what_is_no_root_file_system_is_refused() {
    let store = Store::new("none");
    for archive in [&b""[..], b"nonsense, and long enough to be none", b"\x1f\x8bnonsense"] {
        assert!(store.images.import(archive).is_err());
    }
    let mut builder = Builder::new(Vec::new());
    builder.append(&header(EntryType::Regular, "readme", "", 0), &b""[..]).unwrap();
    assert!(store.images.import(&builder.into_inner().unwrap()[..]).unwrap_err().to_string().contains("/bin/sh"));
    let mut high = header(EntryType::Regular, "bin/sh", "", 0);
    high.set_uid(65_536);
    high.set_cksum();
    let mut builder = Builder::new(Vec::new());
    builder.append(&high, &b""[..]).unwrap();
    assert!(store.images.import(&builder.into_inner().unwrap()[..]).unwrap_err().to_string().contains("65535"));
    assert_eq!(store.left(), [""; 0]);
    for name in ["ami-1", ".importing-../x", ".importing-"] {
        assert!(store.images.keep(name, "ami-2").is_err());
    }
}

#[test]
fn a_folder_is_packed_as_it_is() {
    let store = Store::new("folder");
    let folder = store.state.join("tree");
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::write(folder.join("bin/sh"), "x").unwrap();
    symlink("/etc/passwd", folder.join("link")).unwrap();
    let mut packed = Vec::new();
    pack(&folder, &mut packed).unwrap();
    let imported = store.images.import(&packed[..]).unwrap();
    let path = store.state.join("images").join(imported.name);
    assert_eq!(fs::read_link(path.join("link")).unwrap(), Path::new("/etc/passwd"));
    assert_eq!(fs::read(path.join("bin/sh")).unwrap(), b"x");
}
