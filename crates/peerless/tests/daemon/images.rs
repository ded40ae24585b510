//! Images of one's own: imported, launched, given up, and gone with the last instance that boots them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Lab, eventually};
use crate::sandbox::with_packets;

/// A root file system of a few of the machine's programs, packed and compressed.
fn archive(folder: &Path) -> PathBuf {
    let script = r#"
        mkdir -p tree/bin tree/etc
        for program in sh cat ls sleep curl; do
            path=$(command -v $program)
            cp -L "$path" tree/bin/$program
            for library in $(ldd "$path" | grep -o '/[^ )]*'); do mkdir -p "tree$(dirname "$library")"; cp -nL "$library" "tree$library"; done
        done
        echo ID=mine > tree/etc/os-release
        for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
            [ ! -f $bundle ] || { mkdir -p "tree$(dirname $bundle)"; cp -L $bundle tree$bundle; }
        done
        chown -R 0:0 tree
        tar -C tree -czf image.tar.gz .
    "#;
    std::fs::create_dir_all(folder).unwrap();
    assert!(Command::new("sh").args(["-euc", script]).current_dir(folder).status().unwrap().success());
    folder.join("image.tar.gz")
}

fn launch(lab: &Lab, image: &str) -> String {
    let run = format!("ImageId={image}&MinCount=1&MaxCount=1");
    let instance = lab.must_call("RunInstances", &run).element("instanceId").to_owned();
    wait_for(lab, &instance, "running");
    instance
}

fn wait_for(lab: &Lab, instance: &str, state: &str) {
    eventually(state, || lab.must_call("DescribeInstances", &format!("InstanceId.1={instance}")).element("name") == state);
}

fn system(lab: &Lab, instance: &str) -> String {
    lab.must(&["run", instance, "--", "cat", "/etc/os-release"])
}

#[test]
fn an_imported_image_is_launched_and_goes_when_nothing_boots_it() {
    with_packets("images::an_imported_image_is_launched_and_goes_when_nothing_boots_it", || {
        let mut lab = Lab::new("images");
        let archive = archive(&lab.state().with_file_name("source"));
        let archive = archive.to_str().unwrap();
        assert_eq!(lab.run(&["image", "import", "mine", archive]).status.code(), Some(3), "there is no daemon");
        lab.up(&[]);
        let id = lab.must(&["image", "import", "mine", archive, "--user", "me"]).trim().to_owned();
        let own = lab.must_call("DescribeImages", "Owner.1=self");
        assert_eq!((own.element("imageId"), own.element("name"), own.element("isPublic")), (id.as_str(), "mine", "false"));
        let refused = lab.run(&["image", "import", "mine", archive]);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("AMI name mine is already in use"), "{refused:?}");
        let nothing = lab.run(&["image", "import", "other", "/etc"]);
        assert!(nothing.status.code() == Some(2) && String::from_utf8_lossy(&nothing.stderr).contains("no /bin/sh"), "{nothing:?}");
        let folders = || std::fs::read_dir(lab.state().join("images")).unwrap().count();
        assert_eq!(folders(), 1, "what is refused leaves nothing");

        let instance = launch(&lab, &id);
        assert_eq!(system(&lab, &instance), "ID=mine\n");
        assert_eq!(lab.must(&["run", &instance, "--", "sh", "-c", "echo ${HOME##*/}"]), "me\n");
        let page = lab.must(&["run", &instance, "--", "curl", "--silent", "--show-error", "https://example.com/"]);
        assert!(page.contains("You came from 198."), "its programs trust the simulated internet: {page}");
        lab.kill();
        lab.up(&[]);
        assert_eq!(lab.must_call("DescribeImages", "Owner.1=self").element("imageId"), id, "it is on disk");

        lab.must_call("StopInstances", &format!("InstanceId.1={instance}"));
        wait_for(&lab, &instance, "stopped");
        lab.must_call("DeregisterImage", &format!("ImageId={id}"));
        assert!(!lab.must_call("DescribeImages", "").body.contains(&id));
        lab.kill();
        lab.up(&[]);
        lab.must_call("StartInstances", &format!("InstanceId.1={instance}"));
        wait_for(&lab, &instance, "running");
        assert_eq!(system(&lab, &instance), "ID=mine\n", "it boots as long as it is there");
        lab.must_call("TerminateInstances", &format!("InstanceId.1={instance}"));
        eventually("its files are gone", || !lab.state().join("images").join(&id).exists());
        let state = lab.state();
        lab.must(&["image", "import", "mine", archive]);
        lab.down(&["--wipe"]);
        assert!(!state.exists());
    });
}

/// Puts an overlay over a folder, as a container's root is one.
fn cover(folder: &Path) {
    let [upper, work] = ["upper", "work"].map(|name| folder.with_file_name(name));
    for folder in [&upper, &work] {
        std::fs::create_dir(folder).unwrap();
    }
    let options = format!("lowerdir={},upperdir={},workdir={}", folder.display(), upper.display(), work.display());
    assert!(Command::new("mount").args(["-t", "overlay", "-o", &options, "overlay"]).arg(folder).status().unwrap().success());
}

#[test]
fn a_machine_that_boots_no_images_says_so_beforehand() {
    with_packets("images::a_machine_that_boots_no_images_says_so_beforehand", || {
        let mut lab = Lab::new("no-images");
        let archive = archive(&lab.state().with_file_name("source"));
        let archive = archive.to_str().unwrap();
        let doctor = |lab: &Lab| String::from_utf8(lab.run(&["doctor"]).stdout).unwrap();
        assert!(doctor(&lab).contains("✓ images"), "{}", doctor(&lab));
        lab.up(&[]);
        let id = lab.must(&["image", "import", "mine", archive]).trim().to_owned();
        let stopped = launch(&lab, &id);
        lab.must_call("StopInstances", &format!("InstanceId.1={stopped}"));
        wait_for(&lab, &stopped, "stopped");
        lab.down(&[]);

        cover(&lab.state());
        let why = format!("{} is on an overlay", lab.state().canonicalize().unwrap().display());
        let said = doctor(&lab);
        assert!(said.contains(&format!("✗ images      {why}\n")) && said.contains("--state can name another"), "{said}");
        lab.up(&[]);
        let sentence = format!("{why}; imported images need Linux 5.19 and a state folder on ext4, XFS or btrfs, which --state can name");
        let refused = lab.run(&["image", "import", "other", archive]);
        assert_eq!((refused.status.code(), String::from_utf8_lossy(&refused.stderr).contains(&sentence)), (Some(3), true), "{refused:?}");
        for (action, parameters) in
            [("RunInstances", format!("ImageId={id}&MinCount=1&MaxCount=1")), ("StartInstances", format!("InstanceId.1={stopped}"))]
        {
            let refused = crate::api::call(lab.address, action, &parameters);
            assert!(refused.body.contains(&format!("The image {id} cannot be booted here: {sentence}.")), "{action}: {}", refused.body);
        }
        launch(&lab, "ami-12345678");
        lab.down(&[]);
        assert!(Command::new("umount").arg(lab.state()).status().unwrap().success());
    });
}
