//! Results of scenarios as CI services read them.

use std::fmt::Write;
use std::path::PathBuf;

use scenario::Failure;

/// A scenario that was played.
pub struct Played {
    /// Where it stands.
    pub file: PathBuf,
    /// What it is called.
    pub title: String,
    /// What did not come true.
    pub failures: Vec<Failure>,
}

/// JUnit's XML: a test case a scenario.
///
/// <https://github.com/testmoapp/junitxml>
pub fn junit(played: &[Played]) -> String {
    let failed = played.iter().filter(|played| !played.failures.is_empty()).count();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"peerless\" tests=\"{}\" failures=\"{failed}\">\n",
        played.len()
    );
    for Played { file, title, failures } in played {
        let (file, title) = (escaped(&file.display().to_string()), escaped(title));
        let _ = write!(xml, "<testcase classname=\"{file}\" name=\"{title}\" file=\"{file}\"");
        if failures.is_empty() {
            xml.push_str("/>\n");
            continue;
        }
        xml.push_str(">\n");
        for failure in failures {
            let first = failure.complaint.lines().next().unwrap_or_default();
            let _ = writeln!(xml, "<failure message=\"{}\">{}</failure>", escaped(first), escaped(&failure.to_string()));
        }
        xml.push_str("</testcase>\n");
    }
    xml.push_str("</testsuite>\n</testsuites>\n");
    xml
}

/// Workflow commands: an error a line of a scenario that did not come true.
///
/// <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#setting-an-error-message>
pub fn annotations(played: &[Played]) -> String {
    let mut commands = String::new();
    for Played { file, title, failures } in played {
        let file = property(&file.display().to_string());
        for Failure { line, complaint } in failures {
            let _ = writeln!(commands, "::error file={file},line={line},title={}::{}", property(title), message(complaint));
        }
    }
    commands
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> [Played; 2] {
        let failure = Failure { line: 9, complaint: "expected: answered\n      seen: request <lost>, 100%".to_owned() };
        [
            Played { file: "a,b.md".into(), title: "Fish & \"chips\"".to_owned(), failures: vec![failure] },
            Played { file: "good.md".into(), title: "Good".to_owned(), failures: vec![] },
        ]
    }

    #[test]
    fn junit_counts_and_escapes() {
        let xml = junit(&two());
        assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
        assert!(xml.contains("<testcase classname=\"a,b.md\" name=\"Fish &amp; &quot;chips&quot;\" file=\"a,b.md\">"), "{xml}");
        assert!(xml.contains("<failure message=\"expected: answered\">line 9: expected: answered\n      seen: request &lt;lost&gt;, 100%</failure>"));
        assert!(xml.contains("<testcase classname=\"good.md\" name=\"Good\" file=\"good.md\"/>"), "{xml}");
    }

    #[test]
    fn annotations_name_file_and_line_and_stay_on_one() {
        let said = annotations(&two());
        assert_eq!(said, "::error file=a%2Cb.md,line=9,title=Fish & \"chips\"::expected: answered%0A      seen: request <lost>, 100%25\n");
    }
}
