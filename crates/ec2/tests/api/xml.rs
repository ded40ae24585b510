//! Just enough of XML to look into replies.

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element with what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub namespace: Option<String>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The root of a document.
    pub fn parse(document: &str) -> Element {
        let mut reader = Reader::from_str(document);
        let mut open = vec![Element::default()];
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error} in {document}")) {
                Event::Start(start) => open.push(Element::start(&start)),
                Event::Empty(start) => open.last_mut().unwrap().children.push(Element::start(&start)),
                Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
                Event::GeneralRef(reference) => {
                    let entity = format!("&{};", &*reference);
                    open.last_mut().unwrap().text.push_str(&quick_xml::escape::unescape(&entity).unwrap());
                }
                Event::End(_) => {
                    let closed = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(closed);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let document = open.pop().unwrap();
        assert!(open.is_empty() && document.children.len() == 1, "one root");
        document.children.into_iter().next().unwrap()
    }

    fn start(start: &quick_xml::events::BytesStart<'_>) -> Element {
        let name = start.name().as_ref().to_owned();
        let namespace = start.try_get_attribute("xmlns").unwrap().map(|attribute| attribute.value.into_owned());
        Element { name, namespace, ..Element::default() }
    }

    /// The elements at a path such as `vpcSet/item/vpcId`.
    pub fn find(&self, path: &str) -> Vec<&Element> {
        path.split('/')
            .fold(vec![self], |level, name| level.into_iter().flat_map(|element| &element.children).filter(|child| child.name == name).collect())
    }

    /// The texts at a path.
    pub fn all(&self, path: &str) -> Vec<&str> {
        self.find(path).into_iter().map(|element| element.text.as_str()).collect()
    }

    /// The text at a path that leads to one element.
    pub fn get(&self, path: &str) -> &str {
        match self.all(path).as_slice() {
            [text] => text,
            found => panic!("{} elements at {path} in {self:#?}", found.len()),
        }
    }
}
