//! The page of operations says what the code does.

use super::{Finding, Tree};
use crate::operations::{self, PAGE, PARAMETERS};

/// Finds out whether the page is the one that would be made now.
pub fn check(tree: &Tree) -> Vec<Finding> {
    match operations::page(tree.text_of(PARAMETERS).unwrap_or_default()) {
        Ok(page) if tree.text_of(PAGE) == Some(&page) => Vec::new(),
        Ok(_) => vec![Finding::new(PAGE, 1, "it is not what the code says: run `make operations`")],
        Err(wrong) => wrong.into_iter().map(|what| Finding::new(PARAMETERS, 1, what)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_old_is_found() {
        let parameters = std::fs::read_to_string(crate::root().join(PARAMETERS)).unwrap();
        let page = operations::page(&parameters).unwrap();
        assert_eq!(check(&Tree::from([(PARAMETERS, parameters.as_str()), (PAGE, page.as_str())])), []);
        let old = check(&Tree::from([(PARAMETERS, parameters.as_str()), (PAGE, "# Operations\n")]));
        assert_eq!(old, [Finding::new(PAGE, 1, "it is not what the code says: run `make operations`")]);
        assert!(!check(&Tree::from([(PAGE, page.as_str())])).is_empty());
    }
}
