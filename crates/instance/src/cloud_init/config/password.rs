//! Passwords: `password` and `chpasswd`, and what `users` have.
//!
//! No network lets a password in, since sshd takes keys only; the serial console asks for one.
//! <https://cloudinit.readthedocs.io/en/latest/reference/modules.html#set-passwords>

use super::{Settings, is_name};
use crate::cloud_init::{Password, yaml::Node};

/// Those of `password` and `chpasswd`.
pub(super) fn all(settings: &mut Settings<'_>) -> Vec<Password> {
    let login = settings.word("password");
    let mut passwords = Vec::new();
    let mut expires = true;
    match settings.take("chpasswd") {
        None => {}
        Some(Node::Map(map)) => {
            let mut of_many = Settings::new("cloud-config: chpasswd", map, settings.remarks);
            expires = of_many.answer("expire").unwrap_or(true);
            passwords.extend(of_many.items("users", item));
            passwords.extend(list(&mut of_many));
            of_many.end();
        }
        Some(_) => settings.remark("chpasswd is no mapping of names to settings, and is left out"),
    }
    passwords.extend(login.map(|text| Password { user: None, is_hashed: is_hash(&text), text, expires }));
    passwords.retain(|password| is_possible(password, settings));
    for password in &mut passwords {
        password.expires = expires;
    }
    passwords
}

/// That of an item of `users`, if it is to open the account.
pub(super) fn of_user(name: &str, settings: &mut Settings<'_>) -> Option<Password> {
    let locked = settings.answer("lock_passwd").unwrap_or(true);
    let plain = settings.word("plain_text_passwd").map(|text| (text, false));
    let hashed = ["hashed_passwd", "passwd"].map(|setting| settings.word(setting)).into_iter().flatten().next().map(|text| (text, true));
    let (text, is_hashed) = plain.or(hashed)?;
    if locked {
        settings.remark("the password does not open the account, for lock_passwd is true unless it is said to be false");
        return None;
    }
    let password = Password { user: Some(name.to_owned()), text, is_hashed, expires: false };
    is_possible(&password, settings).then_some(password)
}

/// An item of `chpasswd`'s `users`.
fn item(_: Node, settings: &mut Settings<'_>) -> Option<Password> {
    let (user, text, kind) = (settings.word("name"), settings.word("password"), settings.word("type"));
    let is_hashed = match kind.as_deref() {
        None | Some("hash") => true,
        Some("text") => false,
        Some(other) => {
            settings.remark(&format!("a password of the type {other} is not supported, and is left out"));
            return None;
        }
    };
    let (Some(user), Some(text)) = (user, text) else {
        settings.remark("name or password is missing, and no password is set");
        return None;
    };
    Some(Password { user: Some(user), text, is_hashed, expires: true })
}

/// `list`, as there was before `users`: lines of a name, a colon and a password.
fn list(settings: &mut Settings<'_>) -> Vec<Password> {
    let lines = match settings.take("list") {
        None => return Vec::new(),
        Some(Node::Plain(text) | Node::Text(text)) => text.lines().map(|line| Node::Text(line.to_owned())).collect(),
        Some(Node::List(lines)) => lines,
        Some(_) => {
            settings.remark("list is no list, and is left out");
            return Vec::new();
        }
    };
    let mut passwords = Vec::new();
    for line in lines.iter().filter_map(Node::text).map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once(':') {
            Some((_, "R" | "RANDOM")) => settings.remark("a random password is not supported, and is left out"),
            Some((user, text)) => {
                passwords.push(Password { user: Some(user.to_owned()), text: text.to_owned(), is_hashed: is_hash(text), expires: true });
            }
            None => settings.remark("a line of list has no colon, and is left out"),
        }
    }
    passwords
}

/// As cloud-init recognises what crypt(5) has made.
fn is_hash(text: &str) -> bool {
    let known = ["$1$", "$2a$", "$2y$", "$5$", "$6$", "$y$"].iter().find_map(|kind| text.strip_prefix(kind));
    known.is_some_and(|rest| rest.split_once('$').is_some_and(|(salt, hash)| !salt.is_empty() && !hash.is_empty()))
}

/// Whether chpasswd(8) would take it for what it is.
fn is_possible(password: &Password, settings: &mut Settings<'_>) -> bool {
    let is_possible = password.user.as_deref().is_none_or(is_name) && !password.text.is_empty() && !password.text.contains(char::is_control);
    if !is_possible {
        settings.remark(&format!("the password of {} is none, and is left out", password.user.as_deref().unwrap_or("the login user")));
    }
    is_possible
}

#[cfg(test)]
mod tests {
    use crate::cloud_init::{Plan, read};

    fn plan(text: &str) -> Plan {
        read(format!("#cloud-config\n{text}").as_bytes())
    }

    /// Whose, what, whether it is a hash, and whether it expires.
    fn passwords(plan: &Plan) -> Vec<(&str, &str, bool, bool)> {
        plan.passwords
            .iter()
            .map(|password| (password.user.as_deref().unwrap_or("-"), password.text.as_str(), password.is_hashed, password.expires))
            .collect()
    }

    #[test]
    fn a_password_is_the_login_user_s() {
        assert_eq!(passwords(&plan("password: p:w d")), [("-", "p:w d", false, true)]);
        assert_eq!(passwords(&plan("password: $6$salt$hash\nchpasswd: {expire: false}")), [("-", "$6$salt$hash", true, false)]);
    }

    #[test]
    fn many_are_in_a_list_in_either_manner() {
        let plan = plan(
            "chpasswd:\n  expire: false\n  users:\n  - {name: ann, password: one, type: text}\n  - {name: bob, password: $y$j9T$x$y}\n  \
             - {name: cy, type: RANDOM}\n  - {name: dee}\n  - {name: 'e:x', password: y}\n  list: |\n    fay:t:wo\n    gus:RANDOM\n    nothing\n",
        );
        assert_eq!(passwords(&plan), [("ann", "one", false, false), ("bob", "$y$j9T$x$y", true, false), ("fay", "t:wo", false, false)]);
        assert_eq!(
            plan.remarks,
            [
                "cloud-config: chpasswd: users, item 3: a password of the type RANDOM is not supported, and is left out",
                "cloud-config: chpasswd: users, item 4: name or password is missing, and no password is set",
                "cloud-config: chpasswd: a random password is not supported, and is left out",
                "cloud-config: chpasswd: a line of list has no colon, and is left out",
                "cloud-config: the password of e:x is none, and is left out",
            ]
        );
    }

    #[test]
    fn users_have_theirs_once_the_account_is_not_locked() {
        let plan = plan(
            "users:\n- {name: ann, plain_text_passwd: one, lock_passwd: false}\n- {name: bob, passwd: $6$a$b, lock_passwd: false}\n\
             - {name: cy, plain_text_passwd: three}\n- {name: dee, lock_passwd: true}\n",
        );
        assert_eq!(passwords(&plan), [("ann", "one", false, false), ("bob", "$6$a$b", true, false)]);
        assert_eq!(
            plan.remarks,
            ["cloud-config: the user cy: the password does not open the account, for lock_passwd is true unless it is said to be false"]
        );
    }
}
